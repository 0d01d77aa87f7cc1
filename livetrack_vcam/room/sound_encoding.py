"""The sound of a room: encoded once, in a thread that lives while somebody listens.

That it is heard when its picture is seen is the browser's work, and takes four things. Both are
tracks of one stream, which msid and CNAME say (a test of the peer's answer holds aiortc to it).
The sender reports of both tell the moment of capture, on one clock (RFC 3550, 6.4.1). The extension
playout-delay allows the picture to wait, which 0 to 0 forbids: see Viewer. And both leave at about
the same time: what is shown late on purpose is sent late here, too.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TypeAlias

from livetrack_vcam.mailbox import Closed, Mailbox
from livetrack_vcam.sound import SoundBlock, SoundFeed
from livetrack_vcam.sound.howling import HowlGuard
from livetrack_vcam.sound.status import SoundStatus
from livetrack_vcam.stats import Clock
from livetrack_vcam.webrtc.encoded import EncodedSound
from livetrack_vcam.webrtc.opus import OpusEncoder

log = logging.getLogger(__name__)

TICK_S = 0.02
"""Silence is sent as evenly as sound: browsers hold back what comes in bursts, and go on to."""
GRAIN_NS = 20_000_000
"""A delay that differs by less from what it was is the same: cameras are not that regular."""
EVEN_NS = 25_000_000
"""Sound of a file comes in bursts, some of it early: no packet leaves before its last sample was
heard. Browsers hold sound back by as much as it comes unevenly."""
PATIENCE_NS = 60_000_000
"""By how much blocks may come later than the last one did before their place is given away."""

MOST_AHEAD_NS, MOST_BEHIND_NS = 2_000_000_000, 30_000_000_000
"""Blocks further from now are of a stream whose times have jumped: left out until its picture has
jumped, too. Taken at their word they would be hours of silence, or hours of waiting."""

Receiver: TypeAlias = Callable[[EncodedSound], None]
Delay: TypeAlias = Callable[[], int]
StartThread: TypeAlias = Callable[[Callable[[], None], str], None]


def no_delay() -> int:
    return 0


class SoundEncoding:
    """Opus packets of a feed for any number of receivers.

    `join`, `leave` and the receivers belong to the loop's thread. The timestamps are moments of
    capture, as those of the pictures are. Whose picture is shown late (look-ahead) joins with
    that delay, so that the sound is sent as late and no browser need hold it back. With `guard`
    off nothing is ever muted.
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
        self._loop_ahead_s = loop.time() - clock() / 1e9
        self._receivers: dict[Receiver, Delay] = {}
        self._lags: dict[Delay, _Lag] = {}
        self._mailbox: Mailbox[SoundBlock] | None = None
        self._packets = 0

    @property
    def status(self) -> SoundStatus:
        return SoundStatus(
            offered=self._feed.offered,
            trouble=self._feed.trouble,
            listeners=len(self._receivers),
            packets=self._packets,
            dropped=self._feed.dropped,
            howling=self._guard is not None and self._guard.muted,
        )

    def join(self, receiver: Receiver, delay_ns: Delay = no_delay) -> None:
        """Call `receiver` with every packet from now on, each `delay_ns()` after it was heard, or
        as soon as it is there. Who shares a delay shares the function, too."""
        self._receivers[receiver] = delay_ns
        self._lags.setdefault(delay_ns, _Lag(delay_ns))
        if self._mailbox is None:
            self._mailbox = mailbox = self._feed.take_up()
            self._start_thread(lambda: self._run(mailbox), "sound")

    def leave(self, receiver: Receiver) -> None:
        delay_ns = self._receivers.pop(receiver, None)
        if delay_ns is not None and delay_ns not in self._receivers.values():
            del self._lags[delay_ns]
        if not self._receivers and self._mailbox is not None:
            self._feed.leave(self._mailbox)
            self._mailbox = None

    def _run(self, mailbox: Mailbox[SoundBlock]) -> None:
        stream = _Stream(self._guard, self._clock)
        while True:
            try:
                packets = stream.after(mailbox.get(TICK_S))
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
        for delay_ns, lag in self._lags.items():
            for packet in packets:
                # Also when that is past: only timers keep the order with those that still wait.
                due_s = self._loop_ahead_s + lag.due_ns(packet.pts_ns) / 1e9
                self._loop.call_at(due_s, self._hand_out, packet, delay_ns)

    def _hand_out(self, packet: EncodedSound, delay_ns: Delay) -> None:
        for receiver, delay in list(self._receivers.items()):
            if delay == delay_ns:
                receiver(packet)


class _Lag:
    """When packets are due for all who share a delay; none before the one that it follows."""

    def __init__(self, delay_ns: Delay) -> None:
        self._delay_ns = delay_ns
        self._used_ns = 0
        self._last_ns = 0

    def due_ns(self, pts_ns: int) -> int:
        delay_ns = self._delay_ns()
        if abs(delay_ns - self._used_ns) >= GRAIN_NS:
            self._used_ns = delay_ns
        due_ns = pts_ns + max(self._used_ns, EVEN_NS)
        # Timers of one moment come in any order.
        self._last_ns = max(self._last_ns + 1000, due_ns)
        return self._last_ns


class _Stream:
    """One run of the encoder, in its thread."""

    def __init__(self, guard: HowlGuard | None, clock: Clock) -> None:
        self._encoder = OpusEncoder()
        self._guard = guard
        self._clock = clock
        self._late_ns: int | None = None

    def after(self, block: SoundBlock | None) -> list[EncodedSound]:
        """The packets that are full after this block, or after TICK_S without one."""
        now_ns = self._clock()
        if block is not None and -MOST_AHEAD_NS <= now_ns - block.end_ns <= MOST_BEHIND_NS:
            self._late_ns = now_ns - block.end_ns
            if self._guard is not None:
                block = self._guard.passed(block)
            return self._encoder.encode(block.samples, block.pts_ns)
        if self._late_ns is None:
            return []
        return self._encoder.silence_until(now_ns - self._late_ns - PATIENCE_NS)
