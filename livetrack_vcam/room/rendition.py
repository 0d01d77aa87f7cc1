"""A rendition: the shot's picture in one codec, size and bit rate, encoded once for all."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from threading import Lock
from typing import TypeAlias

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.mailbox import Closed, Mailbox, Woken
from livetrack_vcam.media import Frame
from livetrack_vcam.room.reduction import Reduction
from livetrack_vcam.sinks.room import RoomFeed
from livetrack_vcam.stats import NS_PER_MS, NS_PER_S, Clock, Rate
from livetrack_vcam.webrtc.encoded import Codec, EncodedPicture
from livetrack_vcam.webrtc.encoder import EncoderError, VideoEncoder, open_encoder

log = logging.getLogger(__name__)

LINGER_S = 10.0
KEYFRAME_EVERY_NS = 300 * NS_PER_MS
# Pictures on their way into the loop. A loop that is further behind gets none until it caught up.
MAX_ON_THE_WAY = 15

Receiver: TypeAlias = Callable[[EncodedPicture], None]
StartThread: TypeAlias = Callable[[Callable[[], None], str], None]
OpenEncoder: TypeAlias = Callable[[Codec, Size, int, Fraction], VideoEncoder]


@dataclass(frozen=True, slots=True)
class RenditionSpec:
    codec: Codec
    width: int
    height: int
    kbps: int

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)

    def __str__(self) -> str:
        return f"{self.codec.value} {self.size} {self.kbps} kbit/s"


@dataclass(frozen=True, slots=True)
class RenditionStatus:
    """`encoder` is None while nobody watches; `skipped` counts pictures that came too fast."""

    spec: RenditionSpec
    encoder: str | None
    viewers: int
    fps: float
    pictures: int
    keyframes: int
    skipped: int
    error: str | None


class Rendition:
    """Encodes in a thread of its own from its first receiver until `linger_s` after its last.

    `join`, `leave` and the receivers are called in `loop`; everything else from any thread. A
    receiver that raises is taken off. When encoding fails for good, `error` says why, and
    `on_failure` is called in the loop with that sentence; joining again tries again.
    """

    def __init__(
        self,
        spec: RenditionSpec,
        feed: RoomFeed,
        start_thread: StartThread,
        loop: asyncio.AbstractEventLoop,
        *,
        linger_s: float = LINGER_S,
        clock: Clock = time.monotonic_ns,
        opener: OpenEncoder = open_encoder,
        reduction: Reduction | None = None,
    ) -> None:
        self.spec = spec
        self.error: str | None = None
        self.on_failure: Callable[[str], None] = lambda _: None
        self._feed = feed
        self._start_thread = start_thread
        self._loop = loop
        self._linger_s = linger_s
        self._clock = clock
        self._opener = opener
        self._reduction = reduction or Reduction(spec.size)
        self._receivers: list[Receiver] = []
        self._lock = Lock()
        self._mailbox: Mailbox[Frame] | None = None  # of the thread, while there is one
        self._keyframe_wanted = False
        self._keyframe_ns = -KEYFRAME_EVERY_NS
        self._idle_since_ns = 0
        self._on_the_way = 0
        self._encoder: str | None = None
        self._rate = Rate()
        self._keyframes = 0
        self._skipped = 0
        self._last_ns = (0, 0)  # the last picture's pts_ns, and when it was encoded

    def join(self, receiver: Receiver) -> None:
        """From now on it gets every picture, the first of them a keyframe."""
        self._receivers.append(receiver)
        self.want_keyframe()
        with self._lock:
            if self._mailbox is not None:
                return
            self.error = None
            self._mailbox = self._feed.take_up()
        self._start_thread(self._run, f"encoder-{self.spec.height}-{self.spec.codec.value}")

    def leave(self, receiver: Receiver) -> None:
        """Gets nothing more, at once. Leaving twice is allowed."""
        if receiver in self._receivers:
            self._receivers.remove(receiver)
            self._idle_since_ns = self._clock()

    def want_keyframe(self) -> None:
        """Make one as soon as the last is KEYFRAME_EVERY_NS old; wishes until then count as one."""
        self._keyframe_wanted = True

    def close(self) -> None:
        """Let the thread end soon, whoever is still there."""
        with self._lock:
            mailbox = self._mailbox
        if mailbox is not None:
            self._feed.leave(mailbox)

    @property
    def status(self) -> RenditionStatus:
        return RenditionStatus(
            self.spec,
            self._encoder,
            len(self._receivers),
            self._rate.per_second(self._clock()),
            self._rate.count,
            self._keyframes,
            self._skipped,
            self.error,
        )

    def _run(self) -> None:
        mailbox = self._mailbox
        assert mailbox is not None
        try:
            encoder = self._open()
            try:
                self._encode_until_unwanted(encoder, mailbox)
            finally:
                encoder.close()
        except EncoderError as error:
            self.error = str(error)
            self._in_loop(self.on_failure, self.error)
        finally:
            self._encoder = None
            self._feed.leave(mailbox)
            with self._lock:
                self._mailbox = None

    def _open(self) -> VideoEncoder:
        spec = self.spec
        encoder = self._opener(spec.codec, spec.size, spec.kbps, self._feed.canvas.fps)
        self._encoder = encoder.name
        log.info("encoding %s with %s", spec, encoder.name)
        return encoder

    def _encode_until_unwanted(self, encoder: VideoEncoder, mailbox: Mailbox[Frame]) -> None:
        while self._receivers or self._clock() - self._idle_since_ns < self._linger_s * NS_PER_S:
            try:
                frame = mailbox.get(self._linger_s)
            except Closed:
                return
            except Woken:
                continue
            if frame is not None and self._receivers:
                self._encode(encoder, frame)

    def _encode(self, encoder: VideoEncoder, frame: Frame) -> None:
        now_ns = self._clock()
        keyframe = self._keyframe_wanted and now_ns - self._keyframe_ns >= KEYFRAME_EVERY_NS
        if keyframe:
            self._keyframe_wanted = False
        picture = encoder.encode(self._in_order(self._reduction.of(frame), now_ns), keyframe)
        while picture is not None:
            self._rate.add(now_ns)
            if picture.keyframe:
                self._keyframes += 1
                self._keyframe_ns = now_ns
            self._in_loop(self._deliver, picture)
            picture = encoder.take()

    def _in_order(self, frame: Frame, now_ns: int) -> Frame:
        """A frame shown again (the source is silent) is as much later as its sending is."""
        pts_ns, at_ns = self._last_ns
        if frame.pts_ns <= pts_ns:
            frame = replace(frame, pts_ns=pts_ns + max(now_ns - at_ns, NS_PER_MS))
        self._last_ns = (frame.pts_ns, now_ns)
        return frame

    def _deliver(self, picture: EncodedPicture) -> None:
        for receiver in list(self._receivers):
            try:
                receiver(picture)
            except Exception:
                log.exception("a receiver of %s failed and gets no more pictures", self.spec)
                self.leave(receiver)

    def _in_loop(self, call: Callable[..., None], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(call, *args)
        except RuntimeError:  # the loop is closed: nobody is left to watch
            self.close()
