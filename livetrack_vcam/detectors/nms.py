"""Non-maximum suppression on arrays of boxes (n, 4) as xyxy, in any unit."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.floating]
Indices: TypeAlias = npt.NDArray[np.intp]


def iou_with(box: Floats, boxes: Floats) -> Floats:
    """Intersection over union of one box (4,) with each of `boxes` (n, 4), 0 to 1, shape (n,)."""
    width = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
    height = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
    shared = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    total = (box[2] - box[0]) * (box[3] - box[1]) + areas - shared
    result: Floats = np.divide(shared, total, out=np.zeros_like(shared), where=total > 0)
    return result


def clusters(boxes: Floats, scores: Floats, max_iou: float) -> list[Indices]:
    """Groups of boxes that overlap a better one by more than `max_iou`.

    The groups come best score first, and so do the indices inside each group; every box is in
    exactly one group. Equal scores keep their order, so the result never depends on the sort.
    """
    order: Indices = np.argsort(-scores, kind="stable")
    groups: list[Indices] = []
    while order.size:
        same = iou_with(boxes[order[0]], boxes[order]) > max_iou
        same[0] = True
        groups.append(order[same])
        order = order[~same]
    return groups


def nms(boxes: Floats, scores: Floats, max_iou: float) -> list[int]:
    """Indices of the boxes that no better box overlaps by more than `max_iou`, best first."""
    return [int(group[0]) for group in clusters(boxes, scores, max_iou)]
