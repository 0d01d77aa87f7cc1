"""A face and the body it belongs to: one person, led by both or by the better."""

from __future__ import annotations

import pytest

from livetrack_vcam.core import Box, Detection, Observation, Track, Tracker, TrackerSettings
from livetrack_vcam.core.detection import FACE, PERSON
from livetrack_vcam.core.fusion import Fusion, face_misfit, measurements
from tests.scenarios import FULL_HD, face_of, person

BEST = TrackerSettings(fusion=Fusion.BEST)


def seen(settings: TrackerSettings, *detections: Detection) -> Track:
    tracker = Tracker(FULL_HD, settings)
    for index in range(10):
        tracks = tracker.update(Observation(detections, index * 100_000_000))
    assert len(tracks) == 1
    return tracks[0]


def test_both_gives_the_body_for_the_size_and_the_face_for_the_aim() -> None:
    body = person(700, score=0.6)
    track = seen(TrackerSettings(), body, face_of(body, 0.95))
    assert track.box == body.box
    assert track.face == face_of(body).box
    assert track.score == 0.6


def test_best_is_the_face_where_the_face_is_surer() -> None:
    body = person(700, score=0.6)
    track = seen(BEST, body, face_of(body, 0.95))
    assert track.box == face_of(body).box
    assert track.score == 0.95
    assert track.label == PERSON


def test_best_is_the_body_alone_where_the_body_is_surer() -> None:
    body = person(700, score=0.9)
    track = seen(BEST, body, face_of(body, 0.7))
    assert track.box == body.box
    assert track.face is None


def test_best_of_a_face_without_a_body_is_the_face() -> None:
    face = face_of(person(700, 800, 900))
    assert seen(BEST, face).box == face.box


def test_one_person_has_one_number_whichever_of_the_two_leads() -> None:
    body = person(700)
    tracker = Tracker(FULL_HD, BEST)
    numbers = set()
    for index in range(20):
        face = face_of(body, 0.95 if index % 2 else 0.7)
        for track in tracker.update(Observation((body, face), index * 100_000_000)):
            numbers.add(track.track_id)
    assert numbers == {1}


def test_two_looks_at_one_person_are_one_measurement() -> None:
    body = person(700)
    again = Detection(body.box.shifted(20, 30), 0.7, PERSON)
    assert [m.box for m in measurements([again, body], FULL_HD)] == [body.box]


def test_two_looks_at_one_face_are_one_measurement() -> None:
    face = face_of(person(700))
    again = Detection(face.box.shifted(12, 12), 0.7, FACE)
    assert len(measurements([face, again], FULL_HD)) == 1


def test_the_order_of_the_detections_does_not_matter() -> None:
    left, right = person(600, score=0.9), person(640, score=0.9)
    found = [left, right, face_of(right), face_of(left)]
    assert measurements(found, FULL_HD) == measurements(found[::-1], FULL_HD)


def test_looks_that_are_no_unit_vector_are_left_out() -> None:
    wild = Detection(person(700).box, 0.9, PERSON, (), (float("nan"), 1e300))
    assert measurements([wild], FULL_HD)[0].appearance == ()


@pytest.mark.parametrize(
    "body",
    [Box(650, 450, 750, 950), Box(500, 460, 900, 1080), Box(600, 440, 800, 700)],
    ids=["standing", "close", "bust"],
)
def test_a_face_near_the_top_of_a_body_fits_it(body: Box) -> None:
    face = Box.from_cxcywh(body.center.x, body.y1 + 60, 60, 60)
    misfit = face_misfit(face, body)
    assert misfit is not None
    assert misfit < 0.2


@pytest.mark.parametrize(
    "face",
    [
        Box(760, 480, 810, 530),
        Box(690, 800, 740, 850),
        Box(690, 300, 740, 350),
        Box(698, 480, 702, 484),
    ],
    ids=["beside", "at the knees", "above", "tiny"],
)
def test_a_face_elsewhere_does_not_fit_a_body(face: Box) -> None:
    assert face_misfit(face, Box(650, 450, 750, 950)) is None
