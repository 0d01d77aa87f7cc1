"""What the crop is composed for: the part of the subject a shot is about, with lead room."""

from __future__ import annotations

from collections.abc import Sequence

from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.detection import Track
from livetrack_vcam.core.framing import SubjectShape, part_of
from livetrack_vcam.core.glide import Glide
from livetrack_vcam.core.group import shape_of_all
from livetrack_vcam.core.subject_estimator import SubjectMotion

LEAD_SPEED = 0.25
"""Somebody who moves at this speed, in crops/s, gets all of the lead room."""
SLOW = 0.07
"""Somebody slower gets none: who sways does not lead the picture to and fro."""
SURE = 0.7
"""How sure the estimator must be of the motion."""
LEAD_RATE = 1.6
"""How quickly lead room grows and fades, 1/s: nearly all of it after 2.5 s of walking."""
LEAD_MARGIN = 0.04
"""Lead room leaves the subject this far inside the crop, as a share of it."""


class Composition:
    """Turns the subject's motion into the motion that the crop's middle follows."""

    def __init__(self) -> None:
        self._lead = Glide(0.0)

    @staticmethod
    def shape(
        shape: SubjectShape, tracks: Sequence[Track], settings: DirectorSettings
    ) -> SubjectShape:
        """What must be in the picture of the subject, which `tracks` show."""
        return part_of(shape_of_all(shape, tracks), settings)

    def motion(
        self,
        motion: SubjectMotion,
        tracks: Sequence[Track],
        settings: DirectorSettings,
        crop_width: float,
        dt: float,
    ) -> SubjectMotion:
        """The same in motion, placed behind the middle of the crop while it moves across."""
        shape = self.shape(motion.shape, tracks, settings)
        if settings.lead_room == 0:
            return motion if shape is motion.shape else motion._replace(shape=shape)
        goal = 0.0
        if shape.people == 1:
            goal = _wanted_lead(motion, shape, settings.lead_room, crop_width)
        ahead = self._lead.toward(goal, LEAD_RATE, dt) * crop_width
        return motion._replace(
            shape=shape._replace(center_x=shape.center_x + ahead),
            velocity_x=motion.velocity_x + self._lead.velocity * crop_width,
        )


def _wanted_lead(
    motion: SubjectMotion, shape: SubjectShape, most: float, crop_width: float
) -> float:
    """Lead room to the right as a share of the crop; never so much that the subject leaves it."""
    speed = motion.velocity_x / crop_width
    if motion.moving_x < SURE or abs(speed) < SLOW:
        return 0.0
    spare = max(0.5 - shape.width / crop_width / 2 - LEAD_MARGIN, 0.0)
    most = min(most, spare)
    return min(max(most * speed / LEAD_SPEED, -most), most)
