"""Is the subject there: phases of an absence at any detector rate; and the loss, played."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livetrack_vcam.core import (
    Box,
    Detection,
    DirectorSettings,
    Point,
    Speed,
    State,
    WhenLost,
)
from livetrack_vcam.core.command import (
    LockTrack,
    Pause,
    Resume,
    SetAspectRatio,
    SetHome,
    SetMaxZoom,
    SetWhenLost,
)
from livetrack_vcam.core.motion import AxisState
from livetrack_vcam.core.passage import Passage
from livetrack_vcam.core.presence import Phase, Presence
from tests.scenarios import FULL_HD, Play, Sight, nobody, person, standing, until, walking

TALL = DirectorSettings(aspect_ratio=Fraction(9, 16))
ORDER = [Phase.SEEN, Phase.COAST, Phase.LOST, Phase.GONE]
RATES = [(1.0, 0.133), (2.0, 0.133), (5.0, 0.133), (10.0, 0.067), (30.0, 0.033)]


def seen_at(hz: float, seconds: float) -> Presence:
    """A subject seen at `hz` until `seconds`."""
    presence = Presence()
    for index in range(round(seconds * hz) + 1):
        at = round(index / hz * 1e9)
        presence.looked(at, at)
    return presence


def lost_for(
    presence: Presence, hz: float, seconds: float, predict: float, hold: float
) -> list[Phase]:
    """The phases of the next 8 seconds at 50 frames a second, with looks in vain at `hz`."""
    phases, looks = [], 0
    for frame in range(400):
        t = frame / 50
        while (looks + 1) / hz <= t:
            looks += 1
            presence.looked(round((seconds + looks / hz) * 1e9), None)
        phases.append(presence.phase(round((seconds + t) * 1e9), predict, hold))
    return phases


def spans(play: Play, since: float = 0.0) -> dict[State, float]:
    """Seconds in every state after a time."""
    states = play.states[round(since * play.fps) :]
    return {state: states.count(state) / play.fps for state in dict.fromkeys(states)}


def test_nobody_is_missing_before_anybody_was_seen() -> None:
    assert Presence().phase(10**10, 0.9, 1.5) is Phase.NEVER


@settings(max_examples=40, deadline=None)
@given(
    hz=st.floats(1, 60),
    predict=st.floats(0, 4),
    hold=st.floats(0, 4),
)
def test_an_absence_passes_through_its_phases_in_order(
    hz: float, predict: float, hold: float
) -> None:
    phases = lost_for(seen_at(hz, 6), hz, 6, predict, hold)
    assert [ORDER.index(p) for p in phases] == sorted(ORDER.index(p) for p in phases)


@pytest.mark.parametrize("hz", [5.0, 10.0, 30.0])
def test_the_settings_say_how_long_it_is_predicted_and_waited(hz: float) -> None:
    phases = lost_for(seen_at(hz, 6), hz, 6, 2.0, 1.0)
    known_late = max(0.0, 2.7 / hz - 0.25)
    assert phases.index(Phase.LOST) / 50 == pytest.approx(2.0 + known_late, abs=0.03)
    assert phases.count(Phase.LOST) / 50 == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(("hz", "latency"), RATES)
def test_a_slow_detector_does_not_flicker_between_seen_and_coasting(
    hz: float, latency: float
) -> None:
    play = Play(TALL, hz=hz, latency_s=latency).run(12, standing(900))
    assert set(play.states[round(0.2 * 30) :]) <= {State.HOLD, State.FOLLOW}


@pytest.mark.parametrize(("hz", "latency"), RATES)
def test_one_miss_at_a_time_is_no_absence_at_any_rate(hz: float, latency: float) -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        return () if t > 3 and round(t * hz) % 4 == 3 else (person(900),)

    play = Play(TALL, hz=hz, latency_s=latency).run(16, sight)
    coasting = [s for s in play.states[(4 * 30) :] if s not in (State.HOLD, State.FOLLOW)]
    assert not coasting


def test_a_body_looked_at_five_times_a_second_between_looks_for_faces_is_seen() -> None:
    presence = Presence()
    phases = set()
    for look in range(300):
        at = round(look / 30 * 1e9)
        presence.looked(at, at if look % 6 == 0 else None)
        if look > 30:
            phases.add(presence.phase(at + 60_000_000, 0.9, 1.5))
    assert phases == {Phase.SEEN}


def test_a_detector_that_falls_silent_counts_as_an_absence_after_four_looks() -> None:
    presence = seen_at(10, 3)
    assert presence.phase(round(3.5e9), 0.9, 1.5) is Phase.SEEN
    assert presence.phase(round(3.7e9), 0.9, 1.5) is Phase.COAST
    assert presence.phase(round(8e9), 0.9, 1.5) is Phase.GONE


def test_loss_predicts_holds_and_widens_for_the_times_in_the_settings() -> None:
    settings = replace(TALL, lost_predict=1.5, lost_hold=0.8, lost_widen=2.0)
    play = Play(settings).run(4, standing(500)).run(8, nobody)
    took = spans(play, 4)
    unseen_before = 0.1
    assert took[State.COAST] == pytest.approx(1.5 - 0.27, abs=0.08)
    assert took[State.LOST] == pytest.approx(0.8, abs=0.05)
    assert took[State.WIDEN] == pytest.approx(2.0, abs=0.07)
    assert play.states.index(State.LOST) / 30 == pytest.approx(4 - unseen_before + 1.52, abs=0.05)


@pytest.mark.parametrize("speed", list(Speed))
def test_widening_takes_its_time_at_every_speed_and_ends_composed(speed: Speed) -> None:
    play = Play(replace(TALL, speed=speed)).run(4, standing(300)).run(6, nobody)
    assert spans(play, 4)[State.WIDEN] == pytest.approx(1.1, abs=0.07)
    assert play.crop.box.height == 1080
    assert play.crop.box.center.x == pytest.approx(960, abs=1e-6)


def test_widening_is_as_gentle_as_a_planned_move_can_be() -> None:
    play = Play(TALL).run(4, standing(300))
    start = play.crop.box
    play.run(6, nobody)
    begun = play.states.index(State.WIDEN)
    x = [crop.box.center.x for crop in play.crops[begun - 2 : begun + 40]]
    third = [d - 3 * c + 3 * b - a for a, b, c, d in zip(x, x[1:], x[2:], x[3:], strict=False)]
    least = 60 * (960 - start.center.x) / 1.1**3
    assert max(abs(j) * 30**3 for j in third) <= 1.05 * least


def test_times_of_zero_cut_to_the_whole_scene_as_soon_as_the_subject_is_known_to_be_gone() -> None:
    settings = replace(TALL, lost_predict=0.0, lost_hold=0.0, lost_widen=0.0)
    play = Play(settings).run(4, standing(500)).run(2, nobody)
    assert list(dict.fromkeys(play.states[100:])) == [State.HOLD, State.WIDE]
    wide = play.states[100:].index(State.WIDE) + 100
    assert wide / 30 == pytest.approx(4.2, abs=0.07)
    assert play.crops[wide].box.height == 1080
    assert play.crops[wide - 1].box.height < 1000


@pytest.mark.parametrize("action", list(WhenLost))
@pytest.mark.parametrize("lost_at", [0.5, 0.9, 1.3, 4.0])
def test_a_zoom_under_way_ends_when_the_subject_is_missing_and_none_begins(
    action: WhenLost, lost_at: float
) -> None:
    play = Play(DirectorSettings(when_lost=action)).run(lost_at, standing(960)).run(7, nobody)
    missing = next(i for i, s in enumerate(play.states) if s in (State.COAST, State.LOST))
    heights = [crop.box.height for crop in play.crops[missing:]]
    braking, later = heights[:18], heights[18:]
    assert min(braking) > 0.85 * braking[0]
    assert all(b >= a - 1e-6 for a, b in itertools.pairwise(later))


def test_a_home_that_is_closer_is_taken_as_the_user_composed_it() -> None:
    play = Play(DirectorSettings(when_lost=WhenLost.HOME)).run(
        5, lambda _: (person(500, 850, 250),)
    )
    home = play.crop.box
    play.director.command(SetHome())
    play.run(4, standing(1300)).run(6, nobody)
    assert play.crop.box.height == pytest.approx(home.height)
    assert play.crop.box.center.x == pytest.approx(home.center.x)


def test_nobody_is_predicted_outside_the_frame() -> None:
    play = Play(TALL).run(3, standing(1200))
    out = until(3 + 700 / 450, lambda t: walking(1200, 450)(t - 3))
    play.run(8, out)
    left = next(i for i, s in enumerate(play.states) if s is State.LOST)
    assert left / 30 < 3 + 700 / 450 + 0.6
    x = play.centers()
    steps = [abs(d - 3 * c + 3 * b - a) for a, b, c, d in zip(x, x[1:], x[2:], x[3:], strict=False)]
    assert max(steps[left - 20 : left + 20]) * 30**3 / 1920 < 20


def test_a_subject_who_comes_back_within_four_seconds_is_followed_within_a_third_of_one() -> None:
    for gap in (0.5, 1.0, 2.0, 3.0, 3.7):
        play = Play(TALL).run(3, standing(900)).run(gap, nobody)
        subject, back = play.director.subject, len(play.states)
        play.run(1, standing(1000))
        seen = next(i for i, s in enumerate(play.states[back:]) if s in (State.HOLD, State.FOLLOW))
        assert seen / 30 <= 0.34
        assert play.director.subject == subject
        assert play.crop.box.x1 < 1000 < play.crop.box.x2


@pytest.mark.parametrize(
    ("gone", "place"),
    [(2.3, 400), (2.3, 700), (2.3, 1000), (3.5, 200), (3.5, 1500), (6.0, 200), (6.0, 1500)],
)
def test_whoever_comes_back_is_in_the_picture_half_a_second_after_being_visible(
    gone: float, place: float
) -> None:
    play = Play(TALL).run(4, standing(700)).run(gone, nobody).run(0.5, standing(place))
    assert play.crop.box.x1 < place < play.crop.box.x2


def test_what_happens_to_an_empty_picture_can_be_changed_while_it_happens() -> None:
    play = Play(replace(TALL, when_lost=WhenLost.HOLD)).run(4, standing(500)).run(4, nobody)
    assert play.state is State.LOST
    play.director.command(SetWhenLost(WhenLost.WIDEN))
    play.run(0.5, nobody)
    assert play.state is State.WIDEN
    play.director.command(SetWhenLost(WhenLost.HOLD))
    play.run(1, nobody)
    held = play.crop
    play.run(1, nobody)
    assert play.state is State.LOST
    assert play.crop == held
    play.director.command(SetWhenLost(WhenLost.CENTER))
    play.run(2, nobody)
    assert play.state is State.WIDE
    assert play.crop.box.center.x == pytest.approx(960)


def test_another_shape_or_zoom_while_widening_ends_at_the_new_whole_scene() -> None:
    play = Play(TALL).run(4, standing(500)).run(2.9, nobody)
    assert play.state is State.WIDEN
    play.director.command(SetAspectRatio(Fraction(1)))
    play.director.command(SetMaxZoom(1.5))
    play.run(3, nobody)
    assert play.crop.box.xywh == pytest.approx((420, 0, 1080, 1080))


def test_a_pause_during_an_absence_holds_the_picture_and_resuming_goes_on() -> None:
    play = Play(TALL).run(4, standing(500)).run(2.9, nobody)
    play.director.command(Pause())
    play.run(2, nobody)
    paused = play.crop
    play.run(2, nobody)
    assert play.crop == paused
    play.director.command(Resume())
    play.run(1.5, nobody)
    assert play.state is State.WIDE


def test_somebody_else_locked_during_an_absence_ends_it() -> None:
    play = Play(TALL).run(3, standing(400, 1500))
    play.director.command(LockTrack(play.track_at(400)))
    play.run(5, standing(1500))
    assert play.state is State.WIDE
    play.director.command(LockTrack(play.track_at(1500)))
    play.run(2, standing(1500))
    assert play.state in (State.HOLD, State.FOLLOW)
    assert play.crop.box.contains(person(1500).box)


def largest_step(settings: DirectorSettings, first: Sight, then: Sight) -> float:
    """The largest move between two frames after `then` begins, in widths of the crop before."""
    play = Play(settings).run(4, first)
    start = len(play.crops)
    play.run(6, then)
    return max(
        abs(b.box.center.x - a.box.center.x) / a.box.width
        for a, b in itertools.pairwise(play.crops[start:])
    )


def test_a_far_subject_is_cut_to_only_where_cuts_are_allowed() -> None:
    cutting = replace(TALL, cuts=True)
    assert largest_step(TALL, standing(300), standing(1600)) < 0.5
    assert largest_step(cutting, standing(300), standing(1600)) > 1
    assert largest_step(cutting, standing(300), standing(500)) < 0.2


def test_a_cut_shows_the_new_subject_composed_at_once_and_resting() -> None:
    play = Play(replace(TALL, cuts=True, when_lost=WhenLost.HOLD)).run(4, standing(300, 1600))
    play.director.command(LockTrack(play.track_at(300)))
    play.run(2, standing(300, 1600))
    play.director.command(LockTrack(play.track_at(1600)))
    play.run(0.1, standing(300, 1600))
    assert play.crop.box.contains(person(1600).box)
    there = play.crop.box.center.x
    play.run(2, standing(300, 1600))
    assert play.crop.box.center.x == pytest.approx(there, abs=15)


def test_a_paused_picture_is_not_cut() -> None:
    play = Play(replace(TALL, cuts=True)).run(4, standing(300, 1600))
    play.director.command(LockTrack(play.track_at(300)))
    play.run(2, standing(300, 1600))
    play.director.command(Pause())
    play.run(1, standing(300, 1600))
    paused = play.crop
    play.director.command(LockTrack(play.track_at(1600)))
    play.run(1, standing(300, 1600))
    assert play.crop == paused


crops = st.builds(
    lambda height, x, y: Box.from_cxcywh(
        height / 2 * 16 / 9 + x * (1920 - height * 16 / 9),
        height / 2 + y * (1080 - height),
        height * 16 / 9,
        height,
    ),
    st.floats(100, 1080),
    st.floats(0, 1),
    st.floats(0, 1),
)


@settings(max_examples=100, deadline=None)
@given(start=crops, end=crops, seconds=st.floats(0.01, 30), fps=st.floats(5, 120))
def test_a_passage_stays_in_the_frame_and_arrives_exactly_on_time(
    start: Box, end: Box, seconds: float, fps: float
) -> None:
    states = (
        AxisState(start.center.x),
        AxisState(start.center.y),
        AxisState(math.log(start.height)),
    )
    passage = Passage(states, end.center, end.height, seconds)
    frames = 0
    while not passage.done:
        x, y, size = passage.step(1 / fps)
        frames += 1
        height = math.exp(size.position)
        box = Box.from_cxcywh(x.position, y.position, height * 16 / 9, height)
        whole = Box(0, 0, FULL_HD.width, FULL_HD.height)
        assert whole.contains(box, tolerance=1e-6)
    assert frames == pytest.approx(seconds * fps, abs=1.01)
    assert (x.position, y.position, height) == pytest.approx(
        (end.center.x, end.center.y, end.height)
    )
    assert (x.resting, y.resting, size.resting) == (True, True, True)


def test_a_passage_begins_with_the_motion_there_was() -> None:
    moving = AxisState(900.0, 300.0, -200.0)
    passage = Passage((moving, AxisState(540), AxisState(6.0)), Point(960, 540), 500, 1.1)
    x, _, _ = passage.step(1e-4)
    assert x.position == pytest.approx(900 + 0.03, abs=1e-3)
    assert x.velocity == pytest.approx(300, abs=0.1)
    assert x.acceleration == pytest.approx(-200, abs=2)


@pytest.mark.parametrize("seconds", [5e-324, 1e-80, 1e-12])
def test_a_passage_too_short_to_compute_is_a_jump(seconds: float) -> None:
    here = AxisState(900.0), AxisState(540.0), AxisState(6.0)
    passage = Passage(here, Point(960, 540), 500, seconds)
    x, _, _ = passage.step(0.0)
    assert x == AxisState(960.0)


@pytest.mark.parametrize("seconds", [0.5, 1.1, 5.0, 60.0])
def test_a_passage_of_any_length_ends_the_motion_there_was_without_a_swing(seconds: float) -> None:
    closing = AxisState(6.0, -0.25, -3.9)
    rest = AxisState(960.0), AxisState(540.0)
    passage = Passage((*rest, closing), Point(960, 540), math.exp(6.5), seconds)
    heights = []
    while not passage.done:
        heights.append(passage.step(1 / 60)[2].position)
    assert min(heights) > 6.0 - 0.15
    assert passage.step(0.0)[2] == AxisState(6.5)


def test_misses_at_random_are_neither_lost_nor_gone_from_five_looks_a_second_on() -> None:
    for hz, latency in RATES[2:]:
        chance = random.Random(f"misses {hz}")
        play = Play(TALL, hz=hz, latency_s=latency)
        play.run(30, lambda _: () if chance.random() < 0.2 else (person(900),))  # noqa: B023
        assert set(play.states[15:]) <= {State.HOLD, State.FOLLOW, State.COAST}


def test_the_longer_a_lost_subject_is_predicted_the_further_the_picture_goes() -> None:
    def reached(predict: float) -> float:
        settings = replace(TALL, lost_predict=predict, lost_hold=3.0)
        play = Play(settings).run(2, standing(300)).run(1.5, lambda t: walking(300, 300)(t - 2))
        return play.run(3.5, nobody).crop.box.center.x

    places = [reached(predict) for predict in (0.0, 0.9, 2.5)]
    assert places[0] < places[1] - 10
    assert places[1] < places[2] - 100


times = st.sampled_from([0.0, 0.01, 0.3, 0.9, 3.0])


@settings(max_examples=25, deadline=None)
@given(
    predict=times,
    hold=times,
    widen=times,
    action=st.sampled_from(list(WhenLost)),
    cuts=st.booleans(),
    aspect=st.sampled_from([Fraction(16, 9), Fraction(9, 16), Fraction(1), Fraction(4)]),
    there=st.lists(st.tuples(st.booleans(), st.floats(-100, 2020)), min_size=4, max_size=12),
)
def test_whatever_comes_and_goes_the_crop_is_in_the_frame_and_of_its_shape(
    predict: float,
    hold: float,
    widen: float,
    action: WhenLost,
    cuts: bool,
    aspect: Fraction,
    there: list[tuple[bool, float]],
) -> None:
    choices = DirectorSettings(
        aspect_ratio=aspect,
        when_lost=action,
        cuts=cuts,
        lost_predict=predict,
        lost_hold=hold,
        lost_widen=widen,
    )
    play = Play(choices)
    for here, x in there:
        play.run(0.7, standing(x) if here else nobody)
    whole = Box(0, 0, FULL_HD.width, FULL_HD.height)
    for crop in play.crops:
        assert whole.contains(crop.box, tolerance=1e-6)
        assert crop.box.width == pytest.approx(crop.box.height * float(aspect), rel=1e-9)


@settings(max_examples=10, deadline=None)
@given(fps=st.sampled_from([15, 24, 25, 50, 60]), widen=st.floats(0.2, 3))
def test_widening_is_the_same_at_every_frame_rate(fps: int, widen: float) -> None:
    def center_at(rate: float) -> list[float]:
        play = Play(replace(TALL, lost_widen=widen), fps=rate)
        play.run(4, standing(300)).run(7, nobody)
        start = play.states.index(State.WIDEN)
        step = round(rate / 5)
        return [crop.box.center.x for crop in play.crops[start + 2 * step :: step]][:10]

    tolerance = 2.5 * 660 / widen / min(fps, 30) + 15
    for a, b in zip(center_at(30), center_at(fps), strict=False):
        assert a == pytest.approx(b, abs=tolerance)
