"""Clips decided outside real time: which frames are looked at, and what for."""

from __future__ import annotations

import pytest

from livetrack_vcam.clips.clip import Cadence, Clip, Span, observe_clip
from livetrack_vcam.core.config import DirectorSettings, SubjectKind, SubjectPolicy
from livetrack_vcam.core.detection import SPORTS_BALL, Detection
from livetrack_vcam.core.geometry import Box
from livetrack_vcam.testing import SECOND_NS, ScriptedDetector, SyntheticSource


@pytest.mark.parametrize(("fps", "looks"), [(5, 50), (10, 100), (24, 100), (25, 100), (60, 100)])
def test_the_rate_of_looks_does_not_depend_on_the_clip_s(fps: int, looks: int) -> None:
    is_due = Cadence(hz=10).due()
    assert sum(is_due(round(index * SECOND_NS / fps)) for index in range(10 * fps)) == looks


def test_after_a_gap_in_a_clip_looks_do_not_come_in_a_burst() -> None:
    is_due = Cadence(hz=10).due()
    times = [
        *range(0, SECOND_NS, SECOND_NS // 50),
        *range(9 * SECOND_NS, 10 * SECOND_NS, 20_000_000),
    ]
    assert sum(is_due(t_ns) for t_ns in times) <= 21


@pytest.mark.parametrize(("kind", "found"), [(SubjectKind.BALL, True), (SubjectKind.AUTO, False)])
def test_a_ball_to_be_followed_is_searched_where_the_network_lost_it(
    kind: SubjectKind, found: bool
) -> None:
    def truth(t: float) -> Box:
        return Box(40 + 50 * t, 80, 54 + 50 * t, 94)

    def network(t: float) -> list[Detection]:
        return [Detection(truth(t), 0.9, SPORTS_BALL)] if t < 2 else []

    clip = Clip(lambda: SyntheticSource(frames=90, truth=truth), Span())
    detector = ScriptedDetector(network, labels=(SPORTS_BALL,))
    settings = DirectorSettings(subject=SubjectPolicy(kind))
    observations, times = observe_clip(clip, detector, settings, Cadence(), lambda _: None)
    assert len(times) == 90
    late = [each for each in observations if each.pts_ns > 2.05 * SECOND_NS]
    assert any(each.detections for each in late) == found
