"""The bound on walkers who set out from rest."""

from __future__ import annotations

from benchmarks.framing.start_bound import cases, contained_pct, frames_lost, most_kept, starts

TURN = 0.2


def test_frames_are_lost_from_when_the_walker_leaves_until_the_third_look_is_known() -> None:
    first = starts(TURN, 5)[0]
    assert first.phase == 1
    # Out from .49 s, frame 15, on; the looks of frames 1, 7 and 13 are known at 5, 11 and 17.
    assert frames_lost([first]) == 2


def test_a_late_first_look_loses_more_frames_than_an_early_one() -> None:
    lost = [frames_lost([start]) for start in starts(TURN, 5)]
    assert lost == sorted(lost)
    assert lost[-1] > lost[0]


def test_the_more_kick_is_allowed_the_more_frames_can_be_kept() -> None:
    begun = starts(TURN, 5)
    moves = (0.0, 0.01, 0.03)
    table = list(cases(begun, moves, 0.01))
    kept = [most_kept(table, moves, kick_px) for kick_px in (0.01, 1.0, 30.0)]
    assert kept == sorted(kept)
    assert 0 <= kept[0] < kept[-1] <= frames_lost(begun)


def test_less_noise_tells_a_start_from_a_false_look_better() -> None:
    noisy, quiet = (contained_pct(TURN, 5, sigma, 1.0)[1] for sigma in (0.01, 0.0025))
    assert quiet > noisy
