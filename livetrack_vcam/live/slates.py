"""What every shot's outputs carry while no frames come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.live.curtain import Curtain
from livetrack_vcam.media import Frame
from livetrack_vcam.picture.slate import covered, slate


@dataclass(frozen=True, slots=True)
class _Shown:
    """The last picture of a shot, and when it was shown."""

    picture: Frame
    now_ns: int


@dataclass(frozen=True, slots=True)
class _Made:
    """A shot's slate, and what it was made of."""

    line: str
    last: Frame | None
    slate: Frame


class Slates:
    """One slate a shot, drawn once a loss, that fades in over the last picture and out of the next.

    Belongs to the render thread.
    """

    def __init__(self, canvases: Mapping[str, Size]) -> None:
        self._canvases = canvases
        self._curtain = Curtain()
        self._shown: dict[str, _Shown] = {}
        self._made: dict[str, _Made] = {}

    def over(self, shot: str, picture: Frame, now_ns: int) -> Frame:
        """A new picture of the shot, under what is left of the slate."""
        self._curtain.open(now_ns)
        self._shown[shot] = _Shown(picture, now_ns)
        share = self._curtain.share(now_ns)
        made = self._made.get(shot)
        if share == 0 or made is None:
            self._made.pop(shot, None)
            return picture
        return covered(picture, made.slate, share)

    def instead(self, shot: str, line: str, now_ns: int, since_ns: int) -> Frame:
        """What the shot shows now that there is no picture; its time goes on from the last one's.

        Before the first picture that is the present, which a recording would begin with.
        `since_ns`: when the picture was given up.
        """
        shown = self._shown.get(shot)
        self._curtain.close(since_ns, at_once=shown is None)
        last = shown.picture if shown is not None else None
        made = self._made.get(shot)
        if made is None or made.line != line or made.last is not last:
            made = _Made(line, last, slate(self._canvases[shot], line, last))
            self._made[shot] = made
        if shown is None:
            return replace(made.slate, pts_ns=now_ns)
        below = replace(shown.picture, pts_ns=shown.picture.pts_ns + now_ns - shown.now_ns)
        return covered(below, made.slate, self._curtain.share(now_ns))

    def fading(self, now_ns: int) -> bool:
        """Whether the next picture should come soon, for the fade to be smooth."""
        return self._curtain.moves(now_ns)
