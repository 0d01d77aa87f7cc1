"""How often a clip is looked at before its whole path is drawn."""

from __future__ import annotations

from itertools import pairwise

import pytest

from livetrack_vcam.clips.clip import LEAST_KEPT, MOST_KEPT, Cadence, Clip, Span, observe_clip
from livetrack_vcam.clips.clip import memory_to_keep as room_for_pictures
from livetrack_vcam.clips.pace import alike
from livetrack_vcam.clips.shot_boundaries import ShotBoundaries
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.detection import FACE, PERSON, Detection, Observation
from livetrack_vcam.core.geometry import Box
from livetrack_vcam.testing import SECOND_NS, SIZE, ScriptedDetector, SyntheticSource, walk


def looked(
    truth: object,
    frames: int = 180,
    moving: object = None,
    boundaries: ShotBoundaries | None = None,
) -> tuple[int, list[Observation]]:
    """How often the detector was asked, and what is known; `moving` is what the picture shows
    instead of what the detector finds."""
    asked = [0]

    def network(t: float) -> list[Detection]:
        asked[0] += 1
        box = truth(t) if callable(truth) else None
        return [] if box is None else [Detection(box, 0.9, PERSON)]

    shown = moving or truth
    clip = Clip(lambda: SyntheticSource(frames=frames, truth=shown), Span())  # type: ignore[arg-type]
    detector = ScriptedDetector(network, labels=(PERSON,))
    seen, _ = observe_clip(
        clip, detector, DirectorSettings(), Cadence(), lambda _: None, boundaries, sparing=True
    )
    return asked[0], seen


def still(t: float) -> Box:
    return Box(100, 40, 140, 160)


def test_a_resting_scene_is_looked_at_less_than_a_walker() -> None:
    resting, _ = looked(still)
    walking, _ = looked(walk(SIZE))
    assert resting * 2 <= walking


def test_somebody_who_stands_while_the_picture_moves_is_looked_at_less_than_a_walker() -> None:
    standing, seen = looked(still, moving=walk(SIZE))
    walking, _ = looked(walk(SIZE))
    assert standing * 3 <= walking * 2
    assert gaps(seen) <= 0.41


def test_a_walker_is_seen_at_every_moment_in_order() -> None:
    _, seen = looked(walk(SIZE))
    assert gaps(seen) == pytest.approx(0.2, abs=0.01)
    for each in seen:
        if each.detections:
            truth = walk(SIZE)(each.pts_ns / SECOND_NS)
            assert truth is not None
            assert each.detections[0].box.center.x == pytest.approx(truth.center.x)


def test_a_step_aside_between_two_looks_is_found_by_looking_again() -> None:
    def steps(t: float) -> Box:
        return still(t) if t < 3 else Box(180, 40, 220, 160)

    _, seen = looked(steps, moving=walk(SIZE))
    before = max(e.pts_ns for e in seen if e.detections and e.detections[0].box == still(0))
    after = min(e.pts_ns for e in seen if e.detections and e.detections[0].box != still(0))
    assert (after - before) / SECOND_NS <= 0.21


@pytest.mark.parametrize("frames", [175, 180, 187, 193])
def test_the_end_of_a_clip_is_seen(frames: int) -> None:
    _, seen = looked(walk(SIZE), frames=frames)
    assert seen[-1].pts_ns / SECOND_NS >= frames / 30 - 0.24


def gaps(seen: list[Observation]) -> float:
    """The longest time between two observations, in seconds."""
    times = [each.pts_ns for each in seen]
    return max(b - a for a, b in pairwise(times)) / SECOND_NS


def shows(*boxes: Box, label: str = PERSON) -> Observation:
    return Observation(tuple(Detection(box, 0.9, label) for box in boxes), 0)


def test_two_looks_are_alike_when_the_same_people_stand_at_the_same_places() -> None:
    here, beside = Box(100, 40, 140, 160), Box(104, 40, 144, 160)
    assert alike(shows(here), shows(Box(100.5, 40, 140.5, 160)), widest=80)
    assert not alike(shows(here), shows(beside), widest=80)
    assert alike(shows(here), shows(beside), widest=30)  # whom no crop can hold
    assert not alike(shows(here), shows(), widest=80)
    assert not alike(shows(here), shows(here, Box(0, 0, 20, 60)), widest=80)
    assert not alike(shows(here), shows(here, label="dog"), widest=80)
    assert alike(shows(), shows(here, label=FACE), widest=80)


def test_what_is_kept_in_memory_is_bounded_and_known_before_decoding() -> None:
    assert LEAST_KEPT <= room_for_pictures() <= MOST_KEPT


@pytest.mark.parametrize("enters_s", [2.0, 3.3, 4.07])
def test_somebody_who_enters_a_resting_scene_is_seen_a_moment_later(enters_s: float) -> None:
    _, seen = looked(lambda t: still(t) if t >= enters_s else None)
    first = min(each.pts_ns for each in seen if each.detections)
    assert 0 <= first / SECOND_NS - enters_s <= 0.25


def test_kept_pictures_are_the_same_as_decoded_ones() -> None:
    clip = Clip(lambda: SyntheticSource(frames=30), Span())
    first = [(t_ns, frame.planes[0].tobytes()) for t_ns, frame in clip.frames(keep=2**30)]
    again = [(t_ns, frame.planes[0].tobytes()) for t_ns, frame in clip.frames()]
    assert again == first
    tight = Clip(lambda: SyntheticSource(frames=30), Span())
    assert len(list(tight.frames(keep=SIZE.width * SIZE.height))) == 30
    assert len(list(tight.frames())) == 30
