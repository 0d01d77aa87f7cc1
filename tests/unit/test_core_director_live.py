"""What an operator does while the program runs: several settings at once, wide, toggle, a home."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from livetrack_vcam.core import DirectorSettings, Shot, Speed, State, SubjectKind, SubjectPolicy
from livetrack_vcam.core.command import (
    Configure,
    GoHome,
    NextSubject,
    Resume,
    SetHome,
    SetSpeed,
    ShowWide,
    Toggle,
)
from livetrack_vcam.core.geometry import Box
from tests.scenarios import Play, noisy, person, standing, walking

TALL = DirectorSettings(aspect_ratio=Fraction(9, 16))


def test_several_settings_change_together() -> None:
    play = Play(TALL).run(3, standing(500, 1500))
    play.director.command(
        Configure(
            (
                ("aspect_ratio", Fraction(1)),
                ("speed", Speed.SPORT),
                ("subject", SubjectPolicy(SubjectKind.GROUP)),
            )
        )
    )
    settings = play.director.settings
    assert (settings.speed, settings.subject.kind) == (Speed.SPORT, SubjectKind.GROUP)
    assert play.run(0.1, standing(500, 1500)).crop.aspect_ratio == 1


def test_of_settings_of_which_one_cannot_be_none_changes() -> None:
    play = Play(TALL).run(2, standing(500))
    unknown = SubjectPolicy(SubjectKind.TRACK, track_id=99)
    with pytest.raises(ValueError, match="99"):
        play.director.command(Configure((("shot", Shot.FACE), ("subject", unknown))))
    with pytest.raises(ValueError, match="max_zoom"):
        play.director.command(Configure((("shot", Shot.FACE), ("max_zoom", 0.5))))
    assert play.director.settings == TALL


def test_another_shot_among_several_settings_reframes_by_itself() -> None:
    play = Play(TALL).run(3, standing(500))
    before = play.crop.box.height
    play.director.command(Configure((("shot", Shot.WIDE), ("max_zoom", 3.0))))
    assert play.run(3, standing(500)).crop.box.height > before


def test_wide_shows_everything_until_a_subject_is_asked_for() -> None:
    play = Play(TALL).run(3, standing(500))
    assert play.crop.box.height < 1080
    play.director.command(ShowWide())
    play.run(4, standing(500))
    assert play.state is State.WIDE
    assert play.crop.box.height == pytest.approx(1080, rel=0.005)
    play.director.command(NextSubject())
    assert play.run(4, standing(500)).crop.box.height < 1080


def test_toggle_pauses_and_then_follows_again() -> None:
    play = Play(TALL).run(2, standing(500))
    play.director.command(Toggle())
    assert play.run(0.2, standing(500)).state is State.PAUSED
    play.director.command(Toggle())
    assert play.run(0.2, standing(500)).state is not State.PAUSED
    play.director.command(Resume())
    assert play.run(0.2, standing(500)).state is not State.PAUSED


def test_a_drawn_home_is_shown_whole_in_the_shape_of_the_shot() -> None:
    drawn = Box(1200, 300, 1500, 600)
    play = Play(TALL).run(2, standing(500))
    play.director.command(SetHome(drawn))
    play.director.command(GoHome())
    box = play.run(4, standing(500)).crop.box
    assert box.center.x == pytest.approx(drawn.center.x, abs=2)
    assert box.width == pytest.approx(drawn.width, abs=2)
    assert box.y1 < drawn.y1
    assert box.y2 > drawn.y2
    assert not box.contains(person(500).box)


def test_another_speed_expects_people_to_move_as_one_set_from_the_start_does() -> None:
    sight = noisy(walking(300, 250), 19.2, seed=3)
    begun, changed = Play(replace(TALL, speed=Speed.FAST)), Play(TALL)
    for play in (begun, changed):
        play.run(1, sight)
    changed.director.command(SetSpeed(Speed.FAST))
    for play in (begun, changed):
        play.run(3.5, sight)
    assert begun.crop.box.x1 > 500
    assert changed.crop.box.x1 == pytest.approx(begun.crop.box.x1, abs=0.5)
