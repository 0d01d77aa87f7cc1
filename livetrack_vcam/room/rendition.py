"""A rendition: the shot's picture in one codec, size and bit rate, encoded once for everybody."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from threading import Lock
from typing import Protocol, TypeAlias

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.mailbox import Closed, Mailbox, Woken
from livetrack_vcam.media import Frame
from livetrack_vcam.room.reduction import Reduction
from livetrack_vcam.sinks.room import RoomFeed
from livetrack_vcam.stats import NS_PER_MS, NS_PER_S, Clock, Flow
from livetrack_vcam.webrtc.encoded import Codec, EncodedPicture
from livetrack_vcam.webrtc.encoder import EncoderError, VideoEncoder

log = logging.getLogger(__name__)

LINGER_S = 10.0
KEYFRAME_EVERY_NS = 300 * NS_PER_MS
# Whoever waits for a keyframe is shown the last frame again when no new one comes within this.
FRAME_AWAITED_NS = 50 * NS_PER_MS
# Half a second of pictures that the loop has not handed out: it gets none until it caught up.
MAX_ON_THE_WAY = 15

Receiver: TypeAlias = Callable[[EncodedPicture], None]


class Encoders(Protocol):
    """Where encoders come from; called from any thread. `EncoderChoice` is one."""

    def open(self, codec: Codec, size: Size, kbps: int, fps: Fraction) -> VideoEncoder:
        """Raises EncoderError."""
        ...

    def give_up(self, name: str, why: str) -> bool:
        """It failed while it ran: whether another will be opened instead of it from now on."""
        ...


@dataclass(frozen=True, slots=True)
class RenditionSpec:
    codec: Codec
    width: int
    height: int
    kbps: int

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)

    @property
    def rows(self) -> int:
        """What a viewer picks it by, 720 of 720p: the shorter side, so 720x1280 counts as 720."""
        return min(self.width, self.height)

    def __str__(self) -> str:
        return f"{self.codec.value} {self.size}"


@dataclass(frozen=True, slots=True)
class RenditionStatus:
    """`encoder` is None while there is none; `skipped` counts frames that came too fast.

    `fps` and `latency_ms` (median, from capture until encoded) are of the last seconds.
    """

    spec: RenditionSpec
    encoder: str | None
    viewers: int
    fps: float
    latency_ms: float | None
    pictures: int
    keyframes: int
    skipped: int
    error: str | None


class Rendition:
    """Encodes in a thread of its own, from its first receiver until `linger_s` after its last.

    `join` and `leave` are called in `loop`, and so is every receiver, with each picture from the
    first keyframe on; a receiver that raises is taken off. All else may be called from any
    thread. When encoding fails for good, `error` says why; the next `join` tries again.
    """

    def __init__(
        self,
        spec: RenditionSpec,
        feed: RoomFeed,
        start_thread: Callable[[Callable[[], None], str], None],
        loop: asyncio.AbstractEventLoop,
        encoders: Encoders,
        *,
        linger_s: float = LINGER_S,
        clock: Clock = time.monotonic_ns,
        reduction: Reduction | None = None,
    ) -> None:
        self.spec = spec
        self.error: str | None = None
        self._feed = feed
        self._start_thread = start_thread
        self._loop = loop
        self._encoders = encoders
        self._linger_ns = round(linger_s * NS_PER_S)
        self._clock = clock
        self._reduction = reduction or Reduction(spec.size)
        self._receivers: dict[Receiver, bool] = {}  # whether it was given a keyframe yet
        self._idle_since_ns = 0
        self._lock = Lock()
        self._mailbox: Mailbox[Frame] | None = None  # of the thread, while there is one
        self._skipped = 0
        self._encoder: str | None = None
        self._keyframe_wanted = False
        self._keyframe_ns = -KEYFRAME_EVERY_NS
        self._keyframes = 0
        self._flow = Flow()
        self._shown: tuple[int, int] | None = None  # the last picture's pts_ns, and when it was
        self._sent = 0  # into the loop, counted by the thread
        self._handed_out = 0  # counted by the loop

    def join(self, receiver: Receiver) -> None:
        """From now on it gets every picture, the first of them a keyframe that is made for it."""
        self._receivers[receiver] = False
        with self._lock:
            mailbox = self._mailbox
            if mailbox is None:
                self.error = None
                self._mailbox = self._feed.take_up()
        self.want_keyframe()
        if mailbox is None:
            self._start_thread(self._run, f"encode-{self.spec.codec.value}-{self.spec.rows}")

    def leave(self, receiver: Receiver) -> None:
        """Gets nothing more, at once. Leaving twice is allowed."""
        if self._receivers.pop(receiver, None) is not None and not self._receivers:
            self._idle_since_ns = self._clock()

    def want_keyframe(self) -> None:
        """Make one as soon as the last is KEYFRAME_EVERY_NS old; wishes until then count as one."""
        if self._keyframe_wanted:
            return
        self._keyframe_wanted = True
        with self._lock:
            mailbox = self._mailbox
        if mailbox is not None:
            mailbox.wake()

    def close(self) -> None:
        """Let the thread end soon, whoever is still there."""
        with self._lock:
            mailbox = self._mailbox
        if mailbox is not None:
            self._feed.leave(mailbox)

    @property
    def status(self) -> RenditionStatus:
        flow = self._flow.snapshot(self._clock())
        with self._lock:
            waiting = self._mailbox.dropped if self._mailbox is not None else 0
        return RenditionStatus(
            self.spec,
            self._encoder,
            len(self._receivers),
            flow.fps,
            flow.recent_p50_ms,
            flow.frames,
            self._keyframes,
            self._skipped + waiting,
            self.error,
        )

    def _run(self) -> None:
        with self._lock:
            mailbox = self._mailbox
        if mailbox is None:
            return
        try:
            while self._encode_with_one(mailbox):
                self.want_keyframe()
        except EncoderError as error:
            self.error = str(error)
            log.error("nobody can watch %s: %s", self.spec, error)
        finally:
            self._feed.leave(mailbox)
            with self._lock:
                self._detach(mailbox)

    def _encode_with_one(self, mailbox: Mailbox[Frame]) -> bool:
        """Whether to go on with another encoder, because this one failed. Raises EncoderError."""
        spec = self.spec
        encoder = self._encoders.open(spec.codec, spec.size, spec.kbps, self._feed.canvas.fps)
        self._encoder = encoder.name
        log.debug("encoding %s at %d kbit/s with %s", spec, spec.kbps, encoder.name)
        try:
            self._encode_while_wanted(encoder, mailbox)
        except EncoderError as error:
            if not self._encoders.give_up(encoder.name, str(error)):
                raise
            log.warning("%s; %s goes on with another encoder", error, spec)
            return True
        finally:
            encoder.close()
        return False

    def _encode_while_wanted(self, encoder: VideoEncoder, mailbox: Mailbox[Frame]) -> None:
        last: Frame | None = None
        while not self._is_over(mailbox):
            try:
                frame = mailbox.get(self._patience_s())
            except Closed:
                return
            except Woken:
                # A keyframe that is due shows the last frame again: the next is up to 33 ms away.
                frame = None
            last = frame or last
            if last is not None and self._receivers and (frame is not None or self._is_key_due()):
                self._encode(encoder, last)

    def _is_over(self, mailbox: Mailbox[Frame]) -> bool:
        """After True, whoever joins starts another thread."""
        with self._lock:
            if self._receivers or self._clock() - self._idle_since_ns < self._linger_ns:
                return False
            self._detach(mailbox)
        return True

    def _patience_s(self) -> float:
        """How long to wait for a frame before the last one is shown again, or nobody is left."""
        if self._keyframe_wanted and self._receivers:
            due_ns = self._keyframe_ns + KEYFRAME_EVERY_NS - self._clock()
            return max(due_ns, FRAME_AWAITED_NS) / NS_PER_S
        return max(self._linger_ns, NS_PER_MS) / NS_PER_S

    def _is_key_due(self) -> bool:
        age_ns = self._clock() - self._keyframe_ns
        return self._keyframe_wanted and age_ns >= KEYFRAME_EVERY_NS

    def _encode(self, encoder: VideoEncoder, frame: Frame) -> None:
        if self._sent - self._handed_out >= MAX_ON_THE_WAY:
            self._skipped += 1
            return
        now_ns = self._clock()
        due = self._is_key_due()
        if due:
            self._keyframe_wanted = False
        frame = self._in_order(self._reduction.of(frame), now_ns)
        picture = encoder.encode(frame, keyframe=due)
        while picture is not None:
            self._send(picture)
            picture = encoder.take()

    def _send(self, picture: EncodedPicture) -> None:
        now_ns = self._clock()
        self._flow.add(picture.pts_ns, now_ns)
        if picture.keyframe:
            self._keyframes += 1
            self._keyframe_ns = now_ns
        self._sent += 1
        try:
            self._loop.call_soon_threadsafe(self._hand_out, picture)
        except RuntimeError:  # the loop is closed, and nobody watches any more
            self.close()

    def _in_order(self, frame: Frame, now_ns: int) -> Frame:
        """A frame that is shown again is as much later than the last as it is shown later."""
        if self._shown is not None and frame.pts_ns <= self._shown[0]:
            pts_ns, at_ns = self._shown
            frame = replace(frame, pts_ns=pts_ns + max(now_ns - at_ns, NS_PER_MS))
        self._shown = (frame.pts_ns, now_ns)
        return frame

    def _hand_out(self, picture: EncodedPicture) -> None:
        self._handed_out += 1
        for receiver, begun in list(self._receivers.items()):
            if receiver not in self._receivers or not (begun or picture.keyframe):
                continue
            self._receivers[receiver] = True
            try:
                receiver(picture)
            except Exception:
                log.exception("a viewer of %s failed and gets no more pictures", self.spec)
                self.leave(receiver)

    def _detach(self, mailbox: Mailbox[Frame]) -> None:
        """This thread is no longer the rendition's; the lock is held. Another may be already."""
        if self._mailbox is mailbox:
            self._skipped += mailbox.dropped
            self._mailbox = self._encoder = None
