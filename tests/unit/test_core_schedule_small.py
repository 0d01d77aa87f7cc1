"""People who are small or were just missed are worth more of the processor, and a closer look."""

from __future__ import annotations

from livetrack_vcam.core.attention import Attention
from livetrack_vcam.core.detection import FACE, PERSON, Look, Track
from livetrack_vcam.core.geometry import Box, Point, Size
from livetrack_vcam.core.regions import CLOSE_WIDTH, NATIVE_WIDTH
from livetrack_vcam.core.schedule import EASY_CPU, Schedule

FRAME = Size(768, 576)
STEP_NS = 100_000_000


def looks(height: float, seen: bool = True, cpu: float = 0.6) -> list[tuple[Look, ...]]:
    """The plans of 5 s at 10 Hz while one person of `height` is followed."""
    schedule = Schedule(FRAME, frozenset({PERSON, FACE}), cpu)
    made = []
    for now in range(STEP_NS, 51 * STEP_NS, STEP_NS):
        box = Box.from_cxcywh(300, 250, height / 3, height)
        then = now - STEP_NS
        track = Track(1, PERSON, box, 0.9, Point(0, 0), then if seen else then - STEP_NS)
        made.append(schedule.plan(Attention((track,), (1,), pts_ns=then), 0.1, now))
    return made


def cost(plans: list[tuple[Look, ...]]) -> float:
    """The share of a core, at the costs a schedule assumes."""
    return sum(0.006 if FACE in look.labels else 0.012 for p in plans for look in p) / 5


def test_somebody_missed_is_looked_for_closer_than_somebody_seen() -> None:
    def closest(plans: list[tuple[Look, ...]]) -> float:
        around = [look.region for plan in plans for look in plan if PERSON in look.labels]
        middle = Box(296, 246, 304, 254)
        return min(r.width for r in around if r.contains(middle) and r.center.x == 300)

    assert closest(looks(80)) == NATIVE_WIDTH
    assert closest(looks(80, seen=False)) == CLOSE_WIDTH


def test_only_small_people_are_worth_more_than_the_easy_share() -> None:
    assert cost(looks(80)) > 1.2 * EASY_CPU
    assert cost(looks(80)) <= 0.65
    assert cost(looks(500)) <= 1.1 * EASY_CPU


def test_no_frame_is_looked_at_twice_in_the_same_place() -> None:
    for plan in looks(80, seen=False):
        assert len(set(plan)) == len(plan)
