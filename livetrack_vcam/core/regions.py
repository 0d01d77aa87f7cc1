"""Parts of the frame worth a closer look: a subject, a head, a tile of the scene."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from livetrack_vcam.core.detection import Track
from livetrack_vcam.core.geometry import Box, Size

# A standing adult is about 7.5 heads tall and, with the arms hanging, 3 heads wide
# (Loomis, "Figure Drawing for All It's Worth").
HEADS_PER_BODY = 7.5
HEADS_PER_SHOULDERS = 3.0
# In frame pixels: a head smaller than this shows no face at any size.
MIN_HEAD_PX = 24.0
# In pixels of a face network's input, about 256 wide: smaller heads are seldom found there, clear
# ones always.
FACE_INPUT = 256.0
SMALLEST_HEAD = 10.0
CLEAR_HEAD = 24.0
CUT = 0.02
"""Of a region's side: boxes that come so near to its edge are cut off by it."""
NATIVE_WIDTH = 448.0
"""Pixels of the frame that a detector sees at full resolution; a smaller region shows no more."""
CLOSE_WIDTH = 256.0
"""The same for a look that enlarges: somebody small or half hidden is found by it alone."""
MOST_TILES = 3
"""Columns and rows of tiles at most; with three, 1080p is seen at 1.7 pixels to one."""
OVERLAP = 0.2
"""Share of a tile that its neighbor sees too, so that nobody is cut by both."""
PREDICT_S = 0.3
"""A track's motion says where it is for so long."""


def whole_frame(frame: Size) -> Box:
    return Box(0.0, 0.0, float(frame.width), float(frame.height))


def predicted(track: Track, observed_ns: int, now_ns: int) -> Box:
    """Where a track that was at `track.box` at `observed_ns` should be now."""
    dt = min(max((now_ns - observed_ns) / 1e9, 0.0), PREDICT_S)
    return track.box.shifted(track.velocity.x * dt, track.velocity.y * dt)


def head_side(person: Box) -> float:
    """About how large a head is, in pixels, whether the box shows a standing or a seated person."""
    return max(person.height / HEADS_PER_BODY, person.width / HEADS_PER_SHOULDERS)


class HeadView(Enum):
    """How well the whole frame shows a head to a face network."""

    CLEAR = "clear"
    FAINT = "faint"
    TOO_SMALL = "too small"
    HOPELESS = "too small at any size"


def head_seen_as(person: Box, frame: Size) -> HeadView:
    head = head_side(person)
    shrunk = head * FACE_INPUT / max(frame.width, frame.height)
    if shrunk >= CLEAR_HEAD:
        return HeadView.CLEAR
    if head < MIN_HEAD_PX:
        return HeadView.HOPELESS
    return HeadView.FAINT if shrunk >= SMALLEST_HEAD else HeadView.TOO_SMALL


def is_worth_a_closer_look(view: HeadView) -> bool:
    return view in (HeadView.FAINT, HeadView.TOO_SMALL)


def cut_off(box: Box, region: Box, frame: Size) -> bool:
    """Whether an edge of `region`, other than the frame's own, cuts or touches `box`."""
    dx, dy = CUT * region.width, CUT * region.height
    return (
        (region.x1 > 0 and box.x1 < region.x1 + dx)
        or (region.y1 > 0 and box.y1 < region.y1 + dy)
        or (region.x2 < frame.width and box.x2 > region.x2 - dx)
        or (region.y2 < frame.height and box.y2 > region.y2 - dy)
    )


def head_region(person: Box) -> Box:
    """A square around the head, wide enough for raised arms and a head that leans."""
    side = max(person.width, person.height / 3)
    center = person.center.x
    top = person.y1 - side * 0.15
    return Box(center - side / 2, top, center + side / 2, top + side)


def focus_region(subject: Box, frame: Size, least_width: float = NATIVE_WIDTH) -> Box:
    """A region of the frame's own shape around a subject, with room to move and to grow."""
    shape = frame.width / frame.height
    width = max(1.6 * subject.height * shape, 2.0 * subject.width, least_width)
    return inside(subject.center.x, subject.center.y, width, frame)


def focus_regions(
    subjects: Sequence[Box], frame: Size, least_width: float = NATIVE_WIDTH
) -> tuple[Box, ...]:
    """Few regions that show all `subjects` closely: one around the first, one around the first of
    those that it cuts, and so on.
    """
    regions: list[Box] = []
    for subject in subjects:
        if all(cut_off(subject, region, frame) for region in regions):
            regions.append(focus_region(subject, frame, least_width))
    return tuple(regions)


def inside(x: float, y: float, width: float, frame: Size) -> Box:
    """A box of the frame's shape, `width` wide, as near to (x, y) as the frame allows."""
    width = min(width, float(frame.width))
    height = width * frame.height / frame.width
    left = min(max(x - width / 2, 0.0), frame.width - width)
    top = min(max(y - height / 2, 0.0), frame.height - height)
    return Box(left, top, left + width, top + height)


def tiles(frame: Size) -> tuple[Box, ...]:
    """Overlapping regions of the frame's shape that cover it; none when one look sees it all."""
    if round(frame.width / NATIVE_WIDTH) < 2:
        return ()
    count = min(MOST_TILES, round(frame.width / CLOSE_WIDTH))
    width = frame.width / (count - (count - 1) * OVERLAP)
    height = width * frame.height / frame.width
    xs = [(frame.width - width) * i / (count - 1) for i in range(count)]
    ys = [(frame.height - height) * i / (count - 1) for i in range(count)]
    return tuple(Box(x, y, x + width, y + height) for y in ys for x in xs)
