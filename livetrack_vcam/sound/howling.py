"""Tells a loudspeaker that is fed back into the microphone from everything else, and mutes it.

Around the loop of microphone, network, loudspeaker and room each pass amplifies one frequency
most. So that frequency alone grows, by as many decibels each second as in the one before; voices
and instruments bring overtones with them and soon change or fade.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from livetrack_vcam.sound.feed import RATE_HZ, Samples, SoundBlock

log = logging.getLogger(__name__)

WINDOW = 4096
"""Samples, 85 ms; a bin is 11.7 Hz wide."""
LOWEST_HZ, HIGHEST_HZ = 100, 12_000
NEIGHBORS = 4
"""Bins on either side that a pure tone spills into under a Hann window, drifting a little."""
TONAL_DB = 20.0
"""By so much the tone stands over any other frequency; most instruments have louder overtones."""
LOUD_DB = -40.0
"""Full scale is 0. What is softer nobody complains of."""
FULL_DB = -6.0
"""It cannot grow any more; nothing else stays there for the longer span, in whatever company."""
SPANS = 12, 24
"""Windows, one or two seconds, over which it has to grow"""
RISE_DB = 8.0
"""by this much in all, and"""
DIP_DB = 3.0
"""never fall by more from one window to the next, if of each"""
PASS = 5
"""windows the loudest counts: what goes around within .4 s ebbs and flows."""
PURE = 0.8
"""Of the windows hold hardly anything but the tone,"""
SPREAD = 4
"""which stays within so many bins: several of the loop's own tones are as strong."""
FIRST_REST_S, LONGEST_REST_S = 10.0, 160.0
"""Muted for so long, doubled each time it comes back at once."""


@dataclass(frozen=True, slots=True)
class Peak:
    """The strongest frequency of one window; `tonal`: nothing else comes near it."""

    bin: int
    level_db: float
    tonal: bool


class HowlDetector:
    """Fed with mono samples of -1 to 1, says when an acoustic loop is building up."""

    def __init__(self) -> None:
        self._waiting: npt.NDArray[np.float32] = np.zeros(0, np.float32)
        self._peaks: deque[Peak] = deque(maxlen=SPANS[-1])

    def hears(self, samples: npt.NDArray[np.float32]) -> bool:
        """Whether it howls, at any window that these `samples` complete."""
        self._waiting = np.concatenate((self._waiting, samples))
        found = False
        while len(self._waiting) >= WINDOW:
            self._peaks.append(strongest(self._waiting[:WINDOW]))
            self._waiting = self._waiting[WINDOW:]
            found = found or self._builds_up()
        return found

    def forget(self) -> None:
        self._peaks.clear()

    def _builds_up(self) -> bool:
        peaks = list(self._peaks)
        return _is_at_the_limit(peaks) or any(
            len(peaks) >= span and _grow(peaks[-span:]) for span in SPANS
        )


def _is_at_the_limit(peaks: list[Peak]) -> bool:
    """Limited, it has overtones, too."""
    loud = len(peaks) == SPANS[-1] and min(peak.level_db for peak in peaks) >= FULL_DB
    return loud and _is_one_tone(peaks)


def _is_one_tone(peaks: list[Peak]) -> bool:
    bins = [peak.bin for peak in peaks]
    return max(bins) - min(bins) <= SPREAD


def _grow(peaks: list[Peak]) -> bool:
    pure = [peak for peak in peaks if peak.tonal]
    if len(pure) < PURE * len(peaks) or not _is_one_tone(pure):
        return False
    levels = [peak.level_db for peak in peaks]
    crests = [max(levels[at : at + PASS]) for at in range(len(levels) - PASS + 1)]
    if crests[-1] < LOUD_DB:
        return False
    # At the limit the level only trembles.
    steady = all(after - before > -DIP_DB or after > FULL_DB for before, after in pairwise(crests))
    return steady and crests[-1] - crests[0] >= RISE_DB


def strongest(samples: npt.NDArray[np.float32]) -> Peak:
    """The peak of the spectrum of WINDOW samples; a full-scale sine is at 0 dB."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(WINDOW))) * (4 / WINDOW)
    low, high = (round(hz * WINDOW / RATE_HZ) for hz in (LOWEST_HZ, HIGHEST_HZ))
    at = low + int(np.argmax(spectrum[low:high]))
    rest = np.concatenate(
        (spectrum[low : max(low, at - NEIGHBORS)], spectrum[at + NEIGHBORS + 1 :])
    )
    other = float(rest.max()) if len(rest) else 0.0
    level, other_db = _db(float(spectrum[at])), _db(other)
    return Peak(at, level, level - other_db >= TONAL_DB)


def _db(amplitude: float) -> float:
    return 20 * float(np.log10(max(amplitude, 1e-6)))


class HowlGuard:
    """Passes sound on and mutes it for a while when it howls. One thread calls `passed`."""

    def __init__(self) -> None:
        self._detector = HowlDetector()
        self._muted_until_ns: int | None = None
        self._rest_s = FIRST_REST_S
        self.muted = False

    def passed(self, block: SoundBlock) -> SoundBlock:
        """The block itself, or as much silence."""
        if self.muted:
            return self._rest(block)
        if not self._detector.hears(block.samples.mean(axis=1, dtype=np.float32) / 32768):
            return block
        self._mute(block)
        return _faded(block)

    def _mute(self, block: SoundBlock) -> None:
        again = (
            self._muted_until_ns is not None
            and block.pts_ns - self._muted_until_ns < self._rest_s * 1e9
        )
        self._rest_s = min(2 * self._rest_s, LONGEST_REST_S) if again else FIRST_REST_S
        self._muted_until_ns = block.pts_ns + int(self._rest_s * 1e9)
        self.muted = True
        log.warning(
            "the sound howls: somebody listens in the room of the microphone. It is muted for "
            "%.0f s; mute that listener, or let them wear headphones",
            self._rest_s,
        )

    def _rest(self, block: SoundBlock) -> SoundBlock:
        if self._muted_until_ns is not None and block.pts_ns >= self._muted_until_ns:
            self.muted = False
            self._detector.forget()
            log.info("the sound is on again")
        return SoundBlock(np.zeros_like(block.samples), block.pts_ns)


def _faded(block: SoundBlock) -> SoundBlock:
    """From what it is to silence."""
    fall = np.linspace(1, 0, len(block.samples))[:, None]
    samples: Samples = np.rint(block.samples * fall).astype(np.int16)
    return SoundBlock(samples, block.pts_ns)
