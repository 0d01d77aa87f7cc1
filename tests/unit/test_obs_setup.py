"""`obs setup` makes, mends and completes our input, and leaves alone what is the user's."""

from __future__ import annotations

import re
from copy import deepcopy

import pytest

from livetrack_vcam.errors import LiveTrackError, SettingsError
from livetrack_vcam.obs.advice import advice, check_shot
from livetrack_vcam.obs.inputs import Ours, Stream, input_name
from livetrack_vcam.obs.report import examine
from livetrack_vcam.obs.setup import Wish, set_up
from tests.obs_in_memory import InMemoryObs, Input

NAME = "LiveTrack Camera"
OURS = Ours(frozenset({NAME}), 8787, frozenset({"/dev/video10"}))
WISH = Wish(NAME, NAME, Stream(), OURS)
# As OBS 29 lists them on Debian, with another camera whose name begins like ours.
LINUX = {
    "v4l2_input": {
        f"{NAME} Two (platform:v4l2loopback-000)": "/dev/video9",
        f"{NAME} (platform:v4l2loopback-001)": "/dev/video10",
        "OBS Virtual Camera (platform:v4l2loopback-002)": "/dev/video11",
    }
}
WINDOWS = {"dshow_input": {"OBS Virtual Camera": "OBS Virtual Camera:", NAME: f"{NAME}:"}}


@pytest.mark.parametrize(
    ("devices", "setting", "value"),
    [
        (LINUX, "device_id", "/dev/video10"),
        (WINDOWS, "video_device_id", "LiveTrack Camera:"),
        ({"av_capture_input": {NAME: "ABCD-1234"}}, "device", "ABCD-1234"),
    ],
)
def test_the_camera_is_found_by_its_name_in_the_list_of_devices(
    devices: dict[str, dict[str, str]], setting: str, value: str
) -> None:
    kind = next(iter(devices))
    obs = InMemoryObs(devices=devices, kinds=("ffmpeg_source", kind))
    outcome = set_up(obs, WISH)
    assert list(obs.inputs) == [NAME]
    assert obs.inputs[NAME].kind == kind
    assert obs.inputs[NAME].settings[setting] == value
    assert [each["sourceName"] for each in obs.scenes["Main"]] == [NAME]
    transform = obs.item("Main", NAME)["sceneItemTransform"]
    assert transform["boundsType"] == "OBS_BOUNDS_SCALE_INNER"
    assert (transform["boundsWidth"], transform["boundsHeight"]) == (1920, 1080)
    assert len(outcome.did) == 2


@pytest.mark.parametrize("devices", [LINUX, WINDOWS, {}])
def test_the_second_time_nothing_is_changed(devices: dict[str, dict[str, str]]) -> None:
    obs = InMemoryObs(devices=devices, kinds=("ffmpeg_source", *devices))
    set_up(obs, WISH)
    # Turned and moved by the user, who is not to lose that.
    obs.item("Main", NAME)["sceneItemTransform"]["rotation"] = 90.0
    before = deepcopy((obs.inputs, obs.scenes))
    obs.asked.clear()
    outcome = set_up(obs, WISH)
    assert obs.changes == []
    assert (obs.inputs, obs.scenes) == before
    assert outcome.did == []
    assert "left to you" in outcome.notes[0]


def test_without_a_camera_of_ours_the_stream_is_played() -> None:
    obs = InMemoryObs(devices={"v4l2_input": {"Integrated Webcam": "/dev/video0"}})
    outcome = set_up(obs, WISH)
    assert list(obs.inputs) == [NAME]
    assert obs.inputs[NAME].kind == "ffmpeg_source"
    assert obs.inputs[NAME].settings["input"] == "http://127.0.0.1:8787/stream.mjpg"
    assert obs.inputs[NAME].settings["buffering_mb"] == 0
    assert "no camera named 'LiveTrack Camera'" in outcome.notes[0]


def test_who_asks_for_the_stream_gets_it_and_no_device_is_looked_for() -> None:
    obs = InMemoryObs(devices=LINUX)
    set_up(obs, Wish(NAME, None, Stream("studio.local", 9000, "tall & thin"), OURS))
    assert obs.inputs[NAME].settings["input"] == (
        "http://studio.local:9000/stream/tall%20%26%20thin.mjpg"
    )
    assert obs.changes == ["CreateInput", "SetSceneItemTransform"]


def test_an_input_with_other_settings_is_mended_and_keeps_the_rest() -> None:
    obs = InMemoryObs(devices=LINUX)
    set_up(obs, WISH)
    obs.inputs[NAME].settings |= {"device_id": "/dev/video3", "pixelformat": 5}
    outcome = set_up(obs, WISH)
    assert obs.inputs[NAME].settings["device_id"] == "/dev/video10"
    assert obs.inputs[NAME].settings["pixelformat"] == 5
    assert outcome.did == [f"set the input {NAME!r} right: device_id = /dev/video10"]


def test_a_camera_that_is_away_leaves_the_device_as_it_is() -> None:
    obs = InMemoryObs(devices=LINUX)
    set_up(obs, WISH)
    obs.devices = {}
    outcome = set_up(obs, WISH)
    assert outcome.did == []
    assert obs.inputs[NAME].settings["device_id"] == "/dev/video10"
    assert any("--sink vcam" in note for note in outcome.notes)


def test_an_input_that_is_in_another_scene_is_added_here_and_fitted() -> None:
    obs = InMemoryObs(scenes={"Main": [], "Talk": []})
    set_up(obs, WISH)
    outcome = set_up(obs, Wish(NAME, NAME, Stream(), OURS, "Talk"))
    assert [each["sourceName"] for each in obs.scenes["Talk"]] == [NAME]
    assert obs.item("Talk", NAME)["sceneItemTransform"]["boundsWidth"] == 1920
    assert outcome.did[0] == f"added the input {NAME!r} to the scene 'Talk'"
    assert list(obs.inputs) == [NAME]


def test_an_input_in_a_group_of_the_scene_is_in_the_scene() -> None:
    obs = InMemoryObs(scenes={"Main": [], "Frame": []})
    set_up(obs, WISH)
    obs.scenes["Frame"], obs.scenes["Main"] = obs.scenes["Main"], []
    group = {"sourceName": "Frame", "sceneItemId": 9, "sceneItemEnabled": True, "isGroup": True}
    obs.scenes["Main"].append(group)
    assert set_up(obs, WISH).did == []


def test_what_an_interrupted_setup_left_behind_is_taken_away() -> None:
    obs = InMemoryObs(devices=LINUX)
    left = f"{NAME} (looking for it)"
    obs.request(
        "CreateInput",
        sceneName="Main",
        inputName=left,
        inputKind="v4l2_input",
        inputSettings={},
        sceneItemEnabled=False,
    )
    set_up(obs, WISH)
    assert {name: each.kind for name, each in obs.inputs.items()} == {NAME: "v4l2_input"}


def test_a_hidden_input_stays_hidden_and_the_user_is_told() -> None:
    obs = InMemoryObs()
    set_up(obs, WISH)
    obs.item("Main", NAME)["sceneItemEnabled"] = False
    outcome = set_up(obs, WISH)
    assert outcome.did == []
    assert "click the eye" in outcome.notes[-1]


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (Wish("Logo", None, Stream(), OURS), r"another kind \(image_source\).*--name"),
        (Wish(NAME, None, Stream(), OURS, "Nix"), "no scene 'Nix'.*--scene: 'Main', 'Talk'"),
    ],
)
def test_what_cannot_be_done_changes_nothing_and_says_what_to_type(wish: Wish, says: str) -> None:
    obs = InMemoryObs(inputs={"Logo": Input("image_source")}, scenes={"Main": [], "Talk": []})
    with pytest.raises(LiveTrackError, match=says):
        set_up(obs, wish)
    assert obs.changes == []


def test_an_input_of_another_name_that_shows_our_picture_is_pointed_at() -> None:
    obs = InMemoryObs({"Cam 1": Input("v4l2_input", {"device_id": "/dev/video10"})})
    assert any("--name 'Cam 1'" in note for note in set_up(obs, WISH).notes)


RUNNING = {
    "shots": [{"name": "main"}, {"name": "tall"}],
    "sinks": [
        {"shot": "main", "name": "vcam", "state": "failed"},
        {"shot": "main", "name": "mjpeg", "state": "open"},
        {"shot": "tall", "name": "vcam", "state": "opening"},
    ],
}


@pytest.mark.parametrize(
    ("shot", "kind", "says"),
    [
        (None, "ffmpeg_source", None),
        (None, "v4l2_input", "output vcam of shot 'main' has failed; `livetrack-vcam doctor`"),
        ("tall", "v4l2_input", None),
        ("tall", "ffmpeg_source", "shot 'tall' is not sent there yet; start .* --sink mjpeg"),
    ],
)
def test_what_keeps_the_picture_from_obs_is_said(
    shot: str | None, kind: str, says: str | None
) -> None:
    said = advice(RUNNING, shot, kind)
    assert said == says or re.match(says or "$", said or "")


def test_a_shot_that_the_program_does_not_have_is_refused() -> None:
    check_shot(RUNNING, None)
    check_shot(RUNNING, "tall")
    with pytest.raises(SettingsError, match="no shot 'wide'; there is: main, tall"):
        check_shot(RUNNING, "wide")


def test_a_shot_is_named_as_its_device_would_be() -> None:
    assert input_name(None) == "LiveTrack Camera"
    assert input_name("vertical") == "LiveTrack Vertical"
    assert input_name("stage_left-2") == "LiveTrack Stage Left 2"


def test_the_report_knows_our_inputs_by_name_and_by_address() -> None:
    obs = InMemoryObs(
        inputs={
            NAME: Input("v4l2_input", {"device_id": "/dev/video10"}),
            "Presenter": Input("ffmpeg_source", {"input": "http://127.0.0.1:8787/stream/a.mjpg"}),
            "Cam 1": Input("v4l2_input", {"device_id": "/dev/video10"}),
            "Webcam": Input("v4l2_input", {"device_id": "/dev/video0"}),
            "Logo": Input("image_source", {}),
            "Intro": Input("ffmpeg_source", {"input": "http://127.0.0.1:9999/stream.mjpg"}, 120),
            "Garbage": Input("ffmpeg_source", {"input": "http://[::1:8787/stream.mjpg"}, 0),
        },
        scenes={"Main": []},
    )
    obs.request("CreateSceneItem", sceneName="Main", sourceName=NAME, sceneItemEnabled=True)
    report = examine(obs, "127.0.0.1:4455", OURS)
    assert [(each.name, each.on_program) for each in report.inputs] == [
        (NAME, True),
        ("Presenter", False),
        ("Cam 1", False),
    ]
    assert (report.streaming, report.recording, report.virtual_camera) == (True, False, None)
    assert report.audio_offsets_ms == {"Intro": 120}
    assert "is livetrack-vcam running" in report.hints[0]
    assert obs.changes == ["CreateSceneItem"]
    assert "scene 'Main'" in report.to_text()


def test_an_obs_without_our_picture_is_told_how_to_get_it() -> None:
    report = examine(InMemoryObs(), "127.0.0.1:4455", OURS)
    assert report.inputs == ()
    assert "livetrack-vcam obs setup" in report.hints[0]
