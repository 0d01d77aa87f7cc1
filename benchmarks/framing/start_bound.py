"""How many walkers can be kept who set out from rest, if a false look may hardly move the picture.

python -m benchmarks.framing.start_bound [--rate HZ] prints it; docs/adr/0017 tells what for. Two
cases look alike to the crop: somebody stands and one look is false, or somebody sets out. Until the
third look tells them apart it makes the same move in both. What is allowed here is more than any
crop can do: it jumps wherever it likes, knows exactly where somebody stood, how fast they would
walk and that no look is missing, and is right from the third look on. Lengths are in W.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.framing.bounds import CROP_W, TURN_W_S
from benchmarks.framing.detector import LATENCY_FRAMES
from benchmarks.framing.pan_scenes import PERSON_SIZE, WALK_W_S
from benchmarks.framing.scenes import FPS, FRAME

SPARE_W = (CROP_W - PERSON_SIZE[0] / FRAME.width) / 2
"""So far somebody in the middle of the crop may go without leaving it."""
FALSE_SHARE, FALSE_S = 0.03, 20
"""Of the scene `false`: a false look is anywhere in the frame with equal probability."""
SCORED_FRAMES = 210
KICK_PX = 1.0
GRID_W = 0.002


class Start(NamedTuple):
    """A walker of `speed` W/s who sets out `phase` frames before the first look that shows it.

    `needs` are how far the crop must have moved in the frames from when the second such look is
    known until the third is, W.
    """

    speed: float
    phase: int
    period: int
    needs: tuple[float, ...]


class Case(NamedTuple):
    """Two looks: how often a run of `false` has them, and what each move keeps after a start."""

    false: float
    kept: tuple[float, ...]


def starts(speed: float, hz: int) -> list[Start]:
    period, latency = FPS // hz, LATENCY_FRAMES[hz]
    return [
        Start(
            speed, phase, period, tuple(speed * (known + i) / FPS - SPARE_W for i in range(period))
        )
        for phase in range(1, period + 1)
        for known in (phase + period + latency,)
    ]


def frames_lost(begun: list[Start]) -> float:
    """Mean frames without the whole walker when the crop waits for the third look."""
    lost = 0
    for start in begun:
        until = start.phase + 2 * start.period + LATENCY_FRAMES[FPS // start.period]
        lost += sum(start.speed * frame / FPS > SPARE_W for frame in range(until))
    return lost / len(begun)


def cases(begun: list[Start], moves: tuple[float, ...], sigma: float) -> Iterator[Case]:
    """Every pair of looks, on a grid, at one side of where somebody stood."""
    hz = FPS // begun[0].period
    for i in range(round(-4 * sigma / GRID_W), round((TURN_W_S / hz + 4 * sigma) / GRID_W)):
        for j in range(round((2 * TURN_W_S / hz + 4 * sigma) / GRID_W)):
            first, second = i * GRID_W, j * GRID_W
            # Either side, and a look at every interval may be the false one.
            false = 2 * FALSE_S * hz * FALSE_SHARE * _density(first, sigma) * GRID_W**2
            kept = [0.0] * len(moves)
            for start in begun:
                seen = start.speed * start.phase / FPS
                likely = _density(first - seen, sigma) * _density(
                    second - seen - start.speed * start.period / FPS, sigma
                )
                share = likely * GRID_W**2 / len(begun)
                for k, move in enumerate(moves):
                    kept[k] += share * sum(0 < need <= move for need in start.needs)
            yield Case(false, tuple(kept))


def _density(off: float, sigma: float) -> float:
    return math.exp(-0.5 * (off / sigma) ** 2) / sigma / math.sqrt(math.tau)


def most_kept(table: list[Case], moves: tuple[float, ...], kick_px: float) -> float:
    """Most frames kept by moves whose mean kick is `kick_px` (Neyman and Pearson's test)."""
    low, high = 0.0, 1e6
    for _ in range(50):
        price = (low + high) / 2
        low, high = (price, high) if _at_price(table, moves, price)[0] > kick_px else (low, price)
    return _at_price(table, moves, high)[1]


def _at_price(table: list[Case], moves: tuple[float, ...], price: float) -> tuple[float, float]:
    """Mean kick in pixels and frames kept, when a frame is worth `price` pixels of kick."""
    kick = kept = 0.0
    for case in table:
        costs = [case.false * FRAME.width * move for move in moves]
        best = max(range(len(moves)), key=lambda k: case.kept[k] - price * costs[k])
        kick += costs[best]
        kept += case.kept[best]
    return kick, kept


def contained_pct(speed: float, hz: int, sigma: float, kick_px: float) -> tuple[float, float]:
    """Most frames with the whole walker, %: waiting for the third look, and with that mean kick."""
    begun = starts(speed, hz)
    lost = frames_lost(begun)
    moves = (0.0, *sorted({need for start in begun for need in start.needs if need > 0}))
    kept = most_kept(list(cases(begun, moves, sigma)), moves, kick_px)
    return _share_pct(lost), _share_pct(lost - kept)


def _share_pct(lost: float) -> float:
    return 100 * (1 - lost / SCORED_FRAMES)


def main() -> None:
    parser = argparse.ArgumentParser(description="Print how many walkers can be kept.")
    parser.add_argument("--rate", type=int, default=5, choices=sorted(LATENCY_FRAMES))
    hz = parser.parse_args().rate
    print(f"Sets out from rest, {hz} Hz, any jerk: frames with all of the walker, %, at most\n")
    print(f"| scene | waits for the third look | σ .25 %, kick {KICK_PX:g} px | σ 1 % |")
    print("| --- | --: | --: | --: |")
    for name, speed in (("walk", WALK_W_S), ("reverse", TURN_W_S)):
        shares = [contained_pct(speed, hz, sigma, KICK_PX) for sigma in (0.0025, 0.01)]
        cells = " | ".join(f"{share:.1f}" for share in (shares[0][0], *(s[1] for s in shares)))
        print(f"| {name} | {cells} |")


if __name__ == "__main__":
    main()
