"""What can be sent again, and how much of it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.webrtc.nack_ring import RING_PACKETS, NackRing, ResendBudget

SECOND_NS = 1_000_000_000


@given(st.lists(st.integers(1, 40), min_size=1, max_size=80), st.integers(0, 65_535))
def test_the_last_packets_are_found_and_no_others(pictures: list[int], first: int) -> None:
    ring = NackRing()
    sent: list[tuple[int, bytes, bool]] = []
    sequence = first
    for number, size in enumerate(pictures):
        payloads = tuple(bytes((number, index)) for index in range(size))
        ring.keep(sequence, bytes((number,)), payloads, marked=number % 3 > 0)
        ends = number % 3 > 0
        sent += [(sequence + i & 0xFFFF, p, ends and i == size - 1) for i, p in enumerate(payloads)]
        sequence = sequence + size & 0xFFFF
    for number, payload, marked in sent[-(RING_PACKETS - 40) :]:
        found = ring.find(number)
        assert found is not None
        assert (found.payload, found.marked) == (payload, marked)
        assert found.head == payload[:1]
    for number, _, _ in sent[:-RING_PACKETS]:
        assert ring.find(number) is None
    assert ring.find(sequence) is None
    assert ring.find(first - 1 & 0xFFFF) is None


def test_a_flood_is_answered_with_a_share_of_the_bit_rate() -> None:
    budget = ResendBudget()
    rate = 300_000.0
    sent = 0
    for now_ms in range(10_000):
        for sequence in range(5):
            now_ns = SECOND_NS + now_ms * 1_000_000
            sent += 1_200 * budget.allows(now_ms * 5 + sequence, 1_200, now_ns, rate, 20)
    assert sent <= 10 * rate * ResendBudget.SHARE + rate
    assert sent >= 9 * rate * ResendBudget.SHARE


def test_one_packet_is_sent_again_once_a_round_trip() -> None:
    budget = ResendBudget()
    times = [ms for ms in range(1_000) if budget.allows(7, 100, SECOND_NS + ms * 10**6, 1e6, 50)]
    assert times == list(range(0, 1_000, 50))
