"""What a microphone or a source was heard saying, for whoever encodes it."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Condition
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.mailbox import Mailbox

RATE_HZ = 48_000
CHANNELS = 2
DEPTH = 100
"""Blocks that may wait for a taker: one or two seconds of sound."""

Samples: TypeAlias = npt.NDArray[np.int16]


def samples_to_ns(count: int) -> int:
    """How long so many samples last."""
    return count * 1_000_000_000 // RATE_HZ


@dataclass(frozen=True, slots=True, eq=False)
class SoundBlock:
    """`samples` int16 (n, 2) at 48 kHz; `pts_ns`: when the first was heard, monotonic clock."""

    samples: Samples
    pts_ns: int

    @property
    def end_ns(self) -> int:
        return self.pts_ns + samples_to_ns(len(self.samples))


class SoundFeed:
    """Hands each block to everybody who took it up; for a slow one the oldest are dropped.

    Every method may be called from any thread; only `wait_wanted` blocks. One producer puts, and
    only while `wanted`: nothing is decoded, recorded or resampled for nobody. `offered`: the
    producer says whether there is any sound to be had, and `trouble` is its sentence for the user
    while there should be and is not. `acoustic`: it comes from a microphone, so
    a viewer's loudspeaker may be heard in it.
    """

    def __init__(self, acoustic: bool = False) -> None:
        self.acoustic = acoustic
        self.offered = False
        self.trouble: str | None = None
        self._changed = Condition()
        self._takers: set[Mailbox[SoundBlock]] = set()
        self._dropped = 0
        self._ended = False

    @property
    def wanted(self) -> bool:
        """Whether anybody takes it now."""
        return bool(self._takers)

    @property
    def dropped(self) -> int:
        """Blocks that a taker was too slow for, of all takers."""
        with self._changed:
            return self._dropped + sum(taker.dropped for taker in self._takers)

    def wait_wanted(self, wanted: bool, timeout_s: float | None = None) -> bool:
        """Whether `wanted` became so within the time; also returns when the feed ends."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self.wanted is wanted, timeout_s)
            return self.wanted is wanted and not self._ended

    def put(self, block: SoundBlock) -> None:
        with self._changed:
            takers = list(self._takers)
        for taker in takers:
            taker.put(block)

    def take_up(self) -> Mailbox[SoundBlock]:
        """A mailbox that gets every block from now on; closed already when the feed has ended."""
        mailbox: Mailbox[SoundBlock] = Mailbox(DEPTH)
        with self._changed:
            if self._ended:
                mailbox.close()
            else:
                self._takers.add(mailbox)
                self._changed.notify_all()
        return mailbox

    def leave(self, mailbox: Mailbox[SoundBlock]) -> None:
        """Close a mailbox that was taken up: whoever reads it gets Closed."""
        with self._changed:
            if mailbox in self._takers:
                self._takers.remove(mailbox)
                self._dropped += mailbox.dropped
                self._changed.notify_all()
        mailbox.close()

    def end(self) -> None:
        """No sound will come any more: closes every mailbox."""
        with self._changed:
            takers, self._takers = list(self._takers), set()
            self._ended = True
            self._dropped += sum(taker.dropped for taker in takers)
            self._changed.notify_all()
        for taker in takers:
            taker.close()
