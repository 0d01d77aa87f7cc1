"""MediaPipe behind our protocol: what becomes of its answers, and what it says when it is missing.

The package itself is tested by tests/golden/test_detect_references.py.
"""

from __future__ import annotations

import logging
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from livetrack_vcam.core.detection import FACE, PERSON
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.labels import COCO_LABELS
from livetrack_vcam.detectors.mediapipe_tasks import (
    MAX_PIXELS,
    MediapipeFaceDetector,
    MediapipeObjectDetector,
    _tell_about_privacy,
    candidates_of,
    face_of,
    picture,
)
from livetrack_vcam.detectors.pixels import Letterbox
from livetrack_vcam.detectors.registry import make_detector
from livetrack_vcam.errors import ModelError
from livetrack_vcam.media import black_frame


def answer(x: int, y: int, width: int, height: int, name: str | None) -> SimpleNamespace:
    """As MediaPipe's containers look."""
    return SimpleNamespace(
        bounding_box=SimpleNamespace(origin_x=x, origin_y=y, width=width, height=height),
        categories=[SimpleNamespace(score=0.75, category_name=name)],
        keypoints=[SimpleNamespace(x=0.1 * i, y=0.05 * i) for i in range(6)],
    )


def test_a_face_is_placed_in_the_frame_with_its_six_landmarks() -> None:
    placed = Letterbox(Box(100, 200, 500, 400), Size(200, 100), 0, 0)
    face = face_of(answer(10, 20, 30, 40, None), placed, Size(1920, 1080))
    assert face.box == Box(120, 240, 180, 320)
    assert (face.label, face.score) == (FACE, 0.75)
    expected = [(100 + 40 * i, 200 + 10 * i) for i in range(6)]
    assert [(p.x, p.y) for p in face.landmarks] == pytest.approx(np.array(expected), abs=1e-3)


def test_things_without_a_coco_label_are_left_out() -> None:
    found = candidates_of([answer(1, 2, 3, 4, "desk"), answer(10, 20, 30, 40, "sports ball")])
    assert found.boxes.tolist() == [[10, 20, 40, 60]]
    assert [COCO_LABELS[i] for i in found.classes] == ["sports ball"]
    assert candidates_of([]).boxes.shape == (0, 4)


@pytest.mark.parametrize("size", [Size(1, 1), Size(1, 700), Size(641, 361), Size(7680, 4320)])
def test_the_picture_has_the_shape_of_the_frame_and_is_no_larger(size: Size) -> None:
    frame = black_frame(size)
    rgb, placed = picture(frame, Box(0, 0, size.width, size.height))
    rows, columns, _ = rgb.shape
    assert columns <= size.width
    assert rows <= size.height
    assert rows * columns <= MAX_PIXELS * 1.01
    corner = placed.to_frame(np.array([columns, rows], np.float32))
    assert corner == pytest.approx(np.array([size.width, size.height]), rel=0.01)


@pytest.mark.parametrize("name", ["mediapipe", "mediapipe-face", "mediapipe-object"])
def test_without_the_package_the_message_says_how_to_get_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(
        ModelError, match=r"pipx inject .* pip install 'livetrack-vcam\[mediapipe\]'"
    ):
        make_detector(name).open()


def test_one_name_gives_both() -> None:
    detector = make_detector("mediapipe", ["dog"])
    assert detector.name == "mediapipe"
    assert detector.labels == {PERSON, "sports ball", "dog", FACE}
    assert MediapipeFaceDetector().labels | MediapipeObjectDetector().labels < detector.labels


def test_that_a_release_contacts_google_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    _tell_about_privacy.cache_clear()
    with caplog.at_level(logging.WARNING):
        for release in ("0.10.35", "0.10.35", "0.10.33", "0.10.21"):
            _tell_about_privacy(release)
    (record,) = caplog.records
    assert record.getMessage().startswith("mediapipe 0.10.35 contacts Google's servers")
    _tell_about_privacy.cache_clear()
