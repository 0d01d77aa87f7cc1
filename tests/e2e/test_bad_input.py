"""Bad input, as a user gives it: one clear sentence, the right status, nothing half-written."""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from livetrack_vcam.errors import (
    EXIT_BUSY,
    EXIT_FAILED,
    EXIT_MODEL,
    EXIT_NOT_FOUND,
    EXIT_OK,
    EXIT_USAGE,
)
from tests.e2e.conftest import CLIP_FRAMES, Program

pytestmark = pytest.mark.batch

LONG = "a" * 300 + ".mp4"


def last_line(stderr: str) -> str:
    assert "Traceback" not in stderr
    assert "fault of ours" not in stderr
    return stderr.strip().splitlines()[-1]


@pytest.fixture
def folder(tmp_path: Path, clip: Path) -> Path:
    """Where `program` runs: a clip, sound alone, a cut-off clip, a pipe and broken texts."""
    shutil.copy(clip, tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "sound.m4a"), "w") as sound:
        stream = sound.add_stream("aac", rate=48_000, layout="mono")
        silence = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        for plane in silence.planes:
            plane.update(bytes(plane.buffer_size))
        silence.sample_rate = 48_000
        sound.mux(stream.encode(silence))
        sound.mux(stream.encode(None))
    with av.open(str(clip)) as whole, av.open(str(tmp_path / "whole.mkv"), "w") as copy:
        target = copy.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.dts is not None:
                packet.stream = target
                copy.mux(packet)
    content = (tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "whole.mkv").unlink()
    (tmp_path / "cut.mkv").write_bytes(content[: len(content) // 3])
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "list.json").write_text('{"frames": [{"a": 1}]}')
    (tmp_path / "deep.jsonl").write_text("[" * 50_000)
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "deep.toml").write_text(f"x = {'[' * 5000}{']' * 5000}")
    (tmp_path / "digits.toml").write_text(f"x = {'9' * 5000}")
    (tmp_path / "nul.toml").write_text('trace = "a\\u0000b"')
    (tmp_path / "nul-source.toml").write_text('source = "a\\u0000b"')
    return tmp_path


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("run --source clip.mp4 --sink file:clip.mp4 --overwrite", EXIT_USAGE, "the clip itself"),
        ("run --source clip.mp4 --sink none --trace ./clip.mp4 --overwrite", EXIT_USAGE, "itself"),
        ("run --source demo --sink none --trace a --session ./a", EXIT_USAGE, "same file"),
        ("run --source demo --sink file:no/a.mp4 --session s --trace t", EXIT_NOT_FOUND, "mkdir"),
        (f"run --source demo --sink file:{LONG}", EXIT_FAILED, "too long"),
        (f"run --source {LONG} --sink none", EXIT_NOT_FOUND, "no file"),
        ("run --source ~nobody-here/a.mp4 --sink none", EXIT_NOT_FOUND, "no file"),
        ("run --source http://[::1/x --sink none", EXIT_NOT_FOUND, "address"),
        ("run --source sound.m4a --sink none", EXIT_FAILED, "no video stream"),
        ("run --source demo --sink none --detect-hz 1e-12", EXIT_USAGE, "--detect-hz"),
        ("run --source demo --sink none --config nul.toml --session s", EXIT_FAILED, "be the name"),
        ("run --source clip.mp4 --sink none --config nul.toml", EXIT_FAILED, "be the name"),
        ("run --sink none --config nul-source.toml", EXIT_NOT_FOUND, "no file"),
        ("run --source demo --config digits.toml", EXIT_USAGE, "digits.toml"),
        ("run --source demo --config deep.toml", EXIT_USAGE, "deep.toml"),
        ("run --source demo --sink none --detector mediapipe --session s", EXIT_MODEL, "mediapipe"),
        ("reframe sound.m4a out.mp4", EXIT_FAILED, "no video stream"),
        ("reframe pipe out.mp4", EXIT_FAILED, "is a pipe"),
        ("reframe clip.mp4 out.mp4 --trace ./out.mp4", EXIT_USAGE, "same file"),
        ("reframe clip.mp4 out.mp4 --trace t --from 99", EXIT_USAGE, "5.0 s long"),
        (f"reframe {LONG} out.mp4", EXIT_FAILED, "cannot be read"),
        (f"reframe clip.mp4 {LONG}", EXIT_FAILED, "too long"),
        ("reframe clip.mp4 out.mp4 --from inf", EXIT_USAGE, "--from"),
        ("reframe clip.mp4 out.mp4 --to nan", EXIT_USAGE, "nan is no number"),
        ("reframe clip.mp4 out.mp4 --detector-hz nan", EXIT_USAGE, "--detector-hz"),
        ("reframe nothing.mp4 out.mp4", EXIT_NOT_FOUND, "no file"),
        ("eval framing clip.mp4 list.json", EXIT_FAILED, "docs/evaluation.md"),
        ("eval framing clip.mp4 nothing.json", EXIT_NOT_FOUND, "annotation file"),
        ("replay clip.mp4", EXIT_FAILED, "session log"),
        ("replay deep.jsonl", EXIT_FAILED, "deep.jsonl"),
        ("replay empty.jsonl", EXIT_FAILED, "the session log is empty"),
        ("replay nothing.jsonl", EXIT_NOT_FOUND, "session log"),
        ("ctl --host a\x01b status", EXIT_FAILED, "--host"),
        ("ctl --host [ status", EXIT_FAILED, "--host"),
    ],
)
def test_what_cannot_work_says_so_and_changes_nothing(
    program: Program, folder: Path, line: str, code: int, sentence: str
) -> None:
    before = {path.name: path.stat().st_size for path in folder.iterdir()}
    web = ["--no-web"] if line.startswith("run") else []
    done = program.run(*line.split(), *web)
    assert done.returncode == code, done.stderr
    assert sentence in last_line(done.stderr)
    assert {path.name: path.stat().st_size for path in folder.iterdir()} == before


def test_a_run_that_cannot_begin_leaves_no_file_and_takes_no_pipe_away(
    program: Program, folder: Path
) -> None:
    reader = os.open(folder / "pipe", os.O_RDWR)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        recording = ("--sink", "file:a.mp4", "--size", "320x180")
        outputs = (*recording, "--session", "pipe", "--trace", "t.jsonl")
        done = program.run("run", "--source", "demo", *outputs, "--port", port_of(taken))
    os.close(reader)
    assert done.returncode == EXIT_BUSY, done.stderr
    assert "in use" in last_line(done.stderr)
    assert (folder / "pipe").is_fifo()
    assert not (folder / "t.jsonl").exists()
    assert not (folder / "a.mp4").exists()


def test_a_cut_off_clip_is_reframed_as_far_as_it_goes_and_says_so(
    program: Program, folder: Path
) -> None:
    done = program.run("reframe", "cut.mkv", "out.mp4", "--live", "--size", "320x180")
    assert done.returncode == EXIT_OK, done.stderr
    assert "cut off or damaged" in done.stderr
    with av.open(str(folder / "out.mp4")) as container:
        assert 0 < sum(1 for _ in container.decode(video=0)) < CLIP_FRAMES


@pytest.mark.parametrize(("width", "height"), [(1, 1), (15, 9), (3, 200)])
def test_odd_sizes_are_reframed(program: Program, tmp_path: Path, width: int, height: int) -> None:
    with av.open(str(tmp_path / "odd.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(10))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv444p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame(width, height, "yuv444p")))
        container.mux(stream.encode(None))
    done = program.run("reframe", "odd.mkv", "out.mp4", "--aspect", "9:16", "--fill", "blur")
    assert done.returncode == EXIT_OK, done.stderr
    assert "3 frames" in done.stderr


def port_of(listening: socket.socket) -> str:
    return str(listening.getsockname()[1])


def limited_to(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "livetrack_vcam", *args]


def test_a_full_disk_ends_reframe_with_a_sentence_and_leaves_nothing(folder: Path) -> None:
    for output in (["out.mp4"], ["--trace", "t.jsonl"]):
        done = subprocess.run(
            command("reframe", "clip.mp4", *output, "--live"),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            preexec_fn=limited_to(20_000),
        )
        assert done.returncode == EXIT_FAILED, done.stderr
        assert "disk is full" in last_line(done.stderr)
        assert "playable" not in done.stderr
        names = {path.name for path in folder.iterdir()}
        assert not {name for name in names if name.startswith((".", "out", "t."))}


def test_a_disk_that_fills_up_at_the_very_end_leaves_no_trace_without_its_clip(
    folder: Path,
) -> None:
    def reframed(size: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command("reframe", "clip.mp4", "out.mp4", "--trace", "t.jsonl", "--live"),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            preexec_fn=limited_to(size),
        )

    assert reframed(10_000_000).returncode == EXIT_OK
    clip, trace = folder / "out.mp4", folder / "t.jsonl"
    too_little = clip.stat().st_size - 200  # less than the index, which is written last
    assert trace.stat().st_size < too_little
    clip.unlink()
    trace.unlink()
    before = set(folder.iterdir())
    done = reframed(too_little)
    assert done.returncode == EXIT_FAILED, done.stderr
    assert "disk is full" in last_line(done.stderr)
    assert set(folder.iterdir()) == before


def test_a_recording_that_fills_the_disk_stops_and_the_rest_goes_on(tmp_path: Path) -> None:
    done = subprocess.run(
        command(
            *("run", "--source", "demo", "--no-web", "--sink", "none", "--duration", "3"),
            *("--sink", "file:out.mp4", "--size", "640x360"),
        ),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=limited_to(120_000),
    )
    assert done.returncode == EXIT_OK, done.stderr
    assert "disk is full" in done.stderr
    assert "The rest goes on" in done.stderr
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) > 10


def test_a_reader_that_leaves_or_never_was_does_not_stop_the_work(folder: Path) -> None:
    for closing in ("2>&1 | head -n 1", "<&- >&- 2>&-"):
        code = f'"{sys.executable}" -m livetrack_vcam reframe clip.mp4 out.mp4 --live --to 1'
        script = f"set -o pipefail; {code} --overwrite {closing}"
        done = subprocess.run(
            ["bash", "-c", script], cwd=folder, capture_output=True, check=False, timeout=60
        )
        assert done.returncode == EXIT_OK, (closing, done.stderr)
        with av.open(str(folder / "out.mp4")) as container:
            assert sum(1 for _ in container.decode(video=0)) == 30
        (folder / "out.mp4").unlink()


def test_output_that_nobody_takes_is_not_a_fault_of_ours(program: Program) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command("run", "--print-config"),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == EXIT_FAILED
    assert "disk is full" in last_line(done.stderr)


def test_replay_never_writes_over_the_log_it_reads(program: Program, tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text("{}")
    done = program.run("replay", "s.jsonl", "--trace", "s.jsonl", "--overwrite")
    assert done.returncode == EXIT_USAGE, done.stderr
    assert (tmp_path / "s.jsonl").read_text() == "{}"


def test_names_with_spaces_quotes_and_letters_of_any_script_work(
    program: Program, folder: Path
) -> None:
    odd = folder / "ü n ✓"
    odd.mkdir()
    clip = odd / "ä b%20'q\".mp4"
    shutil.move(folder / "clip.mp4", clip)
    args = ("--to", "0.3", "--trace", str(odd / "t ✓.jsonl"), "--size", "320x180")
    done = program.run("reframe", str(clip), str(odd / "o ✓.mkv"), *args)
    assert done.returncode == EXIT_OK, done.stderr
    head = json.loads((odd / "t ✓.jsonl").read_text().splitlines()[0])
    assert head["source"] == clip.name
    assert sorted(path.name for path in odd.iterdir()) == ["o ✓.mkv", "t ✓.jsonl", clip.name]


def test_the_tilde_of_a_sink_is_the_home_folder(folder: Path) -> None:
    home = folder / "home"
    home.mkdir()
    done = subprocess.run(
        command(
            *("run", "--source", "clip.mp4", "--sink", "file:~/a.mp4", "--no-web"),
            *("--duration", "0.5", "--size", "320x180"),
        ),
        cwd=folder,
        env=os.environ | {"HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == EXIT_OK, done.stderr
    assert [path.name for path in home.iterdir()] == ["a.mp4"]
