"""How often and how lately each track was really seen, as far as choosing a subject needs it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence

from livetrack_vcam.core.detection import Track

FIRST_INTERVAL_S = 0.1
REMEMBERED_GAPS = 5
LONGEST_INTERVAL_S = 2.0
FORGET_S = 60.0


class Rhythm:
    """The usual time between two sightings of one thing: the median of the last five.

    A median, because one absence must not pass for a slow detector; three gaps in a row do.
    """

    def __init__(self) -> None:
        self._gaps: deque[float] = deque(maxlen=REMEMBERED_GAPS)
        self.interval_s = FIRST_INTERVAL_S

    def seen_after(self, gap_s: float) -> None:
        self._gaps.append(min(gap_s, LONGEST_INTERVAL_S))
        self.interval_s = sorted(self._gaps)[len(self._gaps) // 2]


class Sightings:
    """Remembers every track for a minute after it was last seen, a kept one for good."""

    def __init__(self) -> None:
        self._seen_ns: dict[int, int] = {}
        self._begun_ns: dict[int, int] = {}
        self._counts: dict[int, int] = {}
        self._rhythms: dict[int, Rhythm] = {}
        self._last: dict[int, Track] = {}

    def take(self, tracks: Sequence[Track], now: int, kept: int | None) -> None:
        """All tracks of an observation at `now`, those too that were not seen in it."""
        for track in tracks:
            known = track.track_id
            self._last[known] = track
            before = self._seen_ns.get(known)
            if before is None:
                self._begun_ns[known] = track.seen_ns
                self._rhythms[known] = Rhythm()
            elif track.seen_ns > before:
                self._rhythms[known].seen_after((track.seen_ns - before) / 1e9)
            else:
                continue
            self._seen_ns[known] = track.seen_ns
            self._counts[known] = self._counts.get(known, 0) + 1
        old = [i for i, seen in self._seen_ns.items() if now - seen > FORGET_S * 1e9 and i != kept]
        for track_id in old:
            for memory in (self._seen_ns, self._begun_ns, self._counts, self._rhythms, self._last):
                del memory[track_id]

    def knows(self, track_id: int) -> bool:
        return track_id in self._seen_ns

    def count(self, track_id: int) -> int:
        return self._counts.get(track_id, 0)

    def unseen_s(self, track_id: int, now: int) -> float:
        seen = self._seen_ns.get(track_id)
        return math.inf if seen is None else (now - seen) / 1e9

    def present_s(self, track_id: int, now: int) -> float:
        """For how long it has been known."""
        begun = self._begun_ns.get(track_id)
        return 0.0 if begun is None else (now - begun) / 1e9

    def interval_s(self, track_id: int) -> float:
        rhythm = self._rhythms.get(track_id)
        return FIRST_INTERVAL_S if rhythm is None else rhythm.interval_s

    def last(self, track_id: int) -> Track | None:
        """The track as it was last known, moved on for as long as the tracker coasted it."""
        return self._last.get(track_id)

    def all_last(self) -> Iterable[Track]:
        return self._last.values()
