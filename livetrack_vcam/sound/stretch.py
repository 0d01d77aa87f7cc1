"""Plays samples a hair faster or slower, so that a sound card's clock may follow another."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.sound.feed import CHANNELS, Samples

MAX_SHIFT = 200e-6
"""Of the pace: three thousandths of a semitone, twice what quartz is ever wrong by."""
HALF = 16
"""Samples on either side that one between them is made of: flat to 20 kHz within .1 dB."""
STEP = 480
"""Samples in which the kernel glides from one fraction to the next, at most .1 apart."""

Kernel: TypeAlias = npt.NDArray[np.float64]


class Stretcher:
    """Reads what was put at a pace of 1 + `shift`; bit for bit what it was while that is 0.

    Holds back the last HALF samples. Reading between two samples is a windowed sinc; within one
    step the result is blended from the kernels of its beginning and its end.
    """

    def __init__(self) -> None:
        self._held: Samples = np.zeros((HALF, CHANNELS), np.int16)
        self._at = float(HALF)

    @property
    def pending(self) -> float:
        """Samples that were put and not read yet."""
        return len(self._held) - self._at

    def put(self, samples: Samples, shift: float = 0.0) -> Samples:
        """Everything that can be read now. `shift` is held to ±MAX_SHIFT."""
        pace = 1 + min(max(shift, -MAX_SHIFT), MAX_SHIFT)
        self._held = np.concatenate((self._held, samples))
        read = []
        while (count := min(int((self.pending - HALF) / pace), STEP)) > 0:
            read.append(self._read(count, pace))
            self._at += count * pace
        self._forget()
        return np.concatenate(read) if read else np.zeros((0, CHANNELS), np.int16)

    def _read(self, count: int, pace: float) -> Samples:
        first = int(self._at)
        start = self._at - first
        end = start + count * (pace - 1)
        if start == 0.0 and end == 0.0:
            return self._held[first : first + count]
        near = self._held[first - HALF + 1 : first + count + HALF].astype(np.float64)
        blend = np.linspace(0.0, 1.0, count, endpoint=False)[:, None]
        mixed = (1 - blend) * _convolved(near, start) + blend * _convolved(near, end)
        return np.clip(np.rint(mixed), -32768, 32767).astype(np.int16)

    def _forget(self) -> None:
        """Drop what no kernel reaches any more."""
        past = int(self._at) - HALF
        if past > 0:
            self._held = self._held[past:].copy()
            self._at -= past


def _convolved(near: npt.NDArray[np.float64], fraction: float) -> npt.NDArray[np.float64]:
    kernel = _kernel(fraction)
    return np.stack([np.correlate(near[:, c], kernel, "valid") for c in range(CHANNELS)], axis=1)


def _kernel(fraction: float) -> Kernel:
    """Weights of the samples from HALF - 1 before to HALF after, for a point `fraction` past 0."""
    distance = np.arange(1 - HALF, HALF + 1) - fraction
    window = np.cos(np.pi * np.clip(distance / (HALF + 1), -1, 1) / 2) ** 2
    kernel: Kernel = np.sinc(distance) * window
    kernel /= kernel.sum()
    return kernel
