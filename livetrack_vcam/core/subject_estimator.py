"""The subject's shape over time: two estimated edges and a size that does not breathe."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace

from livetrack_vcam.core.estimator import AxisEstimator, Motion, measurement_variance
from livetrack_vcam.core.framing import SubjectShape
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.core.hindsight import AxisHindsight, Glance
from livetrack_vcam.core.presets import SpeedPreset

HEADS_TALL = 7.5
"""A standing adult's height in heads."""
HEAD_PER_FACE = 1.35
"""Head height (crown to chin) over the height of a detected face (brows to chin)."""
NEAR_EDGE = 0.955
"""A box that ends below this share of the frame's height belongs to somebody cut off by it."""
HEIGHT_TAU_S = 0.5
WIDTH_RISE_S = 0.25
WIDTH_FALL_S = 5.0
ROAM_RISE_S = 0.2
ROAM_FALL_S = 4.0
HEAD_TAU_S = 0.7


@dataclass(frozen=True, slots=True)
class SubjectMotion:
    """Where the subject is at one moment, in source pixels and pixels per second.

    The crop should see it where it is `aim_s` seconds later (negative: earlier).
    """

    shape: SubjectShape
    velocity_x: float
    velocity_y: float
    moving_x: float
    moving_y: float
    aim_s: float = 0.0


class SubjectEstimator:
    """Follows one subject, or a group as one box.

    Horizontally the center is estimated, vertically the top: heads stay in view and keep their
    place when a table or the frame's edge cuts the legs off. Height is a median of five sightings,
    smoothed; width rises quickly and falls slowly, so that strides and gestures do not pump the
    zoom.
    """

    def __init__(
        self,
        frame: Size,
        box: Box,
        face: Box | None,
        score: float,
        preset: SpeedPreset,
        pts_ns: int,
    ) -> None:
        agility = preset.agility
        self._frame = frame
        self._unit = float(max(frame.width, 1))
        r = measurement_variance(score, box.width / self._unit)
        self._x = AxisEstimator(_center_x(box, face) / self._unit, r, agility, pts_ns)
        self._top = AxisEstimator(box.y1 / self._unit, r, agility, pts_ns)
        self._past_x = AxisHindsight(_center_x(box, face) / self._unit, r, pts_ns)
        self._past_top = AxisHindsight(box.y1 / self._unit, r, pts_ns)
        self._heights: deque[float] = deque([self._full_height(box)], maxlen=5)
        self._height = self._full_height(box)
        self._width = box.width
        self._roaming = 0.0
        self._head = head_height(box, face)
        self._pts_ns = pts_ns

    @property
    def measured_ns(self) -> int:
        """When the newest measurement was made."""
        return self._pts_ns

    def update(
        self, box: Box, face: Box | None, score: float, preset: SpeedPreset, pts_ns: int
    ) -> None:
        """Take the subject's box as measured at `pts_ns`; one that is not newer is ignored."""
        dt = (pts_ns - self._pts_ns) / 1e9
        if dt <= 0:
            return
        self._pts_ns = pts_ns
        r = measurement_variance(score, box.width / self._unit)
        self._x.update(_center_x(box, face) / self._unit, r, preset.agility, pts_ns)
        self._top.update(box.y1 / self._unit, r, preset.agility, pts_ns)
        self._past_x.add(_center_x(box, face) / self._unit, r, pts_ns)
        self._past_top.add(box.y1 / self._unit, r, pts_ns)
        self._heights.append(self._full_height(box))
        median = sorted(self._heights)[len(self._heights) // 2]
        self._height = _ease(self._height, median, HEIGHT_TAU_S, dt)
        cut_at_side = box.x1 <= 1 or box.x2 >= self._frame.width - 1
        if box.width > self._width:
            self._width = _ease(self._width, box.width, WIDTH_RISE_S, dt)
        elif not cut_at_side:
            self._width = _ease(self._width, box.width, WIDTH_FALL_S, dt)
        motion = self._x.at(pts_ns, preset.fade_s)
        speed = abs(motion.velocity) * self._unit if motion.moving > 0.5 else 0.0
        tau = ROAM_RISE_S if speed > self._roaming else ROAM_FALL_S
        self._roaming = _ease(self._roaming, speed, tau, dt)
        self._head = _ease(self._head, head_height(box, face), HEAD_TAU_S, dt)

    def _full_height(self, box: Box) -> float:
        """The box's height; down to the frame's edge for somebody whom the edge cuts off.

        Detectors end such boxes a few percent short of it.
        """
        near_edge = box.y2 > NEAR_EDGE * self._frame.height
        return (self._frame.height if near_edge else box.y2) - box.y1

    def at(self, pts_ns: int, fade_s: float) -> SubjectMotion:
        """The estimate at `pts_ns`; ahead of the last sighting the motion fades with `fade_s`."""
        x, top = self._x.at(pts_ns, fade_s), self._top.at(pts_ns, fade_s)
        shape = SubjectShape(
            self._pixels(x),
            self._pixels(top),
            self._width,
            self._height,
            self._head,
            self._roaming,
        )
        return SubjectMotion(
            shape, x.velocity * self._unit, top.velocity * self._unit, x.moving, top.moving
        )

    def glance(self, glance: Glance, fade_s: float) -> SubjectMotion:
        """Where the subject is in a picture that is shown late, told with knowledge of the future.

        Size and the probability of motion are the newest known: they come late by themselves.
        """
        newest = self.at(self._pts_ns, fade_s)
        x, velocity_x = glance.along(self._past_x, fade_s)
        top, velocity_y = glance.along(self._past_top, fade_s)
        return replace(
            newest,
            shape=replace(newest.shape, center_x=x * self._unit, top=top * self._unit),
            velocity_x=velocity_x * self._unit,
            velocity_y=velocity_y * self._unit,
        )

    def _pixels(self, motion: Motion) -> float:
        return motion.position * self._unit


def _ease(value: float, goal: float, tau_s: float, dt: float) -> float:
    """`value` after `dt` seconds on its way to `goal`; exact for any dt."""
    return goal + (value - goal) * math.exp(-dt / tau_s)


def _center_x(box: Box, face: Box | None) -> float:
    """Halfway from body to face: the body's box wanders with the arms, the face does not."""
    return box.center.x if face is None else (box.center.x + face.center.x) / 2


def head_height(box: Box, face: Box | None) -> float:
    """From the face if there is one; else a standing body's share, or more of a cut-off one."""
    if face is not None:
        return max(HEAD_PER_FACE * face.height, 1e-3)
    slenderness = box.height / max(box.width, 1e-3)
    heads = min(max(HEADS_TALL * slenderness / 2.3, 2.5), HEADS_TALL)
    return box.height / heads
