"""The whole product in the guest: one camera, two shots, two virtual cameras, and a real OBS.

The kernel's own test camera (vivid) shows eight bars of color, so that what a picture shows is
known without asking the program: see bars.py.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPResponse
from pathlib import Path
from urllib.request import urlopen

import numpy as np

from livetrack_vcam.core.geometry import Size
from tests.e2e import obs_studio
from tests.e2e.vm.bars import ALL, IN_1_1, IN_9_16, Picture, bars, color_difference
from tests.e2e.vm.guest import is_camera, load_devices, output, read_raw, status, wait_until
from tests.e2e.vm.guest_program import Program, ended, home_of, start
from tests.e2e.vm.numbered import feeding
from tests.e2e.vm.other_programs import read_by_ffmpeg

CAMERA = "/dev/video20"
VIVID_OPTIONS = ("n_devs=1", "vid_cap_nr=20", "node_types=0x1", "num_inputs=1", "input_types=0x0")
FOLDER = Path("/tmp/product")
PORT, OBS_PORT = 8787, 4455
OBS_S = 300.0
SHOTS = 3
ROOT = f"http://127.0.0.1:{PORT}"
CONFIG = f"""source = "{CAMERA}"
detector = "blazeface"
detect_hz = 0.1
port = {PORT}

[[shots]]
name = "main"
aspect = "16:9"
size = "640x360"
sink = ["vcam", "mjpeg", "room"]

[[shots]]
name = "vertical"
aspect = "9:16"
size = "216x384"
sink = ["vcam:LiveTrack Vertical", "mjpeg", "room"]
"""
MAIN, VERTICAL = "/dev/video11", "/dev/video13"
# By CIE76 (Mahy, Van Eycken and Oosterlinck 1994).
JUST_NOTICEABLE = 2.3
# OBS opens cameras through libv4l2, which cuts what is no multiple of eight off their width.
SIZES = {MAIN: (640, 360), VERTICAL: (216, 384)}


@contextmanager
def on_stage() -> Iterator[Program]:
    """The program and OBS, started side by side."""
    FOLDER.mkdir(exist_ok=True)
    config, home = FOLDER / "two-shots.toml", home_of()
    home.mkdir(parents=True, exist_ok=True)
    config.write_text(CONFIG, encoding="utf-8")
    load_devices()
    output("modprobe", "vivid", *VIVID_OPTIONS)
    _prepare_obs(home)
    # It takes what the others leave: 30 pictures a second are more than the guest can draw.
    program = start("run", "--config", str(config), nice=10)
    try:
        with obs_studio.running(home, OBS_PORT, screen="640x480", start_s=200):
            yield program
    finally:
        program.kill()
        output("modprobe", "-r", "vivid")
        log = home / "obs.log"
        if log.exists():
            Path("/out/obs.log").write_bytes(log.read_bytes())


def _prepare_obs(home: Path) -> None:
    """Four pictures a second, and none on its own window: its graphics are drawn by software."""
    obs_studio.prepare(home, OBS_PORT, {})
    config = home / ".config" / "obs-studio"
    _edit(config / "global.ini", "[BasicWindow]", "[BasicWindow]\nPreviewEnabled=false")
    _edit(config / "basic/profiles/Test/basic.ini", "FPSType=0", "FPSType=1\nFPSInt=4")


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file} has no {old} any more"
    file.write_text(text.replace(old, new), encoding="utf-8")


def _seen(device: str) -> Picture:
    """What OpenCV, an ordinary reader, receives."""
    import cv2

    capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
    try:
        for _ in range(2):
            ok, picture = capture.read()
            assert ok, f"no picture from {device}"
    finally:
        capture.release()
    return np.asarray(picture, np.uint8)


def _by_ffmpeg(device: str, size: tuple[int, int]) -> Picture:
    width, height = size
    return np.frombuffer(read_by_ffmpeg(device, "bgr24"), np.uint8).reshape(height, width, 3)


def _shows(device: str, colors: list[str]) -> Callable[[], bool]:
    return lambda: bars(_seen(device)) == colors


def each_shot_feeds_its_own_device_at_its_own_size(program: Program) -> None:
    for device, (width, height) in SIZES.items():
        wait_until(partial(is_camera, device), program)
        assert len(read_raw(device)) == width * height * 3 // 2
        assert _seen(device).shape == (height, width, 3)


def each_device_shows_its_own_shots_picture(program: Program) -> None:
    wait_until(_shows(MAIN, ALL), program)
    wait_until(_shows(VERTICAL, IN_9_16), program)


def every_color_is_right_to_the_eye(_: Program) -> str:
    worst = {
        "OpenCV": color_difference(_seen(MAIN)),
        "FFmpeg": color_difference(_by_ffmpeg(MAIN, SIZES[MAIN])),
    }
    assert max(worst.values()) < JUST_NOTICEABLE, worst
    return ", ".join(f"{reader} at most {value:.2f} off" for reader, value in worst.items())


def each_shot_has_its_own_room_and_its_own_stream(_: Program) -> None:
    for shot, (width, height), colors in (
        ("main", SIZES[MAIN], ALL),
        ("vertical", SIZES[VERTICAL], IN_9_16),
    ):
        with _open(f"/room/{shot}") as page:
            assert "text/html" in page.headers["Content-Type"]
        picture = _first_of_stream(shot)
        assert picture.shape == (height, width, 3)
        assert bars(picture) == colors


def a_command_for_one_shot_leaves_the_other_as_it_was(program: Program) -> None:
    told = ended("ctl", "--target", "vertical", "set", "aspect=1:1", "speed=sport")
    assert told.poll() == 0, told.words
    wait_until(_shows(VERTICAL, IN_1_1), program)
    assert bars(_seen(MAIN)) == ALL
    shots = {shot["name"]: shot for shot in status(PORT)["shots"]}
    assert (shots["main"]["aspect"], shots["main"]["speed"]) == ("16:9", "normal")
    assert (shots["vertical"]["aspect"], shots["vertical"]["speed"]) == ("1:1", "sport")


def obs_shows_each_device_in_the_input_that_obs_setup_made(program: Program) -> None:
    # Until its first picture is drawn, OBS answers later than we wait for anybody.
    wait_until(lambda: _in_obs("Main") is not None, program, OBS_S)
    made = _set_up()
    assert (made["input"], made["kind"]) == ("LiveTrack Camera", "v4l2_input"), made
    made = _set_up("--shot", "vertical")
    assert (made["input"], made["kind"]) == ("LiveTrack Vertical", "v4l2_input"), made
    wait_until(_obs_shows("LiveTrack Camera", SIZES[MAIN], ALL), program, OBS_S)
    wait_until(_obs_shows("LiveTrack Vertical", SIZES[VERTICAL], IN_1_1), program, OBS_S)


def _set_up(*options: str) -> dict[str, str]:
    """What `obs setup` did. Here OBS may answer later than it waits, and hold the name of an input
    that it is taking away for a while; once more does no harm."""
    deadline = time.monotonic() + OBS_S
    while (done := ended("obs", "setup", *options, "--json")).poll() != 0:
        assert time.monotonic() < deadline, done.words
        time.sleep(3)
    return dict(json.loads(done.words))


def it_ends_when_asked_and_says_what_it_did(program: Program) -> None:
    assert program.end() == 0
    said = program.words
    assert "vivid" in said, said
    assert "pictures at" in said, said
    assert "Traceback" not in said, said


def obs_shows_no_torn_picture_of_a_feeder_that_waits_for_nobody(_: Program) -> str:
    with feeding(30, size=Size(*SIZES[MAIN])) as feeder:
        wait_until(lambda: _is_even(_in_obs("LiveTrack Camera")), feeder, OBS_S)
        pictures = [_in_obs("LiveTrack Camera") for _ in range(SHOTS)]
        assert all(_is_even(picture) for picture in pictures)
    colors = {tuple(picture[0, 0]) for picture in pictures if picture is not None}
    assert len(colors) > 1, "it stands still"
    return f"{len(pictures)} looks, {len(colors)} different pictures"


def _is_even(picture: Picture | None) -> bool:
    """One color all over, as numbered.py feeds them."""
    return picture is not None and int(np.ptp(picture.reshape(-1, 3), axis=0).max()) <= 1


def _obs_shows(name: str, size: tuple[int, int], colors: list[str]) -> Callable[[], bool]:
    def shows() -> bool:
        picture = _in_obs(name)
        return picture is not None and picture.shape[1::-1] == size and bars(picture) == colors

    return shows


def _in_obs(source: str) -> Picture | None:
    """What OBS shows of an input or a scene; None as long as it has no picture of it, or is busy:
    its graphics are drawn by software on a processor that is emulated."""
    from livetrack_vcam.obs.connection import Obs, ObsAddress, ObsError

    try:
        obs = Obs(ObsAddress(port=OBS_PORT, password=obs_studio.PASSWORD), timeout_s=60)
    except ObsError:
        return None
    try:
        shot = obs.request("GetSourceScreenshot", sourceName=source, imageFormat="png")
    except ObsError:
        return None
    finally:
        obs.close()
    data = base64.b64decode(shot["imageData"].partition(",")[2])
    # For whoever looks into a failure.
    Path(f"/out/{source}.png").write_bytes(data)
    return _decoded(data)


def _first_of_stream(shot: str) -> Picture:
    with _open(f"/stream/{shot}.mjpg") as stream:
        lengths = (line for line in stream if line.lower().startswith(b"content-length:"))
        length = int(next(lengths).partition(b":")[2])
        stream.readline()
        return _decoded(stream.read(length))


def _decoded(data: bytes) -> Picture:
    import cv2

    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(picture, np.uint8)


def _open(path: str) -> HTTPResponse:
    answer: HTTPResponse = urlopen(ROOT + path, timeout=60)
    return answer


CHECKS: tuple[Callable[[Program], str | None], ...] = (
    each_shot_feeds_its_own_device_at_its_own_size,
    each_device_shows_its_own_shots_picture,
    every_color_is_right_to_the_eye,
    each_shot_has_its_own_room_and_its_own_stream,
    a_command_for_one_shot_leaves_the_other_as_it_was,
    obs_shows_each_device_in_the_input_that_obs_setup_made,
    it_ends_when_asked_and_says_what_it_did,
    obs_shows_no_torn_picture_of_a_feeder_that_waits_for_nobody,
)
