"""Whoever moves the crop: our director and what others do."""

from __future__ import annotations

from typing import Protocol

from livetrack_vcam.core import Box, Detection


class Operator(Protocol):
    """Moves one crop. `crop_at` is called once a frame, in order."""

    def observe(self, detections: tuple[Detection, ...], pts_ns: int) -> None:
        """Take what was found in the frame of `pts_ns`, now that it is known."""

    def crop_at(self, pts_ns: int) -> Box:
        """The crop of the frame of `pts_ns`."""

    def select(self, place: Box) -> None:
        """Make whoever is nearest to `place` the subject from now on."""

    def ideal(self, subject: Box) -> Box:
        """The crop this operator would rest at for a subject that truly is at `subject`."""

    @property
    def subject(self) -> tuple[Box, ...]:
        """Where the operator believes those it follows to be."""
