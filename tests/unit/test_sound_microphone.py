"""The microphone against a PortAudio of paper: devices that come, go, refuse and have a clock."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from livetrack_vcam.errors import SettingsError, SourceNotFoundError
from livetrack_vcam.mailbox import Mailbox
from livetrack_vcam.sound.feed import SoundBlock, SoundFeed
from livetrack_vcam.sources.microphone import Microphone, list_microphones, load_portaudio
from tests.waiting import until

CLOCK_AHEAD_S = 1000.0
"""PortAudio's clock has an origin of its own."""
HELD_S = 0.015
"""So old is the first sample of a block, beyond the block's own length, when it is handed out."""


class PortAudioError(Exception):
    pass


class Stream:
    """Calls back every block with a ramp that counts samples, as long as it is plugged in."""

    def __init__(self, world: PaperAudio, options: dict[str, Any]) -> None:
        device = world.devices[options["device"]]
        if device["busy"] or options["samplerate"] not in device["rates"]:
            raise PortAudioError
        self._world, self._options = world, options
        self._ended = Event()
        self._thread = Thread(target=self._play)

    @property
    def time(self) -> float:
        return time.monotonic() + CLOCK_AHEAD_S

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._world.closed += 1

    def _play(self) -> None:
        size, rate, channels = (
            self._options[name] for name in ("blocksize", "samplerate", "channels")
        )
        begun_s, count = time.monotonic(), 0
        while not self._ended.wait(max(0.0, begun_s + (count + size) / rate - time.monotonic())):
            if self._world.plugged:
                heard_s = begun_s + count / rate - HELD_S + CLOCK_AHEAD_S
                at = SimpleNamespace(inputBufferAdcTime=heard_s)
                ramp = np.full((size, channels), 1 + count // size % 1000, np.int16)
                self._options["callback"](ramp, size, at, None)
            count += size


class PaperAudio:
    """What the microphone uses of the module sounddevice."""

    PortAudioError = PortAudioError

    def __init__(self, *devices: dict[str, Any]) -> None:
        self.devices = list(devices)
        self.default = SimpleNamespace(device=[1 if len(devices) > 1 else 0, 0])
        self.plugged = True
        self.closed = self.begun = 0

    def query_devices(self) -> list[dict[str, Any]]:
        return self.devices

    def InputStream(self, **options: Any) -> Stream:  # noqa: N802
        return Stream(self, options)

    def _terminate(self) -> None:
        pass

    def _initialize(self) -> None:
        self.begun += 1


def device(name: str, inputs: int = 1, rate: int = 48_000, busy: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "max_input_channels": inputs,
        "default_samplerate": float(rate),
        "rates": (rate,),
        "busy": busy,
    }


@contextmanager
def recording(world: PaperAudio, wanted: str = "") -> Iterator[SoundFeed]:
    feed = SoundFeed(acoustic=True)
    microphone = Microphone(wanted, feed, world)
    thread = Thread(target=microphone.run)
    thread.start()
    try:
        yield feed
    finally:
        microphone.stop()
        thread.join(60)
        assert not thread.is_alive()


def some(
    taker: Mailbox[SoundBlock], enough: Callable[[list[SoundBlock]], bool]
) -> list[SoundBlock]:
    blocks: list[SoundBlock] = []
    until(lambda: blocks.extend(taker.drain()) or enough(blocks))
    return blocks


def test_it_records_only_while_somebody_listens() -> None:
    world = PaperAudio(device("Laptop"))
    with recording(world) as feed:
        assert feed.offered
        taker = feed.take_up()
        some(taker, lambda blocks: len(blocks) > 3)
        feed.leave(taker)
        until(lambda: world.closed == 1)
        again = feed.take_up()
        some(again, lambda blocks: len(blocks) > 3)
    assert world.closed == 2


def test_a_block_is_stamped_with_the_moment_it_was_heard() -> None:
    with recording(PaperAudio(device("Laptop"))) as feed:
        taker = feed.take_up()
        blocks: list[SoundBlock] = []
        for _ in range(30):
            block = taker.get(60)
            assert block is not None
            blocks.append(block)
    # Most of them: two clocks are read one after the other, and anything may come in between.
    steps = [after.pts_ns - before.pts_ns for before, after in pairwise(blocks)]
    assert float(np.median(steps)) == pytest.approx(10_000_000, abs=300_000)
    assert time.monotonic_ns() - blocks[-1].end_ns >= HELD_S * 1e9 - 1_000_000
    assert {block.samples.shape for block in blocks} == {(480, 2)}


def test_a_device_of_another_rate_is_heard_at_48_khz() -> None:
    with recording(PaperAudio(device("Old", inputs=2, rate=44_100))) as feed:
        blocks = some(feed.take_up(), lambda blocks: len(blocks) > 50)
    for before, after in pairwise(blocks[1:]):
        assert after.pts_ns == pytest.approx(before.end_ns, abs=300_000)


def test_one_that_is_unplugged_is_said_to_be_gone_and_found_again() -> None:
    world = PaperAudio(device("USB"))
    with recording(world) as feed:
        taker = feed.take_up()
        some(taker, lambda blocks: len(blocks) > 3)
        world.plugged = False
        until(lambda: feed.trouble)
        assert "'USB' is gone" in str(feed.trouble)
        world.plugged = True
        until(lambda: feed.trouble is None)
        some(taker, lambda blocks: len(blocks) > 3)
    assert world.begun >= 1


def test_one_that_another_program_holds_is_tried_again() -> None:
    world = PaperAudio(device("USB", busy=True))
    with recording(world) as feed:
        taker = feed.take_up()
        until(lambda: feed.trouble)
        assert "cannot be opened" in str(feed.trouble)
        world.devices = [device("USB")]
        some(taker, lambda blocks: len(blocks) > 3)


@pytest.mark.parametrize(
    ("wanted", "rate"), [("", 48_000), ("1", 48_000), ("0", 44_100), ("jabra", 44_100)]
)
def test_it_is_chosen_by_number_by_name_or_by_the_system(wanted: str, rate: int) -> None:
    world = PaperAudio(device("Jabra Speak", rate=44_100), device("Laptop"), device("HDMI", 0))
    heard: list[int] = []
    opened = world.InputStream

    def noting(**options: Any) -> Stream:
        stream = opened(**options)
        heard.append(options["samplerate"])
        return stream

    world.InputStream = noting  # type: ignore[method-assign]
    with recording(world, wanted) as feed:
        some(feed.take_up(), lambda blocks: len(blocks) > 1)
    assert heard == [rate]


@pytest.mark.parametrize(
    ("devices", "wanted", "words"),
    [
        ((), "", "no microphone was found"),
        ((device("HDMI", 0),), "", "no microphone was found"),
        ((device("Laptop"),), "Jabra", "there is no microphone 'Jabra'; there is 'Laptop'"),
    ],
)
def test_one_that_is_not_there_is_refused_before_the_first_picture(
    devices: tuple[dict[str, Any], ...], wanted: str, words: str
) -> None:
    with pytest.raises(SourceNotFoundError, match=words):
        Microphone(wanted, SoundFeed(), PaperAudio(*devices))


def test_only_what_records_is_listed() -> None:
    world = PaperAudio(device("Laptop", inputs=2), device("HDMI", 0), device("USB"))
    assert [(each.number, each.name) for each in list_microphones(world)] == [
        (0, "Laptop"),
        (2, "USB"),
    ]


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(SettingsError, match=r"pip install 'livetrack-vcam\[audio\]'"):
        load_portaudio()
