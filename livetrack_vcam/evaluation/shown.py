"""The tracks that `run` would show of a clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from livetrack_vcam.clips.clip import Cadence, Clip, Span, causal_steps
from livetrack_vcam.clips.reframe import open_clip
from livetrack_vcam.core.detection import Track
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.detectors.registry import make_detector_of
from livetrack_vcam.errors import SourceError
from livetrack_vcam.progress import progress
from livetrack_vcam.shot_settings import FramingOptions
from livetrack_vcam.stats import NS_PER_S


def shown_tracks(
    source: Path,
    annotation: Mapping[str, Any],
    detector_names: str,
    shot: FramingOptions,
    cadence: Cadence,
    *,
    quiet: bool = False,
) -> dict[int, Sequence[Track]]:
    """The tracks shown in each annotated frame, by its index, up to the last annotated one.

    Raises SourceError when the annotation is another clip's, LiveTrackError for what fails.
    """
    clip = open_clip(source, Span())
    check_same_clip(source, clip.size, annotation)
    wanted = {int(frame["index"]) for frame in annotation["frames"]}
    detector = make_detector_of(shot.labels, detector_names)
    detector.open()
    try:
        steps = causal_steps(clip, detector, shot.director(clip.size), cadence)
        shown: dict[int, Sequence[Track]] = {}
        with progress("Following", _length_s(clip, max(wanted, default=0)), quiet) as update:
            for index, step in enumerate(steps):
                if index in wanted:
                    shown[index] = step.tracks
                if len(shown) == len(wanted):
                    break
                update(step.t_ns / NS_PER_S)
    finally:
        detector.close()
    if not shown:
        raise SourceError(f"{source} has none of the annotated frames; are both of one clip?")
    return shown


def _length_s(clip: Clip, last: int) -> float | None:
    return last / float(clip.info.fps) if clip.info.fps else clip.info.duration_s


def check_same_clip(source: Path, size: Size, annotation: Mapping[str, Any]) -> None:
    """Raise SourceError when the annotation is of pictures of another size."""
    annotated = Size(int(annotation["width"]), int(annotation["height"]))
    if annotated != size:
        raise SourceError(
            f"{source} is {size}, its annotation is for {annotated}; are both of one clip?"
        )
