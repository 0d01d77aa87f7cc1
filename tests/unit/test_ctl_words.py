"""What is typed after `ctl`, and the JSON command it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from livetrack_vcam.control import PROGRAM_COMMANDS, REQUEST_NAMES, request_from_json
from livetrack_vcam.core.fields import LIVE_FIELDS
from livetrack_vcam.errors import SettingsError
from livetrack_vcam.operating.phrases import phrases, to_body


def programs() -> Mapping[str, Any]:
    return {name: kind.model_json_schema() for name, kind in PROGRAM_COMMANDS.items()}


def body_of(typed: str, none: bool = False) -> dict[str, object]:
    return to_body(typed.split(), programs, none)


@pytest.mark.parametrize(
    ("typed", "body"),
    [
        ("aspect 9:16", {"command": "set_aspect", "aspect": "9:16"}),
        ("shot upper", {"command": "set_shot", "shot": "upper"}),
        ("subject label:dog", {"command": "select_subject", "subject": "label:dog"}),
        ("when-lost hold", {"command": "set_when_lost", "when_lost": "hold"}),
        ("headroom 0.2", {"command": "set_headroom", "headroom": 0.2}),
        ("headroom auto", {"command": "set_headroom", "headroom": None}),
        ("lock 999999999999999999", {"command": "lock", "track_id": 10**18 - 1}),
        ("max-zoom 2", {"command": "set_max_zoom", "max_zoom": 2.0}),
        ("lock 3", {"command": "lock", "track_id": 3}),
        ("wide", {"command": "wide"}),
        ("set-home", {"command": "set_home"}),
        ("set-home 1 2 30.5 40", {"command": "set_home", "box": [1.0, 2.0, 30.5, 40.0]}),
        ("lead-room 0.1", {"command": "configure", "settings": {"lead_room": 0.1}}),
        ("cuts on", {"command": "configure", "settings": {"cuts": True}}),
        ("cuts off", {"command": "configure", "settings": {"cuts": False}}),
        (
            "set speed=sport aspect=9:16 dead-zone=auto eyes_on_third=on",
            {
                "command": "configure",
                "settings": {
                    "speed": "sport",
                    "aspect": "9:16",
                    "dead_zone": None,
                    "eyes_on_third": True,
                },
            },
        ),
        ("preset save Talk", {"command": "save_preset", "preset": "Talk"}),
        ("preset load Talk", {"command": "load_preset", "preset": "Talk"}),
        ("preset delete none", {"command": "delete_preset", "preset": "none"}),
        ("scene Live Talk", {"command": "assign_scene", "scene": "Live", "preset": "Talk"}),
        ("standby on", {"command": "standby", "on": True}),
        ("quit", {"command": "quit"}),
    ],
)
def test_words_become_the_command(typed: str, body: dict[str, object]) -> None:
    assert body_of(typed) == body
    request_from_json(body)


def test_a_scene_is_freed_with_none() -> None:
    body = to_body(["scene", "Live now"], programs, none=True)
    assert body == {"command": "assign_scene", "scene": "Live now", "preset": None}


def test_every_command_and_every_live_setting_can_be_said() -> None:
    known = phrases(programs())
    assert {phrase.command for phrase in known} == set(REQUEST_NAMES)
    said = {phrase.words[0] for phrase in known}
    assert {name.replace("_", "-") for name in LIVE_FIELDS} <= said
    words = [phrase.words for phrase in known]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("phrase", phrases(programs()), ids=lambda phrase: "-".join(phrase.words))
def test_help_shows_each_with_what_it_takes(phrase: Any) -> None:
    hints = phrase.usage.removeprefix(" ".join(phrase.words)).split()
    assert bool(hints) == bool(phrase.arguments)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("fly", r"knows no 'fly'; `livetrack-vcam ctl --help`"),
        ("wdie", "did you mean 'wide'"),
        ("preset sav Talk", "knows no 'preset sav Talk'"),
        ("lock", "something is missing: `ctl lock TRACK_ID`"),
        ("lock three", "`ctl lock TRACK_ID` takes a number, not 'three'"),
        ("lock 3 4", "'4' is too much here"),
        ("lock 0", "a whole number from 1"),
        ("release 3", "'3' is too much here: `ctl release`"),
        ("speed warp", "one of: calm, normal"),
        ("cuts maybe", "takes on or off, not 'maybe'"),
        ("lock 1000000000000000000", "`ctl lock TRACK_ID` takes no number as large as 1000"),
        (f"lock {'9' * 5000}", "takes no number as large as 9{20}…$"),
        (f"lock {'x' * 5000}", "takes a number, not 'x{20}…'$"),
        ("max-zoom nan", "takes a number, not 'nan'"),
        ("max-zoom 1e999", "takes no number as large as 1e999"),
        ("max-zoom 900", "a number from 1 to 100"),
        ("max-zoom auto", "takes a number, not 'auto'"),
        ("set-home 1 2 3", r"use \[x, y, width, height\]"),
        ("set-home 1 2 3 0", "has no area"),
        ("set", "takes SETTING=VALUE, not ''"),
        ("set speed", "takes SETTING=VALUE, not 'speed'"),
        ("set color=red", "not 'color=red'; settings: aspect, shot"),
        ("set cuts=on cuts=off", "cuts is there twice"),
        ("scene Live", r"something is missing: `ctl scene SCENE PRESET\|--none`"),
        ("standby", r"`ctl standby on\|off`"),
    ],
)
def test_what_makes_no_sense_gets_a_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        body_of(typed)


def test_none_is_for_what_may_be_none() -> None:
    for typed in ("pause", "lock 3", "preset save Talk", "scene Live Talk", "set-home"):
        with pytest.raises(SettingsError, match="--none is too much here"):
            body_of(typed, none=True)


def test_programs_are_asked_for_only_when_needed() -> None:
    def never() -> Mapping[str, Any]:
        raise AssertionError

    assert to_body(["next"], never) == {"command": "next"}
