"""What the canvas shows: the crop, a longer box around a group, or two panes."""

from __future__ import annotations

from collections.abc import Sequence

from livetrack_vcam.core.command import Command, GoHome, ShowWide
from livetrack_vcam.core.config import DirectorSettings, Fill
from livetrack_vcam.core.detection import Track
from livetrack_vcam.core.geometry import Box, Crop, Size, union
from livetrack_vcam.core.letterbox import Letterbox
from livetrack_vcam.core.split import MakeDirector, SplitScreen

FORGET_S = 3.0
"""A group unseen for so long needs no longer box any more."""


class Panes:
    """Makes the boxes to show from the crop and the group, as `fill` says.

    One box is the whole picture; when it is not the crop's, the canvas has bars beside it. Two
    boxes are the halves of the canvas, side by side on wide ones and stacked on tall ones.
    """

    def __init__(self, frame: Size, settings: DirectorSettings, make: MakeDirector) -> None:
        self._frame = frame
        self._settings = settings
        self._letterbox = Letterbox(frame, settings)
        self._split = SplitScreen(frame, settings, make)
        self._group: Box | None = None
        self._seen_ns = 0

    @property
    def subject(self) -> tuple[int, ...]:
        """Ids of everybody shown in two panes; empty while there is one picture."""
        return self._split.subject

    def command(self, command: Command, settings: DirectorSettings) -> None:
        """A command that the shot obeyed, and its settings since."""
        self._settings = settings
        self._letterbox.configure(settings)
        if isinstance(command, (GoHome, ShowWide)):
            self._group = None
        self._split.command(command, settings)

    def observe(self, members: Sequence[Track], pts_ns: int) -> None:
        """The subject's tracks at `pts_ns`, best first; not only those that fit the crop."""
        if len(members) > 1:
            self._group = union([t.box for t in members]).clipped(self._frame)
            self._seen_ns = pts_ns
        elif members:
            self._group = None
        self._split.observe(members, pts_ns)

    def at(self, crop: Crop, pts_ns: int, dt: float) -> tuple[Box, ...]:
        """One or two boxes inside the frame; called once a frame, `dt` after the last."""
        panes = self._split.panes_at(pts_ns)
        if panes:
            return panes
        boxed = self._settings.fill in (Fill.LETTERBOX, Fill.BLUR)
        forgotten = pts_ns - self._seen_ns > FORGET_S * 1e9
        group = self._group if boxed and not forgotten else None
        return (self._letterbox.shown(crop, group, dt),)
