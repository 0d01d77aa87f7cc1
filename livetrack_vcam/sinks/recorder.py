"""Records the picture to a file that stays playable whatever happens to the program."""

from __future__ import annotations

import contextlib
import os
import struct
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.video.stream import VideoStream

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SettingsError, SinkError
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import Frame
from livetrack_vcam.outputs import check_writable, expanded, remove_begun, write_error
from livetrack_vcam.picture.av_frames import to_av

TIME_BASE = Fraction(1, 90_000)
SHORTEST_STEP = 90  # one millisecond: Matroska tells no two pictures apart that are nearer
SECOND_NS = 1_000_000_000
# Each fragment starts with a keyframe and is on the disk when the next one starts: a killed
# program loses at most this much.
FRAGMENT_S = 1
# Muxer options by suffix. A Matroska cluster and an MP4 fragment are complete by themselves.
CONTAINERS = {
    ".mp4": {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"},
    ".mkv": {"cluster_time_limit": str(FRAGMENT_S * 1000), "flush_packets": "1"},
}
LIVE_X264 = {"preset": "veryfast", "crf": "20", "tune": "zerolatency"}
# The picture of superfast within half a decibel in two thirds of its time, for a third more bytes
# (docs/adr/0008-offline-path.md).
OFFLINE_X264 = {
    "preset": "ultrafast",
    "crf": "18",
    "x264-params": "subme=1:aq-mode=1:8x8dct=1:partitions=i8x8,i4x4:scenecut=40",
}
OFFLINE_KEYFRAME_S = 2


class Recorder:
    """A sink that writes H.264 to `path` (.mp4 or .mkv) with the frames' real times.

    An existing file is refused unless `overwrite`. When the disk fills up, `send` or `close` raises
    SinkError and the file ends with its last complete fragment. When somebody deletes the file,
    they raise SinkError within FRAGMENT_S. `discard` takes the file away again.
    """

    name = "file"
    depth = 60
    repeat_after_s = None

    def __init__(self, path: Path, overwrite: bool = False) -> None:
        self._path = expanded(path)
        self._overwrite = overwrite
        self._options = muxer_options(path)
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._start_ns: int | None = None
        self._last_pts = -SHORTEST_STEP
        self._watched: int | None = None
        self._made: os.stat_result | None = None
        self._look_pts = 0

    def open(self, canvas: Canvas) -> None:
        check_writable(self._path, self._overwrite)
        new = not self._path.exists()
        try:
            self._container = av.open(str(self._path), "w", options=self._options)
            self._stream = add_h264(self._container, canvas.size, canvas.fps)
            self._container.start_encoding()  # creates the file now, not at the first picture
            self._watched = _open_ordinary(self._path)
            self._made = self._path.stat()
        except (OSError, av.error.FFmpegError) as error:
            self._container = self._stream = None
            if new:
                self._path.unlink(missing_ok=True)
            raise write_error(self._path, error) from None

    def send(self, frame: Frame) -> None:
        if self._container is None or self._stream is None:
            raise SinkError(f"{self._path} is not open for recording")
        if self._start_ns is None:
            self._start_ns = frame.pts_ns
        pts = (frame.pts_ns - self._start_ns) * 9 // 100_000
        if pts < self._last_pts + SHORTEST_STEP:
            return
        self._last_pts = pts
        if pts >= self._look_pts:
            self._look_pts = pts + FRAGMENT_S * TIME_BASE.denominator
            self._check_there()
        picture = to_av(frame)
        picture.pts, picture.time_base = pts, TIME_BASE
        try:
            for packet in self._stream.encode(picture):
                self._container.mux(packet)
        except (OSError, av.error.FFmpegError) as error:
            self._let_go()
            raise write_error(self._path, error, kept=True) from None

    def close(self) -> None:
        container, stream = self._container, self._stream
        self._container = self._stream = None
        if container is None or stream is None:
            return
        try:
            for packet in stream.encode(None):
                container.mux(packet)
            container.close()
            self._check_there()
            self._check_whole()
        except (OSError, av.error.FFmpegError) as error:
            with contextlib.suppress(OSError):
                self._cut()
            raise write_error(self._path, error, kept=True) from None
        finally:
            self._end_watch()

    def discard(self) -> None:
        """Nothing is left of the recording; somebody else's file in its place stays."""
        with contextlib.suppress(OSError):
            if self._made is not None and os.path.samestat(self._made, self._path.stat()):
                remove_begun(self._path)

    def _check_there(self) -> None:
        """A deleted file takes all that is written to it, and leaves nothing."""
        if self._watched is not None and _links(self._watched) == 0:
            self._let_go()
            self._made = None  # its number can be another file's from now on
            raise SinkError(
                f"{self._path} was deleted while it was recorded; nothing of it is left, "
                "start again to record anew"
            )

    def _check_whole(self) -> None:
        """FFmpeg does not tell of an MP4 file whose last fragment the disk did not take."""
        if self._cut():
            raise SinkError(
                f"the end of {self._path} could not be written, perhaps because the disk is full; "
                "it is playable up to this point"
            )

    def _cut(self) -> bool:
        """Take off the end what is no whole fragment; whether there was such an end.

        A file that was put in the place of ours is left alone.
        """
        if self._watched is None or self._path.suffix.lower() != ".mp4":
            return False
        try:
            ours = os.path.samestat(os.fstat(self._watched), self._path.stat())
        except FileNotFoundError:
            return False
        return ours and cut_to_whole_fragments(self._path)

    def _end_watch(self) -> None:
        if self._watched is not None:
            os.close(self._watched)
            self._watched = None

    def _let_go(self) -> None:
        """Let go of a file that cannot be written any more; what is on the disk is playable."""
        container, self._container, self._stream = self._container, None, None
        if container is not None:
            with contextlib.suppress(OSError, av.error.FFmpegError):
                container.close()
        with contextlib.suppress(OSError):
            self._cut()
        self._end_watch()


def _open_ordinary(path: Path) -> int | None:
    """A descriptor of the file by which to notice its end; None for a pipe or a device."""
    if not path.is_file():
        return None
    file = os.open(path, os.O_RDONLY)
    if _links(file):
        return file
    os.close(file)  # a file system that does not count them
    return None


def _links(file: int) -> int | None:
    """How many names the open file has; None where nobody says: writing to it tells why."""
    try:
        return os.fstat(file).st_nlink
    except OSError:
        return None


def cut_to_whole_fragments(path: Path) -> bool:
    """Take the unfinished fragment off the end of an MP4 file; whether there was one.

    Some players refuse the whole file for it. A fragment is a moof box and its mdat box
    (ISO/IEC 14496-12 section 8.8); a box begins with its size in 32 bits and its name.
    """
    with path.open("r+b") as file:
        length = file.seek(0, os.SEEK_END)
        whole = begin = 0
        while begin + 8 <= length:
            file.seek(begin)
            size, kind = struct.unpack(">I4s", file.read(8))
            if size < 8 or begin + size > length:
                break
            begin += size
            if kind != b"moof":
                whole = begin
        file.truncate(whole)
    return whole < length


def muxer_options(path: Path) -> dict[str, str]:
    options = CONTAINERS.get(path.suffix.lower())
    if options is None:
        raise SettingsError(
            f"{path} cannot be recorded: its name must end in .mp4 or .mkv; "
            f"try {path.with_suffix('.mp4')}"
        )
    return options


def add_h264(
    container: OutputContainer, size: Size, fps: Fraction, live: bool = True
) -> VideoStream:
    """An x264 stream in OUTPUT_COLOR; `live`: cheap, without delay, a keyframe each FRAGMENT_S."""
    if size.width % 2 or size.height % 2:
        raise SinkError(f"{size} cannot be recorded: H.264 needs even sides; try --size with even")
    options = LIVE_X264 if live else OFFLINE_X264
    stream = container.add_stream("libx264", rate=fps, options=options)
    stream.width, stream.height, stream.pix_fmt = size.width, size.height, "yuv420p"
    context = stream.codec_context
    context.time_base = TIME_BASE
    context.thread_count = 1 if live else 0
    context.gop_size = max(1, round(fps * (FRAGMENT_S if live else OFFLINE_KEYFRAME_S)))
    context.color_range, context.colorspace = 1, 6  # tv, smpte170m: OUTPUT_COLOR
    return stream
