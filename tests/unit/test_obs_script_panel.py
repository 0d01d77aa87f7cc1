"""The script for OBS: what its panel shows, and what it sends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.obs_stub import Studio, running_studio
from tests.obs_wire import TOKEN, Wire, daemon, shot_status, status
from tests.waiting import until


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    return path


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire(daemon()) as wire:
        yield wire


@pytest.fixture
def studio(wire: Wire, token_file: Path) -> Iterator[Studio]:
    """OBS beside a daemon that has answered."""
    with running_studio(port=wire.port, token_file=str(token_file)) as studio:
        studio.says("LiveTrack 0.1.0 runs")
        yield studio


@pytest.fixture
def script() -> Iterator[Any]:
    with running_studio(port=1) as studio:
        yield studio.script


def test_loading_it_sends_nothing(wire: Wire, studio: Studio) -> None:
    studio.script.script_update(studio.settings)
    studio.open_panel()
    studio.press("Refresh status")
    seen = len(wire.requests)
    until(lambda: len(wire.requests) > seen + 1)
    assert wire.sent() == []


def test_only_what_the_user_changed_is_sent(wire: Wire, studio: Studio) -> None:
    studio.set("speed", "sport")
    until(lambda: wire.sent())
    studio.set("max_zoom", 3.0)
    until(lambda: len(wire.sent()) == 2)
    assert wire.sent() == [
        {"command": "configure", "settings": {"speed": "sport"}},
        {"command": "configure", "settings": {"max_zoom": 3.0}},
    ]


@pytest.mark.parametrize(
    ("name", "value", "body"),
    [
        ("tracking", False, {"command": "pause"}),
        ("subject", "group", {"command": "select_subject", "subject": "group"}),
        ("subject", "track:7", {"command": "lock", "track_id": 7}),
        ("headroom_auto", False, {"command": "configure", "settings": {"headroom": 0.1}}),
        ("dead_zone", 0.2, {"command": "configure", "settings": {"dead_zone": 0.2}}),
        ("cuts", True, {"command": "configure", "settings": {"cuts": True}}),
    ],
)
def test_a_value_becomes_its_command(
    wire: Wire, studio: Studio, name: str, value: object, body: object
) -> None:
    studio.set(name, value)
    until(lambda: wire.sent())
    assert wire.sent() == [body]


def test_moving_a_slider_ends_its_automatic(studio: Studio) -> None:
    assert studio.get("headroom_auto") is True
    studio.set("headroom", 0.3)
    assert studio.get("headroom_auto") is False


def test_half_a_typed_shape_is_not_sent(wire: Wire, studio: Studio) -> None:
    for typed in ("2", "2:", "2:", "2:3", "", "3", "3:", "3:2"):
        studio.set("aspect", typed)
    until(lambda: wire.sent())
    assert wire.sent() == [{"command": "configure", "settings": {"aspect": "3:2"}}]


def test_the_daemon_s_state_is_shown(token_file: Path) -> None:
    shot = shot_status(
        "main", aspect="7:3", headroom=0.2, max_zoom=4.0, speed="calm", state="paused"
    )
    seen = Event()

    def told_later() -> dict[str, Any]:
        assert seen.wait(60)
        return status(shot)

    with (
        Wire(daemon(told_later)) as wire,
        running_studio(port=wire.port, token_file=str(token_file), aspect="1:1") as studio,
    ):
        assert studio.get("aspect") == "1:1"
        seen.set()
        studio.says("main: paused, subject 3, zoom 1.5")
        shown = {name: studio.get(name) for name in ("aspect", "headroom", "max_zoom", "speed")}
        assert shown == {"aspect": "21:9", "headroom": 0.2, "max_zoom": 4.0, "speed": "calm"}
        assert studio.get("tracking") is False
        assert studio.get("headroom_auto") is False
        assert wire.sent() == []


def test_a_locked_person_is_shown_as_the_subject(token_file: Path) -> None:
    with (
        Wire(daemon(lambda: status(shot_status("main", locked=True)))) as wire,
        running_studio(port=wire.port, token_file=str(token_file)) as studio,
    ):
        studio.says("subject 3 (locked)")
        assert studio.get("subject") == "track:3"


def test_standby_leaves_tracking_as_the_user_had_it(token_file: Path) -> None:
    shot = shot_status("main", state="paused")
    with (
        Wire(daemon(lambda: status(shot, standby=True))) as wire,
        running_studio(port=wire.port, token_file=str(token_file)) as studio,
    ):
        studio.says("LiveTrack 0.1.0 rests")
        assert studio.get("tracking") is True


def test_a_status_changes_no_other_values_of_the_panel(token_file: Path) -> None:
    shot = shot_status("main")
    odd = {"host": "elsewhere", "speed": 3, "max_zoom": 10**400, "cuts": "yes", "fill": "\ud800"}
    shot = replace(shot, settings=dict(shot.settings) | odd)
    with (
        Wire(daemon(lambda: status(shot))) as wire,
        running_studio(port=wire.port, token_file=str(token_file)) as studio,
    ):
        studio.says("runs")
        assert {studio.get(name) for name in odd} == {"127.0.0.1", "normal", 2.4, False, "crop"}
        studio.tick()
        assert "mistake" not in str(studio.obs.log)


def test_the_lists_follow_the_status(studio: Studio) -> None:
    items = {each.name: each.items for each in studio.props.every()}
    assert items["target"] == [("Every shot", ""), ("main", "main"), ("vertical", "vertical")]
    assert items["preset"] == [("Interview", "Interview"), ("Show", "Show")]
    assert items["subject"][-2:] == [("Person 3", "track:3"), ("Person 7", "track:7")]


def test_a_choice_the_daemon_no_longer_offers_stays_chosen(token_file: Path, wire: Wire) -> None:
    values = {"target": "gone", "subject": "track:99", "token_file": str(token_file)}
    with running_studio(port=1, **values) as studio:
        assert studio.get("target") == "gone"
        assert studio.get("subject") == "track:99"
        studio.set("port", wire.port)
        studio.says("runs")
        assert studio.get("target") == "gone"
        assert wire.sent() == []


def test_everything_goes_to_the_chosen_shot(wire: Wire, studio: Studio) -> None:
    studio.set("target", "vertical")
    assert studio.get("aspect") == "9:16"
    assert "main:" not in studio.status
    studio.press("Wide view")
    studio.hotkey("livetrack.speed_sport")
    studio.set("fill", "blur")
    until(lambda: len(wire.sent()) == 3)
    assert {body["target"] for body in wire.sent()} == {"vertical"}


def test_hotkeys_act_once_when_pressed(wire: Wire, studio: Studio) -> None:
    for name in ("livetrack.toggle", "livetrack.aspect_9_16", "livetrack.preset_2"):
        studio.hotkey(name)
    until(lambda: len(wire.sent()) == 3)
    assert wire.sent() == [
        {"command": "toggle"},
        {"command": "configure", "settings": {"aspect": "9:16"}},
        {"command": "load_preset", "preset": "Show"},
    ]


def configured(**settings: object) -> dict[str, object]:
    return {"command": "configure", "settings": settings}


def test_a_hotkey_changes_a_number_from_where_each_shot_has_it(token_file: Path) -> None:
    shots = shot_status("main", max_zoom=3.0, headroom=None), shot_status("tall", max_zoom=9.9)
    with (
        Wire(daemon(lambda: status(*shots))) as wire,
        running_studio(port=wire.port, token_file=str(token_file)) as studio,
    ):
        studio.says("main: follow")
        studio.hotkey("livetrack.max_zoom_more")
        until(lambda: len(wire.sent()) == 2)
        studio.set("target", "main")
        studio.hotkey("livetrack.max_zoom_less")
        studio.hotkey("livetrack.headroom_more")
        until(lambda: len(wire.sent()) == 4)
    assert wire.sent() == [
        configured(max_zoom=3.2) | {"target": "main"},
        configured(max_zoom=10.0) | {"target": "tall"},
        configured(max_zoom=2.8) | {"target": "main"},
        configured(headroom=0.12) | {"target": "main"},
    ]


def test_standby_is_for_the_whole_daemon_whatever_shot_is_chosen(token_file: Path) -> None:
    shots = shot_status("main"), shot_status("tall")
    with (
        Wire(daemon(lambda: status(*shots))) as wire,
        running_studio(port=wire.port, token_file=str(token_file)) as studio,
    ):
        studio.says("main: follow")
        studio.set("target", "tall")
        studio.hotkey("livetrack.standby_on")
        studio.hotkey("livetrack.standby_off")
        until(lambda: len(wire.sent()) == 2)
    assert wire.sent() == [{"command": "standby", "on": on} for on in (True, False)]


def test_a_hotkey_for_a_preset_that_is_not_there_says_so(wire: Wire, studio: Studio) -> None:
    studio.hotkey("livetrack.preset_9")
    studio.says("Preset 9: there are only 2 presets.")
    assert wire.sent() == []


def test_presets_are_saved_loaded_and_deleted_by_name(wire: Wire, studio: Studio) -> None:
    studio.press("Save preset")
    assert "type or choose its name" in studio.status
    studio.set("preset", " Talk ")
    studio.set("target", "main")
    for label in ("Save preset", "Load preset", "Delete preset"):
        studio.press(label)
    until(lambda: len(wire.sent()) == 3)
    assert wire.sent() == [
        {"command": "save_preset", "preset": "Talk"},
        {"command": "load_preset", "preset": "Talk", "target": "main"},
        {"command": "delete_preset", "preset": "Talk"},
    ]


def test_a_preset_is_in_the_list_as_soon_as_it_is_saved(studio: Studio) -> None:
    items = next(each.items for each in studio.props.every() if each.name == "preset")
    studio.set("preset", "Keynote")

    def saved() -> list[str]:
        studio.press("Save preset")
        assert "Save preset: sent." in studio.status
        return [name for name, _ in items]

    # This daemon never has it: a look that ends right then takes it from the list again.
    until(lambda: saved() == ["Interview", "Keynote", "Show"], saved)


def test_reframing_once_ends_in_rest(token_file: Path) -> None:
    state = ["follow"]

    def said() -> dict[str, Any]:
        return status(shot_status("main", state=state[0]))

    with (
        Wire(daemon(said)) as wire,
        running_studio(port=wire.port, token_file=str(token_file)) as studio,
    ):
        studio.says("runs")
        studio.press("Reframe once")
        until(lambda: len(wire.sent()) == 2)
        assert [body["command"] for body in wire.sent()] == ["resume", "recenter"]
        state[0] = "hold"
        until(lambda: wire.sent("pause"))


def test_the_text_tells_program_hints_and_standby(token_file: Path) -> None:
    more = {
        "standby": True,
        "obs": {"on_program": False},
        "hints": [{"code": "low_light", "text": "Turn on a <b>light</b>", "shot": None}],
    }
    with (
        Wire(daemon(lambda: status() | more)) as wire,
        running_studio(port=wire.port, token_file=str(token_file)) as studio,
    ):
        text = studio.says("LiveTrack 0.1.0 rests: 30.0 fps, latency 42 ms")
        assert "Not on program in OBS." in text
        assert "Hint 1 of 1: Turn on a ‹b>light‹/b>" in text


def test_hotkeys_keep_the_keys_they_were_given(wire: Wire) -> None:
    first = Studio({"port": wire.port})
    first.load()
    for key in first.obs.hotkeys.values():
        key.keys = (f"F1 of {key.name}",)
    first.script.script_save(first.settings)
    first.unload()
    assert not first.obs.arrays
    second = Studio(first.settings.values)
    second.load()
    assert {key.keys for key in second.obs.hotkeys.values()} == {
        (f"F1 of {key.name}",) for key in second.obs.hotkeys.values()
    }
    second.unload()
    assert not second.obs.arrays


def test_a_mistake_is_logged_once_and_obs_goes_on(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []

    def script_log(level: int, text: str) -> None:
        if level == studio.script.obs.LOG_INFO:
            raise LookupError("a mistake")
        warnings.append(text)

    monkeypatch.setattr(studio.script.obs, "script_log", script_log)
    for _ in range(3):
        studio.script.panel.worker.notes.append("something")
        studio.tick()
    assert len(warnings) == 1
    assert "a mistake" in warnings[0]
