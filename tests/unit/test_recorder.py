from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SettingsError, SinkError, SinkNotFoundError
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat
from livetrack_vcam.sinks.clip_writer import ClipWriter
from livetrack_vcam.sinks.recorder import Recorder

SIZE = Size(128, 72)
CANVAS = Canvas(SIZE, Fraction(30))
SECOND_NS = 1_000_000_000


def picture(number: int, pts_ns: int, size: Size = SIZE) -> Frame:
    """Noise that cannot be compressed away, so that the file grows."""
    dice = np.random.default_rng(number)
    luma = dice.integers(16, 235, (size.height, size.width)).astype(np.uint8)
    chroma = np.full((size.height // 2, size.width // 2), 128, np.uint8)
    return Frame((luma, chroma, chroma), PixelFormat.YUV420P, OUTPUT_COLOR, pts_ns, number)


def gray(level: int, pts_ns: int) -> Frame:
    luma = np.full((SIZE.height, SIZE.width), level, np.uint8)
    chroma = np.full((SIZE.height // 2, SIZE.width // 2), 128, np.uint8)
    return Frame((luma, chroma, chroma), PixelFormat.YUV420P, OUTPUT_COLOR, pts_ns, 0)


def times_ms(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [round(float(frame.time) * 1000) for frame in container.decode(video=0)]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_recording_keeps_the_real_times_and_the_color_tags(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    recorder = Recorder(path)
    recorder.open(CANVAS)
    start = 12_345_678_901
    for at in (0, 33, 67, 500, 2100):
        recorder.send(gray(90, start + at * 1_000_000))
    recorder.close()
    assert times_ms(path) == [0, 33, 67, 500, 2100]
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height, frame.format.name) == (128, 72, "yuv420p")
    assert frame.color_range == 1
    assert frame.colorspace == 6
    assert frame.to_ndarray()[36, 64] == pytest.approx(90, abs=3)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_frame_that_is_not_newer_is_left_out(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    recorder = Recorder(path)
    recorder.open(CANVAS)
    for at in (0, 40, 40, 20, 80):
        recorder.send(gray(90, at * 1_000_000))
    recorder.close()
    assert times_ms(path) == [0, 40, 80]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_of_frames_within_a_millisecond_one_is_kept_so_that_all_have_times_of_their_own(
    tmp_path: Path, suffix: str
) -> None:
    recorder = Recorder(tmp_path / f"out{suffix}")
    recorder.open(CANVAS)
    for microseconds in (0, 10_100, 10_400, 10_900, 40_000):
        recorder.send(gray(90, microseconds * 1000))
    recorder.close()
    assert times_ms(tmp_path / f"out{suffix}") == [0, 10, 40]


def test_a_file_is_never_overwritten_by_accident(tmp_path: Path) -> None:
    path = tmp_path / "precious.mp4"
    path.write_bytes(b"precious")
    with pytest.raises(SinkError, match="--overwrite"):
        Recorder(path).open(CANVAS)
    assert path.read_bytes() == b"precious"
    recorder = Recorder(path, overwrite=True)
    recorder.open(CANVAS)
    recorder.send(gray(90, 0))
    recorder.close()
    assert times_ms(path) == [0]


def test_a_name_that_ends_otherwise_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\.mp4 or \.mkv") as caught:
        Recorder(tmp_path / "out.avi")
    assert caught.value.exit_code == 2


def test_a_missing_folder_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(SinkNotFoundError, match="mkdir -p") as caught:
        Recorder(tmp_path / "no" / "out.mp4").open(CANVAS)
    assert caught.value.exit_code == 3


def test_a_folder_without_permission_is_named() -> None:
    """In a process of its own that is not root, for root may write everywhere."""
    code = """
        import os, sys, tempfile
        from fractions import Fraction
        from pathlib import Path
        from livetrack_vcam.core.geometry import Size
        from livetrack_vcam.errors import SinkBusyError
        from livetrack_vcam.interfaces import Canvas
        from livetrack_vcam.sinks.recorder import Recorder
        folder = Path(tempfile.mkdtemp())
        folder.chmod(0o555)
        if os.geteuid() == 0:
            os.chmod(folder.parent, 0o1777)
            os.seteuid(65534)
        try:
            Recorder(folder / "out.mp4").open(Canvas(Size(64, 64), Fraction(30)))
        except SinkBusyError as error:
            sys.exit(error.exit_code if "may not be written" in str(error) else 99)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert done.returncode == 4


RECORD_FOREVER = """
    import sys
    from livetrack_vcam.sinks.recorder import Recorder
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from test_recorder import CANVAS, picture
    recorder = Recorder(Path({path!r}))
    recorder.open(CANVAS)
    for number in range(100_000):
        recorder.send(picture(number % 50, number * 33_333_333))
        if number % 30 == 0:
            print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_recording_is_playable_after_kill_9(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"killed{suffix}"
    code = RECORD_FOREVER.format(tests=str(Path(__file__).parent), path=str(path))
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
    ) as recording:
        assert recording.stdout is not None
        sent = 0
        for line in recording.stdout:
            sent = int(line)
            if sent >= 180:
                recording.send_signal(signal.SIGKILL)
                break
    times = times_ms(path)
    assert len(times) >= sent - 60  # two fragments of a second
    assert times[0] == 0
    assert times == sorted(times)


FILL_THE_DISK = """
    import resource, signal, sys
    from pathlib import Path
    from livetrack_vcam.errors import SinkError
    from livetrack_vcam.sinks.recorder import Recorder
    sys.path.insert(0, {tests!r})
    from test_recorder import CANVAS, picture
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
    recorder = Recorder(Path({path!r}))
    recorder.open(CANVAS)
    try:
        for number in range(5000):
            recorder.send(picture(number, number * 33_333_333))
    except SinkError as error:
        print(error)
        recorder.close()
        sys.exit(7)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no RLIMIT_FSIZE")
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_full_disk_is_said_and_leaves_a_playable_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"full{suffix}"
    code = FILL_THE_DISK.format(tests=str(Path(__file__).parent), path=str(path))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 7, done.stderr
    assert "disk is full" in done.stdout
    assert str(path) in done.stdout
    assert 1_000_000 < path.stat().st_size <= 1_500_000
    assert len(times_ms(path)) > 30


FILL_THE_DISK_AT_THE_END = """
    import resource, signal, sys
    from pathlib import Path
    from livetrack_vcam.errors import SinkError
    from livetrack_vcam.sinks.recorder import Recorder
    sys.path.insert(0, {tests!r})
    from test_recorder import CANVAS, picture
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    path = Path({path!r})
    recorder = Recorder(path)
    recorder.open(CANVAS)
    for number in range(75):
        recorder.send(picture(number, number * 33_333_334))
    most = path.stat().st_size + 2000
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    try:
        recorder.close()
    except SinkError as error:
        print(error)
        sys.exit(7)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no RLIMIT_FSIZE")
def test_a_disk_that_fills_up_at_the_very_end_is_said_and_leaves_a_playable_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "full.mp4"
    code = FILL_THE_DISK_AT_THE_END.format(tests=str(Path(__file__).parent), path=str(path))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 7, done.stderr
    assert str(path) in done.stdout
    assert 30 < len(times_ms(path)) < 75


@pytest.mark.skipif(sys.platform == "win32", reason="a file that is written cannot be deleted")
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_recording_that_somebody_deletes_ends_and_says_so(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"deleted{suffix}"
    recorder = Recorder(path)
    recorder.open(CANVAS)
    recorder.send(picture(0, 0))
    path.unlink()
    recorder.send(picture(1, SECOND_NS // 30))
    with pytest.raises(SinkError, match="was deleted while it was recorded"):
        recorder.send(picture(2, 2 * SECOND_NS))
    recorder.close()
    assert not path.exists()


def test_a_recording_that_somebody_moves_goes_on_there(tmp_path: Path) -> None:
    path, moved = tmp_path / "before.mp4", tmp_path / "after.mp4"
    recorder = Recorder(path)
    recorder.open(CANVAS)
    recorder.send(picture(0, 0))
    path.rename(moved)
    path.write_bytes(b"somebody else's")
    for number in range(1, 60):
        recorder.send(picture(number, number * SECOND_NS // 30))
    recorder.close()
    assert len(times_ms(moved)) == 60
    assert path.read_bytes() == b"somebody else's"


def write_source(path: Path, audio: str, seconds: int = 3, rate: int = 48_000) -> Path:
    """A clip whose sound is a tone that starts at 1 s, so that its place can be heard."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream(audio, rate=rate)
        sound.codec_context.layout = "mono"
        for number in range(25 * seconds):
            container.mux(video.encode(av.VideoFrame(64, 48, "yuv420p")))
            first = number * rate // 25
            at = np.arange(first, first + rate // 25) / rate
            tone = np.where(at >= 1, np.sin(2 * np.pi * 440 * at) * 12_000, 0).astype(np.int16)
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
