"""What several detectors find becomes one list, and the face network looks where faces are."""

from __future__ import annotations

import pytest

from livetrack_vcam.core.detection import FACE, PERSON, SPORTS_BALL, Detection, Look
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.core.regions import head_region, head_side
from livetrack_vcam.detectors.lookout import Lookout, largest_person, lookout, merge
from livetrack_vcam.detectors.registry import make_detector
from livetrack_vcam.media import Frame, black_frame
from tests.detect_pictures import frame_of, golden_picture, placed, resized

BODY = Box(100, 100, 300, 700)


class Scripted:
    """Finds what it was told to."""

    def __init__(self, name: str, *found: Detection) -> None:
        self.name = name
        self.calls: list[str] = []
        self._found = found

    def open(self) -> None:
        self.calls.append("open")

    @property
    def labels(self) -> frozenset[str]:
        return frozenset(found.label for found in self._found)

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]:
        self.calls.append("detect")
        return self._found

    def close(self) -> None:
        self.calls.append("close")


def test_merged_detections_come_best_first() -> None:
    ball = Detection(Box(0, 0, 10, 10), 0.4, SPORTS_BALL)
    person = Detection(BODY, 0.9, PERSON)
    assert merge([ball, person]) == (person, ball)


def test_of_one_thing_seen_twice_the_better_stays() -> None:
    better = Detection(BODY, 0.9, PERSON)
    assert merge([Detection(BODY.shifted(5, 5), 0.5, PERSON), better]) == (better,)


def test_a_face_does_not_hide_the_person_it_belongs_to() -> None:
    found = (Detection(BODY, 0.9, PERSON), Detection(BODY, 0.8, FACE))
    assert merge(found) == found


def test_every_part_is_opened_asked_and_closed() -> None:
    parts = (
        Scripted("a", Detection(BODY, 0.5, PERSON)),
        Scripted("b", Detection(BODY, 0.9, FACE)),
    )
    both = Lookout(parts)
    both.open()
    found = both.detect(black_frame(Size(640, 480)))
    both.close()
    assert both.name == "a,b"
    assert [d.label for d in found] == [FACE, PERSON]
    assert all(part.calls == ["open", "detect", "close"] for part in parts)


def test_a_flood_of_detections_is_cut_to_the_best() -> None:
    boxes = [
        Box(x * 10.0, y * 10.0, x * 10 + 9.0, y * 10 + 9.0) for x in range(25) for y in range(20)
    ]
    flood = [Detection(box, 0.3 + index / 1000, SPORTS_BALL) for index, box in enumerate(boxes)]
    frame = black_frame(Size(640, 480))
    look = Look(Box(0, 0, 640, 480), frozenset({SPORTS_BALL}))
    found = Lookout([Scripted("a", *flood)]).look(frame, [look])
    assert found == tuple(reversed(flood))[:80]


def test_what_a_regions_edge_cuts_is_not_reported() -> None:
    inside = Detection(Box(50, 50, 100, 150), 0.9, PERSON)
    cut = Detection(Box(150, 50, 200, 150), 0.9, PERSON)
    at_the_frames_edge = Detection(Box(0, 10, 30, 190), 0.9, PERSON)
    look = Look(Box(0, 0, 200, 200), frozenset({PERSON}))
    eyes = Lookout([Scripted("a", inside, cut, at_the_frames_edge)])
    found = eyes.look(black_frame(Size(640, 480)), [look])
    assert {each.box for each in found} == {inside.box, at_the_frames_edge.box}


def test_people_come_with_their_appearance_and_others_without() -> None:
    person = Detection(Box(50, 50, 100, 150), 0.9, PERSON)
    ball = Detection(Box(150, 50, 170, 70), 0.9, SPORTS_BALL)
    look = Look(Box(0, 0, 640, 480), frozenset({PERSON, SPORTS_BALL}))
    eyes = Lookout([Scripted("a", person, ball)])
    found = {each.label: each for each in eyes.look(black_frame(Size(640, 480)), [look])}
    assert found[PERSON].appearance
    assert found[SPORTS_BALL].appearance == ()


def test_the_largest_person_leads() -> None:
    ball = Detection(Box(0, 0, 2000, 2000), 0.9, SPORTS_BALL)
    small = Detection(Box(0, 0, 50, 100), 0.9, PERSON)
    assert largest_person((ball, small, Detection(BODY, 0.4, PERSON))) == BODY
    assert largest_person((ball,)) is None


@pytest.mark.parametrize(
    ("person", "head"),
    [(Box(0, 0, 200, 750), 100), (Box(0, 0, 600, 600), 200)],
    ids=["standing", "seated"],
)
def test_the_size_of_a_head_follows_from_the_box(person: Box, head: float) -> None:
    assert head_side(person) == pytest.approx(head)


def test_the_head_of_a_standing_person_is_well_inside_its_region() -> None:
    head = Box.from_cxcywh(BODY.center.x, BODY.y1 + 40, 80, 80)
    region = head_region(BODY)
    assert region.contains(head, tolerance=-20)
    assert region.width == pytest.approx(region.height)


@pytest.fixture
def detector() -> Lookout:
    made = lookout(make_detector())
    made.open()
    return made


@pytest.mark.parametrize("width", [250, 400, 800])
def test_a_face_is_found_in_1080p_where_the_whole_frame_shows_it_too_small(
    detector: Lookout, width: int
) -> None:
    person = resized(golden_picture(), width, width * 469 // 400)
    height = person.shape[0]
    frame = frame_of(placed(person, 1920, 1080, 700, 1080 - height))
    faces = [found for found in detector.detect(frame) if found.label == FACE]
    assert len(faces) == 1
    face = faces[0].box
    assert face.center.x == pytest.approx(700 + width * 0.522, abs=width * 0.03)
    assert face.center.y == pytest.approx(1080 - height + height * 0.394, abs=height * 0.03)


def test_every_frame_is_judged_alike(detector: Lookout) -> None:
    frame = frame_of(placed(resized(golden_picture(), 250, 293), 1280, 720, 500, 427))
    first = detector.detect(frame)
    detector.detect(black_frame(Size(1280, 720)))
    assert detector.detect(frame) == first
