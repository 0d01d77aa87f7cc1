"""Detectors of COCO things whose TensorFlow Lite file takes one input size only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.detection import Detection
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.decoding import (
    DEFAULT_LABELS,
    MAX_IOU,
    Candidates,
    Choice,
    class_numbers,
    detections,
)
from livetrack_vcam.detectors.manifest import load_weights
from livetrack_vcam.detectors.pixels import letterbox, whole
from livetrack_vcam.detectors.runtime import Shape, TfliteNetwork
from livetrack_vcam.media import Frame, Plane

Array: TypeAlias = npt.NDArray[Any]

# COCO's numbers from 1 to 90 that no label has.
UNUSED_IDS = frozenset({12, 26, 29, 30, 45, 66, 68, 69, 71, 83})
# COCO's own number of each of COCO_LABELS.
COCO_IDS = np.array([number for number in range(1, 91) if number not in UNUSED_IDS])


@dataclass(frozen=True, slots=True)
class FixedModel:
    """What tells one such network from another.

    `side` is that of its square input; the picture is put at its top left on gray of value
    `padding`. `outputs` are the shapes of its outputs,
    in the file's order. `decode` gets them, the wanted numbers in COCO_LABELS and the lowest score,
    and returns candidates in input pixels.
    """

    name: str
    side: int
    padding: int
    min_score: float
    outputs: tuple[Shape | None, ...]
    decode: Callable[[Sequence[Array], tuple[int, ...], float], Candidates]
    max_iou: float = MAX_IOU


class FixedInputDetector:
    """`model` behind the Detector protocol; finds `labels` (COCO names)."""

    def __init__(
        self,
        model: FixedModel,
        labels: Iterable[str] = DEFAULT_LABELS,
        min_score: float | None = None,
        weights: bytes | None = None,
    ) -> None:
        self._model = model
        self.labels = frozenset(labels)
        self._choice = Choice(
            class_numbers(self.labels),
            model.min_score if min_score is None else min_score,
            model.max_iou,
        )
        self._weights = weights
        self._network: TfliteNetwork | None = None

    @property
    def name(self) -> str:
        return self._model.name

    def open(self) -> None:
        weights = load_weights(self.name) if self._weights is None else self._weights
        network = TfliteNetwork(weights, self.name)
        network.expect((1, self._model.side, self._model.side, 3), *self._model.outputs)
        self._network = network

    def close(self) -> None:
        self._network = None

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]:
        assert self._network is not None, "detect() before open()"
        size = Size(self._model.side, self._model.side)
        rgb, placed = letterbox(frame, region or whole(frame), size, self._model.padding, False)
        outputs = self._network.run(_as_input(rgb, self._network.input_dtype))
        found = self._model.decode(outputs, self._choice.wanted, self._choice.min_score)
        return detections(found, placed, frame.size, self._choice)


def _as_input(rgb: Plane, dtype: np.dtype[Any]) -> Array:
    """RGB bytes as the (1, side, side, 3) input: the bytes themselves, or floats from -1 to 1."""
    return rgb[None] if dtype == np.uint8 else (rgb * np.float32(2 / 255) - 1)[None]
