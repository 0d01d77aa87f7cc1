"""The JSON vocabulary of commands and settings."""

from __future__ import annotations

from fractions import Fraction

import pytest

from livetrack_vcam.core import DirectorSettings, Shot, Speed, SubjectKind, SubjectPolicy, WhenLost
from livetrack_vcam.core import command as commands
from livetrack_vcam.core.command_json import COMMAND_NAMES, command_from_json, command_to_json
from livetrack_vcam.core.config import Fill
from livetrack_vcam.core.geometry import Box
from livetrack_vcam.core.settings_json import settings_from_json, settings_to_json

EVERY_COMMAND = [
    ({"command": "set_aspect", "aspect": "9:16"}, commands.SetAspectRatio(Fraction(9, 16))),
    ({"command": "set_shot", "shot": "head"}, commands.SetShot(Shot.HEAD)),
    ({"command": "set_speed", "speed": "sport"}, commands.SetSpeed(Speed.SPORT)),
    ({"command": "set_when_lost", "when_lost": "home"}, commands.SetWhenLost(WhenLost.HOME)),
    ({"command": "set_fill", "fill": "blur"}, commands.SetFill(Fill.BLUR)),
    ({"command": "set_headroom", "headroom": 0.2}, commands.SetHeadroom(0.2)),
    ({"command": "set_headroom", "headroom": None}, commands.SetHeadroom(None)),
    ({"command": "set_max_zoom", "max_zoom": 2.0}, commands.SetMaxZoom(2.0)),
    ({"command": "set_dead_zone", "dead_zone": 0.1}, commands.SetDeadZone(0.1)),
    (
        {"command": "select_subject", "subject": "track:3"},
        commands.SelectSubject(SubjectPolicy(SubjectKind.TRACK, track_id=3)),
    ),
    (
        {"command": "select_subject", "subject": "label:dog"},
        commands.SelectSubject(SubjectPolicy(SubjectKind.LABEL, label="dog")),
    ),
    ({"command": "lock", "track_id": 3}, commands.LockTrack(3)),
    ({"command": "release"}, commands.ReleaseTrack()),
    ({"command": "next"}, commands.NextSubject()),
    ({"command": "previous"}, commands.PreviousSubject()),
    ({"command": "recenter"}, commands.Recenter()),
    ({"command": "set_home"}, commands.SetHome()),
    (
        {"command": "set_home", "box": [100.5, 0.0, 640.0, 360.0]},
        commands.SetHome(Box(100.5, 0.0, 740.5, 360.0)),
    ),
    (
        {"command": "configure", "settings": {"aspect": "9:16", "headroom": None, "cuts": True}},
        commands.Configure((("aspect_ratio", Fraction(9, 16)), ("headroom", None), ("cuts", True))),
    ),
    ({"command": "home"}, commands.GoHome()),
    ({"command": "wide"}, commands.ShowWide()),
    ({"command": "toggle"}, commands.Toggle()),
    ({"command": "pause"}, commands.Pause()),
    ({"command": "resume"}, commands.Resume()),
]


@pytest.mark.parametrize(("data", "command"), EVERY_COMMAND)
def test_every_command_reads_and_writes_the_same_json(
    data: dict[str, object], command: commands.Command
) -> None:
    assert command_from_json(data) == command
    assert command_to_json(command) == data


def test_the_list_above_has_every_command() -> None:
    assert {data["command"] for data, _ in EVERY_COMMAND} == set(COMMAND_NAMES)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("pause", "a command is a JSON object"),
        ({}, "command None is unknown; use one of: set_aspect"),
        ({"command": "explode"}, "command 'explode' is unknown"),
        ({"command": ["pause"]}, "is unknown"),
        ({"command": "pause", "now": 1}, "field 'now' is unknown; pause takes no other field"),
        ({"command": "lock", "id": 3}, "field 'id' is unknown; lock takes only 'track_id'"),
        ({"command": "lock"}, "field 'track_id' is missing; lock needs it"),
        ({"command": "lock", "track_id": "3"}, "'track_id' is '3'; use a whole number from 1"),
        ({"command": "lock", "track_id": True}, "use a whole number from 1"),
        ({"command": "set_aspect", "aspect": "0:1"}, "zero side"),
        ({"command": "set_aspect", "aspect": 1.5}, "field 'aspect' must be text"),
        ({"command": "set_shot", "shot": "huge"}, "use one of: auto, face, head, upper, full"),
        ({"command": "set_headroom", "headroom": 0.9}, "a number from 0 to 0.5 or null"),
        ({"command": "set_headroom", "headroom": False}, "a number from 0 to 0.5 or null"),
        ({"command": "set_max_zoom", "max_zoom": None}, "use a number from 1 to 100"),
        ({"command": "set_max_zoom", "max_zoom": float("inf")}, "use a number from 1 to 100"),
        ({"command": "set_home", "box": [1, 2, 3]}, r"use \[x, y, width, height\]"),
        ({"command": "set_home", "box": "1,2,3,4"}, r"use \[x, y, width, height\]"),
        ({"command": "set_home", "box": [0, 0, 0, 9]}, "has no area"),
        ({"command": "set_home", "box": [1e5, 1e5, 1e-12, 1e-12]}, "has no area"),
        ({"command": "set_home", "box": [0, 0, float("nan"), 9]}, "use a number from"),
        ({"command": "configure", "settings": {}}, "settings are a JSON object such as"),
        ({"command": "configure", "settings": {"fusion": "both"}}, "'fusion' is unknown or cannot"),
        ({"command": "configure", "settings": {"cuts": 1}}, "'cuts' is 1, not true or false"),
        ({"command": "select_subject", "subject": "somebody"}, "try auto, largest, center"),
    ],
)
def test_anything_else_is_refused_in_a_sentence(data: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        command_from_json(data)


def test_settings_survive_json_exactly() -> None:
    settings = DirectorSettings(
        Fraction(4, 5), Shot.UPPER, Speed.CALM, SubjectPolicy(SubjectKind.LABEL, label="cat"),
        WhenLost.FULL, Fill.LETTERBOX, 0.1 + 0.2, 3.3, None, 1 / 3,
    )  # fmt: skip
    assert settings_from_json(settings_to_json(settings)) == settings


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"speed": "warp"}, "warp"),
        ({"max_zoom": "2"}, "field 'max_zoom' is '2'; use a number"),
        ({"max_zoom": 0.2}, "field 'max_zoom' is 0.2; use a number from 1"),
        ({"extra": 1}, "need exactly the fields"),
    ],
)
def test_broken_settings_are_refused(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        settings_from_json({**settings_to_json(DirectorSettings()), **change})
