"""What an operator tells a running program, and what it answers: real threads, two shots."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from threading import Thread

import pytest

from livetrack_vcam.core.fields import LIVE_FIELDS
from livetrack_vcam.core.session import replay
from livetrack_vcam.live import stages
from livetrack_vcam.operating import controls
from livetrack_vcam.operating.controls import fixed_settings
from livetrack_vcam.settings import build_settings
from tests.operated import Operated, operating


def test_a_command_of_a_director_is_answered_when_it_is_obeyed(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        assert await program.tell("set_speed", speed="sport")
        assert [shot.speed for shot in program.status.shots] == ["sport", "sport"]
        assert await program.tell("set_speed", "tall", speed="calm")
        assert [shot.speed for shot in program.status.shots] == ["sport", "calm"]

    operating(tmp_path, body)


def test_what_a_director_refuses_comes_back_as_its_sentence(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        track = await program.somebody()
        with pytest.raises(ValueError, match=f"track 99 is not in .* there now: {track}"):
            await program.tell("lock", track_id=99)
        assert not any(shot.locked for shot in program.status.shots)
        assert await program.tell("lock", "tall", track_id=track)
        assert [shot.locked for shot in program.status.shots] == [False, True]

    operating(tmp_path, body)


def test_whoever_is_not_there_cannot_be_next_and_the_program_goes_on(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        for name in ("next", "previous"):
            with pytest.raises(ValueError, match="nobody is in the picture to follow"):
                await program.tell(name)
        await program.pictures(3)

    operating(tmp_path, body, lambda _seconds: None)


@pytest.mark.parametrize(
    ("target", "body", "said"),
    [
        ("attic", {"command": "pause"}, "there is no shot 'attic'; there is: main, tall"),
        (None, {"command": "warp"}, "use one of: set_aspect, .* save_preset, .* quit$"),
        (None, {"command": ["pause"]}, "is unknown; use one of"),
        ("main", {"command": "quit"}, "quit is for the whole program"),
        ("main", {"command": "standby", "on": True}, "standby is for the whole program"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anybody_is_asked(
    tmp_path: Path, target: str | None, body: dict[str, object], said: str
) -> None:
    async def ask(program: Operated) -> None:
        with pytest.raises(ValueError, match=said):
            await program.controls.command(target, body)
        assert program.ended == 0

    assert operating(tmp_path, ask).commands() == []


def test_while_no_frame_comes_commands_are_still_obeyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "SLATE_INTERVAL_S", 1000.0)  # only the command itself can wake it

    async def body(program: Operated) -> None:
        await program.pictures(3)
        program.ticking = False
        assert await program.tell("set_speed", speed="cinema")
        assert program.status.shots[0].settings["speed"] == "cinema"

    operating(tmp_path, body)


def test_without_a_verdict_in_time_the_command_waits_and_a_refusal_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(controls, "VERDICT_S", 0.02)

    async def body() -> None:
        program = Operated(tmp_path)  # not started: nobody decides anything
        assert not await program.tell("lock", track_id=99)
        assert not await program.tell("set_speed", speed="sport")
        program.pipeline.start()
        await program.until(lambda: "controls" in {record.module for record in caplog.records})
        assert "track 99" in caplog.text
        await program.until(lambda: program.status.shots[0].speed == "sport")
        program.pipeline.stop()
        assert program.pipeline.join() == []

    asyncio.run(body())


def test_after_the_end_commands_are_refused(tmp_path: Path) -> None:
    async def body() -> None:
        program = Operated(tmp_path)
        program.pipeline.start()
        program.pipeline.stop()
        assert program.pipeline.join() == []
        with pytest.raises(ValueError, match="the program is ending"):
            await program.tell("pause")

    asyncio.run(body())


def test_of_too_many_commands_the_oldest_is_refused(tmp_path: Path) -> None:
    async def body() -> None:
        program = Operated(tmp_path)
        first = program.pipeline.standby(on=True)
        others = [program.pipeline.standby(on=False) for _ in range(256)]
        assert "too many commands" in str(first.exception(timeout=0))
        assert not any(each.done() for each in others)

    asyncio.run(body())


def test_a_standby_that_nobody_says_again_ends_by_itself(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        await program.tell("standby", on=True, for_s=1)
        assert program.status.standby
        await program.until(lambda: not program.status.standby)

    operating(tmp_path, body)


@pytest.mark.parametrize("again", [{"for_s": 3600}, {}])
def test_a_standby_said_again_goes_on(tmp_path: Path, again: dict[str, float]) -> None:
    async def body(program: Operated) -> None:
        await program.tell("standby", on=True, for_s=1)
        await program.tell("standby", on=True, **again)
        await asyncio.sleep(1.5)
        assert program.status.standby

    operating(tmp_path, body)


def test_the_end_of_a_standby_ends_no_later_one(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        await program.tell("standby", on=True, for_s=1)
        await program.tell("standby", on=False)
        await program.tell("standby", on=True)
        await asyncio.sleep(1.5)
        assert program.status.standby

    operating(tmp_path, body)


@pytest.mark.parametrize("wrong", [0.5, 3601, "20", True])
def test_a_standby_lasts_a_second_at_least_and_an_hour_at_most(
    tmp_path: Path, wrong: object
) -> None:
    async def body(program: Operated) -> None:
        with pytest.raises(ValueError, match=r"field 'for_s' is .*; use a number"):
            await program.tell("standby", on=True, for_s=wrong)
        assert not program.status.standby

    operating(tmp_path, body)


def test_quit_ends_the_program(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        assert await program.tell("quit")
        assert program.ended == 1

    operating(tmp_path, body)


def test_another_thread_can_tell_and_a_refusal_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(program: Operated) -> None:
        def tell() -> None:
            program.controls.tell(None, {"command": "load_preset", "preset": "lost"})
            program.controls.tell("tall", {"command": "set_speed", "speed": "calm"})

        thread = Thread(target=tell)
        thread.start()
        await program.until(lambda: program.status.shots[1].speed == "calm")
        thread.join()
        assert "there is no preset 'lost'" in caplog.text

    operating(tmp_path, body)


def test_the_settings_are_those_of_every_shot_and_can_be_put_back(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        before = program.controls.settings()
        assert list(before["shots"]) == ["main", "tall"]
        assert list(before["shots"]["tall"]) == list(LIVE_FIELDS)
        assert before["shots"]["tall"]["aspect"] == "9:16"
        assert before["fixed"] == {"source": "synthetic"}
        change = {"shots": {"main": {"speed": "sport", "fill": "blur"}, "tall": {"max_zoom": 3}}}
        assert await program.controls.change_settings(change)
        after = program.controls.settings()["shots"]
        assert (after["main"]["speed"], after["main"]["fill"]) == ("sport", "blur")
        assert after["tall"] == {**before["shots"]["tall"], "max_zoom": 3}
        assert await program.controls.change_settings({"shots": before["shots"]})
        assert program.controls.settings() == before

    operating(tmp_path, body)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "JSON object such as"),
        ({"shots": {}}, "JSON object such as"),
        ({"shots": ["main"]}, "JSON object such as"),
        ({"shots": {"main": {"speed": "sport"}}, "fixed": {}}, "JSON object such as"),
        (
            {"shots": {"attic": {"speed": "sport"}}},
            "there is no shot 'attic'; there is: main, tall",
        ),
        ({"shots": {"main": {"speed": "sport"}, "tall": {}}}, "settings are a JSON object"),
        ({"shots": {"main": {"speed": "sport"}, "tall": {"speed": "warp"}}}, "'warp'; use one of"),
        ({"shots": {"main": {"speed": "sport"}, "tall": {"sink": "vcam"}}}, "'sink' is unknown"),
        (
            {"shots": {"main": {"speed": "sport"}, "tall": {"subject": "track:99"}}},
            "track 99 is not in the picture",
        ),
    ],
)
def test_settings_change_all_or_none(tmp_path: Path, body: dict[str, object], said: str) -> None:
    async def change(program: Operated) -> None:
        before = program.controls.settings()
        with pytest.raises(ValueError, match=said):
            await program.controls.change_settings(body)
        await program.pictures(2)
        assert program.controls.settings() == before

    assert operating(tmp_path, change).commands() == []


def test_what_only_a_restart_changes_holds_no_secret() -> None:
    settings = build_settings(
        {"source": "rtsp://user:secret@camera/live?key=secret", "obs_password_file": "/secret"},
        {"sink": ["file:/secret.mp4", "vcam:Mine"], "session": "/secret.jsonl"},
    )
    fixed = fixed_settings(settings)
    assert fixed["source"] == "rtsp://camera/live"
    assert fixed["shots"]["main"]["sink"] == ["file", "vcam"]
    assert "secret" not in json.dumps(fixed)


def test_a_session_with_everything_an_operator_does_replays_bit_for_bit(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        await program.somebody()
        await program.tell("save_preset", preset="calm")
        await program.tell("configure", "main", settings={"speed": "sport", "aspect": "4:3"})
        with pytest.raises(ValueError, match="not in the picture"):
            await program.tell("lock", track_id=99)
        await program.pictures(5)
        await program.tell("standby", on=True)
        await program.pictures(5)
        await program.tell("toggle", "tall")
        await program.tell("load_preset", preset="calm")
        await program.tell("standby", on=False)
        await program.pictures(20)

    program = operating(tmp_path, body)
    crops = list(replay(program.log))
    assert len({each.crop for each in crops}) > 10
    names = [(line["shot"], line["command"]["command"]) for line in program.commands()]
    configured = [("main", "configure"), ("tall", "configure")]
    assert names == [("main", "configure"), ("tall", "toggle"), *configured]


def test_cinema_by_a_preset_says_what_it_lacks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def body(program: Operated) -> None:
        await program.tell("configure", "tall", settings={"speed": "cinema"})
        await program.tell("configure", "tall", settings={"fill": "blur"})

    operating(tmp_path, body)
    assert caplog.text.count("shot tall now moves as cinema") == 1
    assert "shot main now" not in caplog.text
