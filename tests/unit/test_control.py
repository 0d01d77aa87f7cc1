"""One vocabulary: what a JSON object can ask of the program or of a director."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.control import (
    PROGRAM_COMMANDS,
    REQUEST_NAMES,
    AssignScene,
    LoadPreset,
    SavePreset,
    Standby,
    request_from_json,
)
from livetrack_vcam.core.command import Pause
from livetrack_vcam.core.command_json import COMMAND_NAMES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def test_commands_of_directors_and_of_the_program_are_read_alike() -> None:
    assert request_from_json({"command": "pause"}) == Pause()
    assert request_from_json({"command": "save_preset", "preset": " a "}) == SavePreset(preset="a")
    assert request_from_json({"command": "standby", "on": False}) == Standby(on=False)
    scene = {"command": "assign_scene", "scene": " Live", "preset": None}
    assert request_from_json(scene) == AssignScene(scene=" Live", preset=None)


def test_no_name_is_used_twice_and_each_model_knows_its_own() -> None:
    assert len(set(REQUEST_NAMES)) == len(REQUEST_NAMES) == len(COMMAND_NAMES) + 6
    for name, model in PROGRAM_COMMANDS.items():
        assert model.model_fields["command"].default == name
        assert model.__doc__


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "command None is unknown; use one of: set_aspect, .*, standby, quit$"),
        ({"command": "x" * 10_000}, "^.{0,80} is unknown; use one of: set_aspect"),
        ("quit", "a command is a JSON object"),
        ({"command": "quit", "now": True}, "field 'now' is unknown; quit takes no other field"),
        ({"command": "standby"}, "field 'on' is missing; standby needs it"),
        ({"command": "standby", "on": 1}, "field 'on' is 1; use true or false"),
        ({"command": "standby", "on": None}, "field 'on' is None; use true or false"),
        ({"command": "save_preset", "preset": 7}, "field 'preset' is 7; use text"),
        ({"command": "save_preset", "preset": ""}, "field 'preset' is ''; use 1 to 64 characters"),
        ({"command": "save_preset", "preset": "  "}, "use 1 to 64 characters"),
        ({"command": "save_preset", "preset": "x" * 10_000}, "^.{0,80}; use 1 to 64 characters$"),
        ({"command": "save_preset", "preset": "a\x00b"}, "use no control characters"),
        ({"command": "save_preset", "preset": "a\nb"}, "use no control characters"),
        ({"command": "save_preset", "preset": "a\u2028b"}, "use no control characters"),
        ({"command": "save_preset", "preset": "\ud83d"}, "use no control characters"),
        (
            {"command": "load_preset", "preset": "a", "shot": "main"},
            "field 'shot' is unknown; load_preset takes only 'preset'",
        ),
        ({"command": "assign_scene", "scene": "Live"}, "field 'preset' is missing"),
        ({"command": "assign_scene", "scene": "", "preset": "a"}, "use 1 to 256 characters"),
        (
            {"command": "assign_scene", "scene": "a", "preset": "b", "on": 1},
            "assign_scene takes only 'scene' and 'preset'",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(body: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        request_from_json(body)


def answer_to(body: dict[str, object]) -> object:
    """The request, or the sentence that refuses it."""
    try:
        return request_from_json(body)
    except ValueError as error:
        return str(error)


@given(st.sampled_from(sorted(PROGRAM_COMMANDS)), st.dictionaries(st.text(), JSON, max_size=3))
def test_nothing_that_anybody_sends_is_more_than_a_sentence(
    name: str, fields: dict[str, object]
) -> None:
    answer = answer_to({**fields, "command": name})
    assert not isinstance(answer, str) or ("\n" not in answer and len(answer) < 300)


@given(st.text(max_size=80))
def test_a_name_is_taken_or_refused_and_never_changed_within(name: str) -> None:
    request = answer_to({"command": "load_preset", "preset": name})
    if isinstance(request, str):
        return
    assert isinstance(request, LoadPreset)
    assert request.preset == name.strip()
    assert 1 <= len(request.preset) <= 64
    assert request.preset.encode().decode() == request.preset
