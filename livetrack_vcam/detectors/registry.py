"""Detectors by the names the user types."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from livetrack_vcam.core.detection import FACE, PERSON, SPORTS_BALL
from livetrack_vcam.detectors.lookout import Lookout
from livetrack_vcam.detectors.manifest import is_present
from livetrack_vcam.errors import SettingsError
from livetrack_vcam.interfaces import Detector

AUTO = "auto"
BETTER = "yolox-nano"
DEFAULT_LABELS = (PERSON, SPORTS_BALL)

# Each module has make(name, labels, min_score); it is imported when one of its names is asked for.
_MODULES: Mapping[str, str] = {
    "yolov4-tiny": "yolo",
    "blazeface": "blazeface",
    "blazeface-short": "blazeface",
    "blazeface-full": "blazeface",
    "efficientdet-lite0": "efficientdet",
    "ssd-mobilenet-v1": "ssd",
    "ssd-mobilenet-v2": "ssd",
    "yolox-nano": "yolox",
    "yolov3-tiny": "yolov3",
    "yunet": "yunet",
    "mediapipe": "mediapipe_tasks",
    "mediapipe-face": "mediapipe_tasks",
    "mediapipe-object": "mediapipe_tasks",
    "tensorflow": "tensorflow_model",
}

# Those that are told which file to use: "tensorflow:PATH".
_WITH_PATH = frozenset({"tensorflow"})

# Those that gain from a second thread, and their makers from being told: half the time of a look
# for a tenth more of the processor's.
_THREADED = frozenset({"yolov4-tiny"})


def detector_names() -> tuple[str, ...]:
    """Every name `make_detector` knows, `auto` first."""
    return (AUTO, *_MODULES)


def make_detector(
    names: str = AUTO,
    extra_labels: Iterable[str] = (),
    min_score: float | None = None,
    threads: int = 1,
) -> Detector:
    """A detector, not yet opened, for `auto` or comma-separated names, one maybe with ":PATH".

    `extra_labels` are COCO names to look for beside persons and balls. Detections below
    `min_score` are left out; None is what each detector finds best for itself. `threads` is how
    many a look may use, where that helps. Raises SettingsError that lists the choices when a name
    or a label is unknown.
    """
    labels = tuple(dict.fromkeys((*DEFAULT_LABELS, *extra_labels)))
    chosen = list(dict.fromkeys(name.strip() for name in names.split(",")))
    if chosen == [AUTO]:
        return Lookout(
            [_make(name, labels, min_score, threads) for name in automatic_names()], AUTO
        )
    parts = [_make(_known(name), labels, min_score, threads) for name in chosen]
    return parts[0] if len(parts) == 1 else Lookout(parts)


def make_detector_of(sought: Iterable[str], names: str = AUTO, threads: int = 1) -> Detector:
    """`make_detector`, for pictures that follow things of these labels.

    Raises SettingsError also for a label that it never finds: nothing would ever be followed.
    """
    sought = tuple(sought)
    detector = make_detector(names, sought, threads=threads)
    for label in sought:
        # A face alone is followed as a person.
        if not detector.labels & {label, FACE if label == PERSON else label}:
            raise SettingsError(
                f"--detector {names} finds no {label}, which is to be followed; "
                f"add one that does, such as: --detector yolov4-tiny,{names}"
            )
    return detector


def automatic_names() -> tuple[str, ...]:
    """What `auto` stands for here: YOLOX-nano sees more, where the user has fetched it."""
    usable = find_spec("onnxruntime") is not None and is_present(BETTER)
    return (BETTER if usable else "yolov4-tiny", "blazeface")


def _make(name: str, labels: tuple[str, ...], min_score: float | None, threads: int) -> Detector:
    module = import_module(f"livetrack_vcam.detectors.{_MODULES[name.partition(':')[0]]}")
    make = cast("Callable[..., Detector]", module.make)
    if name in _THREADED:
        return make(name, labels, min_score, threads)
    return make(name, labels, min_score)


def _known(name: str) -> str:
    if name in _MODULES or name.partition(":")[0] in _WITH_PATH:
        return name
    if name == AUTO:
        raise SettingsError(f"--detector {AUTO} cannot be combined with other names; type it alone")
    close = difflib.get_close_matches(name, detector_names(), n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise SettingsError(
        f"no detector is named {name!r}; {hint}choose from: {', '.join(detector_names())}"
    )
