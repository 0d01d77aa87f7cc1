"""`livetrack-vcam reframe` as a process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest

from livetrack_vcam.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_NOT_FOUND, EXIT_USAGE
from tests.e2e.conftest import CLIP_FRAMES, Program

pytestmark = pytest.mark.batch


def video_facts(path: Path) -> tuple[int, int, int]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream.width, stream.height, sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize("mode", [["--live"], []])
def test_the_whole_clip_comes_out_in_the_new_shape(
    program: Program, clip: Path, tmp_path: Path, mode: list[str]
) -> None:
    out = tmp_path / "out.mp4"
    done = program.run(
        "reframe", str(clip), str(out), "--aspect", "9:16", "--size", "180x320", *mode
    )
    assert done.returncode == 0, done.stderr
    assert video_facts(out) == (180, 320, CLIP_FRAMES)
    assert f"{CLIP_FRAMES} frames" in done.stderr
    assert "50%" in done.stderr


def test_a_trace_alone_encodes_nothing_and_has_every_frame(
    program: Program, clip: Path, tmp_path: Path
) -> None:
    done = program.run("reframe", str(clip), "--live", "--trace", "t.jsonl", "--aspect", "1:1")
    assert done.returncode == 0, done.stderr
    head, *frames = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert head["aspect"] == "1:1"
    assert [frame["frame"] for frame in frames] == list(range(CLIP_FRAMES))
    for frame in frames:
        x, y, w, h = frame["crop"]
        assert min(x, y) >= 0
        assert x + w <= 640
        assert y + h <= 360
        assert abs(w - h) < 1e-6
    assert frames[-1]["subject"]
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".mp4"] == []


def test_the_same_clip_decided_twice_gives_the_same_trace(
    program: Program, clip: Path, tmp_path: Path
) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        done = program.run("reframe", str(clip), "--live", "--trace", name)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


@pytest.mark.parametrize("name", ["demo", "~/clip.mp4"])
def test_the_demo_and_a_clip_at_home_become_a_video(
    program: Program, clip: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A shell leaves a ~ alone that is quoted.
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    shutil.copy(clip, tmp_path / "clip.mp4")
    done = program.run("reframe", name, "out.mp4", "--size", "320x180", "--to", "0.5")
    assert done.returncode == 0, done.stderr
    assert video_facts(tmp_path / "out.mp4")[2] > 5


def test_a_part_of_the_clip_can_be_chosen(program: Program, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "part.mkv"
    done = program.run(
        "reframe", str(clip), str(out), "--from", "1", "--to", "2", "--size", "320x180"
    )
    assert done.returncode == 0, done.stderr
    assert video_facts(out) == (320, 180, 30)


def test_the_overlay_shows_the_whole_picture(program: Program, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "overlay.mp4"
    done = program.run("reframe", str(clip), str(out), "--overlay", "--to", "1")
    assert done.returncode == 0, done.stderr
    assert video_facts(out) == (640, 360, 30)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--cuts", "--lead-room", "0.1", "--speed", "cinema"], "--lead-room, --cuts\n"),
        (["--cuts", "--subject", "group", "--fill", "split", "--look-ahead", "3"], "--look-ahead"),
        (["--cuts", "--live"], None),
        (["--when-lost", "center"], None),
    ],
)
def test_options_that_the_whole_clip_makes_needless_are_named(
    program: Program, clip: Path, words: list[str], named: str | None
) -> None:
    done = program.run("reframe", str(clip), "--trace", "t.jsonl", "--to", "0.5", *words)
    assert done.returncode == 0, done.stderr
    said = done.stderr.partition("this changes nothing: ")[2]
    assert said.startswith(named) if named else not said


@pytest.mark.parametrize(
    ("args", "code", "sentence"),
    [
        (["nowhere.mp4", "out.mp4"], EXIT_NOT_FOUND, "nowhere.mp4"),
        (["CLIP"], EXIT_USAGE, "--trace"),
        (["CLIP", "CLIP"], EXIT_USAGE, "the clip itself"),
        (["CLIP", "out.mp4", "--from", "3", "--to", "2"], EXIT_USAGE, "not after"),
        (["CLIP", "out.avi"], EXIT_USAGE, ".mp4"),
        (["CLIP", "out.mp4", "--size", "1280x720"], EXIT_USAGE, "more pixels"),
        (["broken.mp4", "out.mp4"], 1, "broken.mp4"),
        (["empty.mp4", "out.mp4"], 1, "empty.mp4"),
    ],
)
def test_what_cannot_work_says_so_and_leaves_nothing(
    program: Program, clip: Path, tmp_path: Path, args: list[str], code: int, sentence: str
) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"this is no video" * 100)
    (tmp_path / "empty.mp4").write_bytes(b"")
    copy = tmp_path / "clip.mp4"
    shutil.copy(clip, copy)
    done = program.run("reframe", *(str(copy) if arg == "CLIP" else arg for arg in args))
    assert done.returncode == code, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert sentence in last
    assert "Traceback" not in done.stderr
    assert copy.read_bytes() == clip.read_bytes()
    left = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert left == {"broken.mp4", "empty.mp4", "clip.mp4"}


def test_an_existing_file_is_never_overwritten_unasked(
    program: Program, clip: Path, tmp_path: Path
) -> None:
    out = tmp_path / "dear.mp4"
    out.write_bytes(b"dear")
    refused = program.run("reframe", str(clip), str(out), "--to", "0.5", "--size", "320x180")
    assert refused.returncode != 0
    assert "--overwrite" in refused.stderr
    assert out.read_bytes() == b"dear"
    asked = program.run(
        "reframe", str(clip), str(out), "--to", "0.5", "--size", "320x180", "--overwrite"
    )
    assert asked.returncode == 0, asked.stderr
    assert video_facts(out)[2] == 15


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_leaves_a_finished_part_and_no_draft(
    program: Program, clip: Path, tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out.mp4"
    process = program.start("reframe", str(clip), str(out), "--live", "--trace", "t.jsonl")
    while not any(draft.stat().st_size > 4000 for draft in tmp_path.glob(".t.*.part.jsonl")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    time.sleep(0.02)
    process.send_signal(number)  # make and other parents pass a Ctrl-C on a second time
    _, err = process.communicate(timeout=30)
    assert process.returncode == EXIT_INTERRUPTED, err
    assert "Traceback" not in err
    assert 0 < video_facts(out)[2] < CLIP_FRAMES
    lines = (tmp_path / "t.jsonl").read_text().splitlines()
    assert len(lines) == video_facts(out)[2] + 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mp4", "t.jsonl"]


PRESSED_WHILE_IT_OPENS = """
import os, signal, sys
from livetrack_vcam.sinks.clip_writer import ClipWriter
make = ClipWriter.__init__
def make_and_be_pressed(self, *args, **kwargs):
    make(self, *args, **kwargs)
    os.kill(os.getpid(), signal.SIGINT)
ClipWriter.__init__ = make_and_be_pressed
from livetrack_vcam.cli import run_cli
sys.exit(run_cli(sys.argv[1:]))
"""


def test_interrupting_before_the_first_picture_leaves_nothing(clip: Path, tmp_path: Path) -> None:
    words = ("reframe", str(clip), str(tmp_path / "out.mp4"), "--trace", str(tmp_path / "t.jsonl"))
    done = subprocess.run(
        [sys.executable, "-c", PRESSED_WHILE_IT_OPENS, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == EXIT_INTERRUPTED, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("taken", ["out.mp4", "t.jsonl"])
def test_a_clip_and_its_trace_get_their_names_together_or_not_at_all(
    program: Program, clip: Path, tmp_path: Path, taken: str
) -> None:
    words = ("reframe", str(clip), "out.mp4", "--trace", "t.jsonl", "--live", "--to", "1")
    process = program.start(*words)
    while not list(tmp_path.glob(".out.*.part.mp4")):
        assert process.poll() is None
        time.sleep(0.01)
    (tmp_path / taken).mkdir()  # a name can go at any time, a disk fill up
    _, err = process.communicate(timeout=60)
    assert process.returncode == EXIT_FAILED, err
    assert f"{taken} cannot be written" in err
    assert [path.name for path in tmp_path.iterdir()] == [taken]


def test_a_closed_terminal_leaves_a_finished_part_and_no_draft(
    program: Program, clip: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    ours, its = os.openpty()
    words = ("reframe", str(clip), str(out), "--live", "--trace", "t.jsonl")
    process = program.start(*words, terminal=its)
    os.close(its)
    while not any(draft.stat().st_size > 4000 for draft in tmp_path.glob(".t.*.part.jsonl")):
        assert process.poll() is None
        time.sleep(0.01)
    os.close(ours)
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=30) == EXIT_INTERRUPTED
    assert video_facts(out)[2] > 0
    assert not list(tmp_path.glob(".*.part.*"))
