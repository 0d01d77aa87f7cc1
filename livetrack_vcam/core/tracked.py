"""One thing the tracker follows: its motion, its size, its face and when it was last seen."""

from __future__ import annotations

import math

from livetrack_vcam.core.detection import Track
from livetrack_vcam.core.fusion import Measurement
from livetrack_vcam.core.geometry import Box, Point, Size
from livetrack_vcam.core.kalman import Gaussian, coast, correct

MEASURED = 0.05
"""Standard deviation of a detected center, in box sizes."""
AGILITY = 2.0
"""White acceleration of a tracked thing, box sizes²/s³."""
SIZE_GAIN = 0.5
"""Share of a size change that one sighting is believed."""


class TrackedThing:
    """Mutable; belongs to one Tracker. `box` is the present estimate, moved on by `predict`."""

    def __init__(self, track_id: int, seen: Measurement, now: int, confirmed: bool) -> None:
        self.track_id = track_id
        self.label = seen.label
        self.confirmed = confirmed
        self._begin(seen, now)

    def _begin(self, seen: Measurement, now: int) -> None:
        self.hits = 1
        self.seen_ns = now
        self.score = seen.score
        self.face = seen.face
        self._last = seen
        self._predicted_ns = now
        self._set_size(seen.box.width, seen.box.height)
        noise = (MEASURED * self._scale) ** 2
        center = seen.box.center
        self._x = Gaussian(center.x, 0.0, noise, 0.0, self._scale**2)
        self._y = Gaussian(center.y, 0.0, noise, 0.0, self._scale**2)

    def _set_size(self, width: float, height: float) -> None:
        self._width, self._height = width, height
        self._scale = max(math.sqrt(width * height), 1.0)

    @property
    def box(self) -> Box:
        return Box.from_cxcywh(self._x.p, self._y.p, self._width, self._height)

    @property
    def doubt(self) -> float:
        """Uncertainty of the center in box sizes, two standard deviations."""
        return 2 * math.sqrt(max(self._x.pp, self._y.pp)) / self._scale

    @property
    def inferred(self) -> bool:
        """Whether only a face was ever seen, or seen last."""
        return self._last.inferred

    @property
    def left_height(self) -> float:
        return self._last.box.height

    @property
    def left_center(self) -> Point:
        return self._last.box.center

    def unseen_s(self, now: int) -> float:
        return (now - self.seen_ns) / 1e9

    def predict(self, now: int) -> None:
        dt = (now - self._predicted_ns) / 1e9
        self._predicted_ns = now
        q = AGILITY * self._scale**2
        dx, dy = self._x.v * dt, self._y.v * dt
        self._x, self._y = coast(self._x, dt, q), coast(self._y, dt, q)
        if self.face is not None:
            self.face = self.face.shifted(dx, dy)

    def correct(self, seen: Measurement, now: int, confirm_hits: int) -> None:
        """Take the sighting that belongs to this thing."""
        if seen.inferred and not self._last.inferred:
            seen = self._body_of(seen)
        noise = (MEASURED * self._scale) ** 2
        center = seen.box.center
        self._x, self._y = correct(self._x, center.x, noise), correct(self._y, center.y, noise)
        self._set_size(_blend(self._width, seen.box.width), _blend(self._height, seen.box.height))
        self.hits += 1
        self.confirmed = self.confirmed or self.hits >= confirm_hits
        self.seen_ns = now
        self.score = seen.score
        self.face = seen.face
        self._last = seen

    def _body_of(self, seen: Measurement) -> Measurement:
        """A sighting of the face alone: the body we know, moved along with the face."""
        if seen.face is None or self.face is None:
            box = Box(
                seen.box.center.x - self._width / 2,
                seen.box.y1,
                seen.box.center.x + self._width / 2,
                seen.box.y1 + self._height,
            )
        else:
            before, after = self.face.center, seen.face.center
            box = self.box.shifted(after.x - before.x, after.y - before.y)
        return Measurement(box, seen.score, seen.label, seen.face)

    def return_at(self, seen: Measurement, now: int) -> None:
        """Known again after an absence: a new start under the old number."""
        self._begin(seen, now)

    def track(self, frame: Size) -> Track:
        """The box as measured when seen in the last observation, else where it should be now."""
        measured = self.seen_ns == self._predicted_ns
        box = (self._last.box if measured else self.box).clipped(frame)
        return Track(
            self.track_id,
            self.label,
            box,
            self.score,
            Point(self._x.v, self._y.v),
            self.seen_ns,
            self.face,
        )


def _blend(old: float, new: float) -> float:
    return math.exp((1 - SIZE_GAIN) * math.log(old) + SIZE_GAIN * math.log(new))
