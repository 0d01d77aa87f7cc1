"""Multiple-object-tracking scores; the only file that imports motmetrics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from livetrack_vcam.errors import SettingsError


@dataclass(frozen=True, slots=True)
class MotFrame:
    """One frame: the identities in it, the tracks shown, and how far each is from each.

    `distances` has a row for each identity; a pair that must not match is NaN.
    """

    index: int
    identities: tuple[int, ...]
    tracks: tuple[int, ...]
    distances: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class MotScores:
    """What motmetrics says; a share of nothing is None.

    IDF1: Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera
    Tracking", 2016. MOTA and switches: Bernardin and Stiefelhagen, "Evaluating Multiple Object
    Tracking Performance: The CLEAR MOT Metrics", 2008.
    """

    boxes: int
    people: int
    idf1: float | None
    switches: int
    mota: float | None
    recall: float | None
    false: int


def require_motmetrics() -> None:
    """Raise SettingsError with what to install where motmetrics is missing."""
    try:
        import motmetrics  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            f"eval track needs motmetrics ({error}); type: "
            "pipx inject livetrack-vcam motmetrics (or pip install 'livetrack-vcam[eval]')"
        ) from None


def score(frames: Sequence[MotFrame]) -> MotScores:
    """The scores over `frames`, which come in order. Raises SettingsError without motmetrics."""
    require_motmetrics()
    import motmetrics

    accumulator = motmetrics.MOTAccumulator()
    for frame in frames:
        accumulator.update(
            list(frame.identities),
            list(frame.tracks),
            [list(row) for row in frame.distances],
            frameid=frame.index,
        )
    names = ["num_objects", "num_unique_objects", "idf1", "num_switches", "mota", "recall"]
    names.append("num_false_positives")
    table = motmetrics.metrics.create().compute(accumulator, metrics=names)
    values = {name: float(table[name].iloc[0]) for name in names}
    return MotScores(
        boxes=int(values["num_objects"]),
        people=int(values["num_unique_objects"]),
        idf1=_share(values["idf1"]),
        switches=int(values["num_switches"]),
        mota=_share(values["mota"]),
        recall=_share(values["recall"]),
        false=int(values["num_false_positives"]),
    )


def _share(value: float) -> float | None:
    return value if math.isfinite(value) else None
