"""Pictures with labeled boxes, from a file in COCO's layout (cocodataset.org/#format-data).

Two things go beyond COCO: a picture's `not_exhaustive_for` names the categories of which it may
show more than is annotated, and a box's `ignore` is treated as `iscrowd`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livetrack_vcam.errors import SourceError
from livetrack_vcam.inputs import read_text

# No picture has a side, and no box a place, of more.
MOST_PIXELS = 10_000_000


@dataclass(frozen=True, slots=True)
class LabeledBox:
    """What a picture shows at `xywh` (pixels). `crowd`: finding it is neither right nor wrong."""

    label: str
    xywh: tuple[float, float, float, float]
    crowd: bool = False


@dataclass(frozen=True, slots=True)
class LabeledPicture:
    """One picture, its boxes, and the labels of which some of its boxes may be missing.

    `width` and `height` are what the annotation says; None when it says nothing.
    """

    file_name: str
    width: int | None
    height: int | None
    boxes: tuple[LabeledBox, ...]
    not_exhaustive_for: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CocoSet:
    """Everything in one annotation file. `empty_boxes` had no area and were left out."""

    pictures: tuple[LabeledPicture, ...]
    labels: tuple[str, ...]
    empty_boxes: int


def read_coco(path: Path) -> CocoSet:
    """The content of the annotation file `path`. Raises SourceError that says what is wrong."""
    try:
        content = json.loads(read_text(path, "annotation file"))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path} is not JSON ({error}); choose a COCO annotation file") from None
    try:
        return _coco_set(content)
    except _Wrong as wrong:
        raise SourceError(f"{path} is not a COCO annotation file: {wrong}") from None


class _Wrong(Exception):
    """What is wrong with the file's content."""


def _coco_set(content: Any) -> CocoSet:
    images = _index(_entries(content, "images"), "image")
    categories = _index(_entries(content, "categories"), "category")
    names = {id_: _text(entry, "name", f"category {id_}") for id_, entry in categories.items()}
    boxes: dict[Any, list[LabeledBox]] = {id_: [] for id_ in images}
    empty = 0
    for number, entry in enumerate(_entries(content, "annotations"), 1):
        image_id, box = _box(entry, f"annotation {number}", boxes, names)
        if box.xywh[2] > 0 and box.xywh[3] > 0:
            boxes[image_id].append(box)
        else:
            empty += 1
    if not any(boxes.values()):
        raise _Wrong("it has no boxes")
    pictures = tuple(_picture(entry, id_, boxes[id_]) for id_, entry in images.items())
    return CocoSet(pictures, tuple(dict.fromkeys(names.values())), empty)


def _entries(content: Any, key: str) -> list[dict[str, Any]]:
    entries = content.get(key) if isinstance(content, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _Wrong(f"it has no list {key!r}")
    if not entries:
        raise _Wrong(f"its list {key!r} is empty")
    return entries


def _index(entries: Iterable[dict[str, Any]], what: str) -> dict[Any, dict[str, Any]]:
    """The entries by their ids."""
    by_id: dict[Any, dict[str, Any]] = {}
    for number, entry in enumerate(entries, 1):
        id_ = _reference(entry, "id", f"{what} {number}")
        if id_ in by_id:
            raise _Wrong(f"two of its {what} entries have the id {id_}")
        by_id[id_] = entry
    return by_id


def _reference(entry: Mapping[str, Any], key: str, where: str) -> int | str:
    value = entry.get(key)
    if not isinstance(value, int | str):
        raise _Wrong(f"{where} has no {key!r}")
    return value


def _text(entry: Mapping[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(f"{where} has no {key!r}")
    return value.strip().lower() if key == "name" else value


def _box(
    entry: Mapping[str, Any],
    where: str,
    images: Mapping[Any, object],
    names: Mapping[Any, str],
) -> tuple[int | str, LabeledBox]:
    image_id = _reference(entry, "image_id", where)
    category_id = _reference(entry, "category_id", where)
    if image_id not in images:
        raise _Wrong(f"{where} belongs to image {image_id}, which it does not list")
    if category_id not in names:
        raise _Wrong(f"{where} belongs to category {category_id}, which it does not list")
    crowd = bool(entry.get("iscrowd") or entry.get("ignore"))
    return image_id, LabeledBox(names[category_id], _xywh(entry.get("bbox"), where), crowd)


def _xywh(value: Any, where: str) -> tuple[float, float, float, float]:
    numbers = value if isinstance(value, list) else []
    finite = [float(n) for n in numbers if isinstance(n, int | float) and abs(n) <= MOST_PIXELS]
    if len(finite) != 4 or len(numbers) != 4:
        raise _Wrong(f"the 'bbox' of {where} is not four numbers of pixels: {str(value)[:99]}")
    x, y, width, height = finite
    return x, y, width, height


def _picture(entry: Mapping[str, Any], id_: object, boxes: list[LabeledBox]) -> LabeledPicture:
    where = f"image {id_}"
    names = entry.get("not_exhaustive_for") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _Wrong(f"the 'not_exhaustive_for' of {where} is not a list of names")
    return LabeledPicture(
        _text(entry, "file_name", where),
        _side(entry, "width", where),
        _side(entry, "height", where),
        tuple(boxes),
        frozenset(name.lower() for name in names),
    )


def _side(entry: Mapping[str, Any], key: str, where: str) -> int | None:
    value = entry.get(key)
    if value is not None and (not isinstance(value, int) or not 1 <= value <= MOST_PIXELS):
        raise _Wrong(f"the {key!r} of {where} is not a number of pixels: {str(value)[:99]}")
    return value
