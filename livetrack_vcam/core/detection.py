"""What a detector saw, and what the tracker made of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from livetrack_vcam.core.geometry import Box, Point

PERSON = "person"
FACE = "face"
SPORTS_BALL = "sports ball"


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing a model found. `label` is a COCO name or "face"; `score` is 0 to 1.

    `landmarks` of a face are, in order: right eye, left eye, nose tip, mouth center,
    right ear, left ear (the person's own right), in source pixels; a detector that does not know
    ears leaves those two out. Empty for other labels.
    `appearance` describes how the thing looks: a unit vector, alike for the same person in the
    same clothes; empty when nobody computed it.
    """

    box: Box
    score: float
    label: str
    landmarks: tuple[Point, ...] = ()
    appearance: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """One pass of a detector: the part of the frame it saw, and what it could have found there."""

    region: Box
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything the detectors found in the frame captured at `pts_ns`.

    `looks` says where they looked: what lies elsewhere was not missed. Without any, they saw the
    whole frame and knew every label.
    """

    detections: tuple[Detection, ...]
    pts_ns: int
    looks: tuple[Look, ...] = ()


@dataclass(frozen=True, slots=True)
class Track:
    """A thing followed over time.

    `box` is the estimate at the time of the last observation, `velocity` its center's speed in
    source pixels per second, `seen_ns` when a detector last confirmed it. `face` is the face
    that belongs to a person, as last seen at `face_ns` and moved along since. `track_id` is never
    reused within a session.
    """

    track_id: int
    label: str
    box: Box
    score: float
    velocity: Point
    seen_ns: int
    face: Box | None = None
    face_ns: int = 0

    def moved(self, seconds: float) -> Track:
        """The track where it is `seconds` later, if it goes on as it did."""
        dx, dy = self.velocity.x * seconds, self.velocity.y * seconds
        face = None if self.face is None else self.face.shifted(dx, dy)
        return replace(self, box=self.box.shifted(dx, dy), face=face)
