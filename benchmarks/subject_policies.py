"""How often the subject changes while two alike people are in the picture, policy by policy.

    python -m benchmarks.subject_policies [--seeds 5] [--minutes 2] [--hz 10]

Every scene is seen by a detector that misses a fifth of everybody, measures centers to .25 % of the
width and sizes to 1 to 3 %, and does not see who is more than .6 behind somebody nearer. A switch
is another track as the subject; "wrong" is the share of the time in which the subject, once chosen,
is not the person it was first, whoever's fault: the tracker's when it mixed two people up, or the
policy's.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from livetrack_vcam.core import Box, Detection, Observation, Size, Tracker
from livetrack_vcam.core.config import parse_subject
from livetrack_vcam.core.detection import PERSON, SPORTS_BALL
from livetrack_vcam.core.geometry import intersection_area, iou
from livetrack_vcam.core.subject import SubjectSelector

FRAME = Size(1920, 1080)
MISSES = 0.2
HIDDEN = 0.6
LOCKED = "locked"
POLICIES = ("auto", "largest", "center", "label:person", "group", LOCKED)


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody (or a ball) as they really are; whoever's box ends lower stands nearer."""

    name: str
    box: Box
    label: str = PERSON


Scene = Callable[[float], list[Actor]]
"""Who is where at a time; one scene is made for one seed."""


def standing(name: str, x: float, height: float, floor: float = 1000.0) -> Actor:
    """Somebody a third as wide as tall, with the feet at `floor` (or out of the picture)."""
    return Actor(name, Box(x - height / 6, floor - height, x + height / 6, floor))


def swaying(seed: int) -> Scene:
    """Two people of one size lean left and right by 2.5 % of the width."""
    rates = [random.Random(f"sway{seed}{i}").uniform(0.2, 0.6) for i in (0, 1)]

    def at(t: float) -> list[Actor]:
        shift = [48 * math.sin(math.tau * rate * t) for rate in rates]
        return [standing("a", 700 + shift[0], 620), standing("b", 1220 + shift[1], 620)]

    return at


def crossing(seed: int) -> Scene:
    """Two people walk to and fro and pass each other every five seconds or so."""
    chance = random.Random(f"cross{seed}")
    period = chance.uniform(8, 12)

    def at(t: float) -> list[Actor]:
        x = 700 * math.cos(math.tau * t / period)
        return [
            standing("a", 960 - x, 620, 1030),
            standing("b", 960 + 0.9 * x, 600, 990),
        ]

    return at


def standing_up(seed: int) -> Scene:
    """Two people stand up and sit down, each every six to twelve seconds: half as tall again."""
    chance = random.Random(f"up{seed}")
    periods = [chance.uniform(6, 12) for _ in range(2)]

    def height(t: float, index: int) -> float:
        wave = math.sin(math.tau * t / periods[index] + 3 * index)
        return 480 * (1 + 0.25 * (1 + max(-1.0, min(1.0, 6 * wave))))

    return lambda t: [standing("a", 650, height(t, 0)), standing("b", 1250, height(t, 1))]


def coming_forward(seed: int) -> Scene:
    """Two people in turn step forward for eight seconds, where they are 1.8 times as tall."""
    start = random.Random(f"forward{seed}").uniform(0, 8)

    def height(t: float, index: int) -> float:
        wave = math.sin(math.tau * (t + start) / 16 + math.pi * index)
        return 450 * (1 + 0.4 * (1 + max(-1.0, min(1.0, 5 * wave))))

    return lambda t: [
        standing("a", 600, height(t, 0), 600 + 0.5 * height(t, 0)),
        standing("b", 1300, height(t, 1), 600 + 0.5 * height(t, 1)),
    ]


def passing(seed: int) -> Scene:
    """Two people sit; every seven seconds somebody larger walks by in front of them."""
    start = random.Random(f"pass{seed}").uniform(0, 7)

    def at(t: float) -> list[Actor]:
        count, into = divmod(t + start, 7.0)
        x = -200 + 500 * into
        walker = [standing(f"walker {int(count)}", x, 900, 1079)] if x < 2120 else []
        return [standing("a", 760, 560), standing("b", 1180, 560), *walker]

    return at


def ducking(seed: int) -> Scene:
    """Two people; one is out of sight for two seconds out of every fifteen."""
    start = random.Random(f"duck{seed}").uniform(0, 15)

    def at(t: float) -> list[Actor]:
        there = [standing("a", 700, 640)] if (t + start) % 15 > 2 else []
        return [*there, standing("b", 1250, 600)]

    return at


def juggling(seed: int) -> Scene:
    """Two people throw a ball to each other; it is out of sight for 1.5 s out of every ten."""
    start = random.Random(f"ball{seed}").uniform(0, 10)

    def at(t: float) -> list[Actor]:
        x = 960 + 450 * math.cos(math.tau * t / 3)
        y = 620 - 220 * abs(math.sin(math.tau * t / 3))
        ball = [Actor("ball", Box.from_cxcywh(x, y, 70, 70), SPORTS_BALL)]
        people = [standing("a", 420, 640), standing("b", 1500, 640)]
        return people + (ball if (t + start) % 10 > 1.5 else [])

    return at


SCENES: dict[str, Callable[[int], Scene]] = {
    "swaying": swaying,
    "crossing": crossing,
    "standing up": standing_up,
    "coming forward": coming_forward,
    "passing by": passing,
    "ducking": ducking,
}


def seen(actors: Sequence[Actor], chance: random.Random) -> tuple[Detection, ...]:
    """What the detector makes of them."""
    found = []
    for actor in actors:
        box = actor.box.clipped(FRAME)
        hidden = any(_hides(other.box, actor.box) for other in actors if other is not actor)
        if box.width < 20 or hidden or chance.random() < MISSES:
            continue
        size = math.exp(chance.gauss(0, chance.uniform(0.01, 0.03)))
        x = box.center.x + chance.gauss(0, 0.0025 * FRAME.width)
        y = box.center.y + chance.gauss(0, 0.004 * FRAME.height)
        noisy = Box.from_cxcywh(x, y, box.width * size, box.height * size)
        score = min(max(chance.gauss(0.75, 0.08), 0.3), 0.98)
        found.append(Detection(noisy, score, actor.label))
    return tuple(found)


def _hides(near: Box, far: Box) -> bool:
    return near.y2 > far.y2 and intersection_area(near, far) > HIDDEN * far.area


@dataclass(frozen=True, slots=True)
class Outcome:
    """Changes of subject a minute, and the share of the time with another person than at first."""

    switches: float
    wrong: float


def watch(scene: Scene, policy: str, seconds: float, hz: float, seed: int) -> Outcome:
    """Let a policy choose; with LOCKED the user locks whoever is the subject after a second."""
    tracker, chance = Tracker(FRAME), random.Random(f"noise{seed}")
    selector = SubjectSelector(FRAME, parse_subject("auto" if policy == LOCKED else policy))
    switches = wrong = counted = 0
    first: str | None = None
    before: tuple[int, ...] = ()
    for index in range(round(seconds * hz)):
        t, now = index / hz, round(index / hz * 1e9)
        actors = scene(t)
        tracks = tracker.update(Observation(seen(actors, chance), now))
        chosen = selector.update(tracks, now)
        switches += bool(before) and set(chosen) != set(before)
        before, subject = chosen, chosen[:1]
        if policy == LOCKED and subject and selector.locked is None and t >= 1:
            selector.lock(subject[0], now)
        shown = [track for track in tracks if track.track_id in subject and track.seen_ns == now]
        if shown and actors:
            name = max(actors, key=lambda actor: iou(actor.box, shown[0].box)).name
            first = first or name
            counted += 1
            wrong += name != first
    return Outcome(60 * switches / seconds, wrong / max(counted, 1))


def measure(scene: str, policy: str, seeds: Sequence[int], seconds: float, hz: float) -> Outcome:
    """The mean of all seeds."""
    make = juggling if policy == "ball" else SCENES[scene]
    all_of = [watch(make(seed), policy, seconds, hz, seed) for seed in seeds]
    return Outcome(
        sum(each.switches for each in all_of) / len(all_of),
        sum(each.wrong for each in all_of) / len(all_of),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--hz", type=float, default=10.0)
    args = parser.parse_args()
    seeds, seconds = range(args.seeds), 60 * args.minutes
    print("switches a minute (share of the time with another person than at first)")
    print(f"{'scene':15}" + "".join(f"{policy:>16}" for policy in POLICIES))
    for scene in SCENES:
        row = [measure(scene, policy, seeds, seconds, args.hz) for policy in POLICIES]
        print(f"{scene:15}" + "".join(f"{r.switches:9.2f} ({r.wrong:4.0%})" for r in row))
    ball = measure("", "ball", seeds, seconds, args.hz)
    print(f"{'juggling':15}{'ball':>9}: {ball.switches:.2f} ({ball.wrong:.0%})")


if __name__ == "__main__":
    main()
