"""A video file as a source."""

from __future__ import annotations

from pathlib import Path

import av

from livetrack_vcam.errors import SourceBusyError, SourceError, SourceNotFoundError
from livetrack_vcam.interfaces import SourceInfo
from livetrack_vcam.media import Frame
from livetrack_vcam.media_time import SECOND_NS
from livetrack_vcam.sound import SoundFeed
from livetrack_vcam.sources.playback import Playback
from livetrack_vcam.sources.sound_track import sound_track
from livetrack_vcam.sources.stream_reader import StreamReader

# A container's duration is rounded, and audio may be longer than the picture.
TRUNCATED_NS = 2 * SECOND_NS


class VideoFile:
    """Any file FFmpeg reads, upright and with square pixels, in its real frame times.

    `paced` plays it like a camera on the monotonic clock and skips frames that are too late;
    otherwise every frame comes as fast as it decodes and `pts_ns` is media time from 0.
    `loop` starts over at the end. Paced, it gives its `sound`, too. `note` is a
    sentence for the user when the file is damaged.
    """

    def __init__(
        self,
        path: Path,
        *,
        paced: bool = True,
        loop: bool = False,
        sound: SoundFeed | None = None,
    ) -> None:
        self._path = path
        self._paced = paced
        self._loop = loop
        self._sound = sound if paced else None
        self._reader: StreamReader | None = None
        self._playback: Playback | None = None
        self.note: str | None = None

    def open(self) -> SourceInfo:
        container = _open_file(self._path)
        self._reader = StreamReader(
            container,
            str(self._path),
            ahead=not self._paced,
            sound=sound_track(container, self._sound),
        )
        try:
            picture = self._reader.prime()
        except (av.error.FFmpegError, OSError, LookupError) as error:
            self._reader.close()
            raise self._unreadable(error) from None
        except SourceError:
            self._reader.close()
            raise
        self._playback = Playback(self._reader, self._paced, self._loop)
        duration_ns = self._reader.duration_ns
        return SourceInfo(
            self._path.name,
            picture.size,
            self._reader.fps,
            live=False,
            duration_s=duration_ns / SECOND_NS if duration_ns else None,
        )

    def read(self) -> Frame | None:
        if self._playback is None or self._reader is None:
            raise SourceError(f"{self._path} is not open")
        try:
            frame = self._playback.read()
        except (av.error.FFmpegError, OSError, LookupError) as error:
            raise self._unreadable(error) from None
        if frame is None and not self._loop and not self._playback.closed:
            self.note = _damage(str(self._path), self._reader, self._playback.played_ns)
        return frame

    def close(self) -> None:
        if self._playback is not None:
            self._playback.close()

    def _unreadable(self, error: Exception) -> SourceError:
        """FFmpeg, or PyAV where streams appear that were not announced, cannot go on."""
        reason = getattr(error, "strerror", None) or type(error).__name__
        return SourceError(
            f"{self._path} cannot be read any further ({reason}): it is damaged, or its disk or "
            "network is gone; try to play it in another player"
        )


def _damage(name: str, reader: StreamReader, played_ns: int) -> str | None:
    expected_ns = reader.duration_ns
    if expected_ns is not None and expected_ns - played_ns > TRUNCATED_NS:
        return (
            f"{name} ends after {played_ns / SECOND_NS:.1f} s of "
            f"{expected_ns / SECOND_NS:.1f} s: it is cut off or damaged"
        )
    if reader.damaged:
        return f"{name} is damaged: {reader.damaged} packets were skipped"
    return None


def _open_file(path: Path) -> av.container.InputContainer:
    try:
        if path.is_dir():
            raise SourceError(f"{path} is a folder, not a video; name a file in it")
        if path.is_file() and path.stat().st_size == 0:
            raise SourceError(f"{path} is empty (0 bytes); choose another file")
        return av.open(str(path), metadata_errors="replace")
    except FileNotFoundError:
        raise SourceNotFoundError(f"there is no file {path}; check the name") from None
    except PermissionError:
        raise SourceBusyError(
            f"{path} may not be read by this user; try: chmod u+r {path}"
        ) from None
    except (av.error.FFmpegError, OSError, ValueError):
        raise SourceError(
            f"{path} cannot be read: it is not a video, or it is damaged; "
            "try to play it in another player, or choose another file"
        ) from None
