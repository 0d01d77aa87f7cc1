"""The pure core: detections and time in, crops out. Standard library only.

Nothing in this package reads a clock, a file or a random number, starts a thread or logs.
"""

from __future__ import annotations

from livetrack_vcam.core.config import (
    DirectorSettings,
    Fill,
    Shot,
    Speed,
    SubjectKind,
    SubjectPolicy,
    WhenLost,
)
from livetrack_vcam.core.crew import Crew
from livetrack_vcam.core.detection import Detection, Observation, Track
from livetrack_vcam.core.director import Director
from livetrack_vcam.core.geometry import Box, Crop, Point, Size
from livetrack_vcam.core.presence import State
from livetrack_vcam.core.tracker import Tracker, TrackerSettings

__all__ = [
    "Box",
    "Crew",
    "Crop",
    "Detection",
    "Director",
    "DirectorSettings",
    "Fill",
    "Observation",
    "Point",
    "Shot",
    "Size",
    "Speed",
    "State",
    "SubjectKind",
    "SubjectPolicy",
    "Track",
    "Tracker",
    "TrackerSettings",
    "WhenLost",
]
