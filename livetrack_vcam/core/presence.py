"""Is the subject there, and if not, since when: the loss state machine."""

from __future__ import annotations

from enum import Enum

COAST_AFTER_S = 0.25
"""Unseen for so long counts as missing; a detector may miss somebody once."""
PREDICT_S = 0.9
HOLD_S = 1.5
"""After PREDICT_S of prediction the picture holds so long before it does what `when_lost` says."""
SILENT_INTERVALS = 4.0


class State(Enum):
    """What the crop is doing, as the trace names it.

    HOLD: the subject is seen and the picture rests. FOLLOW: the picture moves with the subject.
    COAST: the subject is unseen and its motion is predicted. LOST: the picture rests and waits.
    WIDEN: on the way to the framing for an empty picture. WIDE: there, or nobody was ever seen.
    PAUSED: the user stopped the picture.
    """

    HOLD = "hold"
    FOLLOW = "follow"
    COAST = "coast"
    LOST = "lost"
    WIDEN = "widen"
    WIDE = "wide"
    PAUSED = "paused"


class Phase(Enum):
    """How long the subject has been out of sight."""

    NEVER = "never"
    SEEN = "seen"
    COAST = "coast"
    LOST = "lost"
    GONE = "gone"


class Presence:
    """Knows when the subject was last seen and how often anybody looks."""

    def __init__(self) -> None:
        self._seen_ns: int | None = None
        self._looked_ns: int | None = None
        self._interval_s = 0.1

    def looked(self, pts_ns: int, seen_ns: int | None) -> float:
        """An observation at `pts_ns`; `seen_ns` is the subject's last sighting, None: no subject.

        Returns the seconds since the observation before it (0 for the first).
        """
        elapsed = 0.0
        if self._looked_ns is not None:
            elapsed = max(0.0, (pts_ns - self._looked_ns) / 1e9)
            self._interval_s += 0.2 * (min(elapsed, 1.0) - self._interval_s)
        self._looked_ns = pts_ns
        if seen_ns is not None:
            self._seen_ns = seen_ns
        return elapsed

    def turn_to(self, seen_ns: int) -> None:
        """Another subject, last seen at `seen_ns`."""
        self._seen_ns = seen_ns

    def phase(self, pts_ns: int, hold_s: float = HOLD_S) -> Phase:
        """The phase at the time of a frame. A silent detector counts as a missing subject too."""
        if self._seen_ns is None or self._looked_ns is None:
            return Phase.NEVER
        unseen_s = (pts_ns - self._seen_ns) / 1e9
        overlooked = self._looked_ns > self._seen_ns
        silent = unseen_s > max(0.6, SILENT_INTERVALS * self._interval_s)
        if not (overlooked or silent) or unseen_s <= COAST_AFTER_S:
            return Phase.SEEN
        if unseen_s <= PREDICT_S:
            return Phase.COAST
        return Phase.LOST if unseen_s <= PREDICT_S + hold_s else Phase.GONE
