"""The real detectors under the real schedule: nobody where nobody is, somebody small is found."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from livetrack_vcam.core.attention import Attention
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.detection import PERSON
from livetrack_vcam.core.director import Director
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.detectors.lookout import Lookout, lookout
from livetrack_vcam.detectors.registry import make_detector
from livetrack_vcam.detectors.watch import Watch
from livetrack_vcam.media import Frame
from tests.detect_pictures import frame_of, golden_picture, placed, resized

pytestmark = pytest.mark.batch

SIZE = Size(1280, 720)


@pytest.fixture(scope="module")
def eyes() -> Iterator[Lookout]:
    made = lookout(make_detector())
    made.open()
    yield made
    made.close()


def noise(seed: int) -> Frame:
    random = np.random.default_rng(seed)
    return frame_of(random.integers(0, 256, (SIZE.height, SIZE.width, 3), np.uint8))


def flat(value: int) -> Frame:
    return frame_of(np.full((SIZE.height, SIZE.width, 3), value, np.uint8))


def dim_room(seed: int) -> Frame:
    """Blurred blobs of gray with the grain of a camera in the dark."""
    random = np.random.default_rng(seed)
    blobs = np.repeat(np.repeat(random.integers(10, 60, (9, 16)), 80, 0), 80, 1)
    grain = random.normal(0, 8, (SIZE.height, SIZE.width))
    gray = np.clip(blobs + grain, 0, 255).astype(np.uint8)
    return frame_of(np.repeat(gray[..., None], 3, axis=2))


@pytest.mark.slow
@pytest.mark.parametrize("picture", ["black", "white", "noise", "dim room"])
def test_a_minute_of_nothing_shows_at_most_one_person(eyes: Lookout, picture: str) -> None:
    watch, director = Watch(eyes, SIZE), Director(SIZE, DirectorSettings())
    shown: set[int] = set()
    pool = {"black": [flat(0)], "white": [flat(255)]}.get(picture) or [
        (noise if picture == "noise" else dim_room)(seed) for seed in range(12)
    ]
    for index in range(300):
        now = index * 200_000_000
        seen = watch.observe(pool[index % len(pool)], director.attention, now)
        if seen is not None:
            director.observe(seen.detections, seen.pts_ns, seen.looks)
        shown |= {track.track_id for track in director.tracks if track.label == PERSON}
    assert len(shown) <= 1


def test_somebody_far_away_is_found_by_closer_looks(eyes: Lookout) -> None:
    """120 of 1080 pixels high: eight per cent of the frame, and the head a quarter of it."""
    picture = placed(resized(golden_picture(), 102, 120), 1920, 1080, 1210, 640)
    frame = frame_of(picture)
    whole = eyes.detect(frame)
    watch, director = Watch(eyes, frame.size), Director(frame.size, DirectorSettings())
    for index in range(60):
        now = index * 33_333_333
        seen = watch.observe(frame, director.attention, now)
        if seen is not None:
            director.observe(seen.detections, seen.pts_ns, seen.looks)
    (track,) = (track for track in director.tracks if track.label == PERSON)
    assert not [found for found in whole if found.label == PERSON]
    assert track.box.center.x == pytest.approx(1261, abs=15)
    assert track.box.height == pytest.approx(110, abs=25)


def test_the_same_frames_are_observed_alike(eyes: Lookout) -> None:
    frames = [noise(seed) for seed in range(3)]
    first, second = (
        [
            watch.observe(frame, Attention(), index * 40_000_000)
            for index, frame in enumerate(frames)
        ]
        for watch in (Watch(eyes, SIZE), Watch(eyes, SIZE))
    )
    assert first == second
