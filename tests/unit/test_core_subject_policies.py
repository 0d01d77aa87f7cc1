"""Whom the picture follows, chosen from real tracks: policies, locks, absences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.subject_policies import SCENES, juggling, watch
from livetrack_vcam.core import Box, Detection, Observation, Point, Track, Tracker
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


@pytest.mark.parametrize("policy", ["auto", "largest", "center", "label:person", "locked"])
@pytest.mark.parametrize("scene", sorted(set(SCENES) - {"ducking"}))
def test_two_alike_people_never_make_the_picture_hunt(scene: str, policy: str) -> None:
    for seed in (1, 2):
        switches = watch(SCENES[scene](seed), policy, 60, 10, seed).switches
        assert switches <= (0 if policy == "locked" else 1)


def test_a_ball_that_is_often_out_of_sight_does_not_make_the_picture_hunt() -> None:
    assert watch(juggling(1), "ball", 60, 10, 1).switches <= 1


def test_auto_keeps_the_first_of_two_alike_people_whoever_is_larger_afterwards() -> None:
    scene = Scene("auto")
    first = scene.run(2, lambda _: (person(700), person(1200)))
    assert scene.run(30, lambda _: (person(700), person(1200, 650, 700))) == first


def test_another_takes_over_a_second_after_the_subject_left_and_not_before() -> None:
    scene = Scene("auto")
    scene.run(3, lambda _: (person(900, 700, 520), person(1500)))
    left, stayed = scene.number_at(900), scene.number_at(1500)
    assert scene.run(1.0, lambda _: (person(1500),)) == (left,)
    assert scene.run(0.3, lambda _: (person(1500),)) == (stayed,)


def test_a_subject_back_before_anybody_took_over_is_the_subject_as_if_never_gone() -> None:
    scene = Scene("auto")
    first = scene.run(3, lambda _: (person(900, 700, 520), person(1500)))
    scene.run(0.9, lambda _: (person(1500),))
    assert scene.run(5, lambda _: (person(900, 700, 520), person(1500))) == first


def test_whoever_took_over_stays_the_subject_when_the_first_one_returns() -> None:
    scene = Scene("auto")
    scene.run(3, lambda _: (person(900, 700, 520), person(1500)))
    taken = scene.run(2, lambda _: (person(1500),))
    assert taken == (scene.number_at(1500),)
    assert scene.run(20, lambda _: (person(900, 700, 520), person(1500))) == taken


def test_a_subject_alone_who_returns_within_four_seconds_has_the_same_number() -> None:
    scene = Scene("auto")
    first = scene.run(3, lambda _: (person(900),))
    scene.run(3.5, nobody)
    assert scene.run(0.2, lambda _: (person(1000),)) == first
    assert scene.number_at(1000) == first[0]


def test_people_in_the_background_wait_until_the_subject_will_not_return() -> None:
    scene = Scene("auto")
    presenter = scene.run(3, lambda _: (person(900, 600, 800), person(1500, 500, 300)))
    assert scene.run(3.8, lambda _: (person(1500, 500, 300),)) == presenter
    assert scene.run(0.5, lambda _: (person(1500, 500, 300),)) == (scene.number_at(1500),)


def test_the_subject_found_again_under_another_number_is_preferred_to_somebody_else() -> None:
    scene = Scene("auto")
    scene.run(3, lambda _: (person(500), person(1400, 650, 560)))
    scene.selector.lock(scene.number_at(500), round(scene.now * 1e9))
    scene.selector.release()
    other = scene.number_at(1400)
    seen = (Track(77, "person", person(520).box, 0.9, Point(0, 0), 0),)
    beside = Track(other, "person", person(1400, 650, 560).box, 0.9, Point(0, 0), 0)
    for step in range(20):
        at = round((scene.now + step / 10) * 1e9)
        both = [replace(track, seen_ns=at) for track in (*seen, beside)]
        subject = scene.selector.update(both, at)
    assert subject == (77,)


def test_a_new_subject_stays_for_a_second_and_a_half_even_if_it_vanishes_at_once() -> None:
    scene = Scene("auto")
    subject = scene.run(0.2, lambda _: (person(900, score=0.9),))
    assert scene.run(1.2, lambda _: (person(1500),)) == subject
    assert scene.run(0.5, lambda _: (person(1500),)) == (scene.number_at(1500),)


def test_largest_turns_to_whoever_came_nearer_after_a_second_and_a_half() -> None:
    scene = Scene("largest")
    first = scene.run(3, lambda _: (person(500), person(1400)))
    near = lambda _: (person(500), person(1400, 650, 800))  # noqa: E731
    assert scene.run(1.4, near) == first
    assert scene.run(2.0, near) == (scene.number_at(1400),)


def test_largest_changes_its_mind_at_most_once_a_minute() -> None:
    scene = Scene("largest")
    scene.run(3, lambda _: (person(500, 700, 560), person(1400)))
    second = scene.run(4, lambda _: (person(500), person(1400, 650, 800)))
    assert second == (scene.number_at(1400),)
    swapped = lambda _: (person(500, 650, 800), person(1400))  # noqa: E731
    assert scene.run(50, swapped) == second
    assert scene.run(15, swapped) == (scene.number_at(500),)


def test_somebody_who_walks_by_in_front_does_not_take_over() -> None:
    scene = Scene("largest")
    first = scene.run(3, lambda _: (person(500), person(1500)))
    walker = lambda t: (person(500), person(1500), person(-400 + 500 * (t - 3), 600, 900))  # noqa: E731
    assert scene.run(5, walker) == first


def test_at_two_looks_a_second_a_few_misses_are_no_absence() -> None:
    tracker, selector = Tracker(FULL_HD), SubjectSelector(FULL_HD, SubjectPolicy())
    subjects = set()
    for look in range(40):
        at = look * 500_000_000
        missed = look > 4 and look % 5 < 2
        people = (person(1500),) if missed else (person(900, 700, 560), person(1500))
        selector.update(tracker.update(Observation(people, at)), at)
        subjects.add(selector.subject)
    assert len(subjects - {()}) == 1


def test_the_ball_is_waited_for_before_a_person_stands_in_for_it() -> None:
    scene = Scene("ball")
    ball = lambda t: (person(400), thing(SPORTS_BALL, 900 + 40 * t, 500, 70))  # noqa: E731
    subject = scene.run(70, lambda t: ball(t % 3))
    label = {t.track_id: t.label for t in scene.tracker.tracks}
    assert label[subject[0]] == SPORTS_BALL
    assert scene.run(3.5, lambda _: (person(400),)) == subject
    assert scene.run(1.5, lambda _: (person(400),)) == (scene.number_at(400),)


def test_somebody_who_passes_by_does_not_join_a_group_but_who_stays_does() -> None:
    scene = Scene("group")
    pair = scene.run(4, lambda _: (person(500), person(900)))
    walker = lambda t: (person(500), person(900), person(2000 - 450 * (t - 4), 620, 700))  # noqa: E731
    assert set(scene.run(2, walker)) == set(pair)
    newcomer = lambda _: (person(500), person(900), person(1500))  # noqa: E731
    scene.run(1, lambda _: (person(500), person(900)))
    assert len(scene.run(3, newcomer)) == 3


def test_of_several_the_best_is_chosen_not_the_first_that_a_look_found() -> None:
    small, large = person(1300, 700, 300), person(800, 650, 600)
    scene = Scene("auto")
    assert scene.run(0.1, lambda _: (small, replace(large, score=0.75))) == ()
    assert scene.run(0.5, lambda _: (small, large)) == (scene.number_at(800),)


def test_somebody_alone_is_chosen_at_the_first_sure_look() -> None:
    assert Scene("auto").run(0.1, lambda _: (person(800),)) == (1,)
