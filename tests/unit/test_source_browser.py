"""A browser's camera as a source: one size, steady times, gone and back."""

from __future__ import annotations

import threading
import time
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SettingsError, SourceError
from livetrack_vcam.mailbox import Mailbox
from livetrack_vcam.sound.feed import SoundBlock, SoundFeed
from livetrack_vcam.sources import browser
from livetrack_vcam.sources.browser import BrowserCamera, fitted, parse_browser
from livetrack_vcam.sources.registry import open_source

SIZE = Size(320, 180)
MS = 1_000_000
GRAY = 150


def picture(width: int, height: int, pts: int = 0, kind: str = "yuv420p") -> av.VideoFrame:
    frame = av.VideoFrame(width, height, kind)
    for plane, value in zip(frame.planes, (GRAY, 90, 200), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    frame.pts, frame.time_base = pts, Fraction(1, 90_000)
    return frame


def opened(size: Size = SIZE) -> BrowserCamera:
    camera = BrowserCamera(size)
    assert camera.open().size == size
    return camera


def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take silence for silence sooner."""
    monkeypatch.setattr(browser, "SILENCE_S", 0.02)


@pytest.mark.parametrize(
    ("sent", "inner"),
    [
        ((1280, 720), (0, 0, 320, 180)),
        ((320, 180), (0, 0, 320, 180)),
        ((160, 90), (0, 0, 320, 180)),
        ((720, 1280), (108, 0, 102, 180)),
        ((640, 480), (40, 0, 240, 180)),
        ((1920, 480), (0, 50, 320, 80)),
        ((641, 361), (0, 0, 320, 180)),
        ((2, 2), (70, 0, 180, 180)),
        ((1000, 10), (0, 88, 320, 4)),
    ],
)
def test_a_picture_of_any_size_is_shown_whole(
    sent: tuple[int, int], inner: tuple[int, int, int, int]
) -> None:
    fit = fitted(picture(*sent), SIZE)
    x, y, width, height = inner
    luma = fit.planes[0]
    assert fit.size == SIZE
    assert [plane.shape for plane in fit.planes[1:]] == [(90, 160)] * 2
    assert np.abs(luma[y : y + height, x : x + width].astype(int) - GRAY).max() <= 1
    bars = luma.copy()
    bars[y : y + height, x : x + width] = 16
    assert (bars == 16).all()
    middle = [int(plane[45, 80]) for plane in fit.planes[1:]]
    assert middle == pytest.approx([90, 200], abs=1)
    assert not any(plane.flags.writeable for plane in fit.planes)


@pytest.mark.parametrize("kind", ["yuvj420p", "yuv444p", "yuv422p"])
def test_what_a_decoder_may_give_besides_is_converted(kind: str) -> None:
    fit = fitted(picture(180, 320, kind=kind), SIZE)
    assert fit.size == SIZE
    assert fit.planes[1].shape == (90, 160)
    assert int(fit.planes[0][0, 0]) == (0 if kind == "yuvj420p" else 16)


def test_times_follow_the_publishers_clock_without_the_networks_jitter() -> None:
    camera = opened()
    start, taken = time.monotonic_ns(), []
    for index in range(30):
        jitter = (index * 7 % 5) * 4 * MS
        camera.put(picture(320, 180, index * 3000), start + index * 1_000_000_000 // 30 + jitter)
        frame = camera.read()
        assert frame is not None
        taken.append(frame)
    assert [frame.seq for frame in taken] == list(range(30))
    steps = [b.pts_ns - a.pts_ns for a, b in pairwise(taken)]
    assert all(abs(step - 33_333_333) < MS for step in steps[5:])


def test_another_publishers_times_go_on_from_there() -> None:
    camera = opened()
    camera.put(picture(320, 180, 90_000 * 100), 100 * MS)
    before = camera.read()
    camera.begin()
    camera.put(picture(320, 180, 0), 100 * MS + 1)
    after = camera.read()
    assert before is not None
    assert after is not None
    assert before.pts_ns < after.pts_ns < before.pts_ns + 10 * MS


def test_a_slow_reader_gets_the_newest_and_sees_how_many_it_missed() -> None:
    camera = opened()
    for index in range(10):
        camera.put(picture(320, 180, index * 3000), index * 33 * MS)
    assert [getattr(camera.read(), "seq", None) for _ in range(2)] == [0, 1]
    camera.put(picture(320, 180, 33_000), 400 * MS)
    assert getattr(camera.read(), "seq", None) == 2


def test_without_a_phone_it_opens_and_then_says_what_to_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quickly(monkeypatch)
    camera = opened()
    camera.link = "https://192.0.2.7:8788/camera"
    with pytest.raises(SourceError, match=r"no phone .* open https://192\.0\.2\.7:8788/camera"):
        camera.read()


def test_a_phone_that_fell_silent_is_lost_until_it_sends_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quickly(monkeypatch)
    camera = opened()
    camera.put(picture(320, 180, 0), 0)
    assert camera.read() is not None
    for attempt in (camera.read, camera.open, camera.open):
        with pytest.raises(SourceError, match="wake it") as lost:
            attempt()
        assert lost.value.retry_s is not None
        camera.close()
    camera.put(picture(320, 180, 90_000), 1000 * MS)
    assert camera.open().size == SIZE
    frame = camera.read()
    assert frame is not None
    assert frame.seq == 0
    # The wake-ups of the closes above end no later wait.
    monkeypatch.setattr(browser, "SILENCE_S", 30.0)
    timer = threading.Timer(0.1, camera.put, (picture(320, 180, 93_000), 1033 * MS))
    timer.start()
    frame = camera.read()
    assert frame is not None
    assert frame.seq == 1


def test_close_wakes_a_reader_that_waits_for_the_phone() -> None:
    camera = opened()
    found: list[object] = ["nothing yet"]
    reader = threading.Thread(target=lambda: found.append(camera.read()))
    reader.start()
    camera.close()
    reader.join(10)
    assert found[1:] == [None]


def sound(samples: int, pts: int, value: int = 7) -> av.AudioFrame:
    made = np.full((1, 2 * samples), value, np.int16)
    frame = av.AudioFrame.from_ndarray(made, format="s16", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = 48_000, pts, Fraction(1, 48_000)
    return frame


def test_the_microphone_goes_into_the_feed_while_somebody_listens() -> None:
    feed = SoundFeed()
    camera = BrowserCamera(SIZE, feed)
    assert feed.offered
    assert feed.acoustic
    camera.hear(sound(960, 0), 20 * MS)
    taker: Mailbox[SoundBlock] = feed.take_up()
    for index in range(1, 4):
        camera.hear(sound(960, 960 * index), (20 + 20 * index) * MS)
    blocks = taker.drain()
    assert [block.samples.shape for block in blocks] == [(960, 2)] * 3
    assert [block.pts_ns for block in blocks] == [20 * MS, 40 * MS, 60 * MS]
    assert int(blocks[0].samples[5, 1]) == 7


@pytest.mark.parametrize(
    ("spec", "size"),
    [
        ("browser", Size(1280, 720)),
        ("browser:", Size(1280, 720)),
        ("browser:1920x1080", Size(1920, 1080)),
    ],
)
def test_the_size_may_be_asked_for(spec: str, size: Size) -> None:
    assert parse_browser(spec) == size
    source = open_source(spec)
    assert source.open().size == size
    source.close()


@pytest.mark.parametrize("spec", ["browser:big", "browser:1x1", "browser:640x361"])
def test_a_size_that_is_none_is_refused(spec: str) -> None:
    with pytest.raises(SettingsError, match=r"browser:.*try"):
        parse_browser(spec)
