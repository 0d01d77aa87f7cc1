"""How often a clip is looked at before its whole path is drawn."""

from __future__ import annotations

import pytest

from livetrack_vcam.clips.clip import Cadence, Clip, Span, observe_clip
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.detection import PERSON, Detection, Observation
from livetrack_vcam.core.geometry import Box
from livetrack_vcam.testing import SECOND_NS, SIZE, ScriptedDetector, SyntheticSource, walk


def looked(truth: object, frames: int = 180) -> tuple[int, list[Observation]]:
    """How often the detector was asked, and what is known."""
    asked = [0]

    def network(t: float) -> list[Detection]:
        asked[0] += 1
        box = truth(t) if callable(truth) else None
        return [] if box is None else [Detection(box, 0.9, PERSON)]

    clip = Clip(lambda: SyntheticSource(frames=frames, truth=truth), Span())  # type: ignore[arg-type]
    detector = ScriptedDetector(network, labels=(PERSON,))
    seen, _ = observe_clip(
        clip, detector, DirectorSettings(), Cadence(), lambda _: None, sparing=True
    )
    return asked[0], seen


def still(t: float) -> Box:
    return Box(100, 40, 140, 160)


def test_a_resting_scene_is_looked_at_less_than_a_walker() -> None:
    resting, _ = looked(still)
    walking, _ = looked(walk(SIZE))
    assert resting * 2 <= walking


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
