"""Which tracks are the subject now: one, a group, the ball, or the one the user locked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from livetrack_vcam.core.config import SubjectKind, SubjectPolicy
from livetrack_vcam.core.detection import PERSON, SPORTS_BALL, Track
from livetrack_vcam.core.geometry import Size

TAKEOVER_S = 1.0
"""Another track may become the subject only when the present one is unseen for longer."""
DWELL_S = 1.5
"""A challenger of the policies largest and center must lead for so long, and a new subject stays
so long before it can be challenged."""
LEAD = 1.3
"""How much better than the subject a challenger must be."""
SIGHTINGS = 2
SURE_SCORE = 0.8
"""A track must have been seen this often, or with this score, before it may become the subject."""
GROUP_LEAVE_S = 1.0


@dataclass(frozen=True, slots=True)
class _Challenge:
    track_id: int
    since_ns: int


class SubjectSelector:
    """Holds on to a subject; never chooses anew from frame to frame.

    `update` is called once an observation, in order of time, and returns the ids of the subject's
    tracks, the most important first; empty when there has been nobody yet. A subject that is out
    of sight stays the subject until somebody may take over.
    """

    def __init__(self, frame: Size, policy: SubjectPolicy) -> None:
        self._frame = frame
        self._policy = policy
        self._locked: int | None = None
        self._subject: tuple[int, ...] = ()
        self._since_ns = 0
        self._seen_ns: dict[int, int] = {}
        self._sightings: dict[int, int] = {}
        self._challenge: _Challenge | None = None

    @property
    def subject(self) -> tuple[int, ...]:
        return self._subject

    @property
    def locked(self) -> int | None:
        """The track the user locked, by command or by the policy track:ID."""
        if self._locked is None and self._policy.kind is SubjectKind.TRACK:
            return self._policy.track_id
        return self._locked

    def set_policy(self, policy: SubjectPolicy) -> None:
        """Follow another policy from the next observation on; an earlier lock ends."""
        self._policy = policy
        self._locked = None
        self._subject = ()
        self._challenge = None

    def lock(self, track_id: int, now: int) -> None:
        self._locked = track_id
        self._become((track_id,), now)

    def release(self, now: int) -> None:
        """End the lock; whoever is the subject stays it until the policy finds a reason."""
        self._locked = None
        if self._policy.kind is SubjectKind.TRACK:
            self._policy = SubjectPolicy()
        self._since_ns = now

    def update(self, tracks: Sequence[Track], now: int) -> tuple[int, ...]:
        self._count(tracks, now)
        if self.locked is not None:
            if self.locked in self._seen_ns:
                self._become((self.locked,), now)
            return self._subject
        fit = [
            t
            for t in self._eligible(tracks)
            if self._sightings[t.track_id] >= SIGHTINGS or t.score >= SURE_SCORE
        ]
        if self._policy.kind is SubjectKind.GROUP:
            self._update_group(fit, now)
        else:
            self._update_single(fit, now)
        return self._subject

    def _count(self, tracks: Sequence[Track], now: int) -> None:
        for track in tracks:
            before = self._seen_ns.get(track.track_id)
            if before is None or track.seen_ns > before:
                self._seen_ns[track.track_id] = track.seen_ns
                count = self._sightings.get(track.track_id, 0) + 1
                self._sightings[track.track_id] = count
        old = [i for i, seen in self._seen_ns.items() if now - seen > 60e9 and i != self._locked]
        for track_id in old:
            del self._seen_ns[track_id], self._sightings[track_id]

    def _eligible(self, tracks: Sequence[Track]) -> list[Track]:
        """Tracks the policy may choose; the ball policy takes people when there is no ball."""
        kind = self._policy.kind
        if kind is SubjectKind.LABEL:
            if self._policy.label == "face":
                return [t for t in tracks if t.face is not None]
            return [t for t in tracks if t.label == self._policy.label]
        if kind is SubjectKind.BALL:
            balls = [t for t in tracks if t.label == SPORTS_BALL]
            if balls:
                return balls
        return [t for t in tracks if t.label == PERSON]

    def _unseen_s(self, track_id: int, now: int) -> float:
        seen = self._seen_ns.get(track_id)
        return math.inf if seen is None else (now - seen) / 1e9

    def _update_single(self, fit: Sequence[Track], now: int) -> None:
        best = max(fit, key=lambda t: (self._merit(t), -t.track_id), default=None)
        if best is None:
            return
        present = next((t for t in fit if t.track_id in self._subject[:1]), None)
        if not self._subject or self._unseen_s(self._subject[0], now) > TAKEOVER_S:
            if self._unseen_s(best.track_id, now) < TAKEOVER_S / 2:
                self._become((best.track_id,), now)
        elif self._policy.kind is SubjectKind.BALL and best.label == SPORTS_BALL:
            if present is None and best.track_id not in self._subject:
                self._become((best.track_id,), now)
        elif self._policy.kind in (SubjectKind.LARGEST, SubjectKind.CENTER):
            self._hear_challenge(best, present, now)

    def _hear_challenge(self, best: Track, present: Track | None, now: int) -> None:
        """Let a clearly better track take over after it has led for DWELL_S."""
        ahead = present is not None and self._merit(best) > LEAD * self._merit(present)
        if not ahead:
            self._challenge = None
        elif self._challenge is None or self._challenge.track_id != best.track_id:
            self._challenge = _Challenge(best.track_id, now)
        elif min(now - self._challenge.since_ns, now - self._since_ns) >= DWELL_S * 1e9:
            self._become((best.track_id,), now)

    def _merit(self, track: Track) -> float:
        """How much the policy wants a track; greater than 0."""
        size = math.sqrt(track.box.area)
        x = abs(track.box.center.x / self._frame.width - 0.5)
        y = abs(track.box.center.y / self._frame.height - 0.5)
        if self._policy.kind is SubjectKind.CENTER:
            return 1 / (0.05 + math.hypot(x, y))
        if self._policy.kind is SubjectKind.AUTO:
            return size * track.score * (1 - x)
        return size

    def _update_group(self, fit: Sequence[Track], now: int) -> None:
        """Everybody, largest first; members leave when unseen for GROUP_LEAVE_S."""
        members = [t for t in fit if self._unseen_s(t.track_id, now) <= GROUP_LEAVE_S]
        if members:
            members.sort(key=lambda t: (-self._merit(t), t.track_id))
            ids = tuple(t.track_id for t in members)
            if set(ids) != set(self._subject):
                self._become(ids, now)

    def _become(self, subject: tuple[int, ...], now: int) -> None:
        if subject != self._subject:
            self._subject = subject
            self._since_ns = now
            self._challenge = None
