"""The session log, and replay bit for bit."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from livetrack_vcam.core import Box, Crew, Crop, DirectorSettings, Speed, SubjectKind, SubjectPolicy
from livetrack_vcam.core.command import LockTrack, NextSubject, Pause, Resume, SetAspectRatio
from livetrack_vcam.core.detection import Detection
from livetrack_vcam.core.geometry import Point
from livetrack_vcam.core.session import SessionError, SessionMismatch, SessionRecorder, replay
from tests.scenarios import FULL_HD, noisy, person, standing, walking

SHOTS = {
    "main": DirectorSettings(),
    "vertical": DirectorSettings(aspect_ratio=Fraction(9, 16), speed=Speed.SPORT),
}


def recorded() -> tuple[list[str], list[tuple[str, Crop]]]:
    """A session of six seconds with commands, and the crops it gave."""
    lines: list[str] = []
    crew = SessionRecorder(lines.append, FULL_HD, SHOTS, "test")
    sight = noisy(lambda t: (*walking(300, 200)(t), *standing(1500)(t)), 17, seed=5)
    crops = []
    for i in range(180):
        pts_ns = i * 33_333_333
        if i % 3 == 2:
            crew.observe(sight((i - 2) / 30), pts_ns - 66_666_666)
        if i == 60:
            crew.command("vertical", NextSubject())
        if i == 100:
            crew.command(None, Pause())
        if i == 120:
            crew.command(None, Resume())
            crew.command("main", SetAspectRatio(Fraction(1, 1)))
        crops += [(shot, crew.crop_at(shot, pts_ns)) for shot in SHOTS]
    return lines, crops


def test_replay_gives_the_same_crops_bit_for_bit() -> None:
    lines, crops = recorded()
    replayed = list(replay(lines))
    assert [(r.shot, r.crop) for r in replayed] == crops
    assert len({crop for _, crop in crops}) > 50
    assert {r.state.value for r in replayed} >= {"wide", "follow", "paused"}


def test_every_call_is_one_line_of_json_and_the_first_describes_the_session() -> None:
    lines, _ = recorded()
    records = [json.loads(line) for line in lines]
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    assert records[0]["livetrack_session"] == 1
    assert records[0]["size"] == [1920, 1080]
    assert records[0]["shots"]["vertical"]["aspect"] == "9:16"


def test_a_refused_command_is_not_in_the_log() -> None:
    lines: list[str] = []
    crew = SessionRecorder(lines.append, FULL_HD, SHOTS, "test")
    with pytest.raises(ValueError, match="track 7"):
        crew.command("main", LockTrack(7))
    assert len(lines) == 1


def test_a_last_line_cut_off_by_a_crash_is_ignored() -> None:
    lines, crops = recorded()
    replayed = list(replay([*lines[:-1], lines[-1][:20]]))
    assert len(replayed) == len(crops) - 1


def test_a_broken_line_in_the_middle_is_named() -> None:
    lines, _ = recorded()
    lines[50] = "{oops\n"
    with pytest.raises(SessionError, match="line 51 of the session log is not JSON"):
        list(replay(lines))


def test_a_changed_crop_is_a_mismatch() -> None:
    lines, _ = recorded()
    index = max(i for i, line in enumerate(lines) if '"crop"' in line)
    record = json.loads(lines[index])
    record["crop"][0] += 1e-9
    lines[index] = json.dumps(record)
    with pytest.raises(SessionMismatch, match=f"line {index + 1}: shot 'vertical'"):
        list(replay(lines))


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "the session log is empty"),
        (["hello"], "line 1 of the session log is not JSON"),
        (['{"livetrack_trace":1}'], "line 1 is not the head of a LiveTrack session log"),
        (["[1]"], "line 1 is not the head"),
        (['{"livetrack_session":9}'], "version 9 is not 1"),
        (['{"livetrack_session":1}'], "the head of the session log is broken"),
        (['{"livetrack_session":1,"size":[0,5],"shots":{}}'], "is not two whole numbers"),
        (['{"livetrack_session":1,"size":[5,5],"shots":{}}'], "at least one shot"),
    ],
)
def test_something_else_than_a_session_log_is_refused(lines: list[str], sentence: str) -> None:
    with pytest.raises(SessionError, match=sentence):
        list(replay(lines))


@pytest.mark.parametrize(
    "record",
    [
        "[]",
        "{}",
        '{"observe":3,"pts_ns":5}',
        '{"observe":[["person",0.5,[1,2,3],[]]],"pts_ns":5}',
        '{"observe":[["person","high",[1,2,3,4],[]]],"pts_ns":5}',
        '{"observe":[],"pts_ns":1.5}',
        f'{{"observe":[["person",{10**400},[1,2,3,4],[],[]]],"pts_ns":5}}',
        f'{{"command":{{"command":"set_max_zoom","max_zoom":{10**400}}},"shot":"main"}}',
        '{"command":{"command":"explode"},"shot":null}',
        '{"command":{"command":"pause"},"shot":"none"}',
        '{"crop":[1,2,3],"shot":"main","pts_ns":5}',
        '{"crop":[1,2,3,4],"shot":"none","pts_ns":5}',
    ],
)
def test_a_record_that_makes_no_sense_is_named_by_its_line(record: str) -> None:
    lines: list[str] = []
    SessionRecorder(lines.append, FULL_HD, SHOTS, "test")
    with pytest.raises(SessionError, match="line 2 of the session log is broken"):
        list(replay([*lines, record, record]))


def test_a_crop_of_a_time_that_no_clock_has_is_named_by_its_line() -> None:
    lines: list[str] = []
    SessionRecorder(lines.append, FULL_HD, SHOTS, "test").crop_at("main", 0)
    later = f'{{"crop":[1,2,3,4],"shot":"main","pts_ns":{10**400}}}'
    with pytest.raises(SessionError, match="line 3 of the session log is broken"):
        list(replay([*lines, later]))


def test_landmarks_and_odd_floats_survive_the_log() -> None:
    lines: list[str] = []
    crew = SessionRecorder(lines.append, FULL_HD, SHOTS, "test")
    face = Detection(Box(0.1, 0.2, 100.3, 1e2 / 3), 0.1 + 0.2, "face", (Point(1 / 3, 2 / 7),))
    crew.observe((face, person(5e-324), Detection(Box(0, 0, 1, 1), float("nan"), "x")), 10)
    crew.crop_at("main", 20)
    assert len(list(replay(lines))) == 1


def test_a_crew_tracks_once_and_frames_every_shot() -> None:
    crew = Crew(FULL_HD, SHOTS)
    for i in range(90):
        if i % 3 == 0:
            crew.observe((person(400),), i * 33_333_333)
        for shot in crew.shots:
            crew.crop_at(shot, i * 33_333_333)
    crops = {shot: crew.crop_at(shot, 10**10) for shot in crew.shots}
    assert {shot: crop.aspect_ratio for shot, crop in crops.items()} == {
        "main": Fraction(16, 9),
        "vertical": Fraction(9, 16),
    }
    assert all(crew.director(shot).tracks == crew.tracks for shot in crew.shots)


def test_a_crew_says_which_shots_there_are() -> None:
    crew = Crew(FULL_HD, SHOTS)
    with pytest.raises(ValueError, match="there is no shot 'x'; there is: main, vertical"):
        crew.command("x", Pause())
    with pytest.raises(ValueError, match="at least one shot"):
        Crew(FULL_HD, {})


def test_a_command_to_all_shots_that_one_refuses_changes_none() -> None:
    shots = {**SHOTS, "dog": DirectorSettings(subject=SubjectPolicy(SubjectKind.LABEL, "dog"))}
    crew = Crew(FULL_HD, shots)
    before = [crew.director(shot).settings for shot in crew.shots]
    with pytest.raises(ValueError, match="track 4"):
        crew.command(None, LockTrack(4))
    assert [crew.director(shot).settings for shot in crew.shots] == before
