"""Two shots of one camera: their own outputs, rooms and commands, from one capture."""

from __future__ import annotations

import json
import signal
import subprocess
import tomllib
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from livetrack_vcam.errors import EXIT_OK, EXIT_USAGE
from tests.e2e.conftest import CLIP_FRAMES, ROOT, Program
from tests.waiting import free_port, until

SIZES = {"main": (320, 180), "vertical": (180, 320)}
CONFIG = """
[[shots]]
name = "main"
aspect = "16:9"
size = "320x180"
sink = {main}

[[shots]]
name = "vertical"
aspect = "9:16"
size = "180x320"
sink = {vertical}
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon with two shots, asked as a user and as another program would."""

    program: Program
    process: subprocess.Popen[str]
    port: int

    def ctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.program.run("ctl", "--port", str(self.port), *words)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return json.load(answer)

    def send(self, method: str, path: str, body: object) -> tuple[int, dict[str, Any]]:
        """Status and answer, with the token that the daemon has written for this user."""
        token = next(self.program.home.rglob("token")).read_text(encoding="ascii").strip()
        return self.ask(method, path, json.dumps(body), {"Authorization": f"Bearer {token}"})

    def ask(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            kind = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, body, {**kind, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, json.load(answer)
        finally:
            connection.close()

    def shots(self) -> dict[str, dict[str, Any]]:
        return {shot["name"]: shot for shot in self.get("/api/status")["shots"]}

    def asked(self, key: str) -> dict[str, Any]:
        """One live setting of each shot."""
        return {name: shot["settings"][key] for name, shot in self.shots().items()}


def write_config(folder: Path, main: list[str], vertical: list[str]) -> str:
    file = folder / "two-shots.toml"
    text = CONFIG.format(main=json.dumps(main), vertical=json.dumps(vertical))
    file.write_text(text, encoding="utf-8")
    return str(file)


@contextmanager
def running(program: Program) -> Iterator[Running]:
    port = free_port()
    config = write_config(program.home, ["mjpeg", "room"], ["mjpeg", "room"])
    process = program.start("run", "--config", config, "--source", "demo", "--port", str(port))
    daemon = Running(program, process, port)

    def shows_both() -> bool:
        assert process.poll() is None, process.communicate()[1]
        try:
            return all(shot["crop"] for shot in daemon.shots().values())
        except OSError:
            return False

    try:
        until(shows_both, lambda: "there is no picture")
        yield daemon
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def video(path: Path) -> tuple[tuple[int, int], int]:
    """Size, and how many pictures decode."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return (stream.width, stream.height), sum(1 for _ in container.decode(stream))


def test_one_capture_and_one_detection_make_two_recordings(
    program: Program, clip: Path, tmp_path: Path
) -> None:
    main, vertical = tmp_path / "main.mp4", tmp_path / "vertical.mp4"
    config = write_config(tmp_path, [f"file:{main}"], [f"file:{vertical}"])
    done = program.run(
        *("run", "--config", config, "--source", str(clip), "--session", "s.jsonl", "--no-web")
    )
    assert done.returncode == EXIT_OK, done.stderr
    (main_size, main_count), (vertical_size, vertical_count) = video(main), video(vertical)
    assert {"main": main_size, "vertical": vertical_size} == SIZES
    assert main_count == vertical_count > 0
    lines = [json.loads(line) for line in (tmp_path / "s.jsonl").read_text().splitlines()[1:]]
    crops = {name: [x["pts_ns"] for x in lines if x.get("shot") == name] for name in SIZES}
    assert crops["main"] == crops["vertical"]
    assert len(crops["main"]) <= CLIP_FRAMES
    looked_at = Counter(line["pts_ns"] for line in lines if "observe" in line)
    assert looked_at
    assert set(looked_at.values()) == {1}, "a frame was looked at for each shot"
    assert any(line["observe"] for line in lines if "observe" in line), "nobody was found"


def test_each_shot_has_its_own_room_and_its_own_pictures(program: Program) -> None:
    with running(program) as daemon:
        root = f"http://127.0.0.1:{daemon.port}"
        pictures = {}
        for shot, (width, height) in SIZES.items():
            with urllib.request.urlopen(f"{root}/room/{shot}", timeout=30) as page:
                assert page.headers.get_content_type() == "text/html"
            with urllib.request.urlopen(f"{root}/snapshot/{shot}.jpg", timeout=30) as answer:
                data = np.frombuffer(answer.read(), np.uint8)
            picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
            assert picture is not None
            assert picture.shape == (height, width, 3)
            pictures[shot] = picture
            with urllib.request.urlopen(f"{root}/stream/{shot}.mjpg", timeout=30) as stream:
                assert stream.headers.get_content_type() == "multipart/x-mixed-replace"
                assert stream.read(10_000).count(b"image/jpeg") > 0
        shape = {shot["name"]: shot["crop"] for shot in daemon.get("/api/status")["shots"]}
        assert shape["main"][2] > shape["main"][3]
        assert shape["vertical"][2] < shape["vertical"][3]


def test_a_command_with_a_target_changes_that_shot_alone(program: Program) -> None:
    with running(program) as daemon:
        assert daemon.ctl("--target", "vertical", "speed", "sport").returncode == EXIT_OK
        assert daemon.asked("speed") == {"main": "normal", "vertical": "sport"}
        assert daemon.ctl("--target", "vertical", "aspect", "1:1").returncode == EXIT_OK
        assert daemon.asked("aspect") == {"main": "16:9", "vertical": "1:1"}
        body = {"command": "set_fill", "fill": "blur", "target": "main"}
        assert daemon.send("POST", "/api/command", body) == (200, {"ok": True})
        assert daemon.asked("fill") == {"main": "blur", "vertical": "crop"}
        body = {"shots": {"vertical": {"max_zoom": 1.5}}}
        assert daemon.send("PUT", "/api/settings", body) == (200, {"ok": True})
        assert daemon.asked("max_zoom") == {"main": 2.4, "vertical": 1.5}
        assert daemon.ctl("speed", "calm").returncode == EXIT_OK
        assert daemon.asked("speed") == {"main": "calm", "vertical": "calm"}
        # The picture itself: the square one is shown between bars on its canvas.
        until(lambda: is_square(daemon.shots()["vertical"]["crop"]))
        assert not is_square(daemon.shots()["main"]["crop"])


def is_square(crop: list[float]) -> bool:
    return abs(crop[2] - crop[3]) < 2


def test_a_shot_that_is_not_there_is_refused_with_the_names_there_are(program: Program) -> None:
    with running(program) as daemon:
        before = daemon.get("/api/settings")
        typed = daemon.ctl("--target", "tall", "speed", "sport")
        assert typed.returncode == EXIT_USAGE
        assert "Traceback" not in typed.stderr
        answers = {
            "command": daemon.send("POST", "/api/command", {"command": "pause", "target": "tall"}),
            # One known shot beside it: neither may change.
            "settings": daemon.send(
                "PUT",
                "/api/settings",
                {"shots": {"main": {"speed": "sport"}, "tall": {"speed": "sport"}}},
            ),
            "room": daemon.ask("GET", "/room/tall"),
            "stream": daemon.ask("GET", "/stream/tall.mjpg"),
            "snapshot": daemon.ask("GET", "/snapshot/tall.jpg"),
        }
        said = {name: answer[1]["error"] for name, answer in answers.items()}
        codes = {name: answer[0] for name, answer in answers.items()}
        assert codes == {
            "command": 400, "settings": 400, "room": 404, "stream": 404, "snapshot": 404,
        }  # fmt: skip
        for where, sentence in {**said, "ctl": typed.stderr}.items():
            assert "'tall'" in sentence, where
            assert "main, vertical" in sentence, where
        assert daemon.get("/api/settings") == before


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        ('name = "main"\nsink = "none"', "own `name`"),
        ('name = "Not OK"\nsink = "none"', "name"),
        ('name = "vertical"\nsink = "vcam"', "vcam:LiveTrack Vertical"),
        ('name = "vertical"\ncolour = "blue"', "colour"),
    ],
)
def test_shots_that_cannot_stand_side_by_side_are_refused_in_one_line(
    program: Program, tmp_path: Path, second: str, sentence: str
) -> None:
    file = tmp_path / "two.toml"
    first = '[[shots]]\nname = "main"\nsink = "vcam"\n'
    file.write_text(f"{first}\n[[shots]]\n{second}\n", encoding="utf-8")
    done = program.run("run", "--config", str(file), "--source", "demo", "--duration", "20")
    assert done.returncode == EXIT_USAGE, done.stderr
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_documented_example_is_two_shots_and_reads_back_as_printed(
    program: Program, tmp_path: Path
) -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    example = page.partition("## Several shots of one camera")[2].split("```")[1]
    file = tmp_path / "example.toml"
    file.write_text(example.removeprefix("toml\n"), encoding="utf-8")
    printed = program.run("run", "--config", str(file), "--print-config")
    assert printed.returncode == EXIT_OK, printed.stderr
    shots = tomllib.loads(printed.stdout)["shots"]
    assert [shot["aspect"] for shot in shots] == ["16:9", "9:16"]
    assert [shot["sink"][0] for shot in shots] == ["vcam", "vcam:LiveTrack Vertical"]
    file.write_text(printed.stdout, encoding="utf-8")
    assert program.run("run", "--config", str(file), "--print-config").stdout == printed.stdout
