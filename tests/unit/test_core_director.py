"""What the director does, state by state and command by command."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

import pytest

from livetrack_vcam.core import (
    Director,
    DirectorSettings,
    Fill,
    Shot,
    Speed,
    State,
    SubjectKind,
    SubjectPolicy,
    WhenLost,
)
from livetrack_vcam.core.command import (
    GoHome,
    LockTrack,
    NextSubject,
    Pause,
    PreviousSubject,
    Recenter,
    ReleaseTrack,
    Resume,
    SelectSubject,
    SetAspectRatio,
    SetDeadZone,
    SetFill,
    SetHeadroom,
    SetHome,
    SetMaxZoom,
    SetShot,
    SetSpeed,
    SetWhenLost,
)
from livetrack_vcam.core.detection import SPORTS_BALL, Detection
from livetrack_vcam.core.geometry import Box
from tests.scenarios import (
    FULL_HD,
    Play,
    face_of,
    nobody,
    noisy,
    person,
    standing,
    walking,
)

TALL = DirectorSettings(aspect_ratio=Fraction(9, 16))


def test_before_any_observation_the_crop_is_the_largest_centered_one() -> None:
    play = Play(TALL).run(0.5, nobody)
    assert play.state is State.WIDE
    assert play.crop.box.height == 1080
    assert play.crop.box.center.x == 960
    assert play.director.subject == ()


def test_the_first_subject_is_approached_in_a_glide_not_a_jump() -> None:
    play = Play(TALL).run(3, standing(300))
    steps = [abs(b - a) for a, b in zip(play.centers(), play.centers()[1:], strict=False)]
    assert max(steps) < 150
    assert sum(step > 0 for step in steps) > 5
    assert play.crop.box.contains(person(300).box)


def test_a_still_person_gets_a_picture_that_rests_exactly() -> None:
    play = Play(TALL).run(4, noisy(standing(900), 19, seed=1))
    later = play.run(4, noisy(standing(900), 19, seed=2)).crops[120:]
    assert len(set(later)) == 1
    assert play.state is State.HOLD


def test_a_walker_is_followed_and_kept_in_the_picture() -> None:
    play = Play(TALL).run(2, standing(400)).run(3, lambda t: walking(400, 300)(t - 2))
    assert play.state is State.FOLLOW
    assert play.crop.box.contains(person(400 + 300 * (play.now - 2)).box, tolerance=30)


def test_a_lost_subject_is_predicted_then_waited_for_then_the_picture_widens() -> None:
    play = Play(TALL).run(5, standing(500)).run(5, nobody)
    order = list(dict.fromkeys(play.states[150:]))
    assert order == [State.HOLD, State.COAST, State.LOST, State.WIDEN, State.WIDE]
    assert play.crop.box.height == pytest.approx(1080, abs=1)
    assert play.crop.box.center.x == pytest.approx(960, abs=3)


def test_the_picture_never_zooms_in_while_the_subject_is_lost() -> None:
    wide = DirectorSettings()
    play = Play(wide).run(0.4, standing(960)).run(6, nobody)
    heights = [crop.box.height for crop in play.crops[round(0.7 * 30) :]]
    assert all(b >= a - 1e-6 for a, b in itertools.pairwise(heights))


@pytest.mark.parametrize("action", [WhenLost.HOLD, WhenLost.CENTER, WhenLost.HOME, WhenLost.FULL])
def test_what_happens_to_an_empty_picture_is_a_setting(action: WhenLost) -> None:
    settings = DirectorSettings(when_lost=action)
    play = Play(settings).run(4, standing(500))
    followed = play.crop.box
    play.run(6, nobody)
    left = play.crop.box
    if action is WhenLost.HOLD:
        assert left == followed
        assert play.state is State.LOST
    elif action is WhenLost.CENTER:
        assert left.center.x == pytest.approx(960, abs=6)
        assert left.height == pytest.approx(followed.height, rel=1e-6)
    else:
        assert left.height == pytest.approx(1080, rel=0.005)


def test_full_widens_sooner_than_widen() -> None:
    def widened_at(action: WhenLost) -> float:
        play = Play(DirectorSettings(when_lost=action)).run(4, standing(500)).run(4, nobody)
        return play.states.index(State.WIDEN) / 30

    assert widened_at(WhenLost.FULL) < widened_at(WhenLost.WIDEN) - 1


def test_a_person_who_comes_back_is_in_the_picture_half_a_second_later() -> None:
    play = Play(TALL).run(3, standing(300)).run(5, nobody)
    play.run(0.6, standing(1600))
    box = play.crop.box
    assert box.x1 < 1600 < box.x2


def test_one_false_detection_does_not_move_the_picture() -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        return (person(1700, score=0.95),) if abs(t - 4.0) < 0.01 else (person(800),)

    play = Play(TALL).run(3, sight)
    before = play.crop
    play.run(3, sight)
    assert set(play.crops[90:]) == {before}


def test_one_false_detection_in_an_empty_scene_does_not_take_the_subject_away() -> None:
    play = Play(TALL).run(3, standing(800)).run(0.5, standing(800, 1500))
    assert len(set(play.subjects[30:])) == 1


def test_the_subject_does_not_change_while_two_people_cross() -> None:
    play = Play(TALL).run(8, lambda t: (person(200 + 190 * t, 700, 560), person(1700 - 180 * t)))
    assert set(play.subjects[10:]) == {play.subjects[10]}


def test_largest_changes_only_after_somebody_has_been_clearly_larger_for_a_while() -> None:
    settings = DirectorSettings(subject=SubjectPolicy(SubjectKind.LARGEST))
    play = Play(settings).run(3, lambda t: (person(500, height=500), person(1400, height=450)))
    first = play.subjects[-1]
    play.run(1.2, lambda t: (person(500, height=500), person(1400, 600, 900)))
    assert play.subjects[-1] == first
    play.run(2, lambda t: (person(500, height=500), person(1400, 600, 900)))
    assert play.subjects[-1] == (play.track_at(1400),)


def test_center_follows_whoever_is_nearest_to_the_middle() -> None:
    settings = DirectorSettings(subject=SubjectPolicy(SubjectKind.CENTER))
    play = Play(settings).run(2, lambda t: (person(300, 600, 800), person(1000)))
    assert play.subjects[-1] == (play.track_at(1000),)


def test_a_group_that_fits_is_shown_together() -> None:
    settings = DirectorSettings(subject=SubjectPolicy(SubjectKind.GROUP))
    play = Play(settings).run(5, standing(600, 1000, 1300))
    assert len(play.director.subject) == 3
    assert all(play.crop.box.contains(person(x).box) for x in (600, 1000, 1300))


def test_a_group_that_does_not_fit_shows_the_best_and_whoever_fits_with_them() -> None:
    settings = DirectorSettings(
        aspect_ratio=Fraction(9, 16), subject=SubjectPolicy(SubjectKind.GROUP)
    )
    play = Play(settings).run(5, lambda t: (person(500, 650, 600), person(750), person(1700)))
    assert set(play.director.subject) == {play.track_at(500), play.track_at(750)}
    assert play.crop.box.contains(person(500, 650, 600).box)
    assert play.crop.box.contains(person(750).box)


def test_the_ball_is_followed_only_when_asked_for() -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        ball = Detection(Box.from_cxcywh(1500, 800, 80, 80), 0.9, SPORTS_BALL)
        return (person(400), ball)

    assert Play(TALL).run(2, sight).subjects[-1] != ()
    auto = Play(TALL).run(2, sight)
    assert auto.director.subject == (auto.track_at(400),)
    auto.director.command(SelectSubject(SubjectPolicy(SubjectKind.BALL)))
    auto.run(2, sight)
    assert auto.director.subject == (auto.track_at(1500),)
    assert auto.crop.box.x1 < 1500 < auto.crop.box.x2


def test_a_label_can_be_followed() -> None:
    settings = DirectorSettings(subject=SubjectPolicy(SubjectKind.LABEL, label="dog"))
    dog = Detection(Box.from_cxcywh(1500, 900, 200, 150), 0.9, "dog")
    play = Play(settings).run(2, lambda t: (person(400), dog))
    assert play.director.subject == (play.track_at(1500),)


def test_a_locked_track_is_not_replaced_even_when_it_is_gone() -> None:
    play = Play(TALL).run(2, standing(400, 1400))
    locked = play.track_at(1400)
    play.director.command(LockTrack(locked))
    play.run(2, standing(400, 1400)).run(6, standing(400))
    assert play.director.subject == (locked,)
    assert play.state is State.WIDE
    play.director.command(ReleaseTrack())
    play.run(1, standing(400))
    assert play.director.subject == (play.track_at(400),)


def test_locking_an_unknown_track_says_who_is_there_and_changes_nothing() -> None:
    play = Play(TALL).run(2, standing(400))
    before = play.director.subject
    with pytest.raises(ValueError, match="track 99 is not in the picture; tracks there now: 1"):
        play.director.command(LockTrack(99))
    with pytest.raises(ValueError, match="track 99"):
        play.director.command(SelectSubject(SubjectPolicy(SubjectKind.TRACK, track_id=99)))
    assert play.director.subject == before
    assert play.director.settings == TALL


def test_next_and_previous_go_from_left_to_right_and_around() -> None:
    play = Play(TALL).run(2, standing(300, 900, 1600))
    by_x = [play.track_at(x) for x in (300, 900, 1600)]
    play.director.command(LockTrack(by_x[0]))
    seen = []
    for command in (NextSubject(), NextSubject(), NextSubject(), PreviousSubject()):
        play.director.command(command)
        seen.append(play.director.subject[0])
    assert seen == [by_x[1], by_x[2], by_x[0], by_x[2]]


def test_next_with_nobody_there_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="nobody is in the picture"):
        Play().director.command(NextSubject())


def test_a_commanded_change_of_subject_is_a_smooth_glide() -> None:
    play = Play(TALL).run(3, standing(400, 1200))
    play.director.command(LockTrack(play.track_at(400)))
    play.run(3, standing(400, 1200))
    play.director.command(LockTrack(play.track_at(1200)))
    start = len(play.crops)
    x = play.run(3, standing(400, 1200)).centers()[start - 1 :]
    third = zip(x, x[1:], x[2:], x[3:], strict=False)
    jerk = [abs(d - 3 * c + 3 * b - a) * 30**3 / 1920 for a, b, c, d in third]
    assert play.crop.box.contains(person(1200).box)
    assert max(jerk) < 20


def test_pause_rests_and_resume_follows_again() -> None:
    play = Play(TALL).run(2, standing(400))
    play.director.command(Pause())
    play.run(1, standing(400))
    paused = play.crop
    play.run(2, walking(400, 300))
    assert play.state is State.PAUSED
    assert play.crop == paused
    play.director.command(Resume())
    play.run(3, standing(1500))
    assert play.crop.box.contains(person(1500).box)


def test_recenter_composes_anew_inside_the_dead_zone() -> None:
    play = Play(replace(TALL, max_zoom=1.0)).run(3, standing(960)).run(2, standing(1020))
    off = abs(play.crop.box.center.x - 1020)
    assert off > 40
    play.director.command(Recenter())
    play.run(2, standing(1020))
    assert abs(play.crop.box.center.x - 1020) < off / 2
    assert play.state is State.HOLD


def test_home_is_remembered_returned_to_and_left_by_a_subject_command() -> None:
    play = Play(TALL).run(3, standing(400))
    home = play.crop.box
    play.director.command(SetHome())
    play.run(4, standing(1500))
    play.director.command(GoHome())
    play.run(4, standing(1500))
    assert play.crop.box.center.x == pytest.approx(home.center.x, abs=3)
    play.director.command(LockTrack(play.track_at(1500)))
    play.run(3, standing(1500))
    assert play.crop.box.contains(person(1500).box)


def test_another_shape_is_a_cut_to_a_composed_picture_of_exactly_that_shape() -> None:
    play = Play(DirectorSettings()).run(3, standing(1500))
    play.director.command(SetAspectRatio(Fraction(9, 16)))
    play.run(0.1, standing(1500))
    assert play.crop.aspect_ratio == Fraction(9, 16)
    assert play.crop.box.contains(person(1500).box)


def test_closer_shots_show_the_subject_larger() -> None:
    def height(shot: Shot) -> float:
        body = person(960, 600, 800)
        settings = DirectorSettings(shot=shot, max_zoom=10)
        return Play(settings).run(6, lambda t: (body, face_of(body))).crop.box.height

    heights = [height(shot) for shot in (Shot.FACE, Shot.HEAD, Shot.UPPER, Shot.FULL, Shot.WIDE)]
    assert heights == sorted(heights)
    assert heights[0] < heights[2] < heights[4]


def test_set_shot_reframes_by_itself() -> None:
    body = person(960, 600, 800)
    play = Play(DirectorSettings(max_zoom=10)).run(5, lambda t: (body, face_of(body)))
    before = play.crop.box.height
    play.director.command(SetShot(Shot.FACE))
    play.run(4, lambda t: (body, face_of(body)))
    assert play.crop.box.height < before / 2
    assert play.crop.box.contains(face_of(body).box)


def test_headroom_moves_the_head_down_in_the_picture() -> None:
    def share_above(headroom: float) -> float:
        settings = DirectorSettings(shot=Shot.UPPER, headroom=headroom, max_zoom=5)
        body = person(960, 600, 800)
        crop = Play(settings).run(6, lambda t: (body, face_of(body))).crop.box
        return (body.box.y1 - crop.y1) / crop.height

    assert share_above(0.05) == pytest.approx(0.05, abs=0.04)
    assert share_above(0.3) == pytest.approx(0.3, abs=0.06)


def test_max_zoom_and_min_crop_height_bound_the_crop() -> None:
    small = person(960, 900, 100)
    zoomed = Play(DirectorSettings(max_zoom=2.0)).run(6, lambda t: (small,))
    assert zoomed.crop.box.height == pytest.approx(540, rel=0.01)
    bounded = Play(DirectorSettings(max_zoom=5, min_crop_height=720)).run(6, lambda t: (small,))
    assert bounded.crop.box.height == pytest.approx(720, rel=0.01)


def test_set_max_zoom_widens_a_crop_that_is_too_close() -> None:
    play = Play(DirectorSettings()).run(5, lambda t: (person(960, 900, 200),))
    close = play.crop.box.height
    play.director.command(SetMaxZoom(1.2))
    play.run(1.5, lambda t: (person(960, 900, 200),))
    heights = [close, *(crop.box.height for crop in play.crops[150:])]
    assert play.crop.box.height >= 900
    assert max(b / a for a, b in itertools.pairwise(heights)) < 1.08


def test_a_dead_zone_of_one_s_own_replaces_the_preset_s() -> None:
    def moved(dead_zone: float | None) -> float:
        play = Play(DirectorSettings(aspect_ratio=Fraction(9, 16), max_zoom=1.0))
        play.director.command(SetDeadZone(dead_zone))
        play.run(3, standing(960)).run(2, standing(1020))
        return abs(play.crop.box.center.x - 960)

    assert moved(None) == 0
    assert moved(0.02) > 30


def test_settings_commands_show_in_the_settings() -> None:
    director = Play().director
    for command in (SetSpeed(Speed.CALM), SetWhenLost(WhenLost.HOME), SetFill(Fill.BLUR)):
        director.command(command)
    settings = director.settings
    assert (settings.speed, settings.when_lost, settings.fill) == (
        Speed.CALM, WhenLost.HOME, Fill.BLUR,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (SetHeadroom(0.7), "headroom 0.7 is not allowed; use a number from 0 to 0.5"),
        (SetMaxZoom(0.5), "max_zoom 0.5 is not allowed"),
        (SetMaxZoom(float("nan")), "max_zoom nan is not allowed"),
        (SetDeadZone(0.6), "dead_zone 0.6 is not allowed"),
        (SetAspectRatio(Fraction(5)), "aspect 5:1 is outside 1:4 to 4:1"),
    ],
)
def test_a_value_out_of_range_is_refused_in_a_sentence(command: object, sentence: str) -> None:
    director = Play().director
    with pytest.raises(ValueError, match=sentence):
        director.command(command)  # type: ignore[arg-type]
    assert director.settings == DirectorSettings()


def test_faster_presets_are_closer_behind_a_walker() -> None:
    def lag(speed: Speed) -> float:
        settings = DirectorSettings(aspect_ratio=Fraction(9, 16), speed=speed, max_zoom=1.0)
        play = Play(settings).run(2, standing(400)).run(3, lambda t: walking(400, 250)(t - 2))
        return 400 + 250 * (play.now - 2) - play.crop.box.center.x

    lags = [lag(speed) for speed in (Speed.CALM, Speed.NORMAL, Speed.FAST, Speed.SPORT)]
    assert lags == sorted(lags, reverse=True)
    assert lags[-1] < 40 < lags[0]


def test_a_subject_at_the_edge_does_not_make_the_crop_leave_the_frame_or_hit_it_hard() -> None:
    play = Play(TALL).run(3, standing(960)).run(4, lambda t: walking(960, 400)(t - 3))
    assert play.crop.box.x2 == pytest.approx(1920, abs=2)
    speed = [b - a for a, b in zip(play.centers(), play.centers()[1:], strict=False)]
    stops = [abs(b - a) for a, b in itertools.pairwise(speed)]
    assert max(stops) < 8


def test_a_silent_detector_counts_as_a_lost_subject() -> None:
    play = Play(TALL).run(3, standing(500))
    director = play.director
    states = []
    for i in range(150):
        director.crop_at(round((3 + i / 30) * 1e9))
        states.append(director.state)
    assert states[-1] is State.WIDE


def test_time_that_stands_still_or_runs_back_leaves_the_crop_alone() -> None:
    play = Play(TALL).run(1, standing(300))
    crop = play.director.crop_at(round(play.now * 1e9))
    assert play.director.crop_at(round(play.now * 1e9)) == crop
    assert play.director.crop_at(0) == crop


def test_settings_out_of_range_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="max_zoom"):
        Play(DirectorSettings(max_zoom=0.1))


def test_tracks_are_shown_where_they_are_by_now_not_where_they_were_looked_at() -> None:
    play = Play(hz=5, latency_s=0.133).run(2, walking(400, 300))
    now = play.now - 1 / 30
    (track,) = play.director.tracks_at(round(now * 1e9))
    (observed,) = play.director.tracks
    assert track.box.center.x == pytest.approx(400 + 300 * now, abs=15)
    assert observed.box.center.x < 400 + 300 * now - 35
    assert track.seen_ns == observed.seen_ns


def test_who_was_seen_in_the_first_picture_of_a_clip_has_an_age_too() -> None:
    play = Play(hz=5).run(2, walking(400, 300))
    director = Director(FULL_HD, TALL)
    director.observe_tracks(play.director.tracks, 0)
    (then,), (later,) = director.tracks_at(0), director.tracks_at(100_000_000)
    assert later.box.center.x == pytest.approx(then.box.center.x + 30, abs=5)


def test_tracks_that_move_out_of_the_frame_are_shown_inside_it_or_not_at_all() -> None:
    play = Play().run(3.0, walking(900, 320))
    for late in (0.0, 0.1, 0.5, 5.0):
        for track in play.director.tracks_at(round((play.now + late) * 1e9)):
            assert Box(0, 0, 1920, 1080).contains(track.box)
            assert track.box.area > 0
