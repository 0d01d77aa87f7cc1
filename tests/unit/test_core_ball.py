"""Balls fly, bounce, are kicked, hide and come back, and keep their number."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.core.ball import BallTracker
from livetrack_vcam.core.detection import PERSON, SPORTS_BALL, Detection, Look, Observation, Track
from livetrack_vcam.core.fusion import Measurement
from livetrack_vcam.core.geometry import Box, Point
from livetrack_vcam.core.tracker import Tracker
from tests.scenarios import FULL_HD, person

FPS = 30
DIAMETER = 76.0
GRAVITY = 9.81 / 0.22 * DIAMETER
"""A football's, pixels/s²."""
NOWHERE = (Look(Box(0, 0, 0, 0), frozenset()),)

Place = Callable[[float], tuple[float, float]]
Visible = Callable[[float], bool]


def throw(x: float, y: float, vx: float, vy: float) -> Place:
    return lambda t: (x + vx * t, y + vy * t + GRAVITY * t * t / 2)


def bounce(floor: float = 800.0, drop: float = 500.0) -> Place:
    """Dropped again and again onto a floor that takes nothing."""
    half = math.sqrt(2 * drop / GRAVITY)

    def place(t: float) -> tuple[float, float]:
        since = (t + half) % (2 * half) - half
        return 900.0, floor - drop + GRAVITY * since * since / 2

    return place


def ball_at(place: tuple[float, float], score: float = 0.5, size: float = DIAMETER) -> Measurement:
    return Measurement(Box.from_cxcywh(*place, size, size), score, SPORTS_BALL)


def always(_: float) -> bool:
    return True


class Watched:
    """A BallTracker that is shown one ball, frame after frame."""

    def __init__(self, place: Place, visible: Visible = always, noise: float = 0.0) -> None:
        self.tracker = BallTracker(FULL_HD, count(1).__next__)
        self.place, self.visible = place, visible
        self.chance, self.noise = random.Random(4), noise
        self.frame = 0

    def run(
        self, seconds: float, others: tuple[Measurement, ...] = (), people: tuple[Track, ...] = ()
    ) -> list[tuple[Track, ...]]:
        shown = []
        for _ in range(round(seconds * FPS)):
            t = self.frame / FPS
            x, y = self.place(t)
            at = (x + self.chance.gauss(0, self.noise), y + self.chance.gauss(0, self.noise))
            seen = (ball_at(at), *others) if self.visible(t) else others
            shown.append(self.tracker.update(seen, self.look(x, y), self.now, people))
            self.frame += 1
        return shown

    def look(self, x: float, y: float) -> tuple[Look, ...]:
        """The whole frame, and a closer look at where the ball is."""
        labels = frozenset({SPORTS_BALL})
        near = Box.from_cxcywh(x, y, 6 * DIAMETER, 4 * DIAMETER)
        return (Look(Box(0, 0, 1920, 1080), labels), Look(near, labels))

    @property
    def now(self) -> int:
        return round(self.frame / FPS * 1e9)

    def unseen(self, seconds: float) -> tuple[Track, ...]:
        """The tracks so long after the last look."""
        self.frame += round(seconds * FPS) - 1
        return self.tracker.update((), NOWHERE, self.now)

    def error(self, track: Track) -> float:
        x, y = self.place(self.frame / FPS)
        return math.hypot(track.box.center.x - x, track.box.center.y - y) / DIAMETER


def ids(shown: list[tuple[Track, ...]]) -> set[int]:
    return {track.track_id for tracks in shown for track in tracks}


def test_a_thrown_ball_is_predicted_within_half_a_ball_over_three_tenths_of_a_second() -> None:
    watched = Watched(throw(200, 700, 1100, -1500), noise=3)
    watched.run(0.5)
    (track,) = watched.unseen(0.3)
    assert track.seen_ns < watched.now
    assert watched.error(track) < 0.5


@given(
    vx=st.floats(-1200, 1200), vy=st.floats(-1600, -600), gap=st.integers(1, 9), seed=st.integers()
)
def test_every_prediction_that_is_shown_is_within_half_a_ball(
    vx: float, vy: float, gap: int, seed: int
) -> None:
    watched = Watched(throw(960, 700, vx, vy), noise=0.04 * DIAMETER)
    watched.chance = random.Random(seed)
    watched.run(0.4)
    shown = watched.unseen(gap / FPS)
    inside = [t for t in shown if FULL_HD.width > t.box.x2 and t.box.x1 > 0]
    assert all(watched.error(track) < 0.5 for track in inside)


def test_a_ball_seen_once_is_not_shown_unless_it_is_sure() -> None:
    assert BallTracker(FULL_HD, count(1).__next__).update((ball_at((500, 500)),), (), 0) == ()
    sure = (ball_at((500, 500), score=0.9),)
    assert len(BallTracker(FULL_HD, count(1).__next__).update(sure, (), 0)) == 1


def test_a_weak_sighting_goes_on_with_a_ball_but_never_starts_one() -> None:
    tracker = BallTracker(FULL_HD, count(1).__next__)
    place = throw(200, 700, 900, -1200)
    weak = [tracker.update((ball_at(place(i / 30), 0.2),), (), i * 33_333_333) for i in range(9)]
    assert ids(weak) == set()
    watched = Watched(place)
    watched.run(0.3)
    seen = ball_at(place(watched.frame / FPS), 0.15)
    (track,) = watched.tracker.update((seen,), (), watched.now)
    assert track.seen_ns == watched.now


def test_what_only_weak_sightings_follow_is_not_shown_for_long() -> None:
    tracker = BallTracker(FULL_HD, count(1).__next__)
    place = throw(100, 900, 300, -1900)
    shown = [
        tracker.update((ball_at(place(i / 30), 0.6 if i < 6 else 0.15),), (), i * 33_333_333)
        for i in range(42)
    ]
    assert all(shown[6:34])
    assert shown[-1] == ()


def test_a_ball_nobody_sees_any_more_vanishes() -> None:
    watched = Watched(throw(200, 900, 700, -1900), visible=lambda t: t < 0.4)
    shown = watched.run(1.2)
    assert shown[14] != ()
    assert shown[-1] == ()


def test_a_bouncing_ball_keeps_one_number_and_is_shown_where_it_is() -> None:
    watched = Watched(bounce(), noise=3)
    watched.run(0.3)
    for _ in range(80):
        (track,) = watched.run(1 / FPS)[0]
        watched.frame -= 1
        assert watched.error(track) < 0.2
        watched.frame += 1
    assert track.track_id == 1


def test_a_bounce_nobody_saw_is_followed_under_the_old_number() -> None:
    half = math.sqrt(2 * 500 / GRAVITY)
    watched = Watched(bounce(), visible=lambda t: abs(t - half) > 0.12)
    shown = watched.run(1.0)
    assert ids(shown) == {1}
    assert [t.track_id for t in shown[-1]] == [1]


def test_a_kick_is_not_smeared_over_the_frames_before() -> None:
    kicked = throw(600, 800, 1500, -1700)
    watched = Watched(lambda t: (600, 800) if t < 0.5 else kicked(t - 0.5))
    watched.run(0.5 + 4 / FPS)
    (track,) = watched.unseen(0.1)
    assert watched.error(track) < 0.5


def test_gravity_is_learned_from_a_ball_in_flight() -> None:
    """A tennis ball falls three times as many diameters as a football."""
    half = math.sqrt(2 * 900 / (3 * GRAVITY))

    def place(t: float) -> tuple[float, float]:
        since = (t + half) % (2 * half) - half
        return 400 + 200 * t, 1000 - 900 + 1.5 * GRAVITY * since * since

    watched = Watched(place, noise=2)
    watched.run(8 * half)
    watched.run(5 / FPS)
    (track,) = watched.unseen(0.15)
    assert watched.error(track) < 0.5


def test_a_thrown_ball_that_crosses_people_keeps_its_number() -> None:
    tracker = Tracker(FULL_HD)
    place = throw(150, 650, 1300, -1100)
    shown = []
    for i in range(36):
        x, y = place(i / FPS)
        people = (person(600), person(1100))
        hidden = any(p.box.x1 < x < p.box.x2 and p.box.y1 < y < p.box.y2 for p in people)
        ball = Detection(Box.from_cxcywh(x, y, DIAMETER, DIAMETER), 0.5, SPORTS_BALL)
        seen = people if hidden else (*people, ball)
        shown.append(tracker.update(Observation(seen, round(i / FPS * 1e9))))
    balls = [t for tracks in shown[3:] for t in tracks if t.label == SPORTS_BALL]
    assert {t.track_id for t in balls} == {balls[0].track_id}
    assert len(balls) >= 25
    assert all(len([t for t in tracks if t.label == PERSON]) == 2 for tracks in shown)


def test_a_head_that_looks_like_a_ball_is_not_followed() -> None:
    tracker = Tracker(FULL_HD)
    for i in range(90):
        body = person(400 + 8 * i)
        head = body.box.height / 7.5
        box = Box.from_cxcywh(body.box.center.x, body.box.y1 + head / 2, head, head)
        seen = (body, Detection(box, 0.95, SPORTS_BALL))
        tracks = tracker.update(Observation(seen, round(i / FPS * 1e9)))
        assert [t.label for t in tracks] == [PERSON]


def test_a_ball_headed_back_is_followed_before_and_after_the_head() -> None:
    body = person(960)
    head = Point(960, body.box.y1)
    arrive, leave = throw(960, head.y, 900, 900), throw(960, head.y, -900, -900)
    watched = Watched(lambda t: arrive(t - 0.5) if t < 0.5 else leave(t - 0.5))
    player = Track(90, PERSON, body.box, 0.9, Point(0, 0), 0)
    shown = watched.run(1.0, people=(player,))
    assert ids(shown) == {1}
    assert all(shown[3:])


def test_a_lamp_that_is_sometimes_taken_for_a_ball_is_never_shown() -> None:
    chance = random.Random(2)
    tracker = BallTracker(FULL_HD, count(1).__next__)
    for i in range(300):
        lamp = (ball_at((1500 + chance.gauss(0, 2), 200), 0.35),)
        seen = lamp if chance.random() < 0.4 else ()
        assert tracker.update(seen, (), i * 33_333_333) == ()


def test_false_balls_all_over_the_frame_make_no_track_and_do_not_lead_the_ball_astray() -> None:
    chance = random.Random(7)
    watched = Watched(bounce(), noise=3)
    alone = BallTracker(FULL_HD, count(1).__next__)
    for i in range(240):
        false = ball_at((chance.uniform(50, 1870), chance.uniform(50, 1030)), 0.35)
        alone_shown = alone.update((false,) if i % 4 == 0 else (), (), i * 33_333_333)
        assert alone_shown == ()
        shown = watched.run(1 / FPS, others=(false,) if i % 4 == 0 else ())[0]
        watched.frame -= 1
        if i > 5:
            assert [watched.error(t) < 0.3 for t in shown] == [True]
        watched.frame += 1


def test_a_white_shoe_beside_the_ball_is_not_taken_for_it_when_the_ball_is_missed() -> None:
    shoe = Measurement(Box.from_cxcywh(900, 830, 45, 40), 0.4, SPORTS_BALL)
    watched = Watched(bounce(), visible=lambda t: round(t * FPS) % 3 != 0, noise=3)
    watched.run(0.3)
    for _ in range(60):
        shown = watched.run(1 / FPS, others=(shoe,))[0]
        watched.frame -= 1
        assert all(watched.error(t) < 0.5 for t in shown if t.track_id == 1)
        watched.frame += 1


def test_two_balls_have_two_numbers() -> None:
    tracker = BallTracker(FULL_HD, count(1).__next__)
    left, right = throw(200, 800, 600, -1500), throw(1700, 800, -500, -1400)
    shown = [
        tracker.update((ball_at(left(i / 30)), ball_at(right(i / 30))), (), i * 33_333_333)
        for i in range(24)
    ]
    assert all(len(tracks) == 2 for tracks in shown[4:])
    for before, after in pairwise(shown[4:]):
        for a, b in zip(before, after, strict=True):
            assert a.track_id == b.track_id
            assert abs(a.box.center.x - b.box.center.x) < DIAMETER


def test_a_ball_that_comes_back_soon_has_its_number_and_after_long_a_new_one() -> None:
    watched = Watched(throw(100, 700, 900, -1400), visible=lambda t: t < 0.5)
    watched.run(1.5)
    watched.place, watched.visible = (lambda t: (900 + 300 * t, 700)), always
    assert ids(watched.run(0.5)) == {1}
    watched.visible = lambda _: False
    watched.run(6)
    watched.visible = always
    watched.place = lambda t: (500 + 10 * t, 700 - 100 * (t % 1))
    assert ids(watched.run(1.0)) == {2}


def test_no_number_is_ever_given_twice() -> None:
    chance = random.Random(11)
    tracker = Tracker(FULL_HD)
    labels: dict[int, str] = {}
    for i in range(400):
        seen = tuple(
            Detection(
                Box.from_cxcywh(chance.uniform(0, 1920), chance.uniform(0, 1080), side, side),
                chance.random(),
                chance.choice((SPORTS_BALL, PERSON)),
            )
            for side in (40.0, 80.0, 200.0)
        )
        tracks = tracker.update(Observation(seen, i * 33_333_333))
        assert len({t.track_id for t in tracks}) == len(tracks)
        for track in tracks:
            assert labels.setdefault(track.track_id, track.label) == track.label


def test_what_is_not_looked_at_is_not_missed() -> None:
    elsewhere = (Look(Box(0, 0, 300, 300), frozenset({SPORTS_BALL})),)
    here = (Look(Box(0, 0, 1920, 1080), frozenset({SPORTS_BALL})),)
    shown = {}
    for name, looks in (("elsewhere", elsewhere), ("here", here)):
        watched = Watched(lambda t: (1200, 700))
        watched.tracker.update((ball_at((1200, 700), 0.9),), (), 0)
        watched.frame = 1
        watched.run(0.5)
        for _ in range(15):
            tracks = watched.tracker.update((), looks, watched.now)
            watched.frame += 1
        shown[name] = len(tracks)
    assert shown == {"elsewhere": 1, "here": 0}


def test_the_same_sightings_give_the_same_tracks_bit_for_bit() -> None:
    assert Watched(bounce(), noise=5).run(3) == Watched(bounce(), noise=5).run(3)


@pytest.mark.parametrize("side", [0.5, 4000.0])
def test_a_ball_of_any_size_is_no_error(side: float) -> None:
    tracker = BallTracker(FULL_HD, count(1).__next__)
    for i in range(20):
        box = Box.from_cxcywh(500, 500, side, side).clipped(FULL_HD)
        tracker.update((Measurement(box, 0.9, SPORTS_BALL),), (), i * 33_333_333)
