"""The composition that all operators share, so that only their motion is compared."""

from __future__ import annotations

from livetrack_vcam.core import Box, DirectorSettings, Size
from livetrack_vcam.core.framing import SubjectShape, wanted_center, wanted_height
from livetrack_vcam.core.geometry import fit_inside
from livetrack_vcam.core.subject_estimator import head_height


def ideal_crop(frame: Size, settings: DirectorSettings, subject: Box) -> Box:
    """Our composition of a subject at rest whose box is known exactly."""
    head = head_height(subject, None)
    shape = SubjectShape(subject.center.x, subject.y1, subject.width, subject.height, head)
    height = wanted_height(shape, settings, frame)
    center = wanted_center(shape, settings, frame, height)
    return fit_inside(center, height, settings.aspect_ratio, frame, settings.min_crop_height).box
