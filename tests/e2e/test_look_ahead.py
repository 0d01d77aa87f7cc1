"""Look-ahead as a user meets it: in sync with the sound in a file, named in the first lines."""

from __future__ import annotations

import json
import re
from pathlib import Path

import av
import numpy as np
import pytest

from livetrack_vcam.sources.playback import MAX_SKIPPED
from tests.e2e.conftest import Program

FRAMES, FPS, RATE = 45, 30, 48_000


@pytest.fixture(scope="module")
def talkie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second and a half of a bright bar that moves, with a tone."""
    path = tmp_path_factory.mktemp("talkie") / "talkie.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", FPS)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        sound = container.add_stream("aac", RATE)
        for index in range(FRAMES):
            picture = np.full((180, 320, 3), 40, np.uint8)
            picture[:, 4 * index : 4 * index + 40] = 220
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = index
            container.mux(video.encode(frame))
        container.mux(video.encode())
        tone = np.sin(np.arange(FRAMES * RATE // FPS) * 0.06).astype(np.float32)
        samples = av.AudioFrame.from_ndarray(tone[None, :], format="fltp", layout="mono")
        samples.sample_rate, samples.pts = RATE, 0
        container.mux(sound.encode(samples))
        container.mux(sound.encode())
    return path


def times(path: Path, kind: str) -> list[float]:
    """When each packet of one stream is shown or heard, in seconds."""
    with av.open(str(path)) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        shown = [packet.pts for packet in container.demux(stream) if packet.pts is not None]
        assert stream.time_base is not None
        return sorted(round(float(pts * stream.time_base), 4) for pts in shown)


def test_a_clip_decided_ten_frames_late_keeps_every_picture_in_time_with_its_sound(
    program: Program, talkie: Path, tmp_path: Path
) -> None:
    shape = ("--aspect", "1:1", "--size", "120x120", "--live")
    for frames in ("0", "10"):
        done = program.run(
            "reframe", str(talkie), f"out{frames}.mp4", "--look-ahead", frames,
            "--trace", f"{frames}.jsonl", *shape,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        lines = (tmp_path / f"{frames}.jsonl").read_text().splitlines()[1:]
        assert [json.loads(line)["frame"] for line in lines] == list(range(FRAMES))
    now, late = tmp_path / "out0.mp4", tmp_path / "out10.mp4"
    assert len(times(late, "video")) == FRAMES
    assert times(late, "video") == times(now, "video") == times(talkie, "video")
    assert times(late, "audio") == times(now, "audio")
    assert len(times(late, "audio")) > FRAMES


def test_the_first_lines_of_a_run_say_how_late_look_ahead_makes_the_picture(
    program: Program, talkie: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run.mp4"
    done = program.run(
        "run", "--source", str(talkie), "--sink", f"file:{out}", "--aspect", "1:1",
        "--size", "120x120", "--speed", "cinema", "--no-web",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "10 frames (333 ms) late to look ahead" in done.stderr
    # It runs at the clip's pace, and a machine with too much to do has to leave pictures out: no
    # more than it says, and than are skipped in a row where no later one tells of it.
    dropped = int(re.findall(r" (\d+) dropped", done.stderr)[-1])
    shown = len(times(out, "video"))
    assert FRAMES - MAX_SKIPPED <= shown + dropped <= FRAMES
