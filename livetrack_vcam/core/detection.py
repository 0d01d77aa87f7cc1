"""What a detector saw, and what the tracker made of it."""

from __future__ import annotations

from dataclasses import dataclass

from livetrack_vcam.core.geometry import Box, Point

PERSON = "person"
FACE = "face"
SPORTS_BALL = "sports ball"


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing a model found. `label` is a COCO name or "face"; `score` is 0 to 1.

    `landmarks` of a face are, in order: right eye, left eye, nose tip, mouth center,
    right ear, left ear (the person's own right), in source pixels; empty for other labels.
    """

    box: Box
    score: float
    label: str
    landmarks: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything the detectors found in the frame captured at `pts_ns`."""

    detections: tuple[Detection, ...]
    pts_ns: int


@dataclass(frozen=True, slots=True)
class Track:
    """A thing followed over time.

    `box` is the estimate at the time of the last observation, `velocity` its center's speed in
    source pixels per second, `seen_ns` when a detector last confirmed it. `face` is the face
    that belongs to a person, when one was seen. `track_id` is never reused within a session.
    """

    track_id: int
    label: str
    box: Box
    score: float
    velocity: Point
    seen_ns: int
    face: Box | None = None
