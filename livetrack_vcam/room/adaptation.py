"""When a viewer is better served with less: decides, knows no clock and no peer."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from livetrack_vcam.webrtc.terms import WriterStats

BAD_LOSS_PCT = 5.0
# A queue on the way that adds this much is about to overflow, and the picture late already.
BAD_QUEUE_MS = 300.0
DRAINING = 0.95  # of a second ago: what is left of a queue that is getting shorter
BAD_SECONDS = 2
# The receiver's estimate lies at 85 % of what arrives when a queue grows (Google's congestion
# control, draft-ietf-rmcat-gcc-02 section 5.5), so below this the way itself is narrower.
BAD_REMB = 0.8
# It starts at what arrived first and grows by 8 % a second: while it grows, the network is well.
REMB_GROWTH = 1.02
# What was sent before a move is still reported on so long after it.
SETTLE_S = 2
FIRST_QUIET_S = 10
MAX_QUIET_S = 600
# A higher step that was borne for this long counts as right: the next fall is a new matter.
PROVEN_S = 60
BASE_RTT_S = 30


class Move(Enum):
    STAY = "stay"
    DOWN = "down"
    UP = "up"


@dataclass(frozen=True, slots=True)
class LinkReport:
    """One second of a viewer's connection; None where nothing was said in it.

    `backed_up`: how often our own socket was full; `sent_kbps`: what we gave it.
    """

    loss_pct: float | None = None
    rtt_ms: float | None = None
    remb_kbps: float | None = None
    sent_kbps: float = 0.0
    backed_up: int = 0


def report_between(before: WriterStats, now: WriterStats) -> LinkReport:
    """What a second changed. An old report that is still there is not a new one."""
    told = now.reports > before.reports
    return LinkReport(
        loss_pct=now.loss_pct if told else None,
        rtt_ms=now.rtt_ms if told else None,
        remb_kbps=now.remb_kbps,
        sent_kbps=now.kbps,
        backed_up=now.backed_up - before.backed_up,
    )


class Adaptation:
    """Which step of a ladder of bit rates a viewer bears; steps count from 0, the largest.

    Down after BAD_SECONDS seconds in a row with loss, a growing queue or a low estimate of the
    receiver's, and at once when our own socket is full. Up again after a quiet time, which
    doubles with each attempt at that step that failed. Never above `best`, which the viewer picked.
    """

    def __init__(self, kbps: Sequence[int], best: int = 0) -> None:
        self._kbps = tuple(kbps)
        self._rtts: deque[float] = deque(maxlen=BASE_RTT_S)
        self._remb_kbps: float | None = None
        self.pick(best)

    @property
    def step(self) -> int:
        return self._step

    @property
    def reduced(self) -> bool:
        """Whether that is less than the viewer picked."""
        return self._step > self._best

    def pick(self, best: int) -> None:
        """The viewer wants this and nothing above: at once, whatever was learned before."""
        self._best = self._step = min(max(best, 0), len(self._kbps) - 1)
        self._quiet_needed_s = [FIRST_QUIET_S] * len(self._kbps)
        self._since_move_s = 0
        self._quiet_s = 0
        self._bad_s = 0
        self._rose = False

    def observe(self, report: LinkReport) -> Move:
        """Once a second; `step` is where to be from now on."""
        self._since_move_s += 1
        bad = self._is_bad(report)
        if self._since_move_s <= SETTLE_S:
            return Move.STAY
        if bad is not None:
            self._bad_s = self._bad_s + 1 if bad else 0
        self._quiet_s = 0 if bad else self._quiet_s + 1
        if self._rose and self._since_move_s >= PROVEN_S:
            self._rose = False
            self._quiet_needed_s[self._step] = FIRST_QUIET_S
        if self._bad_s >= BAD_SECONDS or report.backed_up > 0:
            return self._fall()
        if self._step > self._best and self._quiet_s >= self._quiet_needed_s[self._step - 1]:
            return self._rise()
        return Move.STAY

    def _is_bad(self, report: LinkReport) -> bool | None:
        """None when the receiver said nothing."""
        queued = self._is_queued(report.rtt_ms)
        low = self._is_low(report)
        if report.loss_pct is None and report.rtt_ms is None and report.remb_kbps is None:
            return None
        return queued or low or (report.loss_pct or 0.0) > BAD_LOSS_PCT

    def _is_queued(self, rtt_ms: float | None) -> bool:
        if rtt_ms is None:
            return False
        draining = bool(self._rtts) and rtt_ms < DRAINING * self._rtts[-1]
        self._rtts.append(rtt_ms)
        return rtt_ms - min(self._rtts) > BAD_QUEUE_MS and not draining

    def _is_low(self, report: LinkReport) -> bool:
        """An estimate never exceeds 1.5 times what arrives: of a still picture it says little."""
        before, self._remb_kbps = self._remb_kbps, report.remb_kbps
        if before is None or report.remb_kbps is None or report.remb_kbps > before * REMB_GROWTH:
            return False
        return report.remb_kbps < BAD_REMB * min(self._kbps[self._step], report.sent_kbps)

    def _fall(self) -> Move:
        self._quiet_s = self._bad_s = 0
        if self._rose:
            needed_s = self._quiet_needed_s[self._step]
            self._quiet_needed_s[self._step] = min(2 * needed_s, MAX_QUIET_S)
        if self._step == len(self._kbps) - 1:
            return Move.STAY
        self._moved(self._step + 1, rose=False)
        return Move.DOWN

    def _rise(self) -> Move:
        self._moved(self._step - 1, rose=True)
        return Move.UP

    def _moved(self, step: int, *, rose: bool) -> None:
        self._step = step
        self._rose = rose
        self._since_move_s = self._quiet_s = self._bad_s = 0
