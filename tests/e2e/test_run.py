"""`livetrack-vcam run` as a process: what a user sees, and what is left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import av
import pytest

from livetrack_vcam.errors import (
    EXIT_BUSY,
    EXIT_INTERRUPTED,
    EXIT_MODEL,
    EXIT_NOT_FOUND,
    EXIT_OK,
    EXIT_USAGE,
)
from tests.e2e.conftest import CLIP_FRAMES, Program
from tests.waiting import free_port, until


def frame_count(path: Path) -> int:
    """Pictures that decode, to the last."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def finish(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What it said until it ended by itself; one that does not is ended."""
    try:
        return process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()


def wait_until_it_grows(path: Path, least: int, process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        if path.exists() and path.stat().st_size > least:
            return
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        time.sleep(0.05)
    raise AssertionError(f"{path} never got {least} bytes")


def test_a_clip_is_followed_and_the_session_replays_bit_for_bit(
    program: Program, clip: Path, tmp_path: Path
) -> None:
    done = program.run(
        *("run", "--source", str(clip), "--aspect", "9:16", "--sink", "none", "--no-web"),
        *("--size", "180x320"),
        *("--session", "s.jsonl", "--trace", "t.jsonl"),
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"\d+ pictures at \d+", done.stderr)
    lines = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert lines[0]["livetrack_trace"] == 1
    assert lines[-1]["subject"], "nobody was found in a clip that shows somebody"
    again = program.run("replay", "s.jsonl", "--trace", "r.jsonl")
    assert again.returncode == 0, again.stderr
    replayed = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert replayed[0] == lines[0]
    for mine, again_mine in zip(lines[1:], replayed[1:], strict=True):
        assert {**mine, "frame": 0} == {**again_mine, "frame": 0}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_source_that_waits_without_end_does_not_keep_the_program_from_ending(
    program: Program, clip: Path, tmp_path: Path
) -> None:
    """A pipe whose writer has stopped stands for a driver that never gives its next picture."""
    pipe, out, port = tmp_path / "pipe.mp4", tmp_path / "out.mp4", str(free_port())
    os.mkfifo(pipe)
    process = program.start(
        *("run", "--source", str(pipe), "--sink", f"file:{out}", "--port", port)
    )

    def hangs() -> bool:
        status = json.loads(program.run("ctl", "--port", port, "status").stdout)
        return status["sinks"][0]["frames"] > 0 and status["source"]["fps"] == 0

    with pipe.open("wb") as writer:
        writer.write(clip.read_bytes())
        writer.flush()
        wait_until_it_grows(out, 50_000, process)
        until(hangs)
        process.terminate()
        _, said = finish(process)
    assert process.returncode == EXIT_OK, said
    assert "capture did not end in time and was left behind" in said
    assert frame_count(out) > CLIP_FRAMES / 2


def test_interrupting_leaves_a_finished_playable_recording(
    program: Program, clip: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    process = program.start("run", "--source", "demo", "--sink", f"file:{out}", "--no-web")
    wait_until_it_grows(out, 30_000, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == EXIT_INTERRUPTED, err
    assert "Traceback" not in err
    assert frame_count(out) > 10


def test_a_closed_terminal_ends_the_run_as_sigterm_does(program: Program, tmp_path: Path) -> None:
    out, log = tmp_path / "out.mp4", tmp_path / "s.jsonl"
    ours, its = os.openpty()
    outputs = ("--sink", f"file:{out}", "--session", str(log), "--no-web")
    process = program.start("run", "--source", "demo", *outputs, terminal=its)
    os.close(its)
    wait_until_it_grows(out, 30_000, process)
    os.close(ours)
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=30) == EXIT_OK
    replayed = program.run("replay", str(log))
    assert replayed.returncode == EXIT_OK, replayed.stderr
    assert log.read_text().endswith("\n")


def test_a_recording_survives_kill_9(program: Program, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    process = program.start("run", "--source", "demo", "--sink", f"file:{out}", "--no-web")
    wait_until_it_grows(out, 150_000, process)
    process.kill()
    process.communicate(timeout=30)
    assert frame_count(out) > 10


def first_words_s(program: Program) -> float:
    """Until the shortest command has answered, on this machine as busy as it is now."""
    begin_s = time.monotonic()
    assert program.run("--version").returncode == 0
    return time.monotonic() - begin_s


@pytest.mark.parametrize("times", [0, 2, 5, 9])
def test_interrupting_while_it_starts_is_quiet(program: Program, times: int) -> None:
    """Before its first words nobody but Python is there, which does say where it was."""
    delay_s = times * first_words_s(program)
    process = program.start("run", "--source", "demo", "--sink", "none", "--no-web")
    time.sleep(delay_s)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode in (EXIT_INTERRUPTED, -signal.SIGINT), err
    assert not times or "Traceback" not in err


def test_the_web_server_shows_the_picture_and_takes_commands(program: Program) -> None:
    port = str(free_port())
    process = program.start("run", "--source", "demo", "--sink", "mjpeg", "--port", port)
    root = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"{root}/healthz", timeout=5):
                    break
            except OSError:
                time.sleep(0.05)
        with urllib.request.urlopen(f"{root}/snapshot.jpg", timeout=10) as response:
            picture = response.read()
        changed = program.run("ctl", "--port", port, "speed", "sport")
        refused = program.run("ctl", "--port", port, "speed", "warp")
        assert changed.returncode == 0, changed.stderr
        assert refused.returncode == EXIT_USAGE
        assert "sport" in refused.stderr
        for _ in range(100):
            status = json.loads(program.run("ctl", "--port", port, "status").stdout)
            if status["shots"][0]["speed"] == "sport":
                break
        busy = program.run("run", "--source", "demo", "--sink", "mjpeg", "--port", port)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert picture[:2] == b"\xff\xd8"
    assert status["shots"][0]["speed"] == "sport"
    assert busy.returncode == EXIT_BUSY
    assert "--port" in busy.stderr


def test_told_to_quit_it_ends_well_and_leaves_a_finished_recording(
    program: Program, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    port = str(free_port())
    arguments = ("--source", "demo", "--sink", f"file:{out}", "--port", port)
    process = program.start("run", *arguments)
    try:
        wait_until_it_grows(out, 30_000, process)
        said = [
            program.run("ctl", "--port", port, *words.split(" "))
            for words in ("preset save calm", "standby on", "preset load calm", "quit")
        ]
    finally:
        _, err = finish(process)
    assert [each.returncode for each in said] == [0, 0, 0, 0], [each.stderr for each in said]
    assert process.returncode == EXIT_OK, err
    assert "Traceback" not in err
    assert frame_count(out) > 10


@pytest.mark.parametrize(
    ("args", "code", "sentence"),
    [
        (["--source", "/nowhere.mp4"], EXIT_NOT_FOUND, "no file"),
        (["--source", "47"], EXIT_NOT_FOUND, "livetrack-vcam devices"),
        (["--source", "demo", "--aspect", "0:1"], EXIT_USAGE, "zero side"),
        (["--source", "demo", "--size", "3840x2160"], EXIT_USAGE, "more pixels"),
        (["--source", "demo", "--size", "1279x719"], EXIT_USAGE, "odd side"),
        (["--source", "demo", "--sink", "file:/nowhere/x.mp4"], EXIT_NOT_FOUND, "mkdir"),
        (["--source", "demo", "--sink", "file:x.gif"], EXIT_USAGE, ".mp4"),
        (["--source", "demo", "--detector", "yolov9"], EXIT_USAGE, "yolov4-tiny"),
        (["--source", "demo", "--sink", "vcam:No Such Camera"], EXIT_NOT_FOUND, "modprobe"),
        (["--source", "demo", "--sink", "mjpeg", "--no-web"], EXIT_USAGE, "--no-web"),
        (["--config", "none.toml"], EXIT_USAGE, "print-config"),
        (["--bogus"], EXIT_USAGE, "--help"),
    ],
)
def test_what_cannot_work_says_so_in_one_line(
    program: Program, args: list[str], code: int, sentence: str
) -> None:
    done = program.run("run", "--no-web", "--duration", "20", *args)
    assert done.returncode == code, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("livetrack-vcam: ")
    assert sentence in last
    assert "Traceback" not in done.stderr
    assert list(program.home.glob("x.*")) == []


def test_a_corrupt_model_ends_the_run_with_its_own_status(program: Program, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import livetrack_vcam.detectors.manifest as m;"
        f"m.load_weights.__defaults__ = (Path({str(tmp_path)!r}),);"
        "from livetrack_vcam.cli import run_cli;"
        "sys.exit(run_cli(['run', '--source', 'demo', '--sink', 'none', '--no-web']))"
    )
    models = Path(__file__).resolve().parents[2] / "livetrack_vcam" / "detectors" / "models"
    for file in models.iterdir():
        content = bytearray(file.read_bytes())
        if file.suffix != ".json":
            content[1000] ^= 1
        (tmp_path / file.name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == EXIT_MODEL, done.stderr
    assert "damaged" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_camera_the_default_is_the_demo_and_says_what_to_install(
    program: Program,
) -> None:
    done = program.run("--aspect", "1:1", "--port", "0", "--duration", "4")
    if "no camera was found" not in done.stderr:
        pytest.skip("this machine has a camera")
    assert done.returncode == 0, done.stderr
    assert "/room/main" in done.stderr
    assert "/stream.mjpg" in done.stderr


def test_no_frame_of_a_paced_clip_is_lost(program: Program, clip: Path) -> None:
    done = program.run(
        *("run", "--source", str(clip), "--sink", "none", "--no-web", "--json-logs"),
    )
    summary = next(
        json.loads(line)["summary"] for line in done.stderr.splitlines() if '"summary"' in line
    )
    # A picture that was drawn and came too late for the output is in both.
    assert summary["frames"] <= CLIP_FRAMES <= summary["frames"] + summary["dropped"]


CTRL_C_AT_ONCE = """
import os, signal, sys
from livetrack_vcam.live.pipeline import Pipeline
start = Pipeline.start
def start_and_press(self):
    start(self)
    os.kill(os.getpid(), signal.SIGINT)
Pipeline.start = start_and_press
from livetrack_vcam.cli import run_cli
sys.exit(run_cli(["run", "--source", "demo", "--sink", "none", "--no-web", "--duration", "30"]))
"""


def test_interrupting_right_after_the_threads_started_ends_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CTRL_C_AT_ONCE],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == EXIT_INTERRUPTED, done.stderr
    assert "left behind" not in done.stderr


SIGTERM_WHILE_IT_IS_BUILT = """
import os, signal, sys
from livetrack_vcam.live.pipeline import Pipeline
build = Pipeline.__init__
def build_and_be_told(self, *args, **kwargs):
    os.kill(os.getpid(), signal.SIGTERM)
    build(self, *args, **kwargs)
Pipeline.__init__ = build_and_be_told
from livetrack_vcam.cli import run_cli
sys.exit(run_cli(sys.argv[1:]))
"""


def test_a_sigterm_while_it_is_built_leaves_no_empty_log(program: Program, tmp_path: Path) -> None:
    log = tmp_path / "s.jsonl"
    run = ("run", "--source", "demo", "--sink", "none", "--no-web", "--session", str(log))
    done = subprocess.run(
        [sys.executable, "-c", SIGTERM_WHILE_IT_IS_BUILT, *run],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == EXIT_OK, done.stderr
    assert program.run("replay", str(log)).returncode == EXIT_OK


def test_an_address_that_never_answers_does_not_hold_up_an_interrupt(program: Program) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/live"
        process = program.start("run", "--source", address, "--sink", "none", "--no-web")
        connection, _ = silent.accept()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=5)
        connection.close()
    assert process.returncode == EXIT_INTERRUPTED, err
    assert "Traceback" not in err


@pytest.mark.parametrize("others", [[], ["--sink", "file:a.mp4", "--sink", "file:b.mkv"]])
def test_a_run_whose_output_cannot_be_had_leaves_no_file(
    program: Program, tmp_path: Path, others: list[str]
) -> None:
    done = program.run(
        *("run", "--source", "demo", *others, "--sink", "vcam:No Such Camera", "--no-web"),
        *("--session", "s.jsonl", "--trace", "t.jsonl"),
    )
    assert done.returncode == EXIT_NOT_FOUND
    assert list(tmp_path.iterdir()) == []
    assert "pictures at" not in done.stderr


def test_a_clip_that_is_cut_off_is_told_of_at_its_end(
    program: Program, clip: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.mp4"
    content = clip.read_bytes()
    cut.write_bytes(content[: len(content) * 2 // 3])
    done = program.run("run", "--source", str(cut), "--sink", "none", "--no-web")
    assert done.returncode == 0, done.stderr
    assert "cut" in done.stderr.replace("cut.mp4", "")
