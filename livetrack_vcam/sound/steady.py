"""From stamped blocks of sound to one that never stops, on the monotonic clock."""

from __future__ import annotations

import numpy as np

from livetrack_vcam.sound.feed import CHANNELS, RATE_HZ, Samples, SoundBlock, samples_to_ns
from livetrack_vcam.sound.stretch import Stretcher

GAP_NS = 40_000_000
"""A block further from its place than this is put there; the ear notices no smaller shift."""
QUIET_NS = 1_000_000
"""Closer than this nothing is done: most stamps are rounded, some to a millisecond."""
SMOOTHING_S = 5.0
CORRECTION_S = 20.0
"""Both together settle without overshoot, and 100 ppm of drift leave 3 ms."""
BLEND = 120
"""Samples, 2.5 ms, in which one piece becomes another: a bare edge is a click."""


class SteadySound:
    """Unbroken sound at exactly 48 kHz of the clock that the blocks are stamped with.

    A clock that runs faster or slower than that one is followed by stretching, gaps are filled
    with silence, and what comes twice is left out once. Nothing is changed while blocks follow
    each other within QUIET_NS.
    """

    def __init__(self) -> None:
        self._stretcher = Stretcher()
        self._start_ns: int | None = None
        self._given = 0
        self._late_ns = 0.0
        self._broken = False
        self._last: Samples = np.zeros(CHANNELS, np.int16)

    @property
    def end_ns(self) -> int | None:
        """Where the next block is expected to begin; None before the first."""
        if self._start_ns is None:
            return None
        return self._start_ns + round((self._given + self._stretcher.pending) * 1e9 / RATE_HZ)

    def put(self, block: SoundBlock) -> SoundBlock:
        """What follows what was given before; may be empty."""
        if self._start_ns is None:
            self._start_ns = block.pts_ns
        error_ns = block.pts_ns - (self.end_ns or 0)
        samples = block.samples
        if self._broken or abs(error_ns) > GAP_NS:
            samples = self._fitted(samples, round(error_ns * RATE_HZ / 1e9))
        else:
            share = min(1.0, len(samples) / (SMOOTHING_S * RATE_HZ))
            self._late_ns += (error_ns - self._late_ns) * share
        return self._give(samples)

    def silence_until(self, pts_ns: int) -> SoundBlock:
        """Nothing was heard until then; may be empty."""
        if self._start_ns is None:
            self._start_ns = pts_ns
        missing = (pts_ns - (self.end_ns or 0)) * RATE_HZ // 1_000_000_000
        if missing > 0:
            self._broken = True
        return self._give(self._joined(_silence(max(0, missing))))

    def _fitted(self, samples: Samples, ahead: int) -> Samples:
        """`samples` begin so many samples after the end, or before it."""
        if ahead < 0:
            samples = self._joined(samples[-ahead:])
            if not len(samples):
                return samples
        elif ahead > 0:
            silence = self._joined(_silence(ahead))
            self._last = np.zeros(CHANNELS, np.int16)
            samples = np.concatenate((silence, self._joined(samples)))
        else:
            samples = self._joined(samples)
        self._broken, self._late_ns = False, 0.0
        return samples

    def _joined(self, samples: Samples) -> Samples:
        """The same, coming from the last sample by and by."""
        count = min(BLEND, len(samples))
        weight = (np.arange(1, count + 1) / (BLEND + 1))[:, None]
        start = self._last * (1 - weight) + samples[:count] * weight
        return np.concatenate((np.rint(start).astype(np.int16), samples[count:]))

    def _give(self, samples: Samples) -> SoundBlock:
        pts_ns = (self._start_ns or 0) + samples_to_ns(self._given)
        if len(samples):
            self._last = samples[-1]
        # Late stamps are of a slow clock, whose samples must last longer.
        late_ns = self._late_ns - np.clip(self._late_ns, -QUIET_NS, QUIET_NS)
        given = self._stretcher.put(samples, -late_ns / 1e9 / CORRECTION_S)
        self._given += len(given)
        return SoundBlock(given, pts_ns)


def _silence(count: int) -> Samples:
    return np.zeros((count, CHANNELS), np.int16)
