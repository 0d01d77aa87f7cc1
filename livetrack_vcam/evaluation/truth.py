"""Where people really are, frame by frame, from a corpus annotation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from livetrack_vcam.core.geometry import Box, Size, iou, union

BRIDGE_S = 1.01
"""Annotations further apart are not interpolated."""
MATCH_IOU = 0.3
IN_VIEW = 0.5
"""Visible share from which somebody counts as being there."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One annotated thing in one frame.

    `box` is its visible part, `full` the whole of it (the same where the annotation does not
    say), `x` the point whose motion counts: the commanded anchor of a synthetic clip, else the
    center of the box. `whole` tells whether all of it is inside the frame.
    """

    identity: int
    box: Box
    full: Box
    x: float
    visible: float
    whole: bool


def truth_by_frame(
    annotation: Mapping[str, Any], count: int, labels: Sequence[str]
) -> list[dict[int, Truth] | None]:
    """For each of `count` frames the things with one of `labels`; None where nothing is known.

    Between two annotated frames at most BRIDGE_S apart everything that is in both is interpolated.
    """
    size = Size(int(annotation["width"]), int(annotation["height"]))
    known: dict[int, dict[int, Truth]] = {}
    for frame in annotation["frames"]:
        known[int(frame["index"])] = dict(_truths(frame["boxes"], size, labels))
    result: list[dict[int, Truth] | None] = [known.get(i) for i in range(count)]
    indices = sorted(i for i in known if i < count)
    for a, b in pairwise(indices):
        if (b - a) / float(annotation["fps"]) <= BRIDGE_S:
            for i in range(a + 1, b):
                result[i] = _between(known[a], known[b], (i - a) / (b - a))
    return result


def _truths(
    boxes: Sequence[Mapping[str, Any]], size: Size, labels: Sequence[str]
) -> Iterator[tuple[int, Truth]]:
    for box in boxes:
        if box["label"] not in labels or box.get("ignore"):
            continue
        visible_box = Box.from_xywh(*box["xywh"])
        full = Box.from_xywh(*box.get("full_xywh", box["xywh"]))
        inside = Box(0, 0, size.width, size.height).contains(full, 0.5)
        whole = inside and not box.get("truncated") and not box.get("occluded")
        x = float(box["anchor"][0]) if "anchor" in box else full.center.x
        truth = Truth(box["id"], visible_box, full, x, float(box.get("visible", 1.0)), whole)
        yield box["id"], truth


def _between(a: Mapping[int, Truth], b: Mapping[int, Truth], share: float) -> dict[int, Truth]:
    return {
        identity: Truth(
            identity,
            _blend_box(first.box, b[identity].box, share),
            _blend_box(first.full, b[identity].full, share),
            first.x + (b[identity].x - first.x) * share,
            min(first.visible, b[identity].visible),
            first.whole and b[identity].whole,
        )
        for identity, first in a.items()
        if identity in b
    }


def _blend_box(a: Box, b: Box, share: float) -> Box:
    def mix(p: float, q: float) -> float:
        return p + (q - p) * share

    return Box(mix(a.x1, b.x1), mix(a.y1, b.y1), mix(a.x2, b.x2), mix(a.y2, b.y2))


def joined(truths: Sequence[Truth]) -> Truth | None:
    """Several things framed as one: as visible as the least visible; None when there is none."""
    if len(truths) < 2:
        return truths[0] if truths else None
    return Truth(
        truths[0].identity,
        union([truth.box for truth in truths]),
        union([truth.full for truth in truths]),
        sum(truth.x for truth in truths) / len(truths),
        min(truth.visible for truth in truths),
        all(truth.whole for truth in truths),
    )


def matched_identity(box: Box, truths: Mapping[int, Truth], before: int | None) -> int | None:
    """The annotated thing a tracked box shows: the best overlap, at least .3, else None.

    As long as the box overlaps the one it showed `before` so much, it still shows that one:
    while two people cross, both fit.
    """
    if before is not None and before in truths and iou(box, truths[before].box) >= MATCH_IOU:
        return before
    best = max(truths.values(), key=lambda truth: iou(box, truth.box), default=None)
    return best.identity if best is not None and iou(box, best.box) >= MATCH_IOU else None


def speeds(xs: Sequence[float | None], fps: float) -> list[float]:
    """Central-difference speed over a quarter second, in `xs` per second; NaN where unknown."""
    reach = max(1, round(fps / 8))
    result = []
    for i in range(len(xs)):
        before = xs[i - reach] if i >= reach else None
        after = xs[i + reach] if i + reach < len(xs) else None
        known = before is not None and after is not None
        result.append((after - before) * fps / (2 * reach) if known else math.nan)  # type: ignore[operator]
    return result
