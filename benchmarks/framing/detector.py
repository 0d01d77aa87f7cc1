"""A detector of known faults: rate and latency in whole frames, noise, misses, false finds."""

from __future__ import annotations

import random
from dataclasses import dataclass

from benchmarks.framing.scenes import FPS, FRAME, WARM_UP_FRAMES, Actor, Scene, time_of
from livetrack_vcam.core import Box, Detection
from livetrack_vcam.core.detection import FACE
from livetrack_vcam.core.geometry import intersection_area

HIDDEN = 0.6
"""An actor of whom others in front cover this share is not found."""
SPARE_FRAMES = 2 * FPS
"""Looks go on after the scored time, for operators that look ahead."""


@dataclass(frozen=True, slots=True)
class Detector:
    """Looks every `period` frames; a look at frame i is known to the crop of i + `latency`.

    `sigma` is the noise of a box's center, in W across and a quarter of that down.
    """

    period: int
    latency: int
    sigma: float

    @property
    def hz(self) -> int:
        return FPS // self.period


LATENCY_FRAMES = {5: 4, 10: 2, 30: 1}
"""Detector rate in Hz: latency in frames (133, 67 and 33 ms)."""


def detector(hz: int, sigma: float) -> Detector:
    """The detector of a rate. Raises KeyError for a rate that the bench does not know."""
    return Detector(FPS // hz, LATENCY_FRAMES[hz], sigma)


@dataclass(frozen=True, slots=True)
class Look:
    """What was found in frame `frame`; known to the crop of frame `known` and later ones."""

    frame: int
    known: int
    detections: tuple[Detection, ...]


def looks(scene: Scene, model: Detector, seed: int) -> list[Look]:
    """Everything the detector finds in a scene, the same for the same seed.

    The seed also draws at which frame of its period the detector begins.
    """
    chance = random.Random(f"{scene.name}/{model.period}/{seed}")
    phase = chance.randrange(model.period)
    size_sigma = chance.uniform(*scene.size_sigma)
    total = WARM_UP_FRAMES + scene.frames + SPARE_FRAMES
    return [
        Look(frame, frame + model.latency, _look(scene, frame, model, size_sigma, chance))
        for frame in range(phase, total, model.period)
    ]


def _look(
    scene: Scene, frame: int, model: Detector, size_sigma: float, chance: random.Random
) -> tuple[Detection, ...]:
    t = time_of(frame)
    if t > 0 and scene.missing(t, chance):
        return ()
    true = [(actor, _seen_box(actor, scene.moment(frame))) for actor in scene.actors]
    if t > 0 and chance.random() < scene.false_share:
        box = true[0][1]
        elsewhere = box.shifted(chance.random() * FRAME.width - box.center.x, 0.0)
        true[0] = (true[0][0], elsewhere)
    boxes = [box for _, box in true]
    found: list[Detection] = []
    for i, (actor, box) in enumerate(true):
        if not _hidden(box, boxes[i + 1 :]):
            found += _detected(actor, box, model.sigma, size_sigma, chance)
    return tuple(found)


def _seen_box(actor: Actor, t: float) -> Box:
    return (actor.seen_at or actor.box_at)(t)


def _hidden(box: Box, in_front: list[Box]) -> bool:
    visible = box.clipped(FRAME)
    if visible.area <= 0.25 * box.area:
        return True
    return any(intersection_area(visible, other) > HIDDEN * visible.area for other in in_front)


def _detected(
    actor: Actor, box: Box, sigma: float, size_sigma: float, chance: random.Random
) -> list[Detection]:
    dx, dy = chance.gauss(0, sigma) * FRAME.width, chance.gauss(0, sigma / 4) * FRAME.width
    width = box.width * (1 + chance.gauss(0, size_sigma))
    height = box.height * (1 + chance.gauss(0, size_sigma))
    measured = Box.from_cxcywh(box.center.x + dx, box.center.y + dy, width, height).clipped(FRAME)
    score = chance.uniform(0.6, 0.95)
    found = [Detection(measured, score, actor.label)]
    if actor.face:
        found.append(_face(measured, box, size_sigma, chance))
    return found


def _face(measured: Box, true: Box, size_sigma: float, chance: random.Random) -> Detection:
    """The face at the top of a person: a quarter of the shoulders wide."""
    size = 0.27 * true.width * (1 + chance.gauss(0, size_sigma))
    box = Box.from_cxcywh(measured.center.x, measured.y1 + 0.75 * size, size, size)
    return Detection(box, chance.uniform(0.6, 0.95), FACE)
