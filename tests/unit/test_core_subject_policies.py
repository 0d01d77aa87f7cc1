"""Whom the picture follows, chosen from real tracks: policies, locks, absences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from livetrack_vcam.core import Box, Detection, Observation, Tracker
from livetrack_vcam.core.command import NextSubject, PreviousSubject
from livetrack_vcam.core.config import SubjectPolicy, parse_subject
from livetrack_vcam.core.detection import SPORTS_BALL
from livetrack_vcam.core.subject import SubjectSelector
from tests.scenarios import FULL_HD, Play, Sight, face_of, nobody, person

RED = (1.0, 0.0, 0.0)
BLUE = (0.0, 1.0, 0.0)


class Scene:
    """A tracker and a selector fed together at 10 Hz."""

    def __init__(self, policy: str) -> None:
        self.tracker = Tracker(FULL_HD)
        self.selector = SubjectSelector(FULL_HD, parse_subject(policy))
        self.now = 0.0

    def run(self, seconds: float, sight: Sight) -> tuple[int, ...]:
        """The subject after `seconds` of `sight`."""
        for _ in range(round(seconds * 10)):
            at = round(self.now * 1e9)
            self.selector.update(self.tracker.update(Observation(sight(self.now), at)), at)
            self.now += 0.1
        return self.selector.subject

    def number_at(self, x: float) -> int:
        return min(self.tracker.tracks, key=lambda t: abs(t.box.center.x - x)).track_id


def thing(label: str, x: float, y: float = 800, size: float = 120) -> Detection:
    return Detection(Box.from_cxcywh(x, y, size, size), 0.8, label)


def test_largest_follows_the_largest_person_and_center_the_most_central() -> None:
    far, near = person(960, 600, 300), person(300, 700, 600)
    scene = Scene("largest")
    assert scene.run(2, lambda _: (far, near)) == (scene.number_at(300),)
    scene = Scene("center")
    assert scene.run(2, lambda _: (far, near)) == (scene.number_at(960),)


def test_group_is_everybody_the_largest_first() -> None:
    scene = Scene("group")
    subject = scene.run(2, lambda _: (person(400, 700, 400), person(1400, 650, 600)))
    assert subject == (scene.number_at(1400), scene.number_at(400))


@pytest.mark.parametrize("label", ["dog", "cat", "bicycle", "cell phone"])
def test_a_label_is_followed_whatever_else_there_is(label: str) -> None:
    scene = Scene(f"label:{label}")
    subject = scene.run(2, lambda _: (person(400), thing(label, 1300)))
    assert subject == (scene.number_at(1300),)


def test_a_label_that_nothing_has_leaves_the_subject_empty() -> None:
    assert Scene("label:dog").run(2, lambda _: (person(400),)) == ()


def test_the_label_face_follows_only_people_whose_face_is_seen() -> None:
    front, back = person(400), person(1300)
    scene = Scene("label:face")
    assert scene.run(2, lambda _: (front, back, face_of(front))) == (scene.number_at(400),)


def test_ball_follows_people_until_there_is_a_ball() -> None:
    scene = Scene("ball")
    assert scene.run(2, lambda _: (person(400),)) == (scene.number_at(400),)
    scene.run(2, lambda t: (person(400), thing(SPORTS_BALL, 900 + 40 * t, 500, 70)))
    followed = {t.track_id: t.label for t in scene.tracker.tracks}
    assert [followed[i] for i in scene.selector.subject] == [SPORTS_BALL]


def test_a_locked_subject_that_returns_after_minutes_is_still_the_subject() -> None:
    red = replace(person(500), appearance=RED)
    blue = replace(person(1400), appearance=BLUE)
    scene = Scene("auto")
    scene.run(2, lambda _: (red, blue))
    locked = scene.number_at(1400)
    scene.selector.lock(locked, round(scene.now * 1e9))
    assert scene.run(100, lambda _: (red,)) == (locked,)
    back = replace(person(1000), appearance=BLUE)
    assert scene.run(2, lambda _: (red, back)) == (locked,)
    assert scene.number_at(1000) == locked


def test_the_policy_track_waits_for_its_number() -> None:
    scene = Scene("track:2")
    assert scene.run(1, lambda _: (person(500),)) == ()
    assert scene.run(2, lambda _: (person(500), person(1400))) == (2,)


def test_the_subject_stays_while_it_is_hidden_and_passes_on_when_it_left() -> None:
    front, subject = person(900, 700, 560), person(985, 690, 500)
    scene = Scene("auto")
    scene.run(2, lambda _: (subject,))
    scene.run(1, lambda _: (front, subject))
    assert scene.run(0.8, lambda _: (front,)) == (1,)
    assert scene.run(6, lambda _: (front,)) == (scene.number_at(900),)


def test_another_policy_ends_a_lock() -> None:
    scene = Scene("auto")
    scene.run(2, lambda _: (person(500), person(1400, 650, 700)))
    scene.selector.lock(scene.number_at(500), round(scene.now * 1e9))
    scene.selector.set_policy(SubjectPolicy())
    assert scene.selector.locked is None
    assert scene.run(3, lambda _: (person(500), person(1400, 650, 700))) == (scene.number_at(1400),)


def test_next_and_previous_go_around_everybody_from_left_to_right() -> None:
    people = tuple(person(x) for x in (300, 900, 1500))
    play = Play().run(2, lambda _: people)
    ordered = [play.track_at(x) for x in (300, 900, 1500)]
    place = ordered.index(play.director.subject[0])
    for step in range(1, 4):
        play.director.command(NextSubject())
        play.run(0.2, lambda _: people)
        assert play.director.subject == (ordered[(place + step) % 3],)
    play.director.command(PreviousSubject())
    play.run(0.2, lambda _: people)
    assert play.director.subject == (ordered[(place + 2) % 3],)


def test_nobody_there_is_nobody_to_follow() -> None:
    assert Scene("auto").run(2, nobody) == ()
