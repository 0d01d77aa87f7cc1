"""The whole picture with the tracks and the crop drawn on it, for looking at decisions."""

from __future__ import annotations

from collections.abc import Sequence

import cv2

from livetrack_vcam.core.detection import Track
from livetrack_vcam.core.geometry import Box, Crop, Size
from livetrack_vcam.media import Frame, Plane

# (Y, U, V) in the output's color space: white crop, green subject, blue others.
CROP_COLOR = (235, 128, 128)
SUBJECT_COLOR = (180, 60, 50)
TRACK_COLOR = (120, 190, 80)
DIM = 0.45


def overlay_size(frame: Size) -> Size:
    """The canvas an overlay of this source needs: its own size with even sides."""
    return Size(max(2, frame.width & ~1), max(2, frame.height & ~1))


def draw_overlay(
    picture: Frame,
    crop: Crop,
    subject: Sequence[int],
    tracks: Sequence[Track],
    panes: Sequence[Box] = (),
) -> Frame:
    """`picture` (I420, whole source) with everything that is not shown dimmed and boxes drawn.

    `panes` are the boxes shown when it is not the crop.
    """
    shown = panes or (crop.box,)
    planes = tuple(plane.copy() for plane in picture.planes)
    for plane, neutral, scale in zip(planes, (16, 128, 128), (1, 2, 2), strict=True):
        _dim_outside(plane, neutral, shown, scale)
    thickness = max(2, picture.size.height // 240) & ~1
    for box in shown:
        _rectangle(planes, box, CROP_COLOR, thickness)
    # The subject last: its label is on top where people stand close together.
    for track in sorted(tracks, key=lambda each: each.track_id in subject):
        color = SUBJECT_COLOR if track.track_id in subject else TRACK_COLOR
        _rectangle(planes, track.box, color, thickness)
        _label(planes, track, color, thickness)
    return Frame(
        (planes[0], planes[1], planes[2]),
        picture.format,
        picture.color,
        picture.pts_ns,
        picture.seq,
    )


def _dim_outside(plane: Plane, neutral: int, boxes: Sequence[Box], scale: int) -> None:
    bright = plane.copy()
    cv2.convertScaleAbs(plane, plane, DIM, neutral * (1 - DIM))
    for box in boxes:
        x1, y1, x2, y2 = (round(value / scale) for value in (box.x1, box.y1, box.x2, box.y2))
        plane[y1:y2, x1:x2] = bright[y1:y2, x1:x2]


def _rectangle(
    planes: tuple[Plane, ...], box: Box, color: tuple[int, int, int], thickness: int
) -> None:
    for plane, value, scale in zip(planes, color, (1, 2, 2), strict=True):
        corner = (round(box.x1 / scale), round(box.y1 / scale))
        opposite = (round(box.x2 / scale) - 1, round(box.y2 / scale) - 1)
        cv2.rectangle(plane, corner, opposite, value, max(1, thickness // scale))


def _label(
    planes: tuple[Plane, ...], track: Track, color: tuple[int, int, int], thickness: int
) -> None:
    """A plate in the box's color on top of the box, or inside where there is no room above."""
    text = f"{track.track_id} {track.label} {track.score:.2f}"
    luma = planes[0]
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, max(0.4, luma.shape[0] / 1080)
    (width, height), _ = cv2.getTextSize(text, font, scale, max(1, thickness // 2))
    pad = 2 * thickness
    left = min(max(round(track.box.x1), 0), max(luma.shape[1] - width - 2 * pad, 0))
    top = max(round(track.box.y1) - height - 2 * pad, 0)
    plate = Box(left, top, left + width + 2 * pad, top + height + 2 * pad)
    for plane, value, step in zip(planes, color, (1, 2, 2), strict=True):
        x1, y1, x2, y2 = (round(edge / step) for edge in (plate.x1, plate.y1, plate.x2, plate.y2))
        plane[y1:y2, x1:x2] = value
    dark = 16 if color[0] > 128 else 235
    origin = (left + pad, top + height + pad)
    cv2.putText(luma, text, origin, font, scale, dark, max(1, thickness // 2), cv2.LINE_AA)
