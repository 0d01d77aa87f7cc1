"""Cuts of edited clips: found where they are, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from livetrack_vcam.clips.clip import Cadence, Clip, Span, foresighted_steps, observe_clip
from livetrack_vcam.clips.reframe import open_clip
from livetrack_vcam.clips.shot_boundaries import ShotBoundaries
from livetrack_vcam.core.config import DirectorSettings, Fill
from livetrack_vcam.core.detection import Detection
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.interfaces import SourceInfo
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat
from livetrack_vcam.picture.render import Renderer
from livetrack_vcam.sinks.clip_writer import ClipWriter
from livetrack_vcam.testing import SECOND_NS, ScriptedDetector

SIZE = Size(320, 180)
FPS = 30
TALL = DirectorSettings(aspect_ratio=Fraction(9, 16))
Picture = npt.NDArray[np.float32]


def scene(seed: int) -> Picture:
    """The luma of a place of its own: soft shapes, light and dark."""
    noise = np.random.default_rng(seed).normal(size=(12, 20)).astype(np.float32)
    soft = cv2.resize(noise, (SIZE.width, SIZE.height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(126 + 40 * soft, np.float32)


def with_person(place: Picture, x: float, share: float = 0.25) -> Picture:
    """The place with somebody who takes `share` of its width at x (0 to 1)."""
    picture = place.copy()
    left = round(x * SIZE.width)
    picture[20:, max(left, 0) : max(left + round(share * SIZE.width), 0)] = 40
    return picture


def to_frame(picture: Picture, index: int) -> Frame:
    luma = np.clip(picture, 16, 235).astype(np.uint8)
    chroma = np.full((SIZE.height // 2, SIZE.width // 2), 128, np.uint8)
    pts_ns = round(index * SECOND_NS / FPS)
    return Frame((luma, chroma, chroma), PixelFormat.YUV420P, OUTPUT_COLOR, pts_ns, index)


def cut_frames(pictures: Sequence[Picture]) -> list[int]:
    """The index of the first frame of every shot but the first."""
    boundaries = ShotBoundaries()
    for index, picture in enumerate(pictures):
        frame = to_frame(picture, index)
        boundaries.see(frame, frame.pts_ns)
    return [round(t_ns * FPS / SECOND_NS) for t_ns in boundaries.cuts_ns]


def seconds(picture: Picture, s: float) -> list[Picture]:
    return [picture] * round(s * FPS)


def faded(picture: Picture, s: float, start: float, end: float) -> list[Picture]:
    """The picture from one brightness to another; 0 is black."""
    return [16 + (picture - 16) * share for share in np.linspace(start, end, round(s * FPS))]


@pytest.mark.parametrize("seed", range(5))
def test_a_hard_cut_is_found_at_its_frame(seed: int) -> None:
    first, second, third = (scene(3 * seed + i) for i in range(3))
    assert cut_frames(seconds(first, 1) + seconds(second, 2) + seconds(third, 1)) == [30, 90]


def test_a_flash_is_no_cut() -> None:
    place = scene(1)
    white, glaring = np.full_like(place, 235), place * 0.3 + 165
    glaring[:, : SIZE.width // 2] = 235
    for flash in ([white] * 3, [glaring] * 2, [white, glaring, white]):
        assert cut_frames(seconds(place, 1) + flash + seconds(place, 1)) == []


def test_somebody_close_before_the_lens_for_a_moment_is_no_cut() -> None:
    place = scene(2)
    crossing = [with_person(place, x, 0.8) for x in np.linspace(-0.8, 1, 12)]
    assert cut_frames(seconds(place, 1) + crossing + seconds(place, 1)) == []


def test_people_who_walk_or_come_in_before_a_plain_wall_are_no_cut() -> None:
    wall = np.full((SIZE.height, SIZE.width), 180, np.float32)
    wall[:60] += 12
    walk = [with_person(wall, x) for x in np.linspace(-0.25, 0.8, 40)]
    assert cut_frames(seconds(wall, 1) + walk) == []
    assert cut_frames(seconds(wall, 1) + seconds(with_person(wall, 0.4, 0.4), 1)) == []


def test_changing_light_and_fades_are_no_cut() -> None:
    place = scene(3)
    assert cut_frames(seconds(place, 1) + seconds(place * 0.4 + 10, 1)) == []
    fade = faded(place, 1, 1, 0) + faded(place, 0.5, 0, 0) + faded(place, 1, 0, 1)
    assert cut_frames(seconds(place, 1) + fade + seconds(place, 1)) == []


def test_a_dissolve_is_no_cut() -> None:
    first, second = scene(4), scene(5)
    mixed = [first * (1 - share) + second * share for share in np.linspace(0, 1, 30)]
    assert cut_frames(seconds(first, 1) + mixed + seconds(second, 1)) == []


def test_a_fade_out_and_in_on_another_scene_cuts_when_that_can_be_seen() -> None:
    first, second = scene(6), scene(7)
    pictures = faded(first, 1, 1, 0) + faded(first, 0.5, 0, 0) + faded(second, 1, 0, 1)
    [cut] = cut_frames(pictures)
    assert 45 <= cut <= 52


def test_of_cuts_in_quick_succession_the_last_counts() -> None:
    first, second, third = scene(8), scene(9), scene(10)
    pictures = seconds(first, 1) + seconds(second, 0.1) + seconds(third, 1)
    assert cut_frames(pictures) == [33]
    assert cut_frames(seconds(first, 1) + seconds(second, 0.1)) == []


class Pictures:
    """A source of given pictures."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self._pictures = pictures
        self._left: Iterator[Frame] = iter(())

    def open(self) -> SourceInfo:
        self._left = (to_frame(picture, i) for i, picture in enumerate(self._pictures))
        return SourceInfo("pictures", SIZE, Fraction(FPS), live=False)

    def read(self) -> Frame | None:
        return next(self._left, None)

    def close(self) -> None:
        self._left = iter(())


def test_the_crop_cuts_with_the_shot_and_rests_before_and_after() -> None:
    def person(t: float) -> list[Detection]:
        x = 30 if t < 2 else 240
        return [Detection(Box(x, 40, x + 40, 160), 0.9, "person")]

    clip = Clip(lambda: Pictures(seconds(scene(11), 2) + seconds(scene(12), 2)), Span())
    boundaries = ShotBoundaries()
    detector = ScriptedDetector(person)
    observations, times = observe_clip(clip, detector, TALL, Cadence(), lambda _: None, boundaries)
    steps = list(foresighted_steps(clip, TALL, observations, times, boundaries.cuts_ns))
    crops = [step.crop.box for step in steps]
    assert len(crops) == 120
    assert len(set(crops[:60])) == len(set(crops[60:])) == 1
    assert crops[0].contains(person(0)[0].box)
    assert crops[60].contains(person(3)[0].box)
    assert not set(steps[0].subject) & set(steps[-1].subject)


@pytest.mark.shared
def test_joined_corpus_clips_cut_where_they_were_joined_and_nowhere_else(
    shared: Path, tmp_path: Path
) -> None:
    joined = tmp_path / "joined.mp4"
    names = ["intel_store_aisle", "caliscope_desk_a", "intel_headpose_two", "sam2_juggle_a"]
    ends = _join([shared / "corpus" / "video" / f"{name}.mp4" for name in names], joined)
    boundaries = ShotBoundaries()
    times = []
    for t_ns, frame in open_clip(joined, Span()).frames():
        boundaries.see(frame, t_ns)
        times.append(t_ns)
    assert [times.index(t_ns) for t_ns in boundaries.cuts_ns] == ends[:-1]


def _join(clips: Sequence[Path], out: Path) -> list[int]:
    """One video of the first two seconds' worth of frames of each; where each ends."""
    canvas = Size(480, 270)
    renderer = Renderer(canvas)
    writer = ClipWriter(out, canvas, Fraction(FPS))
    count, ends = 0, []
    for path in clips:
        clip = open_clip(path, Span())
        whole = Box(0, 0, clip.size.width, clip.size.height)
        for (_, frame), _ in zip(clip.frames(), range(60), strict=False):
            picture = renderer.render(frame, whole, Fill.LETTERBOX)
            writer.write(picture, round(count * SECOND_NS / FPS))
            count += 1
        ends.append(count)
    writer.finish()
    assert all(b - a > 15 for a, b in pairwise(ends))
    return ends


@pytest.mark.shared
def test_no_clip_of_the_corpus_has_a_cut(shared: Path) -> None:
    for path in sorted((shared / "corpus" / "video").glob("*.mp4")):
        boundaries = ShotBoundaries()
        for t_ns, frame in open_clip(path, Span(end_s=4)).frames():
            boundaries.see(frame, t_ns)
        assert boundaries.cuts_ns == [], path.stem
