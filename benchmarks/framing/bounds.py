"""What no operator of the crop can do in the bench's scenes: python -m benchmarks.framing.bounds.

The derivations stand in docs/adr/0010-what-cannot-be-had-together.md. Lengths are in crop widths of
the pan scenes, jerk in crops/s³ unless a name ends in _w; shares are printed in percent.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

from benchmarks.framing.detector import LATENCY_FRAMES
from benchmarks.framing.pan_scenes import BALL_SIZE, WALK_W_S
from benchmarks.framing.scenes import FPS, FRAME
from livetrack_vcam.core import Speed
from livetrack_vcam.core.presets import PRESETS, SpeedPreset, Suit

CROP_W = FRAME.height * 9 / 16 / FRAME.width
"""Width of the pan scenes' crop, in W."""
TURN_W_S = 0.2
SWING_W, SWING_HZ = 0.28, 0.45
HOP_W, HOP_JERK_W = 0.4, 20.0
SETTLED = 0.08
LAGS = ((Speed.NORMAL, 0.2), (Speed.FAST, 0.06), (Speed.SPORT, 0.04))
"""The lags that are asked for, in seconds."""
RUN_S = 7.0

Shift = Callable[[float], float]
"""By how much the subject is off the path it had until time 0, in W."""


def looks_after(hz: int, phase: int) -> list[tuple[float, float]]:
    """Times of the looks after time 0, with the times from which the crop can know them.

    A look at time 0 itself shows nothing new; `phase` (1 to the period) is the first one's frame.
    """
    period, latency = FPS // hz, LATENCY_FRAMES[hz]
    frames = [phase + period * i for i in range(FPS // period)]
    return [(frame / FPS, (frame + latency) / FPS) for frame in frames]


def told_apart(separation: float) -> float:
    """Total variation of two normal distributions so many standard deviations apart."""
    return math.erf(separation / 2 / math.sqrt(2))


def knowledge(t: float, shift: Shift, sigma: float, looks: list[tuple[float, float]]) -> float:
    """How well what is known at `t` tells a shifted path from the former one, 0 to 1."""
    seen = [shift(at) for at, known in looks if known <= t + 1e-9]
    if sigma == 0:
        return 1.0 if any(seen) else 0.0
    return told_apart(math.sqrt(sum(s * s for s in seen)) / sigma)


def mean_over_phases(hz: int, bound: Callable[[list[tuple[float, float]]], float]) -> float:
    phases = range(1, FPS // hz + 1)
    return sum(bound(looks_after(hz, phase)) for phase in phases) / len(phases)


def stop_overshoot(lag: float, sigma: float, hz: int, jerk: float = math.inf) -> float:
    """Least mean overshoot over the place of the walker, whatever the operator."""
    speed = WALK_W_S / CROP_W
    way = braking(speed, jerk)

    def bound(looks: list[tuple[float, float]]) -> float:
        times = [i / FPS for i in range(FPS)]
        return max(
            max(speed * (t - lag) + way, 0)
            * (1 - knowledge(t, lambda s: WALK_W_S * s, sigma, looks))
            for t in times
        )

    return mean_over_phases(hz, bound)


def suited(name: Speed, hz: int) -> SpeedPreset:
    """The pan's preset with the limits of a rate: the later looks come, the more jerk it has.

    At 10 Hz these are the limits of today.
    """
    return Suit().of(PRESETS[name], LATENCY_FRAMES[hz] / FPS + 1 / hz / 2)[0]


def braking(speed: float, jerk: float) -> float:
    """Shortest way in which a steady `speed` ends: 2/3 · v · √(2v/J)."""
    return 2 / 3 * speed * math.sqrt(2 * speed / jerk)


def blind_s(hz: int) -> float:
    """Mean time from a change until the last frame that is shown without knowing of it."""
    return mean_over_phases(hz, lambda looks: looks[0][1] - 1 / FPS)


def reversal(lag: float, blind: float, jerk: float) -> float:
    """Least error at a turn that is known after `blind` seconds."""
    speed = TURN_W_S / CROP_W
    return speed * (2 * blind - lag) + braking(2 * speed, jerk)


def reversal_jerk(lag: float, blind: float, error: float) -> float:
    """Jerk that a turn with no more than `error` needs; infinite when none is enough."""
    speed = TURN_W_S / CROP_W
    left = error - speed * (2 * blind - lag)
    return 2 * (2 * speed) ** 3 * (2 / 3 / left) ** 2 if left > 0 else math.inf


def fastest_hop_s(jerk_w: float) -> float:
    """From rest to rest over HOP_W: jerk +J, -J, +J for a quarter, half and quarter of the time."""
    return math.cbrt(32 * HOP_W / jerk_w)


def gentlest_hop_s(jerk_w: float) -> float:
    """The same by the polynomial of degree five, which has the least mean squared jerk."""
    return math.cbrt(60 * HOP_W / jerk_w)


def quintic_share() -> float:
    """Share of its time after which the polynomial is SETTLED crops from its end."""
    low, high = 0.5, 1.0
    for _ in range(50):
        tau = (low + high) / 2
        done = tau**3 * (10 - 15 * tau + 6 * tau * tau)
        low, high = (tau, high) if (1 - done) * HOP_W > SETTLED * CROP_W else (low, tau)
    return low


def thrown_ball(hz: int, jerk: float, look: int) -> float:
    """Most frames with the whole ball when the crop sets out at the first or second look (0, 1)."""
    room = 0.5 - BALL_SIZE[0] / FRAME.width / CROP_W / 2

    def bound(looks: list[tuple[float, float]]) -> float:
        blind = looks[look][1] - 1 / FPS
        inside = 0
        for i in range(round(RUN_S * FPS)):
            t = i / FPS
            ball = SWING_W / CROP_W * math.sin(math.tau * SWING_HZ * t)
            chase = jerk * max(t - blind, 0) ** 3 / 6
            inside += t > 1 / SWING_HZ / 4 or ball - chase <= room
        return inside / round(RUN_S * FPS)

    return mean_over_phases(hz, bound)


def print_stops(hz: int) -> None:
    print(f"\nWalker stops, {hz} Hz: overshoot, % of the crop, at least (3 asked for)\n")
    noises = "no noise | σ .25 % | σ 1 %"
    print(f"| speed, lag asked for | any jerk: {noises} | its jerk: {noises} |")
    print("| --- |" + " --: |" * 6)
    for name, lag in LAGS:
        cells = " | ".join(
            f"{100 * stop_overshoot(lag, sigma, hz, jerk):.1f}"
            for jerk in (math.inf, suited(name, hz).urgent.jerk)
            for sigma in (0.0, 0.0025, 0.01)
        )
        print(f"| {name.value}, {1000 * lag:.0f} ms | {cells} |")


def print_turns(hz: int) -> None:
    first = blind_s(hz)
    print(f"\nWalker turns, {hz} Hz: error, % of the crop, at least (22 asked for)\n")
    print("| speed, lag asked for | known at | any jerk | its jerk | jerk for 22 %, W/s³ |")
    print("| --- | --- | --: | --: | --: |")
    for name, lag in LAGS:
        for look, blind in (("first look", first), ("second", first + 1 / hz)):
            free = max(100 * reversal(lag, blind, math.inf), 0)
            own = max(100 * reversal(lag, blind, suited(name, hz).urgent.jerk), 0)
            jerk = CROP_W * reversal_jerk(lag, blind, 0.22)
            cells = f"{free:.1f} | {own:.1f} | {jerk:.0f}"
            print(f"| {name.value}, {1000 * lag:.0f} ms | {look} | {cells} |")


def print_hops() -> None:
    own = PRESETS[Speed.NORMAL].move_jerk * CROP_W
    share = quintic_share()
    print("\nFrom one person to another, .4 W: seconds\n")
    print("| path | jerk, W/s³ | to rest | within 8 % of the crop |\n| --- | --: | --: | --: |")
    fastest = fastest_hop_s(HOP_JERK_W)
    tail = math.cbrt(6 * SETTLED * CROP_W / HOP_JERK_W)
    print(f"| shortest | {HOP_JERK_W:.1f} | {fastest:.2f} | {fastest - tail:.2f} |")
    for jerk in (HOP_JERK_W, own):
        span = gentlest_hop_s(jerk)
        print(f"| least jerk | {jerk:.1f} | {span:.2f} | {span * share:.2f} |")


def print_throws(hz: int) -> None:
    print(f"\nBall that lay still, {hz} Hz: frames with all of it, %, at most\n")
    print("| speed | jerk, W/s³ | sets out at the first look | at the second |")
    print("| --- | --: | --: | --: |")
    for name in (Speed.NORMAL, Speed.FAST, Speed.SPORT):
        jerk = suited(name, hz).urgent.jerk
        cells = " | ".join(f"{100 * thrown_ball(hz, jerk, look):.1f}" for look in (0, 1))
        print(f"| {name.value} | {jerk * CROP_W:.0f} | {cells} |")


def main() -> None:
    parser = argparse.ArgumentParser(description="Print bounds that hold for every operator.")
    parser.add_argument("--rate", type=int, default=10, choices=sorted(LATENCY_FRAMES))
    hz = parser.parse_args().rate
    print(f"Seconds until anything can be known: {blind_s(hz):.3f} (mean over the phases)")
    print_stops(hz)
    print_turns(hz)
    print_hops()
    print_throws(hz)


if __name__ == "__main__":
    main()
