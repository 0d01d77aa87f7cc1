"""LiveTrack: one fixed wide-angle camera becomes a camera operator."""

from __future__ import annotations

from livetrack_vcam.core.config import DirectorSettings, Fill, Shot, Speed, SubjectPolicy, WhenLost
from livetrack_vcam.core.detection import Detection, Observation, Track
from livetrack_vcam.core.geometry import Box, Crop, Point, Size

__version__ = "0.1.0"

__all__ = [
    "Box",
    "Crop",
    "Detection",
    "DirectorSettings",
    "Fill",
    "Observation",
    "Point",
    "Shot",
    "Size",
    "Speed",
    "SubjectPolicy",
    "Track",
    "WhenLost",
    "__version__",
]
