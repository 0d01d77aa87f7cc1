"""The sink that publishes the picture to a media server by WHIP: one upload, any number of viewers.

Encoding is done in the sink's own thread; the connection lives in the program's asyncio loop.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from livetrack_vcam.errors import SinkError
from livetrack_vcam.interfaces import Canvas, Link
from livetrack_vcam.media import Frame
from livetrack_vcam.sinks.whip_endpoint import WhipEndpoint
from livetrack_vcam.sinks.whip_uplink import Uplink
from livetrack_vcam.webrtc.encoded import Codec, EncodedPicture, EncodedSound
from livetrack_vcam.webrtc.encoder import EncoderError, VideoEncoder, open_encoder
from livetrack_vcam.webrtc.publishing import PublishingPeer
from livetrack_vcam.webrtc.terms import WriterStats

log = logging.getLogger(__name__)
T = TypeVar("T")

# As long as an attempt to connect may take, with and without the ICE servers, and a bit.
OPEN_S = 40.0
CLOSE_S = 5.0
# Servers that make files or HLS of it cut at keyframes, and who joins there starts at one.
KEYFRAME_NS = 2_000_000_000
KEYFRAME_APART_NS = 300_000_000


class Keyframes:
    """When the next picture is to be a keyframe: asked for, but one in 300 ms; else every 2 s."""

    def __init__(self) -> None:
        self._wanted = True
        self._last_ns: int | None = None

    def want(self) -> None:
        self._wanted = True

    def restart(self) -> None:
        """Another receiver: the next picture is one, however short ago the last was."""
        self._last_ns, self._wanted = None, True

    def due(self, now_ns: int) -> bool:
        """Whether this picture is to be one; it is then taken as made."""
        since_ns = KEYFRAME_NS if self._last_ns is None else now_ns - self._last_ns
        if since_ns >= KEYFRAME_NS or (self._wanted and since_ns >= KEYFRAME_APART_NS):
            self._last_ns, self._wanted = now_ns, False
            return True
        return False


class Rate(Protocol):
    """The bit rate for now. `kbps` is read in the sink's thread, the rest belongs to the loop."""

    @property
    def wanted_kbps(self) -> int: ...

    @property
    def kbps(self) -> int: ...

    def restart(self) -> None:
        """There is a new connection."""
        ...

    def observe(self, stats: WriterStats) -> None:
        """Called once a second with what its writer counts."""
        ...


class Sound(Protocol):
    """Encoded sound for whoever joins; belongs to the loop."""

    def join(
        self, receiver: Callable[[EncodedSound], None], delay_ns: Callable[[], int]
    ) -> None: ...

    def leave(self, receiver: Callable[[EncodedSound], None]) -> None: ...


@dataclass(frozen=True, slots=True)
class DelayedSound:
    """Sound, and by how much the picture it belongs to is shown late."""

    sound: Sound
    delay_ns: Callable[[], int]


def _silence() -> DelayedSound | None:
    return None


class WhipSink:
    """Publishes at the rate that the upload bears, with the sound that `find_sound` then has.

    While the server is away pictures are dropped and counted. `loop` runs the connection, and
    `find_sound`; `open`, `send` and `close` are called in another thread.
    """

    name = "whip"
    depth = 1
    # Who joins at the server while the camera is away must still get a picture.
    repeat_after_s: float | None = 0.5

    def __init__(
        self,
        endpoint: WhipEndpoint,
        rate: Rate,
        loop: asyncio.AbstractEventLoop,
        find_sound: Callable[[], DelayedSound | None] = _silence,
    ) -> None:
        self._endpoint = endpoint
        self._rate = rate
        self._kbps = 0
        self._loop = loop
        self._find_sound = find_sound
        self._sound: DelayedSound | None = None
        self._uplink: Uplink | None = None
        self._opening: Future[Uplink] | None = None
        self._given_up = False
        self._canvas: Canvas | None = None
        self._encoder: VideoEncoder | None = None
        self._codec: Codec | None = None
        self._peer: PublishingPeer | None = None
        self._keyframes = Keyframes()
        self._last_ns = 0
        self._sent_ns = 0
        self._dropped = 0

    @property
    def link(self) -> Link:
        uplink = self._uplink
        if uplink is None:
            return Link("connecting", None, self._dropped)
        return Link(uplink.state, uplink.reason or self._reduced(), self._dropped)

    def open(self, canvas: Canvas) -> None:
        """Raises WhipError when the endpoint cannot be published to."""
        self._canvas = canvas
        self._opening = self._submit(self._start())
        if self._given_up:
            self._opening.cancel()
        self._uplink = self._result(self._opening, OPEN_S)

    def give_up(self) -> None:
        self._given_up = True
        if self._opening is not None:
            self._opening.cancel()

    def send(self, frame: Frame) -> None:
        peer = self._uplink.peer if self._uplink else None
        if peer is None:
            self._dropped += 1
            return
        if peer is not self._peer:
            self._peer = peer
            self._keyframes.restart()
        for picture in self._encode(peer.codec, self._stamped(frame)):
            try:
                self._loop.call_soon_threadsafe(peer.picture.write, picture)
            except RuntimeError:  # the loop has ended before us
                raise self._left() from None

    def close(self) -> None:
        uplink, self._uplink = self._uplink, None
        if uplink is not None:
            self._result(self._submit(uplink.close()), CLOSE_S)
        self._close_encoder()

    async def _start(self) -> Uplink:
        self._sound = self._find_sound()
        uplink = Uplink(self._endpoint, sound=self._sound is not None)
        uplink.on_live, uplink.on_lost = self._welcome, self._part
        uplink.on_second = self._rate.observe
        await uplink.open()
        return uplink

    def _welcome(self, peer: PublishingPeer) -> None:
        peer.picture.on_keyframe_wanted = self._keyframes.want
        if self._sound is not None and peer.sound is not None:
            self._sound.sound.join(peer.sound.write, self._sound.delay_ns)
        self._rate.restart()
        codec, kbps = peer.codec.value, self._rate.kbps
        log.info("Published to %s (%s, %d kbit/s)", self._endpoint.place, codec, kbps)

    def _part(self, peer: PublishingPeer) -> None:
        if self._sound is not None and peer.sound is not None:
            self._sound.sound.leave(peer.sound.write)

    def _submit(self, work: Coroutine[object, object, T]) -> Future[T]:
        """Have the loop do it. Raises SinkError when the loop is gone."""
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:
            work.close()
            raise self._left() from None

    def _result(self, answer: Future[T], within_s: float) -> T:
        """What the loop made of it. Raises SinkError when it did not in time."""
        try:
            return answer.result(within_s)
        except (TimeoutError, CancelledError):
            answer.cancel()
            raise self._left() from None

    def _left(self) -> SinkError:
        return SinkError(f"{self._endpoint.place} was left: the program is ending")

    def _stamped(self, frame: Frame) -> Frame:
        """A picture that is sent again is as much later as it is."""
        now_ns = time.monotonic_ns()
        pts_ns = frame.pts_ns
        if pts_ns <= self._last_ns:
            pts_ns = self._last_ns + max(1, now_ns - self._sent_ns)
            frame = replace(frame, pts_ns=pts_ns)
        self._last_ns, self._sent_ns = pts_ns, now_ns
        return frame

    def _encode(self, codec: Codec, frame: Frame) -> list[EncodedPicture]:
        """Raises SinkError: an encoder that worked and fails is not coming back."""
        assert self._canvas is not None
        try:
            kbps = self._rate.kbps
            if self._encoder is None or self._codec is not codec or self._kbps != kbps:
                self._close_encoder()
                canvas = self._canvas
                self._encoder = open_encoder(codec, canvas.size, kbps, canvas.fps)
                self._codec, self._kbps = codec, kbps
            pictures = [self._encoder.encode(frame, self._keyframes.due(time.monotonic_ns()))]
            while pictures[-1] is not None:
                pictures.append(self._encoder.take())
        except EncoderError as error:
            raise SinkError(f"the picture for {self._endpoint.place} is lost: {error}") from None
        return [picture for picture in pictures if picture is not None]

    def _reduced(self) -> str | None:
        kbps, wanted_kbps = self._rate.kbps, self._rate.wanted_kbps
        if kbps == wanted_kbps:
            return None
        return f"the upload bears {kbps} of {wanted_kbps} kbit/s"

    def _close_encoder(self) -> None:
        if self._encoder is not None:
            self._encoder.close()
        self._encoder = None
