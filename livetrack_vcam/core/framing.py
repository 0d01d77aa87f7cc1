"""The crop we would like for a subject: shot size, headroom, lead room, bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from livetrack_vcam.core.config import DirectorSettings, Shot
from livetrack_vcam.core.geometry import Point, Size, as_float, largest_height


class SubjectShape(NamedTuple):
    """The subject as the composition sees it, in source pixels.

    `center_x` and `top` are where it is, `height` its usual height, `width` the width it takes
    (arms and strides included), `head` the height of its head from crown to chin. `roaming` is
    how fast it has been moving across lately, pixels/s. `core` is the width without waving arms;
    0 when that is not known apart from `width`. Of a group of `people` it is the shape of all
    together, with the largest head, and `spread` is how much lower than `top` the lowest head is.
    `doubt` is how much larger it may well be, of the logarithm, where sizes seen are unsure.
    """

    center_x: float
    top: float
    width: float
    height: float
    head: float
    roaming: float = 0.0
    core: float = 0.0
    people: int = 1
    spread: float = 0.0
    doubt: float = 0.0


@dataclass(frozen=True, slots=True)
class ShotSize:
    """Crop height in head heights (None: from the whole subject) and headroom of the crop.

    `breadth` is how much of the subject across, in head heights, must stay in the picture: a face,
    shoulders, both arms.
    """

    heads: float | None
    headroom: float
    breadth: float = 0.0


SHOT_SIZES: dict[Shot, ShotSize] = {
    Shot.AUTO: ShotSize(None, 0.10),
    Shot.FACE: ShotSize(1.7, 0.06, 0.8),
    Shot.HEAD: ShotSize(3.0, 0.08, 1.2),
    # 3.4 heads below the crown: under the navel and above the hip, wrists and knees.
    Shot.UPPER: ShotSize(3.8, 0.10, 1.8),
    Shot.FULL: ShotSize(None, 0.14),
    Shot.WIDE: ShotSize(None, 0.14),
}
FOOTROOM = 0.06
"""Share of the crop's height left below the feet."""
WIDE_SCALE = 1.8
"""How much more than the whole subject a wide shot shows."""
ROOM_BESIDE = 0.62
"""Share of the crop's width a whole subject may take; the rest is for the dead zone."""
ROOM_FOR_ARMS = 0.92
"""Share of the crop's width that spread arms may take: they need no dead zone."""
BREADTH_ROOM = 0.72
"""The same for the part that a closer shot is about."""
MOST_HEADROOM = 0.2
"""A close shot of somebody low in the frame is rather closer than with more room above."""
EYES = 0.5
"""Where the eyes are between the crown (0) and the chin (1)."""
SMALL_HEAD, LARGE_HEAD = 0.10, 0.16
"""Heads of a smaller share of the crop's height get headroom; of larger ones the eyes count."""
ROAM_S = 0.3
"""So much of its walk a roaming subject is given on both sides: the lag of the crop."""


def headroom(settings: DirectorSettings) -> float:
    own = settings.headroom
    return SHOT_SIZES[settings.shot].headroom if own is None else own


def shows_whole(settings: DirectorSettings) -> bool:
    """Whether the shot is about the whole subject, not a number of heads."""
    return SHOT_SIZES[settings.shot].heads is None


def height_bounds(settings: DirectorSettings, frame: Size) -> tuple[float, float]:
    """Smallest and largest crop height the frame, `max_zoom` and `min_crop_height` allow."""
    largest = largest_height(settings.aspect_ratio, frame)
    smallest = max(largest / max(settings.max_zoom, 1.0), settings.min_crop_height)
    return min(smallest, largest), largest


def wanted_height(shape: SubjectShape, settings: DirectorSettings, frame: Size) -> float:
    """Crop height that shows the subject as large as the shot asks, within the bounds."""
    smallest, largest = height_bounds(settings, frame)
    heads = SHOT_SIZES[settings.shot].heads
    if heads is not None:
        height = _close_height(shape, heads, settings, frame)
    else:
        height = _whole_height(shape, settings, frame)
    height = height if height > smallest else smallest
    return height if height < largest else largest


def _close_height(
    shape: SubjectShape, heads: float, settings: DirectorSettings, frame: Size
) -> float:
    """So many heads, and as wide as the part the shot is about; not mostly headroom."""
    ratio = as_float(settings.aspect_ratio)
    if shape.people > 1:
        return max(heads * shape.head + shape.spread, shape.width / ROOM_BESIDE / ratio)
    across = part_of(shape, settings).width / BREADTH_ROOM / ratio
    face = SHOT_SIZES[Shot.FACE]
    closest = shape.head * max(face.heads or 0.0, face.breadth / BREADTH_ROOM / ratio)
    most = (frame.height - shape.top) / (1 - max(headroom(settings), MOST_HEADROOM))
    return min(max(heads * shape.head, across), max(most, closest))


def _whole_height(shape: SubjectShape, settings: DirectorSettings, frame: Size) -> float:
    """The subject with headroom and footroom; no room is left under somebody the frame cuts off."""
    above = headroom(settings)
    below = max(frame.height - shape.top - shape.height, 0.0)
    height = min(
        shape.height / max(1 - above - FOOTROOM, 0.1), (shape.height + below) / max(1 - above, 0.1)
    )
    core = shape.core or shape.width
    needed = (core + 2 * ROAM_S * shape.roaming) / ROOM_BESIDE
    spread = shape.width / ROOM_FOR_ARMS
    across = (needed if needed > spread else spread) / as_float(settings.aspect_ratio)
    height = height if height > across else across
    height *= math.exp(shape.doubt)
    return height * WIDE_SCALE if settings.shot is Shot.WIDE else height


def part_of(shape: SubjectShape, settings: DirectorSettings) -> SubjectShape:
    """What the shot must keep in the picture: a close one does not mind the elbows."""
    breadth = SHOT_SIZES[settings.shot].breadth * shape.head
    if breadth <= 0 or shape.people > 1:
        return shape
    return shape._replace(width=min(shape.width, breadth))


def room_above(shape: SubjectShape, settings: DirectorSettings, crop_height: float) -> float:
    """Pixels between the top of a crop of `crop_height` and the head."""
    room = headroom(settings) * crop_height
    if not settings.eyes_on_third:
        return room
    large = (shape.head / crop_height - SMALL_HEAD) / (LARGE_HEAD - SMALL_HEAD)
    third = max(crop_height / 3 - EYES * shape.head, 0.02 * crop_height)
    return room + min(max(large, 0.0), 1.0) * (third - room)


def wanted_center(
    shape: SubjectShape, settings: DirectorSettings, frame: Size, crop_height: float
) -> Point:
    """Center of a crop of `crop_height` that gives headroom and, if it can, loses no feet.

    The center is one that keeps the crop inside the frame.
    """
    top = shape.top - room_above(shape, settings, crop_height)
    if shows_whole(settings):
        below = shape.top + shape.height + 0.03 * crop_height - crop_height
        top = max(top, min(below, shape.top - 0.02 * crop_height))
    return clamp_center(shape.center_x, top + crop_height / 2, settings, frame, crop_height)


def clamp_center(
    x: float, y: float, settings: DirectorSettings, frame: Size, crop_height: float
) -> Point:
    """The center nearest to `x`, `y` at which a crop of `crop_height` lies inside the frame."""
    crop_width = crop_height * as_float(settings.aspect_ratio)
    return Point(_inside(x, crop_width, frame.width), _inside(y, crop_height, frame.height))


def _inside(center: float, extent: float, whole: int) -> float:
    """The nearest center at which something of an extent lies inside the whole."""
    half = (extent if extent < whole else whole) / 2
    center = center if center > half else half
    return center if center < whole - half else whole - half
