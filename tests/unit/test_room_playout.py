"""How long browsers may hold pictures back."""

from __future__ import annotations

from livetrack_vcam.room.playout import (
    CLEAN_S,
    LIP_SYNC_MS,
    LOSSY_NACKS,
    LOWEST_MS,
    MENDED_MS,
    SMOOTH_MS,
    Playout,
)
from livetrack_vcam.room.wish import Mode


def test_on_a_clean_network_the_viewer_has_what_it_wished() -> None:
    playout = Playout()
    playout.observe(0)
    playout.observe(LOSSY_NACKS - 1)
    assert playout.delay_ms(Mode.LOWEST, False) == LOWEST_MS
    assert playout.delay_ms(Mode.SMOOTH, False) == SMOOTH_MS


def test_who_listens_sees_as_late_as_it_hears() -> None:
    assert Playout().delay_ms(Mode.LOWEST, True) == LIP_SYNC_MS
    assert Playout().delay_ms(Mode.SMOOTH, True) == (SMOOTH_MS[0], LIP_SYNC_MS[1])


def test_where_packets_get_lost_pictures_wait_until_it_was_clean_for_a_while() -> None:
    playout = Playout()
    playout.observe(LOSSY_NACKS)
    for _ in range(CLEAN_S):
        assert playout.delay_ms(Mode.LOWEST, False) == MENDED_MS
        assert playout.delay_ms(Mode.SMOOTH, False) == SMOOTH_MS
        playout.observe(0)
    assert playout.delay_ms(Mode.LOWEST, False) == LOWEST_MS
