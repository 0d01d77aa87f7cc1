"""Presets in a running program: every shot changes between the same two pictures, or none does."""

from __future__ import annotations

import asyncio
import json
import os
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from livetrack_vcam.core.session import replay
from tests.operated import Operated, operating


def presets_of(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "presets.json").read_text(encoding="utf-8"))
    return data["presets"]  # type: ignore[no-any-return]


def test_a_preset_brings_every_shot_back_to_what_it_was(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        await program.tell("set_speed", "tall", speed="calm")
        kept = program.controls.settings()["shots"]
        assert await program.tell("save_preset", preset="  Talk show 🎬 ")
        assert program.status.presets == ("Talk show 🎬",)
        await program.tell("configure", settings={"speed": "sport", "aspect": "1:1"})
        assert await program.tell("load_preset", preset="Talk show 🎬")
        assert program.controls.settings()["shots"] == kept

    operating(tmp_path, body)


def test_no_picture_is_drawn_with_half_of_a_preset(tmp_path: Path) -> None:
    """Between what a preset changes in two shots, the session log has no crop and no other call."""

    async def body(program: Operated) -> None:
        await program.tell("save_preset", preset="calm")
        await program.tell("configure", settings={"speed": "sport", "shot": "wide"})
        await program.tell("save_preset", preset="wild")
        before = len(program.commands())
        for _ in range(15):
            await program.tell("load_preset", preset="calm")
            await program.pictures(1)
            await program.tell("load_preset", preset="wild")
        assert len(program.commands()) == before + 60

    lines = [json.loads(line) for line in operating(tmp_path, body).log]
    loads = [line for line in lines if line.get("shot") and "command" in line]
    assert [line["shot"] for line in loads] == ["main", "tall"] * 30
    together = [
        (one["shot"], other["shot"])
        for one, other in pairwise(lines)
        if "command" in one and "command" in other
    ]
    assert together.count(("main", "tall")) == 30


def test_the_status_names_the_preset_until_something_is_changed(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        def named() -> list[str | None]:
            return [shot.preset for shot in program.status.shots]

        assert named() == [None, None]
        await program.tell("save_preset", preset="a")
        assert named() == ["a", "a"]
        await program.tell("set_speed", "tall", speed="sport")
        assert named() == ["a", None]
        await program.tell("load_preset", preset="a")
        assert named() == ["a", "a"]
        await program.tell("delete_preset", preset="a")
        assert named() == [None, None]
        assert program.status.presets == ()

    operating(tmp_path, body)


def test_a_preset_for_one_shot_is_its_own_or_the_first_there_is(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        program.store.save("both", {"main": {"speed": "calm"}, "tall": {"speed": "sport"}})
        program.store.save("other", {"stage": {"speed": "cinema"}, "wings": {"speed": "fast"}})
        await program.tell("load_preset", "tall", preset="both")
        assert [shot.speed for shot in program.status.shots] == ["normal", "sport"]
        await program.tell("load_preset", "main", preset="other")
        assert [shot.speed for shot in program.status.shots] == ["cinema", "sport"]
        assert [shot.preset for shot in program.status.shots] == ["other", "both"]
        with pytest.raises(ValueError, match="'other' is for the shots stage, wings, and here is"):
            await program.tell("load_preset", preset="other")

    operating(tmp_path, body)


def test_of_a_preset_that_says_nothing_of_a_shot_the_session_log_has_nothing_either(
    tmp_path: Path,
) -> None:
    async def body(program: Operated) -> None:
        program.store.save("half", {"main": {"speed": "calm"}, "tall": {}})
        program.store.save("nothing", {"main": {}, "tall": {}})
        assert await program.tell("load_preset", preset="half")
        with pytest.raises(ValueError, match="preset 'nothing' "):
            await program.tell("load_preset", preset="nothing")
        await program.pictures(2)

    program = operating(tmp_path, body)
    assert [line["shot"] for line in program.commands()] == ["main"]
    assert list(replay(program.log))


def test_a_preset_that_one_shot_refuses_changes_none(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        await program.tell("save_preset", preset="good")
        program.store.save("bad", {"main": {"speed": "fast"}, "tall": {"subject": "track:99"}})
        before = program.controls.settings()
        with pytest.raises(ValueError, match="track 99 is not in the picture"):
            await program.tell("load_preset", preset="bad")
        assert program.controls.settings() == before
        assert [shot.preset for shot in program.status.shots] == ["good", "good"]

    operating(tmp_path, body)


def test_a_preset_kept_while_somebody_is_locked_can_be_loaded_when_they_are_gone(
    tmp_path: Path,
) -> None:
    async def body(program: Operated) -> None:
        track = await program.somebody()
        await program.tell("select_subject", "main", subject=f"track:{track}")
        assert program.status.shots[0].locked
        await program.tell("save_preset", preset="mine")
        await program.tell("select_subject", "main", subject="group")
        assert await program.tell("load_preset", preset="mine")
        assert program.status.shots[0].settings["subject"] == "group"

    operating(tmp_path, body)
    assert "subject" not in presets_of(tmp_path)["mine"]["main"]
    assert presets_of(tmp_path)["mine"]["tall"]["subject"] == "auto"


def test_a_preset_spoilt_by_hand_is_refused_with_its_field_and_changes_nothing(
    tmp_path: Path,
) -> None:
    async def body(program: Operated) -> None:
        await program.tell("save_preset", preset="mine")
        path = tmp_path / "presets.json"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('"max_zoom": 2.4', '"max_zoom": 5000', 1), encoding="utf-8")
        before = program.controls.settings()
        with pytest.raises(ValueError, match=r"preset 'mine' .* 'max_zoom' of shot 'main': .*5000"):
            await program.tell("load_preset", preset="mine")
        assert program.controls.settings() == before

    operating(tmp_path, body)


def test_scenes_have_presets_that_exist_until_those_are_deleted(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        await program.tell("save_preset", preset="calm")
        with pytest.raises(ValueError, match="no preset 'wild'; there is: 'calm'"):
            await program.tell("assign_scene", scene="Live", preset="wild")
        for scene in ("Live", "Break"):
            await program.tell("assign_scene", scene=scene, preset="calm")
        assert program.status.scenes == {"Live": "calm", "Break": "calm"}
        await program.tell("assign_scene", scene="Break", preset=None)
        assert program.controls.scenes == {"Live": "calm"}
        await program.tell("delete_preset", preset="calm")
        assert program.status.scenes == {}

    operating(tmp_path, body)


def test_while_a_slow_disk_takes_a_preset_the_program_does_everything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, written, fsync = Event(), Event(), os.fsync

    def slow(file: int) -> None:
        writing.set()
        written.wait(30)
        fsync(file)

    async def body(program: Operated) -> None:
        monkeypatch.setattr(os, "fsync", slow)
        saved = asyncio.ensure_future(program.tell("save_preset", preset="calm"))
        loaded = asyncio.ensure_future(program.tell("load_preset", preset="calm"))
        await program.until(writing.is_set)
        assert await program.tell("set_speed", speed="sport")
        assert program.status.presets == ()
        assert not saved.done()
        written.set()
        assert await asyncio.gather(saved, loaded) == [True, True]
        assert program.status.shots[0].speed == "normal"

    operating(tmp_path, body)


def test_what_cannot_be_written_is_refused_and_the_program_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "no-folder"
    folder.write_text("a file where the folder should be")

    async def body(program: Operated) -> None:
        with pytest.raises(ValueError, match="LIVETRACK_CONFIG_DIR"):
            await program.tell("save_preset", preset="calm")
        assert program.status.presets == ()
        assert [hint.code for hint in program.status.hints] == ["presets_broken"]
        await program.pictures(2)

    operating(folder, body)
