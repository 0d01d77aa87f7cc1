"""Is the subject there, and if not, since when: the loss state machine."""

from __future__ import annotations

from enum import Enum

from livetrack_vcam.core.sightings import Rhythm

COAST_AFTER_S = 0.25
"""Unseen for so long counts as missing; a detector may miss somebody once …"""
COAST_AFTER_LOOKS = 2.7
"""… whatever its rate: one look in vain, and the latency of the next."""
PREDICT_S = 0.9
SILENT_S = 0.6
SILENT_INTERVALS = 4.0
FIRST_SILENCE_S = 2.0
"""After the first look of all nobody knows yet how often the detector looks."""


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
    """Knows when the subject was last seen, how often it is, and how often anybody looks."""

    def __init__(self) -> None:
        self._seen_ns: int | None = None
        self._looked_ns: int | None = None
        self._interval_s: float | None = None
        self._rhythm = Rhythm()

    def looked(self, pts_ns: int, seen_ns: int | None) -> float:
        """An observation at `pts_ns`; `seen_ns` is the subject's last sighting, None: no subject.

        Returns the seconds since the observation before it (0 for the first).
        """
        elapsed = 0.0
        if self._looked_ns is not None:
            elapsed = max(0.0, (pts_ns - self._looked_ns) / 1e9)
            before = elapsed if self._interval_s is None else self._interval_s
            self._interval_s = before + 0.2 * (min(elapsed, 1.0) - before)
        self._looked_ns = pts_ns
        if seen_ns is not None:
            if self._seen_ns is not None and seen_ns > self._seen_ns:
                self._rhythm.seen_after((seen_ns - self._seen_ns) / 1e9)
            self._seen_ns = seen_ns
        return elapsed

    def turn_to(self, seen_ns: int) -> None:
        """Another subject, last seen at `seen_ns`."""
        self._seen_ns = seen_ns

    def phase(self, pts_ns: int, predict_s: float, hold_s: float) -> Phase:
        """The phase at the time of a frame, `predict_s` and `hold_s` long before it is GONE.

        A silent detector counts as a missing subject too. Nobody is missing before that can be
        known, however short `predict_s` is.
        """
        if self._seen_ns is None or self._looked_ns is None:
            return Phase.NEVER
        unseen_s = (pts_ns - self._seen_ns) / 1e9
        overlooked = self._looked_ns > self._seen_ns
        silent = unseen_s > self._silence_s()
        missing_s = max(COAST_AFTER_S, COAST_AFTER_LOOKS * self._rhythm.interval_s)
        if not (overlooked or silent) or unseen_s <= missing_s:
            return Phase.SEEN
        lost_s = max(predict_s, COAST_AFTER_S) + missing_s - COAST_AFTER_S
        if unseen_s <= lost_s:
            return Phase.COAST
        return Phase.LOST if unseen_s <= lost_s + hold_s else Phase.GONE

    def _silence_s(self) -> float:
        """How long nobody may look before the detector counts as silent."""
        if self._interval_s is None:
            return FIRST_SILENCE_S
        return max(SILENT_S, SILENT_INTERVALS * self._interval_s)
