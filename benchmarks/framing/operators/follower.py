"""What all baselines share: whom they follow, where they aim, and that the crop stays inside."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from benchmarks.framing.operators.composition import ideal_crop
from livetrack_vcam.core import Box, Detection, DirectorSettings, Size
from livetrack_vcam.core.config import SubjectKind
from livetrack_vcam.core.detection import PERSON, SPORTS_BALL
from livetrack_vcam.core.geometry import Point, fit_inside

Rounding = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class View:
    """A crop as its center and height, in pixels."""

    x: float
    y: float
    height: float

    @classmethod
    def of(cls, crop: Box) -> View:
        return cls(crop.center.x, crop.center.y, crop.height)


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of the subject when a frame is cropped.

    `target` is the crop that its last detection asks for, `seen_from` the crop of the frame it
    was detected in. `fresh` when the detection became known with this frame, `found` whether the
    last look found anybody. `ratio` is the crop's width over its height, `frame` the picture.
    """

    target: View
    seen_from: View
    fresh: bool
    found: bool
    ratio: float
    frame: Size


class Smoother(Protocol):
    """How one of the others moves its crop: called once a frame."""

    def step(self, view: View, sight: Sight, dt: float) -> View:
        """The view `dt` seconds after `view`."""


class Follower:
    """A smoother at work on the subject that our composition would frame the same way.

    It follows the detection nearest to the last one, at first the largest. The first view is the
    first target. `rounding` is what happens to the corner and the height when the crop is shown.
    """

    def __init__(
        self,
        frame: Size,
        settings: DirectorSettings,
        smoother: Smoother,
        rounding: Rounding | None = None,
    ) -> None:
        self._frame = frame
        self._settings = settings
        self._ratio = float(settings.aspect_ratio)
        self._smoother = smoother
        self._rounding = rounding
        self._label = SPORTS_BALL if settings.subject.kind is SubjectKind.BALL else PERSON
        self._last: tuple[Box, ...] = ()
        self._subject: Box | None = None
        self._found = self._fresh = False
        self._view: View | None = None
        self._seen_from: View | None = None
        self._shown: dict[int, View] = {}
        self._pts_ns = 0

    @property
    def subject(self) -> tuple[Box, ...]:
        return () if self._subject is None else (self._subject,)

    def observe(self, detections: tuple[Detection, ...], pts_ns: int) -> None:
        boxes = tuple(d.box for d in detections if d.label == self._label)
        self._found = bool(boxes)
        if not boxes:
            return
        if self._subject is None:
            self._subject = max(boxes, key=lambda box: box.area)
        else:
            self._subject = _nearest(boxes, self._subject)
        self._last = boxes
        self._fresh = True
        self._seen_from = self._shown.get(pts_ns)

    def select(self, place: Box) -> None:
        self._subject = _nearest(self._last, place)
        self._fresh = True
        self._seen_from = self._view

    def ideal(self, subject: Box) -> Box:
        return ideal_crop(self._frame, self._settings, subject)

    def crop_at(self, pts_ns: int) -> Box:
        dt = (pts_ns - self._pts_ns) / 1e9
        self._pts_ns = pts_ns
        if self._subject is not None:
            target = View.of(self.ideal(self._subject))
            view = target if self._view is None else self._view
            sight = Sight(
                target,
                self._seen_from or view,
                self._fresh,
                self._found,
                self._ratio,
                self._frame,
            )
            self._view = View.of(self._inside(self._smoother.step(view, sight, dt)))
            self._shown[pts_ns] = self._view
            self._fresh = False
        return self._show(self._view)

    def _inside(self, view: View) -> Box:
        return fit_inside(
            Point(view.x, view.y), view.height, self._settings.aspect_ratio, self._frame
        ).box

    def _show(self, view: View | None) -> Box:
        if view is None:
            middle = View(self._frame.width / 2, self._frame.height / 2, self._frame.height)
            return self._inside(middle)
        box = self._inside(view)
        if self._rounding is None:
            return box
        height = self._rounding(box.height)
        return Box.from_xywh(
            self._rounding(box.x1), self._rounding(box.y1), height * self._ratio, height
        )


def _nearest(boxes: tuple[Box, ...], place: Box) -> Box:
    center = place.center
    return min(boxes, key=lambda box: math.hypot(box.center.x - center.x, box.center.y - center.y))
