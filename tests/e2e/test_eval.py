"""`eval detect` and `eval track` as a user types them, with the real detectors."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from livetrack_vcam.errors import EXIT_FAILED, EXIT_NOT_FOUND, EXIT_OK, EXIT_USAGE
from tests.detect_pictures import GOLDEN
from tests.e2e.conftest import Program

pytestmark = pytest.mark.batch

GRACE = {"id": 1, "file_name": "grace_hopper.jpg", "width": 400, "height": 469}
# About what a person would draw around her; tests/golden/README.md tells who she is.
HER_BOX = [18, 15, 370, 454]


def coco_of(*boxes: list[float], category: str = "person", **image: Any) -> dict[str, Any]:
    return {
        "images": [{**GRACE, **image}],
        "categories": [{"id": 1, "name": category}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": box} for box in boxes],
    }


@pytest.fixture
def folder(program: Program, clip: Path) -> Path:
    """Where the program runs: pictures, a clip, and good and bad annotations."""
    here = program.home
    shutil.copy(GOLDEN / "grace_hopper.jpg", here)
    (here / "clip.mp4").symlink_to(clip)
    cv2.imwrite(str(here / "gray.png"), np.full((51, 77), 90, np.uint8))
    (here / "torn.jpg").write_bytes((GOLDEN / "grace_hopper.jpg").read_bytes()[:9000])
    files: dict[str, Any] = {
        "good.json": coco_of(HER_BOX),
        "empty_box.json": coco_of(HER_BOX, [5, 5, 0, 9]),
        "no_boxes.json": coco_of(),
        "no_images.json": {**coco_of(HER_BOX), "images": []},
        "missing.json": coco_of(HER_BOX, file_name="elsewhere.jpg"),
        "torn.json": coco_of(HER_BOX, file_name="torn.jpg"),
        "other_size.json": coco_of(HER_BOX, width=40),
        "unknown.json": coco_of(HER_BOX, category="admiral"),
        "gray.json": coco_of([1, 1, 9, 9], file_name="gray.png", width=77, height=51),
        "track.json": presenter(640, 360),
        "track_hd.json": presenter(1920, 1080),
        "late.json": presenter(640, 360, (9999,)),
        "list.json": [],
    }
    for name, content in files.items():
        (here / name).write_text(json.dumps(content))
    (here / "text.json").write_text("hello")
    return here


def presenter(width: int, height: int, indices: tuple[int, ...] = (0, 45)) -> dict[str, Any]:
    """An annotation of the demo clip, or of another when the size is not 640x360."""
    boxes = [{"id": 1, "label": "person", "xywh": [1, 1, 50, 90]}]
    frames = [{"index": index, "t": index / 30, "boxes": boxes} for index in indices]
    return {"fps": 30, "width": width, "height": height, "frames": frames}


def evaluated(program: Program, line: str) -> subprocess.CompletedProcess[str]:
    return program.run("eval", *line.split())


def test_detectors_are_measured_as_a_table(program: Program, folder: Path) -> None:
    done = evaluated(
        program, "detect --coco good.json --images . --detector yolov4-tiny --detector auto"
    )
    assert done.returncode == EXIT_OK, done.stderr
    head, *rows = [line.split() for line in done.stdout.splitlines()[2:]]
    assert done.stdout.startswith("1 pictures, detections of at least 0.01, one thread")
    assert head[:3] == ["detector", "label", "pictures"]
    assert [row[0] for row in rows] == ["yolov4-tiny", "person", "auto", "person"]
    assert rows[1][1:4] == ["1", "1", "1.000"]


def test_detectors_are_measured_as_json(program: Program, folder: Path) -> None:
    line = "detect --coco good.json --images . --detector yolov4-tiny --min-score .2 --json"
    done = evaluated(program, line)
    assert done.returncode == EXIT_OK, done.stderr
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert (report["pictures"], report["min_score"]) == (1, 0.2)
    (result,) = report["detectors"]
    assert result["detector"] == "yolov4-tiny"
    assert result["map_50"] == pytest.approx(1.0)
    assert 0.5 <= result["map_50_95"] <= 1.0
    assert result["fps"] > 0
    assert result["cpu_ms"] > 0
    (label,) = result["labels"]
    assert (label["label"], label["boxes"], label["pictures"]) == ("person", 1, 1)


def test_a_detector_that_does_not_know_a_label_has_no_figure_for_it(
    program: Program, folder: Path
) -> None:
    done = evaluated(program, "detect --coco good.json --images . --detector blazeface --json")
    assert done.returncode == EXIT_OK, done.stderr
    (result,) = json.loads(done.stdout)["detectors"]
    assert (result["map_50"], result["labels"]) == (None, [])


def test_boxes_without_an_area_are_left_out_and_counted(program: Program, folder: Path) -> None:
    done = evaluated(program, "detect --coco empty_box.json --images .")
    assert done.returncode == EXIT_OK, done.stderr
    assert "1 box without an area left out" in done.stderr


def test_a_small_gray_picture_without_anybody_scores_nothing(
    program: Program, folder: Path
) -> None:
    done = evaluated(program, "detect --coco gray.json --images . --json")
    assert done.returncode == EXIT_OK, done.stderr
    assert json.loads(done.stdout)["detectors"][0]["map_50"] == 0.0


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("detect --coco text.json --images .", EXIT_FAILED, "is not JSON"),
        ("detect --coco list.json --images .", EXIT_FAILED, "no list 'images'"),
        ("detect --coco no_boxes.json --images .", EXIT_FAILED, "'annotations' is empty"),
        ("detect --coco no_images.json --images .", EXIT_FAILED, "'images' is empty"),
        ("detect --coco nothing.json --images .", EXIT_NOT_FOUND, "no annotation file"),
        ("detect --coco missing.json --images .", EXIT_NOT_FOUND, "elsewhere.jpg"),
        ("detect --coco good.json --images nowhere", EXIT_NOT_FOUND, "there is no folder"),
        ("detect --coco torn.json --images .", EXIT_FAILED, "torn.jpg is not a picture, or"),
        ("detect --coco other_size.json --images .", EXIT_FAILED, "says 40x469"),
        ("detect --coco unknown.json --images .", EXIT_USAGE, "no detector knows admiral"),
        ("detect --coco good.json --images . --label dog", EXIT_USAGE, "no box is labeled 'dog'"),
        ("detect --coco good.json --images . --detector yolo", EXIT_USAGE, "no detector is named"),
        ("detect --coco good.json --images . --min-score 0", EXIT_USAGE, "--min-score"),
        ("detect --coco good.json", EXIT_USAGE, "--images"),
        ("track clip.mp4 text.json", EXIT_FAILED, "text.json is no annotation file"),
        ("track clip.mp4 nothing.json", EXIT_NOT_FOUND, "no annotation file"),
        ("track nothing.mp4 track.json", EXIT_NOT_FOUND, "no file"),
        ("track clip.mp4 track_hd.json", EXIT_FAILED, "are both of one clip?"),
        ("framing clip.mp4 track_hd.json", EXIT_FAILED, "are both of one clip?"),
        ("track clip.mp4 late.json --json", EXIT_FAILED, "none of the annotated frames"),
        ("track clip.mp4 track.json --label dog", EXIT_USAGE, "no box is labeled 'dog'"),
        ("track clip.mp4 track.json --ids list.json", EXIT_FAILED, "no table of ids"),
        ("track clip.mp4 track.json --detector yolo", EXIT_USAGE, "no detector is named"),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_line(
    program: Program, folder: Path, line: str, code: int, said: str
) -> None:
    done = evaluated(program, line)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.shared
def test_the_default_detector_finds_the_people_and_faces_in_the_corpus_pictures(
    program: Program, shared: Path
) -> None:
    pictures = shared / "corpus" / "images"
    done = program.run(
        *("eval", "detect", "--coco", str(pictures / "annotations.json")),
        *("--images", str(pictures), "--label", "person", "--label", "face", "--json"),
    )
    assert done.returncode == EXIT_OK, done.stderr
    labels = {row["label"]: row for row in json.loads(done.stdout)["detectors"][0]["labels"]}
    assert labels["person"]["ap_50"] >= 0.85
    assert labels["face"]["ap_50"] >= 0.95
    assert (labels["person"]["boxes"], labels["face"]["boxes"]) == (58, 39)
    assert labels["face"]["pictures"] == 38


@pytest.mark.shared
def test_somebody_who_only_sways_is_one_track_all_the_time(program: Program, shared: Path) -> None:
    corpus = shared / "corpus"
    done = program.run(
        *("eval", "track", str(corpus / "video" / "syn_static_sway.mp4")),
        *(str(corpus / "ann" / "syn_static_sway.json"), "--json"),
    )
    assert done.returncode == EXIT_OK, done.stderr
    (result,) = json.loads(done.stdout)["labels"]
    assert (result["frames"], result["boxes"], result["people"]) == (240, 240, 1)
    assert result["switches"] == 0
    assert result["idf1"] >= 0.98
    assert result["recall"] >= 0.98


@pytest.mark.shared
def test_tracking_is_shown_as_a_table_a_label(program: Program, shared: Path) -> None:
    corpus = shared / "corpus"
    clip, truth = (
        corpus / "video" / "intel_two_walking.mp4",
        corpus / "ann" / "intel_two_walking.json",
    )
    done = program.run("eval", "track", str(clip), str(truth))
    assert done.returncode == EXIT_OK, done.stderr
    keys = [line.split()[0] for line in done.stdout.splitlines()]
    assert " ".join(keys) == "label frames boxes people idf1 switches mota recall false_per_person"
