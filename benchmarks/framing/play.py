"""One operator in one scene, frame by frame."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.framing.detector import Look
from benchmarks.framing.operators import Operator
from benchmarks.framing.scenes import FPS, WARM_UP_FRAMES, Scene, pts_of
from livetrack_vcam.core import Box
from livetrack_vcam.core.geometry import iou

SAME = 0.3
"""A followed box that overlaps an actor this much (IoU) is still that actor."""


@dataclass(frozen=True, slots=True)
class Run:
    """The scored frames of one operator in one scene.

    `actors` holds the true box of every actor in each frame, `ideals` the operator's own crop for
    the (first) subject's true box, `followed` the indices of the actors it follows. `lead_in` are
    the crops of the three frames before, so that a move that begins with the first scored frame
    has its beginning.
    """

    scene: Scene
    actors: tuple[tuple[Box, ...], ...]
    crops: tuple[Box, ...]
    ideals: tuple[Box, ...]
    followed: tuple[frozenset[int], ...]
    crop_us: float
    lead_in: tuple[Box, ...] = ()

    @property
    def truth(self) -> list[Box]:
        """The true box of the first subject."""
        return [boxes[self.scene.subject[0]] for boxes in self.actors]

    @property
    def xs(self) -> list[float]:
        """Center of the crop across, source pixels."""
        return [crop.center.x for crop in self.crops]

    @property
    def path(self) -> list[float]:
        """`xs` with the lead-in before."""
        return [crop.center.x for crop in self.lead_in] + self.xs

    @property
    def truth_xs(self) -> list[float]:
        return [box.center.x for box in self.truth]


def play(scene: Scene, operator: Operator, found: Sequence[Look], look_ahead: int = 0) -> Run:
    """Let the operator work through the scene.

    The crop of frame i - `look_ahead` is asked once everything known at frame i was observed. A
    command is given when its frame is shown.
    """
    crops, actors, followed = [], [], []
    former: frozenset[int] = frozenset()
    pending = list(reversed(found))
    spent_ns = 0
    for frame in range(WARM_UP_FRAMES + scene.frames):
        while pending and pending[-1].known <= frame + look_ahead:
            look = pending.pop()
            operator.observe(look.detections, pts_of(look.frame))
        boxes = tuple(actor.box_at(scene.moment(frame)) for actor in scene.actors)
        _command(scene, operator, frame, boxes)
        before = time.thread_time_ns()
        crop = operator.crop_at(pts_of(frame))
        spent_ns += time.thread_time_ns() - before
        former = _identities(operator.subject, boxes, former)
        crops.append(crop)
        if frame >= WARM_UP_FRAMES:
            actors.append(boxes)
            followed.append(former)
    ideals = tuple(operator.ideal(boxes[scene.subject[0]]) for boxes in actors)
    us = spent_ns / 1000 / (WARM_UP_FRAMES + scene.frames)
    lead_in, scored = crops[WARM_UP_FRAMES - 3 : WARM_UP_FRAMES], crops[WARM_UP_FRAMES:]
    return Run(scene, tuple(actors), tuple(scored), ideals, tuple(followed), us, tuple(lead_in))


def _command(scene: Scene, operator: Operator, frame: int, boxes: tuple[Box, ...]) -> None:
    if scene.before is None:
        return
    if frame == FPS:
        operator.select(boxes[scene.before])
    if frame == WARM_UP_FRAMES:
        operator.select(boxes[scene.subject[0]])


def _identities(
    followed: tuple[Box, ...], actors: tuple[Box, ...], former: frozenset[int]
) -> frozenset[int]:
    """Which actors the followed boxes are; one that is still near its former actor stays it."""
    result = set()
    for box in followed:
        kept = [i for i in former if iou(box, actors[i]) >= SAME]
        best = max(kept or range(len(actors)), key=lambda i: iou(box, actors[i]))
        result.add(best)
    return frozenset(result)
