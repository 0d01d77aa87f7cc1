"""Balls the network calls frisbees."""

from __future__ import annotations

from livetrack_vcam.core.detection import PERSON, SPORTS_BALL, Detection
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.ball_alike import FRISBEE, BallDetector, as_balls, ball_labels
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import black_frame
from livetrack_vcam.testing import ScriptedDetector

HERE, THERE = Box(100, 100, 150, 150), Box(400, 100, 450, 150)


def seen(label: str, score: float, box: Box = HERE) -> Detection:
    return Detection(box, score, label)


def test_a_frisbee_is_a_ball_of_a_lower_score() -> None:
    (ball,) = as_balls([seen(FRISBEE, 0.8)])
    assert ball.label == SPORTS_BALL
    assert 0.6 < ball.score < 0.8
    assert ball.box == HERE


def test_a_ball_that_is_also_seen_as_a_frisbee_is_one_ball() -> None:
    assert as_balls([seen(FRISBEE, 0.5), seen(SPORTS_BALL, 0.7)]) == (seen(SPORTS_BALL, 0.7),)
    assert len(as_balls([seen(FRISBEE, 0.5), seen(SPORTS_BALL, 0.7, THERE)])) == 2


def test_whoever_asks_for_frisbees_gets_them_too() -> None:
    found = as_balls([seen(FRISBEE, 0.8)], frozenset({FRISBEE}))
    assert [d.label for d in found] == [FRISBEE, SPORTS_BALL]


def test_people_are_left_alone_and_the_best_comes_first() -> None:
    found = as_balls([seen(SPORTS_BALL, 0.3), seen(PERSON, 0.9, THERE), seen(FRISBEE, 0.6)])
    assert [d.label for d in found] == [PERSON, SPORTS_BALL]
    assert [d.score for d in found] == sorted((d.score for d in found), reverse=True)


def test_frisbees_are_asked_for_only_where_balls_are() -> None:
    assert ball_labels((PERSON, SPORTS_BALL)) == (PERSON, SPORTS_BALL, FRISBEE)
    assert ball_labels((PERSON,)) == (PERSON,)
    assert ball_labels((SPORTS_BALL, FRISBEE)) == (SPORTS_BALL, FRISBEE)


def test_a_detector_with_balls_alike_says_what_it_was_asked_for() -> None:
    labels = ball_labels((PERSON, SPORTS_BALL))
    inner = ScriptedDetector([[seen(FRISBEE, 0.9)]], labels=labels)
    detector: Detector = BallDetector(inner, (PERSON, SPORTS_BALL))
    detector.open()
    assert detector.labels == {PERSON, SPORTS_BALL}
    assert detector.name == inner.name
    assert [d.label for d in detector.detect(black_frame(Size(640, 360)))] == [SPORTS_BALL]
    assert detector.detect(black_frame(Size(640, 360)), THERE) == ()
    detector.close()
