"""The sound of a room: encoded once, in a thread that lives while somebody listens."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from livetrack_vcam.mailbox import Closed, Mailbox
from livetrack_vcam.sound import SoundBlock, SoundFeed
from livetrack_vcam.sound.howling import HowlGuard
from livetrack_vcam.stats import Clock
from livetrack_vcam.webrtc.encoded import EncodedSound
from livetrack_vcam.webrtc.opus import OpusEncoder

log = logging.getLogger(__name__)

SILENT_S = 0.1
"""When no block comes for so long, silence is sent in its place: a receiver must not starve."""
GRAIN_NS = 10_000_000
"""Of the delays: receivers whose delays differ by less get their packets together."""
EVEN_NS = 25_000_000
"""Sound of a file comes in bursts, some of it early: no packet leaves before its last sample was
heard. Browsers hold sound back by as much as it comes unevenly."""
PATIENCE_NS = 60_000_000
"""By how much blocks may come later than the last one did before their place is given away."""

Receiver: TypeAlias = Callable[[EncodedSound], None]
StartThread: TypeAlias = Callable[[Callable[[], None], str], None]


@dataclass(frozen=True, slots=True)
class SoundStatus:
    """`offered`: there is a source of sound. `howling`: it is muted, for it was fed back."""

    offered: bool
    listeners: int
    packets: int
    dropped: int
    howling: bool


class SoundEncoding:
    """Opus packets of a feed for any number of receivers.

    `join`, `leave` and the receivers belong to the loop's thread. The timestamps are moments of
    capture, as those of the pictures are. A shot whose picture is shown late (look-ahead) joins
    with that `delay_ns`, so that its sound is sent as late and no browser need hold it back.
    With `guard` off nothing is ever muted.
    """

    def __init__(
        self,
        feed: SoundFeed,
        start_thread: StartThread,
        loop: asyncio.AbstractEventLoop,
        guard: bool = True,
        clock: Clock = time.monotonic_ns,
    ) -> None:
        self._feed = feed
        self._start_thread = start_thread
        self._loop = loop
        self._guard = HowlGuard() if guard and feed.acoustic else None
        self._clock = clock
        self._receivers: dict[Receiver, int] = {}
        self._mailbox: Mailbox[SoundBlock] | None = None
        self._packets = 0

    @property
    def status(self) -> SoundStatus:
        return SoundStatus(
            offered=self._feed.offered,
            listeners=len(self._receivers),
            packets=self._packets,
            dropped=self._feed.dropped,
            howling=self._guard is not None and self._guard.muted,
        )

    def join(self, receiver: Receiver, delay_ns: int = 0) -> None:
        """Call `receiver` with every packet from now on, each `delay_ns` after it was heard, or as
        soon as it is there."""
        self._receivers[receiver] = delay_ns - delay_ns % GRAIN_NS
        if self._mailbox is None:
            self._mailbox = mailbox = self._feed.take_up()
            self._start_thread(lambda: self._run(mailbox), "sound")

    def leave(self, receiver: Receiver) -> None:
        self._receivers.pop(receiver, None)
        if not self._receivers and self._mailbox is not None:
            self._feed.leave(self._mailbox)
            self._mailbox = None

    def _run(self, mailbox: Mailbox[SoundBlock]) -> None:
        stream = _Stream(self._guard, self._clock)
        while True:
            try:
                packets = stream.after(mailbox.get(SILENT_S))
            except Closed:
                return
            if packets:
                try:
                    self._loop.call_soon_threadsafe(self._deliver, tuple(packets), mailbox)
                except RuntimeError:  # the loop has ended before us
                    return

    def _deliver(self, packets: tuple[EncodedSound, ...], mailbox: Mailbox[SoundBlock]) -> None:
        if mailbox is not self._mailbox:
            return
        self._packets += len(packets)
        now_ns, now_s = self._clock(), self._loop.time()
        for delay_ns in set(self._receivers.values()):
            for packet in packets:
                wait_s = (packet.pts_ns + max(delay_ns, EVEN_NS) - now_ns) / 1e9
                # Also when that is past: only timers keep the order with those that still wait.
                self._loop.call_at(now_s + wait_s, self._hand_out, packet, delay_ns)

    def _hand_out(self, packet: EncodedSound, delay_ns: int) -> None:
        for receiver, delay in list(self._receivers.items()):
            if delay == delay_ns:
                receiver(packet)


class _Stream:
    """One run of the encoder, in its thread."""

    def __init__(self, guard: HowlGuard | None, clock: Clock) -> None:
        self._encoder = OpusEncoder()
        self._guard = guard
        self._clock = clock
        self._late_ns: int | None = None

    def after(self, block: SoundBlock | None) -> list[EncodedSound]:
        """The packets that are full after this block, or after SILENT_S without one."""
        now_ns = self._clock()
        if block is not None:
            self._late_ns = now_ns - block.end_ns
            if self._guard is not None:
                block = self._guard.passed(block)
            return self._encoder.encode(block.samples, block.pts_ns)
        late_ns = 0 if self._late_ns is None else self._late_ns
        return self._encoder.silence_until(now_ns - late_ns - PATIENCE_NS)
