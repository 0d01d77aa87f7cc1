"""LiveTrack: one fixed wide-angle camera becomes a camera operator."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livetrack_vcam.core.config import (
        DirectorSettings,
        Fill,
        Shot,
        Speed,
        SubjectPolicy,
        WhenLost,
    )
    from livetrack_vcam.core.detection import Detection, Observation, Track
    from livetrack_vcam.core.director import Director
    from livetrack_vcam.core.geometry import Box, Crop, Point, Size

__version__ = "0.1.0"

__all__ = [
    "Box",
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
    "SubjectPolicy",
    "Track",
    "WhenLost",
    "__version__",
]


def __getattr__(name: str) -> object:
    """The public types, loaded when they are first asked for: `--help` needs none of them."""
    if name in __all__:
        return getattr(import_module("livetrack_vcam.core"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
