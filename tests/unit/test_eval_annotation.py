"""Annotations of clips: what is read, what is said of wrong ones, and who is who."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from livetrack_vcam.core.geometry import Box
from livetrack_vcam.errors import SourceError, SourceNotFoundError
from livetrack_vcam.evaluation.annotation import (
    annotated_frames,
    read_annotation,
    with_identities,
)

VTEST_IDS = Path(__file__).parents[1] / "data" / "vtest_ids.json"


def content() -> dict[str, Any]:
    boxes = [
        {"id": 1, "label": "person", "xywh": [10, 20, 30, 40]},
        {"id": 2, "label": "person", "xywh": [50, 20, 30, 40], "visible": 0.1},
        {"id": 1, "label": "face", "xywh": [12, 22, 8, 8]},
    ]
    return {
        "fps": 30,
        "width": 640,
        "height": 480,
        "ignore_regions": [[0, 0, 5, 5]],
        "frames": [{"index": 0, "t": 0.0, "boxes": boxes}, {"index": 15, "t": 0.5, "boxes": []}],
    }


def written(folder: Path, what: object, name: str = "ann.json") -> Path:
    path = folder / name
    path.write_text(what if isinstance(what, str) else json.dumps(what))
    return path


def changed(path: str, value: object) -> dict[str, Any]:
    """The content with the value at "key/number/key" replaced, or removed for None."""
    whole = content()
    part: Any = whole
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in way:
        part = part[step]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return whole


def test_frames_have_the_boxes_of_a_label_and_what_is_to_be_ignored(tmp_path: Path) -> None:
    frames = annotated_frames(read_annotation(written(tmp_path, content())), "person")
    assert frames[0].boxes == {1: Box(10, 20, 40, 60)}
    assert frames[0].ignored == (Box(0, 0, 5, 5), Box(50, 20, 80, 60))
    assert frames[15].boxes == {}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("no JSON", "it is not JSON"),
        ([1], "no JSON object"),
        (changed("fps", None), "'fps' is missing"),
        (changed("fps", 0), "fps is 0"),
        (changed("width", "wide"), "could not convert"),
        (changed("frames", None), "'frames' is missing"),
        (changed("frames", 3), "not iterable"),
        (changed("frames/0/index", None), "'index' is missing"),
        (changed("frames/0/boxes/0/xywh", [1, 2, 0, 4]), "is not a box"),
        (changed("frames/0/boxes/0/xywh", [1, 2, 3]), "not enough values"),
        (changed("frames/0/boxes/0/xywh", [1, 2, 3, float("nan")]), "nan is no number"),
        (changed("frames/0/boxes/0/label", 5), "has no label"),
        (changed("frames/0/boxes/0/id", "one"), "no whole number as id"),
        (changed("frames/0/boxes/1/id", 1), "frame 0 has two boxes of person 1"),
        (changed("frames/0/boxes/1/visible", "half"), "could not convert"),
        (changed("ignore_regions", [[1, 2]]), "not enough values"),
        (changed("fps", 10**400), "too large"),
        (changed("complete_labels", 5), "complete_labels is no list"),
        (changed("frames/0/index", 10**400), "no index of a frame"),
        (changed("frames/0/index", -1), "-1 is no index of a frame"),
        (changed("frames/1/index", 0), "frame 0 is there twice"),
        (changed("frames/0/boxes/0/xywh", [1, 2, 3, 10**400]), "too large"),
        (changed("frames/0/boxes/0/full_xywh", [1, 2, 3]), "not enough values"),
        (changed("frames/0/boxes/0/anchor", ["left", 2]), "could not convert"),
        (changed("frames/0/boxes/1/visible", 10**400), "too large"),
        (changed("frames/0/boxes/1/visible", float("nan")), "nan is no number"),
        (changed("frames/0/boxes/0/xywh", [1, "2", 3, 4]), "'2' is no number"),
        (changed("width", "640.5"), "'640.5' is no number"),
        (changed("frames/0/boxes/0/anchor", []), "index out of range"),
        (changed("frames/0/boxes/0/id", 10**400), "no whole number as id"),
    ],
    ids=lambda value: value[:25] if isinstance(value, str) else "",
)
def test_a_wrong_file_is_answered_with_what_is_wrong(
    tmp_path: Path, wrong: object, said: str
) -> None:
    path = written(tmp_path, wrong)
    with pytest.raises(SourceError, match=r"is no annotation file.*docs/evaluation\.md") as e:
        read_annotation(path)
    assert said in str(e.value)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="no annotation file"):
        read_annotation(tmp_path / "nothing.json")


def test_a_table_of_ids_says_who_the_boxes_are_and_which_are_nobody(tmp_path: Path) -> None:
    table = written(tmp_path, {"frames": {"0": [None, 5, 1], "15": []}})
    frames = annotated_frames(with_identities(changed("ignore_regions", []), table), "person")
    assert frames[0].boxes == {}
    assert frames[0].ignored == (Box(10, 20, 40, 60), Box(50, 20, 80, 60))


@pytest.mark.parametrize(
    "wrong",
    [
        "no JSON",
        [],
        {"frames": {"0": [1, 2, 3]}},
        {"frames": {"0": [1, 2], "15": []}},
        {"frames": {"0": [4, 4, 4], "15": []}},
        {"frames": {"0": ["a", 2, 3], "15": []}},
        {"frames": {"0": 7, "15": []}},
    ],
)
def test_a_table_of_ids_for_something_else_is_refused(tmp_path: Path, wrong: object) -> None:
    with pytest.raises(SourceError, match="is no table of ids"):
        with_identities(content(), written(tmp_path, wrong, "ids.json"))


@pytest.mark.shared
def test_everybody_in_vtest_walks_no_further_than_a_person_can(shared: Path) -> None:
    """A wrong link shows: nobody's box moves further in a second than 1.6 of its heights."""
    annotation = read_annotation(shared / "corpus" / "ann" / "vtest.json")
    frames = annotated_frames(with_identities(annotation, VTEST_IDS), "person")
    people = {identity for frame in frames.values() for identity in frame.boxes}
    assert people == set(range(1, 10))
    for index in sorted(frames)[1:]:
        now, before = frames[index].boxes, frames[index - 10].boxes
        for identity in now.keys() & before.keys():
            a, b = before[identity], now[identity]
            moved = abs(a.center.x - b.center.x) + abs(a.y1 - b.y1)
            assert moved < 1.6 * max(a.height, b.height), (index, identity)
