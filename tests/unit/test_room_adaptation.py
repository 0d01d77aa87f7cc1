"""When a viewer gets less, and when more again: simulated networks, a second at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.room.adaptation import (
    FIRST_QUIET_S,
    MAX_QUIET_S,
    SETTLE_S,
    Adaptation,
    LinkReport,
    Move,
    report_between,
)
from livetrack_vcam.webrtc.terms import WriterStats

LADDER = (2500, 1600, 900)
CALM = LinkReport(loss_pct=0.0, rtt_ms=20.0, remb_kbps=3750.0, sent_kbps=2500.0)
LOSSY = LinkReport(loss_pct=6.0, rtt_ms=20.0)


@dataclass
class Pipe:
    """A link of a fixed rate behind a queue, and a receiver that reports, and estimates as GCC."""

    kbps: float
    loss_pct: float = 0.0
    queue_s: float = 0.05  # what does not fit in is lost
    estimates: bool = True
    _waiting_kbit: float = 0.0

    def report(self, sent_kbps: float) -> LinkReport:
        wanted = self._waiting_kbit + sent_kbps - self.kbps
        grows = wanted > self._waiting_kbit
        self._waiting_kbit = min(max(wanted, 0.0), self.queue_s * self.kbps)
        overflow = max(0.0, wanted - self._waiting_kbit) / sent_kbps
        arriving = min(sent_kbps, self.kbps)
        remb_kbps = (0.85 if grows else 1.5) * arriving
        return LinkReport(
            loss_pct=min(100.0, self.loss_pct + 100 * overflow),
            rtt_ms=20.0 + 1000 * self._waiting_kbit / self.kbps,
            remb_kbps=remb_kbps if self.estimates else None,
            sent_kbps=sent_kbps,
        )


def steps_of(adaptation: Adaptation, pipe: Pipe, seconds: int) -> list[int]:
    steps = []
    for _ in range(seconds):
        adaptation.observe(pipe.report(LADDER[adaptation.step]))
        steps.append(adaptation.step)
    return steps


def moves(steps: Iterable[int]) -> int:
    return sum(before != after for before, after in pairwise(steps))


def settled(best: int = 0) -> Adaptation:
    """One that has just been joined for long enough to be listened to."""
    adaptation = Adaptation(LADDER, best)
    for _ in range(SETTLE_S):
        adaptation.observe(CALM)
    return adaptation


def test_a_calm_network_keeps_what_was_picked() -> None:
    assert set(steps_of(Adaptation(LADDER), Pipe(10_000), 3600)) == {0}


def test_one_second_of_loss_changes_nothing_and_two_in_a_row_do() -> None:
    adaptation = settled()

    assert adaptation.observe(LOSSY) is Move.STAY
    assert adaptation.observe(CALM) is Move.STAY
    assert adaptation.observe(LOSSY) is Move.STAY
    assert adaptation.observe(LOSSY) is Move.DOWN
    assert adaptation.step == 1


def test_loss_that_retransmission_repairs_is_borne() -> None:
    assert set(steps_of(Adaptation(LADDER), Pipe(10_000, loss_pct=2.0), 600)) == {0}


def test_a_full_socket_is_answered_at_once() -> None:
    adaptation = settled()

    assert adaptation.observe(LinkReport(backed_up=1)) is Move.DOWN


def test_a_report_that_did_not_come_says_neither_good_nor_bad() -> None:
    adaptation = settled()

    adaptation.observe(LOSSY)
    assert adaptation.observe(LinkReport()) is Move.STAY
    assert adaptation.observe(LOSSY) is Move.DOWN


def test_a_receiver_that_never_reports_keeps_its_picture() -> None:
    adaptation = Adaptation(LADDER)

    assert {adaptation.observe(LinkReport(sent_kbps=2500)) for _ in range(600)} == {Move.STAY}


def test_the_low_estimate_of_a_still_picture_is_no_reason() -> None:
    adaptation = settled()
    still = LinkReport(loss_pct=0.0, rtt_ms=20.0, remb_kbps=300.0, sent_kbps=200.0)

    assert {adaptation.observe(still) for _ in range(60)} == {Move.STAY}


def test_an_estimate_that_is_growing_after_a_still_picture_is_no_reason() -> None:
    adaptation = settled()
    remb_kbps = 450.0
    for _ in range(30):
        remb_kbps *= 1.08
        report = LinkReport(loss_pct=0.0, rtt_ms=20.0, remb_kbps=remb_kbps, sent_kbps=2500)
        assert adaptation.observe(report) is Move.STAY


def test_an_estimate_below_what_is_sent_counts_though_nothing_is_lost() -> None:
    steps = steps_of(settled(), Pipe(1200, queue_s=10), 8)

    assert steps[-1] == 2


def test_a_queue_alone_is_noticed_where_the_receiver_estimates_nothing() -> None:
    adaptation = settled()
    pipe = Pipe(2000, queue_s=10, estimates=False)

    assert steps_of(adaptation, pipe, 8)[-1] == 1


def test_a_queue_that_is_getting_shorter_is_given_the_time() -> None:
    adaptation = settled()
    rtt_ms = 1600.0
    while rtt_ms > 20:
        assert adaptation.observe(LinkReport(0.0, rtt_ms, sent_kbps=2500)) is Move.STAY
        rtt_ms *= 0.85


def test_a_long_way_is_not_taken_for_a_queue() -> None:
    adaptation = Adaptation(LADDER)
    far = LinkReport(loss_pct=0.0, rtt_ms=700.0, sent_kbps=2500.0)

    assert {adaptation.observe(far) for _ in range(120)} == {Move.STAY}


def test_what_was_sent_before_a_move_is_not_held_against_it() -> None:
    adaptation = settled()
    for _ in range(2):
        adaptation.observe(LOSSY)
    for _ in range(SETTLE_S):
        assert adaptation.observe(LOSSY) is Move.STAY
    assert adaptation.step == 1


def test_after_a_bad_spell_the_picture_comes_back_step_by_step() -> None:
    adaptation = settled()
    steps_of(adaptation, Pipe(700), 10)
    assert adaptation.step == 2

    steps = steps_of(adaptation, Pipe(10_000), 2 * (FIRST_QUIET_S + SETTLE_S) + 2)

    assert steps[-1] == 0
    assert moves(steps) == 2


def test_each_failed_attempt_doubles_the_time_until_the_next() -> None:
    steps = steps_of(Adaptation(LADDER), Pipe(2000), 700)

    attempts = [i for i in range(1, len(steps)) if steps[i] < steps[i - 1]]
    waits = [after - before for before, after in pairwise(attempts)]
    assert len(waits) >= 4
    for shorter, longer in pairwise(waits):
        assert 1.5 * shorter < longer < 2.1 * shorter


def test_an_attempt_that_held_for_a_minute_is_forgiven() -> None:
    adaptation = Adaptation(LADDER)
    steps_of(adaptation, Pipe(2000), 300)  # several failures
    steps_of(adaptation, Pipe(10_000), MAX_QUIET_S + 100)
    assert adaptation.step == 0

    steps_of(adaptation, Pipe(2000), 5)
    assert adaptation.step == 1
    back = steps_of(adaptation, Pipe(10_000), FIRST_QUIET_S + SETTLE_S)
    assert back[-1] == 0


@pytest.mark.parametrize("best", [0, 1, 2])
def test_picking_another_size_is_obeyed_at_once_whatever_was_learned(best: int) -> None:
    adaptation = Adaptation(LADDER)
    steps_of(adaptation, Pipe(700), 60)

    adaptation.pick(best)

    assert adaptation.step == best


def test_a_step_that_does_not_exist_is_the_nearest_that_does() -> None:
    assert Adaptation((900,), best=3).step == 0
    assert Adaptation(LADDER, best=-1).step == 0


def test_the_last_step_has_nothing_below_it() -> None:
    adaptation = Adaptation((900,))

    assert {adaptation.observe(LOSSY) for _ in range(60)} == {Move.STAY}


def test_a_report_is_the_difference_of_two_counts() -> None:
    before = WriterStats(loss_pct=9.0, rtt_ms=30.0, reports=4, backed_up=2)
    later = WriterStats(loss_pct=9.0, rtt_ms=30.0, reports=4, backed_up=3, kbps=1000, remb_kbps=800)

    assert report_between(before, later) == LinkReport(None, None, 800, 1000, backed_up=1)
    told = report_between(before, WriterStats(loss_pct=1.0, rtt_ms=31.0, reports=5, backed_up=2))
    assert (told.loss_pct, told.rtt_ms, told.backed_up) == (1.0, 31.0, 0)


PIPES = st.builds(
    Pipe,
    kbps=st.floats(200, 6000),
    loss_pct=st.floats(0, 12),
    queue_s=st.floats(0.01, 3),
    estimates=st.booleans(),
)


@given(PIPES, st.integers(0, 2), st.integers(60, 7200))
def test_a_constant_network_is_tried_ever_more_seldom(pipe: Pipe, best: int, seconds: int) -> None:
    steps = steps_of(Adaptation(LADDER, best), pipe, seconds)

    doublings = math.log2(1 + seconds / FIRST_QUIET_S) + 1
    attempts = doublings + seconds / MAX_QUIET_S
    # A failed attempt may throw a viewer two steps back: the queue it left has to drain.
    assert moves(steps) <= len(LADDER) + 4 * attempts
    assert min(steps) >= best


def leaves_no_doubt(pipe: Pipe) -> bool:
    return pipe.loss_pct < 4 and all(abs(pipe.kbps / kbps - 1) > 0.15 for kbps in LADDER)


@given(PIPES.filter(leaves_no_doubt))
def test_a_constant_network_ends_up_with_the_most_it_bears(pipe: Pipe) -> None:
    steps = steps_of(Adaptation(LADDER), pipe, 1200)

    right = next((i for i, kbps in enumerate(LADDER) if kbps < pipe.kbps), len(LADDER) - 1)
    assert steps[-600:].count(right) > 500


REPORTS = st.lists(
    st.builds(
        LinkReport,
        loss_pct=st.none() | st.floats(0, 100),
        rtt_ms=st.none() | st.floats(0, 10_000),
        remb_kbps=st.none() | st.floats(0, 1e6),
        sent_kbps=st.floats(0, 1e5),
        backed_up=st.integers(0, 3),
    ),
    max_size=200,
)


@given(REPORTS, st.integers(0, 2))
def test_whatever_is_reported_a_move_is_one_step_within_what_was_picked(
    reports: list[LinkReport], best: int
) -> None:
    adaptation = Adaptation(LADDER, best)
    change: Callable[[Move], int] = {Move.DOWN: 1, Move.UP: -1, Move.STAY: 0}.__getitem__
    for report in reports:
        before = adaptation.step
        move = adaptation.observe(report)
        assert adaptation.step == before + change(move)
        assert best <= adaptation.step < len(LADDER)
