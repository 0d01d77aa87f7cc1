"""Framing metrics: a crop trace against annotated truth.

Pixels are output pixels. "The subject" is the annotated thing that the trace's subject track
overlaps best; while the trace has none, it is the last one, or at the start the largest in view.
A group is the union of what its tracks show. Times are the trace's own: the rate need not be even.

- contained_pct: frames with the whole subject box inside the crop (1 px tolerance), % of the
  frames in which the whole subject is inside the picture.
- center_error_pct: rms distance across of the subject from where the crop's center could best
  be (the crop cannot leave the frame), % of crop width.
- still_frames_pct: frames in which no crop edge moves by .05 px or more, % of the frames in which
  the subject stands still (within 2.5 % of the frame's width for a second). None is left out,
  neither the first frames nor the first move.
- travel_px_s: how far the crop's center travels a second in those frames.
- walk_lag_ms: delay at which the crop's center fits the walking subject's place best, where
  the crop can be centered on it and has it in the picture; below 0 the crop is ahead.
- overshoot_pct: how far the crop goes beyond where it comes to rest when a walker stops for .8 s
  or longer, % of crop width; the worst stop counts.
- jerk_rms_w_s3, jerk_peak_w_s3: third derivative of the crop's center across, frame widths/s³.
- reacquire_s: from the moment somebody is half visible again, after nobody was for .5 s, until
  the center of the visible box is inside the crop; the worst return counts.
- subject_switches: how often the subject becomes somebody else while the former is in view; to
  join or leave a group is none.
- zoom_travel_per_s: change of the logarithm of the crop's height a second.
- crop_travel_w_s: travel of the crop's center, frame widths a second.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from livetrack_vcam.core.geometry import Box
from livetrack_vcam.evaluation.path_metrics import (
    jerks,
    mean,
    overshoot_pct,
    rms,
    walk_lag_ms,
)
from livetrack_vcam.evaluation.truth import (
    IN_VIEW,
    Truth,
    joined,
    matched_identity,
    truth_by_frame,
)

STILL_TRUTH_W = 0.025
"""A subject whose anchor stays within this share of the frame's width for a second stands still."""
STILL_PX = 0.05
"""A crop whose edges move less than this, in output pixels a frame, is still."""
CONTAINED_PX = 1.0
"""Annotations are good to a pixel: so much of a box may stick out of the crop."""
ABSENT_S = 0.5
"""Somebody who was out of view for this long and comes back must be re-acquired."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """One frame of the trace with the truth about its subject (None: not in view or unknown).

    `shown` are the identities that the trace's subject tracks match in this frame.
    """

    t: float
    crop: Box
    subject: Truth | None
    everybody: Mapping[int, Truth] | None
    shown: tuple[int, ...]


def framing_metrics(
    trace_frames: Sequence[Mapping[str, Any]],
    annotation: Mapping[str, Any],
    size_out: tuple[int, int],
    label: str | None = None,
) -> dict[str, float | None]:
    """All framing metrics of a trace, as defined above; None for what the clip cannot tell.

    `trace_frames` are the trace's frame lines (without the header), `annotation` a corpus
    annotation, `size_out` width and height of the output, `label` what should be followed; None is
    what the trace follows most of the time. Raises ValueError for a trace of fewer than two frames.
    """
    if len(trace_frames) < 2:
        raise ValueError("framing metrics need a trace of two frames or more")
    moments = list(_moments(trace_frames, annotation, label or _followed_label(trace_frames)))
    frame_width = float(annotation["width"])
    times = [m.t for m in moments]
    fps = (len(moments) - 1) / (times[-1] - times[0])
    crop_x = [m.crop.center.x for m in moments]
    truth_x = [m.subject.x if m.subject else None for m in moments]
    crop_width = mean([m.crop.width for m in moments]) or 1.0
    still = _still_truth(moments, frame_width, fps)
    jerk = [j / frame_width for j in jerks(crop_x, times)]
    return {
        "contained_pct": _contained_pct(moments),
        "center_error_pct": _center_error_pct(moments, frame_width),
        "still_frames_pct": _still_pct(moments, still, size_out[0]),
        "travel_px_s": _travel_px_s(moments, still, size_out[0], fps),
        "walk_lag_ms": walk_lag_ms(
            [_reachable_x(m, frame_width) for m in moments], _acquired_x(moments), frame_width, fps
        ),
        "overshoot_pct": overshoot_pct(truth_x, crop_x, frame_width, crop_width, fps),
        "jerk_rms_w_s3": rms(jerk),
        "jerk_peak_w_s3": max((abs(j) for j in jerk), default=None),
        "reacquire_s": _reacquire_s(moments),
        "subject_switches": float(_switches(moments)),
        "zoom_travel_per_s": _zoom_travel(moments, fps),
        "crop_travel_w_s": _crop_travel(moments, fps, frame_width),
    }


def _followed_label(trace_frames: Sequence[Mapping[str, Any]]) -> str:
    """What the trace's subject is in most frames; a person if it never has one."""
    labels = Counter(
        str(track["label"])
        for frame in trace_frames
        for track in frame["tracks"]
        if track["id"] in frame["subject"][:1]
    )
    return max(labels, key=lambda label: labels[label], default="person")


def _shown(
    trace_frames: Sequence[Mapping[str, Any]],
    truths: Sequence[Mapping[int, Truth] | None],
) -> Iterator[tuple[int, ...]]:
    """The identities of the trace's subjects in each frame, in the trace's order."""
    identities: dict[int, int] = {}
    for frame, truth in zip(trace_frames, truths, strict=True):
        boxes = {track["id"]: Box.from_xywh(*track["box"]) for track in frame["tracks"]}
        matches = []
        for number in frame["subject"]:
            if truth is None or number not in boxes:
                continue
            match = matched_identity(boxes[number], truth, identities.get(number))
            if match is not None:
                identities[number] = match
                matches.append(match)
        yield tuple(dict.fromkeys(matches))


def _moments(
    trace_frames: Sequence[Mapping[str, Any]], annotation: Mapping[str, Any], label: str
) -> Iterator[_Moment]:
    truths = truth_by_frame(annotation, len(trace_frames), (label,))
    last: tuple[int, ...] = ()
    for frame, truth, shown in zip(trace_frames, truths, _shown(trace_frames, truths), strict=True):
        last = shown or last
        subject = None
        if truth and last:
            subject = joined([truth[identity] for identity in last if identity in truth])
        elif truth:
            subject = max(truth.values(), key=lambda each: each.full.area)
        yield _Moment(float(frame["t"]), Box.from_xywh(*frame["crop"]), subject, truth, shown)


def _reachable_x(m: _Moment, frame_width: float) -> float | None:
    """Where the subject is, if the crop could be centered on it."""
    half = m.crop.width / 2
    return m.subject.x if m.subject and half < m.subject.x < frame_width - half else None


def _acquired_x(moments: Sequence[_Moment]) -> list[float | None]:
    """The crop's center where the crop has the subject's center inside."""
    return [
        m.crop.center.x if m.subject and _center_inside(m.crop, m.subject.full) else None
        for m in moments
    ]


def _contained_pct(moments: Sequence[_Moment]) -> float | None:
    whole = [(m.crop, m.subject.full) for m in moments if m.subject and m.subject.whole]
    return mean([100.0 * crop.contains(box, CONTAINED_PX) for crop, box in whole])


def _center_error_pct(moments: Sequence[_Moment], frame_width: float) -> float | None:
    errors = []
    for m in moments:
        if m.subject:
            half = m.crop.width / 2
            best = min(max(m.subject.full.center.x, half), frame_width - half)
            errors.append(100 * (m.crop.center.x - best) / m.crop.width)
    return rms(errors)


def _still_truth(moments: Sequence[_Moment], frame_width: float, fps: float) -> list[bool]:
    """Whether the subject stands still around each frame: half a second before and after."""
    reach = max(1, round(fps / 2))
    result = []
    for i in range(len(moments)):
        around = [m.subject.x for m in moments[max(0, i - reach) : i + reach + 1] if m.subject]
        quiet = bool(around) and max(around) - min(around) <= STILL_TRUTH_W * frame_width
        result.append(quiet and moments[i].subject is not None)
    return result


def _shift_px(before: _Moment, after: _Moment, width_out: int) -> float:
    """The largest move of a crop edge, in output pixels."""
    a, b = before.crop, after.crop
    edges = ((a.x1, b.x1), (a.y1, b.y1), (a.x2, b.x2), (a.y2, b.y2))
    return max(abs(p - q) for p, q in edges) * width_out / b.width


def _still_pct(moments: Sequence[_Moment], still: Sequence[bool], width: int) -> float | None:
    pairs = zip(moments, moments[1:], still[1:], strict=False)
    return mean([100.0 * (_shift_px(a, b, width) < STILL_PX) for a, b, quiet in pairs if quiet])


def _travel_px_s(
    moments: Sequence[_Moment], still: Sequence[bool], width: int, fps: float
) -> float | None:
    pairs = zip(moments, moments[1:], still[1:], strict=False)
    return mean([_travel(a, b) * fps * width / b.crop.width for a, b, quiet in pairs if quiet])


def _travel(before: _Moment, after: _Moment) -> float:
    a, b = before.crop.center, after.crop.center
    return math.hypot(a.x - b.x, a.y - b.y)


def _zoom_travel(moments: Sequence[_Moment], fps: float) -> float | None:
    pairs = pairwise(moments)
    return mean([abs(math.log(b.crop.height / a.crop.height)) * fps for a, b in pairs])


def _crop_travel(moments: Sequence[_Moment], fps: float, frame_width: float) -> float | None:
    return mean([_travel(a, b) * fps / frame_width for a, b in pairwise(moments)])


def _reacquire_s(moments: Sequence[_Moment]) -> float | None:
    """The longest of all returns; one that never succeeds lasts to the end of the clip."""
    worst: float | None = None
    away_since: float | None = None
    back_at: float | None = None
    for m in moments:
        if m.everybody is None:
            continue
        there = [truth for truth in m.everybody.values() if truth.visible >= IN_VIEW]
        if not there:
            away_since = m.t if away_since is None else away_since
            back_at = None
            continue
        if away_since is not None and m.t - away_since >= ABSENT_S and away_since > moments[0].t:
            back_at = m.t
        away_since = None
        if back_at is not None:
            worst = max(worst or 0.0, m.t - back_at)
            if any(_center_inside(m.crop, truth.box) for truth in there):
                back_at = None
    return worst


def _center_inside(crop: Box, box: Box) -> bool:
    center = box.center
    return crop.x1 <= center.x <= crop.x2 and crop.y1 <= center.y <= crop.y2


def _switches(moments: Sequence[_Moment]) -> int:
    before: tuple[int, ...] = ()
    count = 0
    for m in moments:
        if not m.shown:
            continue
        if before and m.everybody is not None and not set(before) & set(m.shown):
            former = m.everybody.get(before[0])
            count += former is not None and former.visible >= IN_VIEW
        before = m.shown
    return count
