"""The subject's shape over time: two estimated edges and a size that does not breathe."""

from __future__ import annotations

import math
from typing import NamedTuple

from livetrack_vcam.core.estimator import Agility, AxisEstimator, measurement_variance
from livetrack_vcam.core.framing import SubjectShape
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.core.hindsight import AxisHindsight, Glance
from livetrack_vcam.core.presets import USUAL_DELAY_S, SpeedPreset
from livetrack_vcam.core.size_estimator import HeadEstimator, Reach, SizeEstimator, Widest

HEADS_TALL = 7.5
"""A standing adult's height in heads."""
HEAD_PER_FACE = 1.35
"""Head height (crown to chin) over the height of a detected face (brows to chin)."""
NEAR_EDGE = 0.955
"""A box that ends below this share of the frame's height belongs to somebody cut off by it."""
UNCUT_EDGE = 0.94
"""Until it ends above this share: then it is somebody whole again."""
BOTTOM_TAU_S = 0.5
HAIR = 0.45
"""Nobody is taller than so many face heights above the face; raised arms are."""
LIFTED, RAISED = 0.06, 0.12
"""A box that ends more than RAISED of its height above the hair ends with raised arms; one that
ends less than LIFTED above it does not, and its edge is surer than the face's place."""
ODD_HEAD = 2.2
"""A face makes a head so many times larger or smaller than the body's shape lets expect, at most;
what makes a larger or smaller one is something else on the body, or somebody else's face."""
WIDER = 1.15
"""Nobody is wider than the widest box of late by more: it was low because its feet were hidden."""
ROAMS = 0.8
"""How sure the estimator must be that somebody walks."""
LEAN_TAU_S = 0.5
ROAM_RISE_S = 0.4
WALKS = 0.45
"""And how fast at least, in own widths a second: who sways on a chair goes nowhere."""
ROAM_STAYS_S = 2.0
ROAM_FALL_S = 3.0
"""Somebody who stops for a moment will walk on: for so long the picture stays as wide as it is."""
SIZE_FADE_S = 0.6
"""Time constant with which a predicted growth fades."""


class SubjectMotion(NamedTuple):
    """Where the subject is at one moment, in source pixels and pixels per second.

    The crop should see it where it is `aim_s` seconds later (negative: earlier). `growth` is how
    fast the logarithm of its size grows, 1/s, `head_growth` the same of its head, and `growing`
    the probability that it really grows or shrinks. Detections are `delay_s` old on average.
    `seen_x`, `seen_y`: where the newest of them put its center and top, the newest first;
    `departed_x`, `departed_y`: to which side they agree that these left their places (see
    AxisEstimator).
    """

    shape: SubjectShape
    velocity_x: float
    velocity_y: float
    moving_x: float
    moving_y: float
    aim_s: float = 0.0
    growth: float = 0.0
    head_growth: float = 0.0
    growing: float = 0.0
    delay_s: float = USUAL_DELAY_S
    seen_x: tuple[float, ...] = ()
    seen_y: tuple[float, ...] = ()
    departed_x: int | None = None
    departed_y: int | None = None

    def grown(self, seconds: float) -> SubjectShape:
        """Its shape so much later in the same place, if it goes on to grow as it does now."""
        shape, factor = self.shape, math.exp(self.growth * seconds)
        return SubjectShape(
            shape.center_x,
            shape.top,
            shape.width * factor,
            shape.height * factor,
            shape.head * math.exp(self.head_growth * seconds),
            shape.roaming,
            shape.core * factor,
            shape.people,
            shape.spread,
            shape.doubt,
        )


class SubjectEstimator:
    """Follows one subject, or a group as one box.

    Horizontally the center is estimated, vertically the top: heads stay in view and keep their
    place when a table or the frame's edge cuts the legs off. Size is estimated so that gestures do
    not pump the zoom; a head is as large as its face says, if there is one.
    """

    def __init__(
        self,
        frame: Size,
        box: Box,
        face: Box | None,
        score: float,
        agility: Agility,
        pts_ns: int,
        *,
        face_is_new: bool = True,
    ) -> None:
        face = _likely_face(box, face)
        self._frame = frame
        self._unit = float(max(frame.width, 1))
        r = measurement_variance(score, box.width / self._unit)
        self._lean = 0.0
        x = self._center_x(box, face if face_is_new else None, 1.0) / self._unit
        self.agility = agility
        """How it is expected to move; another one holds from the next measurement on."""
        self._x = AxisEstimator(x, r, agility, pts_ns)
        top = _hair(box, face)
        self._top = AxisEstimator(top / self._unit, r, agility, pts_ns)
        self._past_x = AxisHindsight(x, r, pts_ns)
        self._past_top = AxisHindsight(top / self._unit, r, pts_ns)
        self._bottom, self._cut_below = box.y2, False
        height = self._full_height(box, top, 0.0)
        self._body = SizeEstimator(box.width, height, pts_ns)
        self._reach = Reach(box.width / max(height, 1e-3))
        self._widest = Widest(box.width, pts_ns)
        self._head = HeadEstimator(_face_head(face), height / self._heads_tall, pts_ns)
        self._roaming = self._stays_s = 0.0
        self._pts_ns = pts_ns
        self._remember()
        self._build = self._built()

    @property
    def measured_ns(self) -> int:
        """When the newest measurement was made."""
        return self._pts_ns

    def update(
        self,
        box: Box,
        face: Box | None,
        score: float,
        preset: SpeedPreset,
        pts_ns: int,
        *,
        face_is_new: bool = True,
    ) -> None:
        """Take the subject's box as measured at `pts_ns`; one that is not newer is ignored.

        A `face` that is not new was seen earlier and moved along: it tells the size, not the place.
        """
        dt = (pts_ns - self._pts_ns) / 1e9
        if dt <= 0:
            return
        self._pts_ns = pts_ns
        face = self._likely(_likely_face(box, face))
        top = self._top_of(box, face)
        r = measurement_variance(score, box.width / self._unit)
        x = self._center_x(box, face if face_is_new else None, dt) / self._unit
        self._x.update(x, r, self.agility, pts_ns)
        self._top.update(top / self._unit, r, self.agility, pts_ns)
        self._remember()
        motion, lift = self._x.at(pts_ns, preset.fade_s), self._top.at(pts_ns, preset.fade_s)
        self._past_x.add(x, r, pts_ns, motion)
        self._past_top.add(top / self._unit, r, pts_ns, lift)
        self._measure_size(box, face, top, dt)
        self._build = self._built()
        speed = abs(motion.velocity) * self._unit
        walks = motion.moving > ROAMS and speed > WALKS * box.width
        self._roam(speed if walks else 0.0, dt)

    def _remember(self) -> None:
        self._seen_x = tuple(self._unit * place for place in self._x.newest)
        self._seen_y = tuple(self._unit * place for place in self._top.newest)

    def _built(self) -> tuple[float, float, float]:
        """Width over height, height in heads and doubt of the size: as of the newest look."""
        return self._body.slimness, self._heads_tall, self._body.doubt

    def _roam(self, speed: float, dt: float) -> None:
        if speed > self._roaming / 2:
            self._stays_s = ROAM_STAYS_S
        if speed > self._roaming:
            self._roaming = _ease(self._roaming, speed, ROAM_RISE_S, dt)
        elif self._stays_s > 0:
            self._stays_s -= dt
        else:
            self._roaming = _ease(self._roaming, speed, ROAM_FALL_S, dt)

    def _center_x(self, box: Box, face: Box | None, dt: float) -> float:
        """Halfway from body to face: the body's box wanders with the arms, the face does not.

        While no face is seen, where it usually is.
        """
        if face is not None:
            lean = (face.center.x - box.center.x) / max(box.width, 1.0)
            self._lean = _ease(self._lean, lean, LEAN_TAU_S, dt)
            return (box.center.x + face.center.x) / 2
        return box.center.x + self._lean * box.width / 2

    def _likely(self, face: Box | None) -> Box | None:
        """The face, if its head is about as large as it was a moment ago."""
        head = _face_head(face)
        return None if head is None or self._head.doubts(head) else face

    def _top_of(self, box: Box, face: Box | None) -> float:
        """Where the body ends above: below raised arms, if that makes it as tall as it was."""
        hair = _hair(box, face)
        if hair == box.y1:
            return hair
        usual = math.exp(self._body.at(self._pts_ns, SIZE_FADE_S).position)
        bottom = self._frame.height if self._cut_below else box.y2
        lower, higher = (max(bottom - top, 1e-3) / usual for top in (hair, box.y1))
        return hair if abs(math.log(lower)) < abs(math.log(higher)) else box.y1

    def _measure_size(self, box: Box, face: Box | None, top: float, dt: float) -> None:
        now = self._pts_ns
        seen = self._full_height(box, top, dt)
        self._body.update(box.width, seen, face is not None, now)
        height = math.exp(self._body.at(now, SIZE_FADE_S).position)
        cut_at_side = box.x1 <= 1 or box.x2 >= self._frame.width - 1
        self._reach.update(box.width / max(height, seen), dt, cut_at_side)
        self._widest.add(box.width, now)
        self._head.update(_face_head(face), height / self._heads_tall, now)

    @property
    def _heads_tall(self) -> float:
        return _heads_tall(1 / self._body.slimness)

    def _full_height(self, box: Box, top: float, dt: float) -> float:
        """From `top` to the feet, or to the frame's edge for somebody whom it cuts off.

        Detectors end such boxes a few percent short of it. Somebody whose feet are about there is
        not cut off in one look and whole in the next.
        """
        self._bottom = _ease(self._bottom, box.y2, BOTTOM_TAU_S, dt)
        near = UNCUT_EDGE if self._cut_below else NEAR_EDGE
        self._cut_below = self._bottom > near * self._frame.height
        return (self._frame.height if self._cut_below else box.y2) - top

    def at(
        self, pts_ns: int, fade_s: float, aim_s: float = 0.0, delay_s: float = USUAL_DELAY_S
    ) -> SubjectMotion:
        """The estimate at `pts_ns`; ahead of the last sighting the motion fades with `fade_s`.

        `aim_s` and `delay_s` are handed on as they are: see SubjectMotion.
        """
        x, top = self._x.at(pts_ns, fade_s), self._top.at(pts_ns, fade_s)
        size = self._body.at(pts_ns, SIZE_FADE_S)
        slimness, tall, doubt = self._build
        head = self._head.at(size, tall, pts_ns, SIZE_FADE_S)
        height = math.exp(size.position)
        core, reach, widest = slimness * height, self._reach.ratio * height, self._widest.value
        width = min(reach, WIDER * widest)
        unit = self._unit
        shape = SubjectShape(
            x.position * unit,
            top.position * unit,
            width if width > core else core,
            height,
            math.exp(head.position),
            self._roaming,
            core,
            doubt=doubt,
        )
        return SubjectMotion(
            shape,
            x.velocity * unit,
            top.velocity * unit,
            x.moving,
            top.moving,
            aim_s,
            size.velocity,
            head.velocity,
            size.moving if size.moving > head.moving else head.moving,
            delay_s,
            self._seen_x,
            self._seen_y,
            self._x.departed,
            self._top.departed,
        )

    def glance(self, glance: Glance, fade_s: float) -> SubjectMotion:
        """Where the subject is in a picture that is shown late, told with knowledge of the future.

        Size and the probability of motion are the newest known: they come late by themselves.
        """
        newest = self.at(self._pts_ns, fade_s)
        x, velocity_x = glance.along(self._past_x, self._x, fade_s)
        top, velocity_y = glance.along(self._past_top, self._top, fade_s)
        shape = SubjectShape(x * self._unit, top * self._unit, *newest.shape[2:])
        return SubjectMotion(shape, velocity_x * self._unit, velocity_y * self._unit, *newest[3:])


def _ease(value: float, goal: float, tau_s: float, dt: float) -> float:
    """`value` after `dt` seconds on its way to `goal`; exact for any dt."""
    return goal + (value - goal) * math.exp(-dt / tau_s)


def _hair(box: Box, face: Box | None) -> float:
    """Where the head ends above: not where raised arms do, if a face tells."""
    if face is None:
        return box.y1
    above = face.y1 - HAIR * face.height - box.y1
    share = (above / max(box.height, 1e-3) - LIFTED) / (RAISED - LIFTED)
    return box.y1 + min(max(share, 0.0), 1.0) * max(above, 0.0)


def _likely_face(box: Box, face: Box | None) -> Box | None:
    """The face, if it can be this body's."""
    if face is None:
        return None
    guess = box.height / _heads_tall(box.height / max(box.width, 1e-3))
    odd = HEAD_PER_FACE * face.height / max(guess, 1e-3)
    return face if 1 / ODD_HEAD < odd < ODD_HEAD else None


def head_height(box: Box, face: Box | None) -> float:
    """From the face if there is one; else a standing body's share, or more of a cut-off one."""
    own = _face_head(face)
    return box.height / _heads_tall(box.height / max(box.width, 1e-3)) if own is None else own


def _face_head(face: Box | None) -> float | None:
    return None if face is None else max(HEAD_PER_FACE * face.height, 1e-3)


def _heads_tall(slenderness: float) -> float:
    """How many heads tall a box is that is so many times as tall as wide."""
    return min(max(HEADS_TALL * slenderness / 2.3, 2.5), HEADS_TALL)
