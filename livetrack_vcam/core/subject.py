"""Which tracks are the subject now: one, a group, the ball, or the one the user locked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from livetrack_vcam.core.config import SubjectKind, SubjectPolicy
from livetrack_vcam.core.detection import SPORTS_BALL, Track
from livetrack_vcam.core.geometry import Box, Size, intersection_area
from livetrack_vcam.core.merit import eligible, merit, size_of
from livetrack_vcam.core.sightings import Sightings

TAKEOVER_S = 1.0
"""Another track may become the subject only when the present one is unseen for longer …"""
TAKEOVER_LOOKS = 5
"""… and was missed so often in a row: a slow detector misses somebody twice in a second."""
FORGIVEN_LOOKS = 2.5
HIDDEN_S = 3.0
"""The same for a subject behind somebody else: it is known why nobody sees it."""
HIDDEN = 0.5
"""Share of the subject's box that another covers from which it counts as hidden."""
SMALLER, RETURN_S = 0.5, 4.0
"""Somebody less than half as large is background: they take over only when the subject, who may
be known again for four seconds, is not coming back."""
DWELL_S = 1.5
"""A challenger of the policies largest and center must lead for so long, and a new subject stays
so long before anybody else can be it."""
LEAD = 1.3
"""How much better than the subject a challenger must be."""
CHANGE_OF_MIND_S = 60.0
"""Somebody who is better, not lost, makes way at most once a minute: two people of one size who
stand up and sit down in turn must not make the picture hunt."""
PASSING = 0.8
"""Own widths a second from which somebody is only passing by, and no challenger."""
SIGHTINGS = 2
SETTLE_S = 0.2
"""So long the first choice among several waits, that nobody is chosen for being found first."""
SURE_SCORE = 0.8
"""A track must have been seen this often, or with this score, before it may become the subject."""
GROUP_LEAVE_S = 1.0
GROUP_JOIN_S = 5.0
"""Who passes by joins a group after so long; who stands there after DWELL_S; its first, at once."""
NEAR, PACE = 0.15, 0.2
"""A newcomer who is within so many frame widths of a lost subject's place, and so many more a
second, is taken for the subject under another number."""
SAME_SIZE = 0.35
MERIT_TAU_S = 0.7


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
        self._group_ns: int | None = None
        self._sightings = Sightings()
        self._merits: dict[int, float] = {}
        self._updated_ns: int | None = None
        self._challenge: _Challenge | None = None
        self._changed_mind_ns: int | None = None

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
        self._challenge = self._changed_mind_ns = self._group_ns = None
        self._merits.clear()

    def lock(self, track_id: int, now: int) -> None:
        self._locked = track_id
        self._become((track_id,), now)

    def release(self) -> None:
        """End the lock; whoever is the subject stays it until the policy finds a reason."""
        self._locked = None
        if self._policy.kind is SubjectKind.TRACK:
            self._policy = SubjectPolicy()
        self._challenge = None

    def update(self, tracks: Sequence[Track], now: int) -> tuple[int, ...]:
        self._sightings.take(tracks, now, self.locked)
        if self.locked is not None:
            if self._sightings.knows(self.locked):
                self._become((self.locked,), now)
            return self._subject
        known = eligible(tracks, self._policy)
        fit = [
            t
            for t in known
            if self._sightings.count(t.track_id) >= SIGHTINGS or t.score >= SURE_SCORE
        ]
        self._weigh(fit, now)
        if self._policy.kind is SubjectKind.GROUP:
            self._update_group(fit, now)
        elif fit:
            self._update_single(fit, now, alone=len(known) == 1)
        return self._subject

    def _weigh(self, fit: Sequence[Track], now: int) -> None:
        """Everybody's merit, smoothed: a gesture makes nobody the best."""
        elapsed = 0.0 if self._updated_ns is None else (now - self._updated_ns) / 1e9
        self._updated_ns = now
        keep = math.exp(-max(elapsed, 0.0) / MERIT_TAU_S)
        fresh = {t.track_id: merit(t, self._policy, self._frame) for t in fit}
        self._merits = {i: m + keep * (self._merits.get(i, m) - m) for i, m in fresh.items()}

    def _update_single(self, fit: Sequence[Track], now: int, alone: bool) -> None:
        here = [t for t in fit if self._is_here(t.track_id, now)]
        best = max(here, key=self._rank, default=None)
        if best is None:
            return
        if not self._subject:
            if alone or self._is_settled(here, now):
                self._become((best.track_id,), now)
        elif self._is_wanted_ball(best):
            self._become((best.track_id,), now)
        elif self._unseen_s(now) > TAKEOVER_S:
            heir = max(
                (t for t in here if self._may_take_over(t, now)),
                key=lambda t: (self._is_heir(t, now), *self._rank(t)),
                default=None,
            )
            if heir is not None:
                self._become((heir.track_id,), now)
        elif self._policy.kind in (SubjectKind.LARGEST, SubjectKind.CENTER):
            self._hear_challenge(best, now)

    def _is_settled(self, here: Sequence[Track], now: int) -> bool:
        """Whether the first choice can be made: of several, not the first that a look found."""
        return max(self._sightings.present_s(t.track_id, now) for t in here) >= SETTLE_S

    def _rank(self, track: Track) -> tuple[float, int]:
        return self._merits[track.track_id], -track.track_id

    def _unseen_s(self, now: int) -> float:
        return self._sightings.unseen_s(self._subject[0], now)

    def _is_here(self, track_id: int, now: int) -> bool:
        """Whether it was seen lately, for how often it is looked at; one miss is forgiven."""
        usual = FORGIVEN_LOOKS * self._sightings.interval_s(track_id)
        return self._sightings.unseen_s(track_id, now) < max(TAKEOVER_S / 2, usual)

    def _is_wanted_ball(self, best: Track) -> bool:
        """Whether a ball is there while somebody else stands in for it."""
        if self._policy.kind is not SubjectKind.BALL or best.label != SPORTS_BALL:
            return False
        present = self._sightings.last(self._subject[0])
        return present is None or present.label != SPORTS_BALL

    def _may_take_over(self, track: Track, now: int) -> bool:
        """Whether the subject is lost for long enough to make way for this one."""
        if track.track_id in self._subject or now - self._since_ns < DWELL_S * 1e9:
            return False
        subject = self._subject[0]
        lost = self._sightings.last(subject)
        patience = max(TAKEOVER_S, self._looks_s(subject))
        if lost is not None:
            if lost.label == SPORTS_BALL != track.label:
                rested = now - self._since_ns >= CHANGE_OF_MIND_S * 1e9
                patience = RETURN_S if rested else math.inf
            elif size_of(track) < SMALLER * size_of(lost):
                patience = max(patience, RETURN_S)
            elif self._is_hidden(lost, now):
                patience = max(patience, HIDDEN_S)
        return self._unseen_s(now) > patience

    def _looks_s(self, track_id: int) -> float:
        """How long somebody may be missed by chance."""
        return TAKEOVER_LOOKS * self._sightings.interval_s(track_id)

    def _is_hidden(self, lost: Track, now: int) -> bool:
        """Whether somebody who was there before stands in front of where the subject was last."""
        return any(
            other.track_id != lost.track_id
            and other.label == lost.label
            and self._is_here(other.track_id, now)
            and self._sightings.present_s(other.track_id, now) > self._unseen_s(now)
            and _covered(lost.box, other.box) >= HIDDEN
            for other in self._sightings.all_last()
        )

    def _is_heir(self, track: Track, now: int) -> bool:
        """Whether it is probably the subject itself, found again under another number."""
        lost = self._sightings.last(self._subject[0])
        if lost is None or self._sightings.present_s(track.track_id, now) >= self._unseen_s(now):
            return False
        distance = math.hypot(
            track.box.center.x - lost.box.center.x, track.box.center.y - lost.box.center.y
        )
        growth = abs(math.log(max(size_of(track), 1e-9) / max(size_of(lost), 1e-9)))
        reach = (NEAR + PACE * self._unseen_s(now)) * self._frame.width
        return distance <= reach and growth <= SAME_SIZE

    def _hear_challenge(self, best: Track, now: int) -> None:
        """Let a clearly better track take over after it has led for DWELL_S."""
        present = self._merits.get(self._subject[0], math.inf)
        settled = self._changed_mind_ns is None or (
            now - self._changed_mind_ns >= CHANGE_OF_MIND_S * 1e9
        )
        ahead = self._merits[best.track_id] > LEAD * present and not _passes_by(best)
        if best.track_id in self._subject or not ahead:
            self._challenge = None
        elif self._challenge is None or self._challenge.track_id != best.track_id:
            self._challenge = _Challenge(best.track_id, now)
        elif settled and min(now - self._challenge.since_ns, now - self._since_ns) >= DWELL_S * 1e9:
            self._become((best.track_id,), now)
            self._changed_mind_ns = now

    def _update_group(self, fit: Sequence[Track], now: int) -> None:
        """Everybody, largest first; members leave when unseen for GROUP_LEAVE_S."""
        members = [t for t in fit if self._belongs(t, now)]
        if members:
            members.sort(key=lambda t: (-self._merits[t.track_id], t.track_id))
            ids = tuple(t.track_id for t in members)
            if set(ids) != set(self._subject):
                self._become(ids, now)

    def _belongs(self, track: Track, now: int) -> bool:
        patience = max(GROUP_LEAVE_S, self._looks_s(track.track_id))
        if self._sightings.unseen_s(track.track_id, now) > patience:
            return False
        if track.track_id in self._subject or self._group_ns is None:
            return True
        needed = GROUP_JOIN_S if _passes_by(track) else DWELL_S
        forms = now - self._group_ns < DWELL_S * 1e9
        return forms or self._sightings.present_s(track.track_id, now) >= needed

    def _become(self, subject: tuple[int, ...], now: int) -> None:
        if subject != self._subject:
            if not self._subject:
                self._group_ns = now
            self._subject = subject
            self._since_ns = now
            self._challenge = None


def _covered(box: Box, by: Box) -> float:
    return intersection_area(box, by) / box.area if box.area > 0 else 0.0


def _passes_by(track: Track) -> bool:
    return abs(track.velocity.x) > PASSING * track.box.width
