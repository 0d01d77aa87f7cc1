"""One thing the tracker follows: its motion, its size, its face, its looks, when it was seen."""

from __future__ import annotations

import math

from livetrack_vcam.core.appearance import Memory
from livetrack_vcam.core.coverage import Sight
from livetrack_vcam.core.detection import Track
from livetrack_vcam.core.fusion import Fusion, Measurement
from livetrack_vcam.core.geometry import Box, Point, Size
from livetrack_vcam.core.kalman import Gaussian, coast, correct, surprised

MEASURED = 0.09
"""Standard deviation of a detected center, in box sizes."""
FACE_MEASURED = 0.2
"""The same for a center told by the face alone: heads turn and lean."""
AGILITY = 1.0
"""White acceleration of a tracked thing, box sizes²/s³."""
MOST_SURPRISE = 4.0
"""Squared deviations; a measurement farther off says that the motion has changed."""
LEAP = 12.0
"""Squared deviations, across and down together; a measurement farther off is a leap."""
LEAP_OPEN_S = 0.65
"""A leap that no second measurement confirms may be taken back for so long."""
CROWDED = 0.3
"""Share of a box that others cover from which its colors and jumps may be theirs."""
SIZE_TAU_S = 0.2
"""Half of a size change is believed at once at ten sightings a second, less at more."""
CUT_GAIN = 0.05
"""Share of a size change believed while the frame's edge cuts the thing off."""
OFFSET_GAIN = 0.3
FADE_AFTER_S = 0.2
FADE_S = 0.8
"""Missing for FADE_AFTER_S, a thing slows down with this time constant."""
LONGEST_GAP_NS = 500_000_000
"""Time between two looks that counts as missing; more was nobody's fault."""
UNKNOWN_RATE = 0.5
"""How often a coarse look is assumed to find what a closer one found first."""
RATE_GAIN = 0.2
FACE_KEPT_S = 0.25
"""A face that was looked for and not found is kept so long: it blinked or turned."""
FACE_STALE_S = 1.0
EDGE = 1.0
"""Pixels from the frame's edge within which a box counts as cut off by it."""


class TrackedThing:
    """Mutable; belongs to one Tracker. `box` is the present estimate, moved on by `predict`.

    `track_id` is 0 until it is confirmed. `missing_ns` is for how long it was looked for in vain:
    time in which nobody looked where it should be does not count.
    """

    def __init__(self, seen: Measurement, now: int, frame: Size, sight: Sight) -> None:
        self.track_id = 0
        self.label = seen.label
        self.hits = 1
        self.memory = Memory()
        self.memory.learn(seen.appearance)
        self.begun_ns = self.seen_ns = self._body_ns = self._face_ns = now
        self._looked_ns = self._predicted_ns = now
        self.missing_ns = 0
        self._found_rate = UNKNOWN_RATE if sight is Sight.FINE else 1.0
        self._overlooked = 0
        self._counted_ns = 0
        self.score = seen.score
        self.best_score = seen.score
        self._evidence, self._looks = seen.score, 1
        self.face = seen.face
        self.face_score = seen.face_score
        self._offset = Point(0.0, 0.0)
        self._crowded = False
        self._unleapt: tuple[Gaussian, Gaussian] | None = None
        self._leapt_ns = 0
        self.last = seen
        self._frame = frame
        self._place(seen)
        self._begun_at = seen.box.center

    def _settle(self) -> None:
        """Remember the box: it is asked for far more often than it changes."""
        self.box = Box.from_cxcywh(self._x.p, self._y.p, self._width, self._height)
        self.visible = self.box.clipped(self._frame)

    def _place(self, seen: Measurement) -> None:
        """Take size and place as measured, standing still."""
        self._set_size(seen.box.width, seen.box.height)
        noise = (MEASURED * self.scale) ** 2
        center = seen.box.center
        self._x = Gaussian(center.x, 0.0, noise, 0.0, self.scale**2)
        self._y = Gaussian(center.y, 0.0, noise, 0.0, self.scale**2)
        self._measured_at = center
        self._settle()
        self._learn_offset(1.0)

    def _set_size(self, width: float, height: float) -> None:
        self._width, self._height = width, height
        self.scale = max(math.sqrt(width * height), 1.0)

    @property
    def unleapt(self) -> Box | None:
        """Where it is if its last leap was none but somebody else's box; None: it did not leap."""
        if self._unleapt is None:
            return None
        x, y = self._unleapt
        return Box.from_cxcywh(x.p, y.p, self._width, self._height).clipped(self._frame)

    @property
    def velocity(self) -> Point:
        return Point(self._x.v, self._y.v)

    @property
    def confirmed(self) -> bool:
        return self.track_id > 0

    @property
    def doubt(self) -> float:
        """Uncertainty of the center in box sizes, two standard deviations."""
        return 2 * math.sqrt(max(self._x.pp, self._y.pp)) / self.scale

    @property
    def inferred(self) -> bool:
        """Whether no body was ever seen."""
        return self.last.inferred

    @property
    def belief(self) -> float:
        """The mean score of all looks where it should be; one in vain counts as 0."""
        return self._evidence / self._looks

    @property
    def travel(self) -> float:
        """How far it is from where it was first seen, in box sizes."""
        center = self.box.center
        return math.hypot(center.x - self._begun_at.x, center.y - self._begun_at.y) / self.scale

    @property
    def missing_s(self) -> float:
        return self.missing_ns / 1e9

    def unseen_s(self, now: int) -> float:
        return (now - self.seen_ns) / 1e9

    def predict(self, now: int) -> None:
        dt = (now - self._predicted_ns) / 1e9
        self._predicted_ns = now
        before = self.box.center
        q = AGILITY * self.scale**2
        keep = math.exp(-dt / FADE_S) if self.missing_s > FADE_AFTER_S else 1.0
        self._x, self._y = (
            _slowed(coast(self._x, dt, q), keep),
            _slowed(coast(self._y, dt, q), keep),
        )
        self._settle()
        if self._unleapt is not None:
            x, y = self._unleapt
            is_open = now - self._leapt_ns <= LEAP_OPEN_S * 1e9
            self._unleapt = (coast(x, dt, q), coast(y, dt, q)) if is_open else None
        if self.face is not None:
            after = self.box.center
            self.face = self.face.shifted(after.x - before.x, after.y - before.y)

    def correct(self, seen: Measurement, now: int, crowding: float, sight: Sight) -> None:
        """Take the sighting that belongs to this thing.

        `crowding`, 0 to 1, is how much of it others cover: what is seen then is less certain, and
        may be how they look.
        """
        if seen.inferred and not self.inferred:
            self._correct_by_face(seen)
        elif self.inferred and not seen.inferred:
            self.last = seen
            self._place(seen)
        else:
            self._correct_by_box(seen, now, crowding)
        if seen.face is not None:
            self.face, self.face_score, self._face_ns = seen.face, seen.face_score, now
        self._crowded = crowding > 0
        self.hits += 1
        self.best_score = max(self.best_score, seen.score)
        self._evidence += seen.score
        self._looks += 1
        self._learn_rate(sight)
        self.seen_ns = self._looked_ns = now
        self.missing_ns = self._counted_ns = 0
        if not seen.inferred or self.inferred:
            self._body_ns = now
            self.score = seen.score
        if crowding < CROWDED:
            self.memory.learn(seen.appearance)

    def _correct_by_box(self, seen: Measurement, now: int, crowding: float) -> None:
        noise = (MEASURED * self.scale * (1 + 3 * crowding)) ** 2
        gain = (1 - math.exp(-(now - self._body_ns) / 1e9 / SIZE_TAU_S)) * (1 - 0.7 * crowding)
        box = seen.box
        x, width = _uncut(box.x1, box.x2, self._width, self._frame.width)
        y, height = _uncut(box.y1, box.y2, self._height, self._frame.height)
        if crowding < CROWDED:
            self._mind_leap(x, y, noise, now)
            self._x = surprised(self._x, x, noise, MOST_SURPRISE)
            self._y = surprised(self._y, y, noise, MOST_SURPRISE)
        self._x, self._y = correct(self._x, x, noise), correct(self._y, y, noise)
        self._measured_at = Point(x, y)
        self._set_size(_blend(self._width, width, gain), _blend(self._height, height, gain))
        self._settle()
        self.last = seen
        if seen.face is not None:
            self.face = seen.face
            self._learn_offset(OFFSET_GAIN)

    def _mind_leap(self, x: float, y: float, noise: float, now: int) -> None:
        """Go on from before the last leap where a measurement fits better; notice a new one."""
        off = _surprise(self._x, x, noise) + _surprise(self._y, y, noise)
        former, self._unleapt = self._unleapt, None
        if former is not None:
            back = _surprise(former[0], x, noise) + _surprise(former[1], y, noise)
            if back < off:
                (self._x, self._y), off = former, back
        if off > LEAP:
            self._unleapt, self._leapt_ns = (self._x, self._y), now

    def _learn_offset(self, gain: float) -> None:
        """Where in the box the face is."""
        if self.face is not None:
            x = (self.face.center.x - self._x.p) / self._width
            y = (self.face.center.y - self._y.p) / self._height
            self._offset = Point(
                self._offset.x + gain * (x - self._offset.x),
                self._offset.y + gain * (y - self._offset.y),
            )

    def _correct_by_face(self, seen: Measurement) -> None:
        """A sighting of the face alone: the body we know, moved along with the face."""
        assert seen.face is not None, "an inferred measurement has a face"
        if self.face is None:
            self.face = seen.face
            self._learn_offset(1.0)
        center = seen.face.center
        noise = (FACE_MEASURED * self.scale) ** 2
        self._x = correct(self._x, center.x - self._offset.x * self._width, noise)
        self._y = correct(self._y, center.y - self._offset.y * self._height, noise)
        self._settle()
        self.last = Measurement(self.visible, self.score, self.label, seen.face)

    def miss(self, now: int, pace: float, sight: Sight) -> None:
        """It was looked for where it should be and not found; its time runs at `pace`.

        A coarse look counts as much as such looks have found it before.
        """
        self._looks += 1
        gap = min(now - self._looked_ns, LONGEST_GAP_NS) - self._counted_ns
        if sight is Sight.COARSE:
            self._overlooked += 1
            step = round(max(gap, 0) * self._found_rate)
            self._counted_ns += step
        else:
            step = max(gap, 0)
            self._looked_ns = now
            self._counted_ns = 0
        self.missing_ns += round(step * pace)

    def _learn_rate(self, sight: Sight) -> None:
        """How often a coarse look finds it, from the looks since the last time it was found."""
        self._found_rate *= (1 - RATE_GAIN) ** self._overlooked
        self._overlooked = 0
        if sight is Sight.COARSE:
            self._found_rate += RATE_GAIN * (1 - self._found_rate)

    def miss_face(self, now: int, looked: bool) -> None:
        """Forget a face that was not seen any more; `looked` says whether somebody tried."""
        limit = FACE_KEPT_S if looked else FACE_STALE_S
        if self.face is not None and now - self._face_ns > limit * 1e9:
            self.face = None
            self.face_score = 0.0

    def succeed(self, before: TrackedThing) -> None:
        """Be the same one as `before`, who had left."""
        self.track_id = before.track_id
        self.memory = before.memory

    def track(self, fusion: Fusion, measured: bool) -> Track:
        """The box as estimated; as `measured` if it was seen in the last observation.

        A body that nobody hides is always where it was measured, and then only its size estimated:
        looks of different kinds agree on the place, not on the size.
        """
        box = self.visible
        if measured and self.seen_ns == self._predicted_ns:
            box = self.last.box
        elif self._body_ns == self._predicted_ns and not self._crowded:
            place = self._measured_at
            box = Box.from_cxcywh(place.x, place.y, self._width, self._height).clipped(self._frame)
        face = self.face
        score = self.score
        if fusion is Fusion.BEST and face is not None:
            if self.face_score > score or self.inferred:
                box, score = face.clipped(self._frame), self.face_score
            else:
                face = None
        return Track(
            self.track_id, self.label, box, score, self.velocity, self.seen_ns, face, self._face_ns
        )


def _uncut(low: float, high: float, size: float, length: int) -> tuple[float, float]:
    """Center and size of a thing seen from `low` to `high` on an axis of the frame.

    Where the frame's edge cuts it off it is as large as it was before (`size`), or nearly.
    """
    seen = high - low
    cut_low, cut_high = low <= EDGE, high >= length - EDGE
    if cut_low == cut_high or seen >= size:
        return (low + high) / 2, seen
    size = _blend(size, seen, CUT_GAIN)
    return (high - size / 2 if cut_low else low + size / 2), size


def _surprise(state: Gaussian, position: float, r: float) -> float:
    """How far off a measured position of variance `r` is, in squared deviations."""
    return (position - state.p) ** 2 / (state.pp + r)


def _slowed(state: Gaussian, keep: float) -> Gaussian:
    return Gaussian(state.p, state.v * keep, state.pp, state.pv, state.vv)


def _blend(old: float, new: float, gain: float) -> float:
    return math.exp((1 - gain) * math.log(old) + gain * math.log(new))
