"""Annotation files in COCO's layout: what is read, and what is said of a wrong one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from livetrack_vcam.errors import SourceError, SourceNotFoundError
from livetrack_vcam.evaluation.coco import read_coco


def content() -> dict[str, Any]:
    return {
        "images": [
            {"id": 7, "file_name": "a.jpg", "width": 640, "height": 480},
            {"id": "b", "file_name": "sub/b.jpg", "not_exhaustive_for": ["Face"]},
        ],
        "categories": [{"id": 1, "name": "Person"}, {"id": 1001, "name": "face"}],
        "annotations": [
            {"image_id": 7, "category_id": 1, "bbox": [10, 20, 30, 40.5]},
            {"image_id": 7, "category_id": 1, "bbox": [0, 0, 5, 5], "iscrowd": 1},
            {"image_id": "b", "category_id": 1001, "bbox": [1, 2, 3, 4], "ignore": 1},
            {"image_id": "b", "category_id": 1001, "bbox": [1, 2, 0, 4]},
        ],
    }


def written(folder: Path, what: object) -> Path:
    path = folder / "ann.json"
    path.write_text(what if isinstance(what, str) else json.dumps(what))
    return path


def test_pictures_come_with_their_boxes_and_small_letters(tmp_path: Path) -> None:
    coco = read_coco(written(tmp_path, content()))
    first, second = coco.pictures
    assert (first.file_name, first.width, first.height) == ("a.jpg", 640, 480)
    assert [(box.label, box.xywh, box.crowd) for box in first.boxes] == [
        ("person", (10.0, 20.0, 30.0, 40.5), False),
        ("person", (0.0, 0.0, 5.0, 5.0), True),
    ]
    assert (second.width, second.not_exhaustive_for) == (None, frozenset({"face"}))
    assert coco.labels == ("person", "face")


def test_what_says_ignore_is_a_crowd_and_what_has_no_area_is_counted(tmp_path: Path) -> None:
    coco = read_coco(written(tmp_path, content()))
    assert [box.crowd for box in coco.pictures[1].boxes] == [True]
    assert coco.empty_boxes == 1


def changed(path: str, value: object) -> dict[str, Any]:
    """The content with the value at "key/number/key" replaced."""
    whole = content()
    part: Any = whole
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in way:
        part = part[step]
    part[last] = value
    return whole


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("no JSON", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ([], "no list 'images'"),
        ({}, "no list 'images'"),
        (changed("images", []), "list 'images' is empty"),
        (changed("annotations", []), "list 'annotations' is empty"),
        (changed("categories", {"id": 1}), "no list 'categories'"),
        (changed("images/0/id", None), "image 1 has no 'id'"),
        (changed("images/1/id", 7), "two of its image entries have the id 7"),
        (changed("images/0/file_name", 3), "image 7 has no 'file_name'"),
        (changed("images/0/width", -3), "the 'width' of image 7"),
        (changed("images/0/not_exhaustive_for", "face"), "not a list of names"),
        (changed("categories/0/name", ""), "category 1 has no 'name'"),
        (changed("annotations/0/image_id", 8), "image 8, which it does not list"),
        (changed("annotations/0/image_id", []), "annotation 1 has no 'image_id'"),
        (changed("annotations/0/category_id", 2), "category 2, which it does not list"),
        (changed("annotations/0/bbox", [1, 2, 3]), "not four numbers"),
        (changed("annotations/0/bbox", [1, 2, 3, "4"]), "not four numbers"),
        (changed("annotations/0/bbox", [1, 2, 3, float("nan")]), "not four numbers"),
        (changed("annotations/0/bbox", {"x": 1}), "not four numbers"),
        (changed("annotations/0/bbox", [1, 2, 3, 10**400]), "not four numbers"),
        (changed("images/0/width", 10**400), "the 'width' of image 7"),
    ],
    ids=lambda value: value[:25] if isinstance(value, str) else "",
)
def test_a_wrong_file_is_answered_with_what_is_wrong(
    tmp_path: Path, wrong: object, said: str
) -> None:
    path = written(tmp_path, wrong)
    with pytest.raises(SourceError) as caught:
        read_coco(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_whose_boxes_all_lack_an_area_has_none(tmp_path: Path) -> None:
    whole = content()
    for entry in whole["annotations"]:
        entry["bbox"] = [5, 5, 0, 0]
    with pytest.raises(SourceError, match="has no boxes"):
        read_coco(written(tmp_path, whole))


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"no annotation file .*nothing\.json"):
        read_coco(tmp_path / "nothing.json")


@pytest.mark.shared
def test_the_corpus_is_read_whole(shared: Path) -> None:
    coco = read_coco(shared / "corpus" / "images" / "annotations.json")
    boxes = [box for picture in coco.pictures for box in picture.boxes]
    assert len(coco.pictures) == 45
    assert sum(box.label == "person" and not box.crowd for box in boxes) == 58
    assert sum(box.crowd for box in boxes) == 5
    assert sum("face" in picture.not_exhaustive_for for picture in coco.pictures) == 7
