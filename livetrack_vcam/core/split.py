"""Split screen: two panes for a group of two people, or two clusters, that are far apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Protocol

from livetrack_vcam.core.command import (
    Command,
    Configure,
    GoHome,
    LockTrack,
    NextSubject,
    Pause,
    PreviousSubject,
    Recenter,
    Resume,
    SelectSubject,
    SetAspectRatio,
    SetDeadZone,
    SetFill,
    SetHeadroom,
    SetMaxZoom,
    SetShot,
    SetSpeed,
    ShowWide,
    Toggle,
)
from livetrack_vcam.core.config import DirectorSettings, Fill, SubjectKind, SubjectPolicy, WhenLost
from livetrack_vcam.core.detection import Track
from livetrack_vcam.core.geometry import Box, Crop, Size, largest_height, union

SPLIT_WIDTH, JOIN_WIDTH = 0.9, 0.75
"""Share of the largest crop: a wider group is split, one not wider than the second is joined."""
SPLIT_GAP, JOIN_GAP = 0.4, 0.3
"""The same for the empty space between two clusters: more of nothing is too much of the picture."""
CONFIRM_S = 1.5
"""A group must be apart, or together again, for so long before the picture is cut."""
ENDING = (
    SetAspectRatio, SetFill, SelectSubject, LockTrack, NextSubject, PreviousSubject, GoHome,
    ShowWide,
)  # fmt: skip
"""Commands after which there is one picture at once."""
PASSED_ON = (
    SetShot,
    SetSpeed,
    SetHeadroom,
    SetMaxZoom,
    SetDeadZone,
    Recenter,
    Toggle,
    Pause,
    Resume,
)
OWN = {"aspect_ratio", "fill", "subject", "when_lost"}
"""Settings that a pane has its own of."""


class PaneDirector(Protocol):
    """What a pane needs of a Director; one is made for each pane."""

    @property
    def subject(self) -> tuple[int, ...]: ...

    def observe_tracks(self, tracks: tuple[Track, ...], pts_ns: int) -> None: ...

    def crop_at(self, pts_ns: int) -> Crop: ...

    def command(self, command: Command) -> None: ...


MakeDirector = Callable[[Size, DirectorSettings], PaneDirector]


def pane_ratio(aspect_ratio: Fraction) -> Fraction:
    """The shape of each of two panes: side by side on wide canvases, stacked on tall ones."""
    return aspect_ratio / 2 if aspect_ratio >= 1 else aspect_ratio * 2


def _arrangement(settings: DirectorSettings) -> tuple[object, ...]:
    """What panes are made for: with another of these they are made anew."""
    return settings.aspect_ratio, settings.fill, settings.subject


def clusters(members: Sequence[Track]) -> tuple[list[Track], list[Track]]:
    """Two or more members on the left and on the right of the widest gap between them."""
    ordered = sorted(members, key=lambda t: (t.box.center.x, t.track_id))
    gaps = [b.box.x1 - a.box.x2 for a, b in pairwise(ordered)]
    cut = gaps.index(max(gaps)) + 1
    return ordered[:cut], ordered[cut:]


@dataclass(frozen=True, slots=True)
class _Pane:
    director: PaneDirector
    ids: set[int]


class SplitScreen:
    """Decides between one picture and two panes. Never changes twice within CONFIRM_S.

    Each pane has a director of its own, fed with the tracks of its people; they are at work while
    the split is only being considered, so that both panes are well composed when it comes.
    """

    def __init__(self, frame: Size, settings: DirectorSettings, make: MakeDirector) -> None:
        self._frame = frame
        self._settings = settings
        self._make = make
        self._panes: tuple[_Pane, ...] = ()
        self._split = False
        self._since_ns: int | None = None

    @property
    def subject(self) -> tuple[int, ...]:
        """Ids of everybody in the panes; empty while there is one picture."""
        panes = self._panes if self._split else ()
        return tuple(i for pane in panes for i in pane.director.subject)

    def command(self, command: Command, settings: DirectorSettings) -> None:
        """A command that the shot obeyed: it ends the split, or the panes obey it, too."""
        before, self._settings = self._settings, settings
        if isinstance(command, ENDING) or _arrangement(before) != _arrangement(settings):
            self._end()
        elif isinstance(command, PASSED_ON):
            self._pass_on(command)
        elif isinstance(command, Configure):
            self._pass_on(Configure(tuple(c for c in command.changes if c[0] not in OWN)))

    def _pass_on(self, command: Command) -> None:
        for pane in self._panes:
            pane.director.command(command)

    def observe(self, members: Sequence[Track], pts_ns: int) -> None:
        """The group as a tracker found it at `pts_ns`, best first."""
        apart = self._are_apart(members)
        if not self._panes and apart and len(members) > 1:
            self._begin(members)
        if apart is not self._split:
            self._since_ns = pts_ns if self._since_ns is None else self._since_ns
            if pts_ns - self._since_ns >= CONFIRM_S * 1e9:
                self._change(apart)
        else:
            self._since_ns = None
            if not self._split:
                self._panes = ()
        self._share_out(members, pts_ns)

    def panes_at(self, pts_ns: int) -> tuple[Box, ...]:
        """The panes for the frame of `pts_ns`, left to right or top to bottom; empty: no split."""
        if not self._panes:
            return ()
        boxes = tuple(pane.director.crop_at(pts_ns).box for pane in self._panes)
        return boxes if self._split else ()

    def _are_apart(self, members: Sequence[Track]) -> bool:
        if self._settings.fill is not Fill.SPLIT or len(members) < 2:
            return False
        ratio = self._settings.aspect_ratio
        width = largest_height(ratio, self._frame) * float(ratio)
        left, right = clusters(members)
        gap = min(t.box.x1 for t in right) - max(t.box.x2 for t in left)
        across = union([t.box for t in members]).width
        most, widest = (JOIN_WIDTH, JOIN_GAP) if self._split else (SPLIT_WIDTH, SPLIT_GAP)
        return across > most * width or gap > widest * width

    def _begin(self, members: Sequence[Track]) -> None:
        """One director a cluster: left to right, or, stacked, with the best member on top."""
        stacked = self._settings.aspect_ratio < 1
        least = self._settings.min_crop_height
        settings = replace(
            self._settings,
            aspect_ratio=pane_ratio(self._settings.aspect_ratio),
            # A stacked pane has half the canvas's lines, so half the source's lines will do.
            min_crop_height=least / 2 if stacked else least,
            subject=SubjectPolicy(SubjectKind.GROUP),
            fill=Fill.CROP,
            when_lost=WhenLost.HOLD,
        )
        groups = [{t.track_id for t in cluster} for cluster in clusters(members)]
        if stacked and members[0].track_id in groups[1]:
            groups.reverse()
        self._panes = tuple(_Pane(self._make(self._frame, settings), ids) for ids in groups)

    def _change(self, split: bool) -> None:
        self._since_ns = None
        self._split = split
        if not split:
            self._panes = ()
        for pane in self._panes:
            # A new shape makes a director cut to a composed picture instead of gliding there.
            pane.director.command(SetAspectRatio(pane_ratio(self._settings.aspect_ratio)))

    def _share_out(self, members: Sequence[Track], pts_ns: int) -> None:
        """Give every pane its people; a newcomer joins the pane with the nearest member."""
        for track in members:
            if self._panes and not any(track.track_id in pane.ids for pane in self._panes):
                self._nearest(track, members).ids.add(track.track_id)
        for pane in self._panes:
            own = tuple(t for t in members if t.track_id in pane.ids)
            pane.director.observe_tracks(own, pts_ns)

    def _nearest(self, track: Track, members: Sequence[Track]) -> _Pane:
        def distance(pane: _Pane) -> float:
            there = [t.box.center.x for t in members if t.track_id in pane.ids]
            return min((abs(x - track.box.center.x) for x in there), default=float("inf"))

        return min(self._panes, key=distance)

    def _end(self) -> None:
        self._panes = ()
        self._split = False
        self._since_ns = None
