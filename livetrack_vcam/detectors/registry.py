"""Detectors by the names the user types."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping

from livetrack_vcam.detectors import blazeface, yolo
from livetrack_vcam.detectors.combined import CombinedDetector, DefaultDetector
from livetrack_vcam.errors import SettingsError
from livetrack_vcam.interfaces import Detector

AUTO = "auto"

_MAKERS: Mapping[str, Callable[[tuple[str, ...]], Detector]] = {
    yolo.NAME: yolo.YoloDetector,
    blazeface.NAME: lambda _labels: blazeface.BlazeFaceDetector(),
}


def detector_names() -> tuple[str, ...]:
    """Every name `make_detector` knows, `auto` first."""
    return (AUTO, *_MAKERS)


def make_detector(names: str = AUTO, extra_labels: Iterable[str] = ()) -> Detector:
    """A detector, not yet opened, for `auto` or comma-separated names.

    `extra_labels` are COCO names to look for beside persons and balls. Raises SettingsError that
    lists the choices when a name or a label is unknown.
    """
    labels = tuple(dict.fromkeys((*yolo.DEFAULT_LABELS, *extra_labels)))
    chosen = list(dict.fromkeys(name.strip() for name in names.split(",")))
    if chosen == [AUTO]:
        return DefaultDetector(labels)
    parts = tuple(_MAKERS[_known(name)](labels) for name in chosen)
    return parts[0] if len(parts) == 1 else CombinedDetector(parts)


def _known(name: str) -> str:
    if name in _MAKERS:
        return name
    if name == AUTO:
        raise SettingsError(f"--detector {AUTO} cannot be combined with other names; type it alone")
    close = difflib.get_close_matches(name, detector_names(), n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise SettingsError(
        f"no detector is named {name!r}; {hint}choose from: {', '.join(detector_names())}"
    )
