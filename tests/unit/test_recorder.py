"""Recordings: their times, what stays of them, and what is said when they end otherwise."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import av
import pytest

from livetrack_vcam.errors import SettingsError, SinkError, SinkNotFoundError
from livetrack_vcam.sinks.recorder import Recorder
from tests.recorded_pictures import CANVAS, SECOND_NS, gray, picture, times_ms

ROOT = Path(__file__).resolve().parents[2]


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
    from tests.recorded_pictures import CANVAS, picture
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
    code = RECORD_FOREVER.format(path=str(path))
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, stdout=subprocess.PIPE, text=True
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
    from tests.recorded_pictures import CANVAS, picture
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
    code = FILL_THE_DISK.format(path=str(path))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
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
    from tests.recorded_pictures import CANVAS, picture
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
    code = FILL_THE_DISK_AT_THE_END.format(path=str(path))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
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


def record(path: Path, overwrite: bool = False) -> Recorder:
    recorder = Recorder(path, overwrite)
    recorder.open(CANVAS)
    recorder.send(gray(90, 0))
    recorder.close()
    return recorder


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_recording_of_a_refused_run_is_taken_away(tmp_path: Path, suffix: str) -> None:
    record(tmp_path / f"out{suffix}").discard()
    assert list(tmp_path.iterdir()) == []


def test_a_recording_that_never_began_takes_nothing_away(tmp_path: Path) -> None:
    path = tmp_path / "precious.mp4"
    path.write_bytes(b"precious")
    recorder = Recorder(path)
    with pytest.raises(SinkError, match="--overwrite"):
        recorder.open(CANVAS)
    recorder.discard()
    assert path.read_bytes() == b"precious"


def test_what_came_in_the_place_of_a_recording_stays(tmp_path: Path) -> None:
    path, moved = tmp_path / "out.mp4", tmp_path / "moved.mp4"
    recorder = record(path)
    path.rename(moved)
    recorder.discard()
    path.write_bytes(b"somebody else's")
    recorder.discard()
    assert path.read_bytes() == b"somebody else's"
    assert times_ms(moved) == [0]


def test_a_link_that_was_recorded_through_stays(tmp_path: Path) -> None:
    target, link = tmp_path / "target.mp4", tmp_path / "link.mp4"
    target.touch()
    link.symlink_to(target)
    record(link, overwrite=True).discard()
    assert link.is_symlink()
