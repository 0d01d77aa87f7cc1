"""A stream or a file at an address: RTSP, HTTP, UDP and whatever else FFmpeg speaks."""

from __future__ import annotations

import time
from urllib.parse import urlsplit, urlunsplit

import av

from livetrack_vcam.errors import SourceBusyError, SourceError, SourceNotFoundError
from livetrack_vcam.interfaces import SourceInfo
from livetrack_vcam.media import Frame
from livetrack_vcam.media_time import SECOND_NS, Timeline
from livetrack_vcam.sound import SoundFeed
from livetrack_vcam.sources.clock import LiveClock
from livetrack_vcam.sources.playback import Playback
from livetrack_vcam.sources.sound_track import SoundTrack, sound_track
from livetrack_vcam.sources.stream_reader import StreamReader

OPEN_TIMEOUT_S = 10.0
# Live HLS, over HTTP, may send nothing for the length of a segment, usually 6 s or less.
READ_TIMEOUT_S = 10.0
DIRECT_READ_TIMEOUT_S = 4.0
# Look only briefly at the start of the stream before decoding it.
OPTIONS = {"flags": "low_delay", "analyzeduration": "1000000"}
# "nobuffer" throws away what was looked at: right for what is live by nature, not for a file.
LIVE = {"fflags": "nobuffer"}
# UDP loses packets on ordinary wireless networks, which smears the picture for seconds.
RTSP = LIVE | {"rtsp_transport": "tcp"}
SCHEME_OPTIONS = {"rtsp": RTSP, "rtsps": RTSP, "rtp": LIVE, "udp": LIVE, "srt": LIVE}


class NetworkStream:
    """Pictures from a URL. A live stream's times are its own, mapped onto the monotonic clock.

    What has a duration (a file on a web server) plays like a file. Reconnecting is the caller's:
    `read` raises SourceError when the stream breaks. `close` returns at once; a `read` blocked on
    a silent network comes back within the read timeout (FFmpeg cannot be interrupted earlier).
    """

    def __init__(self, url: str, *, paced: bool = True, sound: SoundFeed | None = None) -> None:
        self._url = url
        self._paced = paced
        self._feed = sound if paced else None
        self._sound: SoundTrack | None = None
        self._name = without_credentials(url)
        self._reader: StreamReader | None = None
        self._playback: Playback | None = None
        self._timeline = Timeline(0)
        self._clock = LiveClock()
        self._seq = 0
        self._closed = False
        self.note: str | None = None

    def open(self) -> SourceInfo:
        self._closed = False
        reader = self._connect()
        try:
            picture = reader.prime()
        except (av.error.FFmpegError, OSError):
            reader.close()
            raise self._broken() from None
        except SourceError:
            reader.close()
            raise
        self._reader, self._playback, self._seq = reader, None, 0
        self._timeline, self._clock = Timeline(reader.interval_ns), LiveClock()
        duration_ns = reader.duration_ns
        if duration_ns is None:
            if self._sound is not None:
                self._sound.hear_at_once(self._heard_at)
            return SourceInfo(self._name, picture.size, reader.fps, live=True)
        self._playback = Playback(reader, self._paced, loop=False)
        return SourceInfo(
            self._name, picture.size, reader.fps, live=False, duration_s=duration_ns / SECOND_NS
        )

    def read(self) -> Frame | None:
        if self._reader is None:
            raise SourceError(f"{self._name} is not open")
        try:
            if self._playback is not None:
                return self._playback.read()
            decoded = self._reader.read()
        except (av.error.FFmpegError, OSError):
            if self._closed:
                return None
            raise self._broken() from None
        if decoded is None:
            if self._closed:
                return None
            raise self._broken()
        picture, stream_ns = decoded
        pts_ns = self._clock.place(self._timeline.place(stream_ns), time.monotonic_ns())
        seq, self._seq = self._seq, self._seq + 1
        return Frame(picture.planes, picture.format, picture.color, pts_ns, seq)

    def close(self) -> None:
        self._closed = True
        if self._playback is not None:
            self._playback.close()
        elif self._reader is not None:
            self._reader.close()

    def _heard_at(self, stream_ns: int) -> int | None:
        media_ns = self._timeline.at(stream_ns)
        return None if media_ns is None else self._clock.at(media_ns)

    def _connect(self) -> StreamReader:
        own = SCHEME_OPTIONS.get(urlsplit(self._url).scheme.lower())
        timeouts = (OPEN_TIMEOUT_S, DIRECT_READ_TIMEOUT_S if own else READ_TIMEOUT_S)
        try:
            container = av.open(self._url, options=OPTIONS | (own or {}), timeout=timeouts)
        except (av.error.HTTPNotFoundError, av.error.ConnectionRefusedError):
            raise SourceNotFoundError(
                f"{self._name} does not exist or refuses connections; check the address and "
                "whether its server is running"
            ) from None
        except (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError):
            raise SourceBusyError(
                f"{self._name} asks for a login; put it into the address: scheme://USER:PASSWORD@…"
            ) from None
        except (av.error.FFmpegError, OSError, ValueError):
            raise SourceNotFoundError(
                f"{self._name} cannot be opened as video; check the address and the network"
            ) from None
        self._sound = sound_track(container, self._feed)
        return StreamReader(container, self._name, sound=self._sound)

    def _broken(self) -> SourceError:
        return SourceError(f"the stream {self._name} broke off; check the network and its server")


def without_credentials(url: str) -> str:
    """The address as it may be shown: no user, no password, no query (which may hold a token)."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
