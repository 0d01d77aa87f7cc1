"""The clip that `reframe` writes, and above all its sound."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from livetrack_vcam.errors import SinkError
from livetrack_vcam.sinks.clip_writer import ClipWriter
from livetrack_vcam.sources.video_file import VideoFile
from tests.recorded_pictures import SECOND_NS, SIZE, gray, times_ms


def write_source(
    path: Path, audio: str, seconds: int = 3, rate: int = 48_000, tone_s: int = 1
) -> Path:
    """A clip whose sound is a tone that starts at `tone_s`, so that its place can be heard, and
    whose picture has a keyframe every two seconds."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "g": "50"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream(audio, rate=rate)
        sound.codec_context.layout = "mono"
        for number in range(25 * seconds):
            container.mux(video.encode(av.VideoFrame(64, 48, "yuv420p")))
            first = number * rate // 25
            at = np.arange(first, first + rate // 25) / rate
            tone = np.where(at >= tone_s, np.sin(2 * np.pi * 440 * at) * 12_000, 0).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(tone[None], "s16", "mono")
            frame.sample_rate, frame.pts = rate, first
            container.mux(sound.encode(frame))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))
    return path


def write_clip(
    out: Path, source: Path | None, from_s: float = 0.0, to_s: float | None = None
) -> None:
    writer = ClipWriter(out, SIZE, Fraction(25), source, from_s, to_s)
    for number in range(75):
        t_ns = number * SECOND_NS // 25
        if t_ns >= from_s * SECOND_NS and (to_s is None or t_ns < to_s * SECOND_NS):
            writer.write(gray(90, 0), t_ns)
    writer.finish()


def tone_starts_s(path: Path) -> float:
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = frame.to_ndarray().astype(float)[0]
            scale = 32768 if samples.max() > 2 else 1
            loud = np.flatnonzero(np.abs(samples) > 0.1 * scale)
            if loud.size:
                return float(frame.time) + loud[0] / frame.sample_rate
    raise AssertionError("no tone")


@pytest.mark.parametrize(
    ("audio", "source", "out", "codec"),
    [
        ("aac", "in.mp4", "out.mp4", "aac"),
        ("aac", "in.mp4", "out.mkv", "aac"),
        ("pcm_s16le", "in.mkv", "out.mkv", "pcm_s16le"),
        ("pcm_s16le", "in.mkv", "out.mp4", "aac"),
        ("pcm_mulaw", "in.mov", "out.mkv", "aac"),  # Matroska knows no such codec
    ],
)
def test_the_sound_goes_along_at_its_place(
    tmp_path: Path, audio: str, source: str, out: str, codec: str
) -> None:
    clip = write_source(tmp_path / source, audio)
    write_clip(tmp_path / out, clip)
    with av.open(str(tmp_path / out)) as container:
        assert container.streams.audio[0].codec_context.name == codec
    assert tone_starts_s(tmp_path / out) == pytest.approx(1.0, abs=0.05)
    assert len(times_ms(tmp_path / out)) == 75


def test_sound_with_more_samples_than_aac_can_have_becomes_less(tmp_path: Path) -> None:
    clip = write_source(tmp_path / "in.mkv", "pcm_s16le", rate=192_000)
    write_clip(tmp_path / "out.mp4", clip)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.audio[0].rate == 48_000
    assert tone_starts_s(tmp_path / "out.mp4") == pytest.approx(1.0, abs=0.05)


def test_the_sound_of_a_part_is_that_part(tmp_path: Path) -> None:
    clip = write_source(tmp_path / "in.mp4", "aac")
    write_clip(tmp_path / "out.mp4", clip, 0.4, 2.0)
    assert tone_starts_s(tmp_path / "out.mp4") == pytest.approx(0.6, abs=0.05)
    with av.open(str(tmp_path / "out.mp4")) as container:
        end = max(float(frame.time) for frame in container.decode(audio=0))
    assert end < 1.65
    assert times_ms(tmp_path / "out.mp4")[0] == 0
    assert len(times_ms(tmp_path / "out.mp4")) == 40


def test_copied_sound_is_bit_for_bit_the_same(tmp_path: Path) -> None:
    clip = write_source(tmp_path / "in.mp4", "aac")
    write_clip(tmp_path / "out.mp4", clip)

    def packets(path: Path) -> list[bytes]:
        with av.open(str(path)) as container:
            return [bytes(packet) for packet in container.demux(audio=0) if packet.size]

    old, new = packets(clip), packets(tmp_path / "out.mp4")
    assert len(new) >= len(old) - 3
    assert new == old[-len(new) :] or new == old[: len(new)]


def test_a_source_without_sound_makes_a_silent_clip(tmp_path: Path) -> None:
    write_clip(tmp_path / "silent.mp4", None)
    write_clip(tmp_path / "again.mp4", tmp_path / "silent.mp4")
    with av.open(str(tmp_path / "again.mp4")) as container:
        assert not container.streams.audio


def test_nothing_is_to_be_seen_until_the_clip_is_finished(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    writer = ClipWriter(out, SIZE, Fraction(25))
    writer.write(gray(90, 0), 0)
    assert not out.exists()
    writer.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
    assert times_ms(out) == [0]


def test_an_aborted_clip_leaves_nothing_and_keeps_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"precious")
    writer = ClipWriter(out, SIZE, Fraction(25), overwrite=True)
    writer.write(gray(90, 0), 0)
    writer.abort()
    writer.abort()
    assert out.read_bytes() == b"precious"
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def test_a_clip_that_exists_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    out.write_bytes(b"precious")
    with pytest.raises(SinkError, match="--overwrite"):
        ClipWriter(out, SIZE, Fraction(25))
    assert out.read_bytes() == b"precious"


def reframed(source: Path, out: Path) -> ClipWriter:
    """The pictures of a file at their times, as `reframe` finds them, with its sound."""
    file = VideoFile(source, paced=False)
    fps = file.open().fps
    writer = ClipWriter(out, SIZE, fps, source)
    while (frame := file.read()) is not None:
        writer.write(gray(90, 0), frame.pts_ns)
    file.close()
    writer.finish()
    return writer


def tones_start_s(path: Path) -> list[float]:
    """Every time at which silence ends."""
    starts: list[float] = []
    silent = True
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            loud = np.abs(frame.to_ndarray().astype(float)[0]).max() > 0.1
            if loud and silent:
                starts.append(float(frame.time))
            silent = not loud
    return starts


def joined(path: Path, *pieces: Path) -> Path:
    path.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
    return path


def test_where_a_stream_starts_over_the_sound_stays_with_its_pictures(tmp_path: Path) -> None:
    piece = write_source(tmp_path / "piece.ts", "aac")
    source = joined(tmp_path / "in.ts", piece, piece, piece)
    writer = reframed(source, tmp_path / "out.mp4")
    assert len(times_ms(tmp_path / "out.mp4")) == 225
    assert tones_start_s(tmp_path / "out.mp4") == pytest.approx([1, 4, 7], abs=0.05)
    assert writer.note is None


def test_the_sound_of_a_stream_that_was_cut_between_keyframes_is_in_step(tmp_path: Path) -> None:
    whole = write_source(tmp_path / "whole.ts", "aac", seconds=6, tone_s=4).read_bytes()
    source = tmp_path / "in.ts"
    source.write_bytes(whole[len(whole) // 188 // 6 * 188 :])
    reframed(source, tmp_path / "out.mp4")
    assert len(times_ms(tmp_path / "out.mp4")) == 100
    assert tones_start_s(tmp_path / "out.mp4") == pytest.approx([2], abs=0.05)


def test_damaged_sound_that_is_copied_is_left_out_and_the_rest_kept(tmp_path: Path) -> None:
    content = bytearray(write_source(tmp_path / "whole.ts", "aac").read_bytes())
    headers = [match.start() for match in re.finditer(b"\xff\xf1", content)]
    for at in headers[20:40]:
        content[at : at + 2] = b"\0\0"
    (tmp_path / "in.ts").write_bytes(content)
    writer = reframed(tmp_path / "in.ts", tmp_path / "out.mp4")
    assert writer.note is not None
    assert "damaged sound" in writer.note
    assert len(times_ms(tmp_path / "out.mp4")) == 75
    assert tones_start_s(tmp_path / "out.mp4") == pytest.approx([1], abs=0.05)


def test_damaged_sound_that_is_decoded_is_left_out_and_the_rest_kept(tmp_path: Path) -> None:
    whole, source = write_source(tmp_path / "whole.mkv", "mp2"), tmp_path / "in.mkv"
    with av.open(str(whole)) as old, av.open(str(source), "w") as new:
        targets = [new.add_stream_from_template(stream) for stream in old.streams]
        for number, packet in enumerate(old.demux()):
            if packet.dts is None:
                continue
            index = packet.stream_index
            if packet.stream.type == "audio" and number % 20 == 0:
                garbage = av.Packet(b"garbage")
                garbage.pts, garbage.dts, garbage.time_base = (
                    packet.pts,
                    packet.dts,
                    packet.time_base,
                )
                packet = garbage
            packet.stream = targets[index]
            new.mux(packet)
    writer = reframed(source, tmp_path / "out.mp4")
    assert writer.note is not None
    assert len(times_ms(tmp_path / "out.mp4")) == 75
    assert tones_start_s(tmp_path / "out.mp4") == pytest.approx([1], abs=0.05)
