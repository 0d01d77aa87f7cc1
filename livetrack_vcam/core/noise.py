"""How noisy measurements really are, told from the measurements themselves."""

from __future__ import annotations

from collections import deque

MEMORY = 20
"""Measurements looked back on."""
PRIOR = 4
"""The variance assumed at first weighs as much as so many bends."""
MEDIAN_OF_SQUARES = 0.455
"""Median of chi-squared with one degree of freedom."""
LEAST_SHARE = 1 / 20
"""Share of the assumed variance below which nobody is believed: noise is never quite white."""


class NoiseMeter:
    """Measures noise by how much three measurements in a row bend away from a line.

    The median over the last MEMORY of them: a turn now and then does not raise it.
    """

    def __init__(self) -> None:
        self._recent: deque[tuple[int, float]] = deque(maxlen=2)
        self._bends: deque[float] = deque(maxlen=MEMORY)

    def variance(self, position: float, assumed: float, pts_ns: int) -> float:
        """Take a newer measurement; its variance by what was seen so far, `assumed` at most."""
        if len(self._recent) == 2:
            (first_ns, first), (middle_ns, middle) = self._recent
            share = (pts_ns - middle_ns) / (pts_ns - first_ns)
            off = middle - (first * share + position * (1 - share))
            self._bends.append(off * off / (1 + share**2 + (1 - share) ** 2))
        self._recent.append((pts_ns, position))
        known = sorted([assumed * MEDIAN_OF_SQUARES] * PRIOR + list(self._bends))
        typical = known[len(known) // 2] / MEDIAN_OF_SQUARES
        return min(assumed, max(typical, assumed * LEAST_SHARE))
