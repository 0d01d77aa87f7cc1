from __future__ import annotations

import cv2
import numpy as np
import pytest

from livetrack_vcam.core.detection import FACE, PERSON
from livetrack_vcam.core.geometry import Size, iou
from livetrack_vcam.detectors.registry import make_detector
from livetrack_vcam.sources.demo import LOOP_FRAMES, DemoSource, draw_scene, true_box
from livetrack_vcam.sources.registry import NO_CAMERA
from livetrack_vcam.sources.scene import DESK_TOP, LOOP_S, pose


def test_the_real_default_detectors_find_the_person_in_nine_of_ten_frames() -> None:
    detector = make_detector()
    detector.open()
    frames = faces = found = 0
    for number in range(0, LOOP_FRAMES, 8):
        t = number / 30
        truth = true_box(t)
        detections = detector.detect(draw_scene(t, int(t * 1e9), number))
        frames += 1
        if truth is None:
            continue
        found += any(d.label == PERSON and iou(d.box, truth) > 0.5 for d in detections)
        faces += any(d.label == FACE and truth.contains(d.box, 20) for d in detections)
    detector.close()
    assert found >= 0.9 * frames
    assert faces >= 0.85 * frames


def test_the_picture_is_a_function_of_the_time_alone() -> None:
    one, other = draw_scene(3.21), draw_scene(3.21)
    assert all(np.array_equal(a, b) for a, b in zip(one.planes, other.planes, strict=True))
    later = draw_scene(3.21 + LOOP_S)
    assert all(
        np.abs(a.astype(int) - b).max() <= 1 for a, b in zip(one.planes, later.planes, strict=True)
    )


def test_the_loop_has_no_seam_and_no_jump_while_she_can_be_seen() -> None:
    for number in range(LOOP_FRAMES):
        before, after = pose(number / 30), pose((number + 1) / 30)
        if true_box(number / 30) is None or true_box((number + 1) / 30) is None:
            continue
        assert abs(after.x - before.x) < 600 / 30  # pixels in a frame: a fast walk
        assert abs(after.scale - before.scale) < 0.02
        assert abs(after.lift - before.lift) < 4


def test_she_walks_comes_closer_leaves_and_returns() -> None:
    boxes = [true_box(number / 10) for number in range(240)]
    seen = [box for box in boxes if box is not None]
    assert 1 <= boxes.count(None) < 12
    heights = [box.height for box in seen]
    assert max(heights) > 1.25 * min(heights)
    assert min(box.center.x for box in seen) < 100
    assert max(box.center.x for box in seen) > 1820
    assert all(box.y2 <= DESK_TOP for box in seen)


def test_the_true_box_is_where_the_picture_differs_from_the_empty_room() -> None:
    empty = draw_scene(17.5)
    assert true_box(17.5) is None
    for t in (0.0, 4.2, 11.0, 16.0, 19.0):
        truth = true_box(t)
        assert truth is not None
        changed = np.abs(draw_scene(t).planes[0].astype(int) - empty.planes[0]) > 24
        columns, rows = np.flatnonzero(changed.any(axis=0)), np.flatnonzero(changed.any(axis=1))
        assert columns[0] == pytest.approx(truth.x1, abs=12)
        assert columns[-1] + 1 == pytest.approx(truth.x2, abs=12)
        assert rows[0] == pytest.approx(truth.y1, abs=8)


def test_the_scene_has_contrast_and_no_clipped_areas() -> None:
    luma = draw_scene(4.0).planes[0]
    assert luma.std() > 20
    assert np.mean(luma >= 235) < 0.01
    assert cv2.Laplacian(luma, cv2.CV_64F).var() > 5


def test_the_demo_says_why_it_is_shown() -> None:
    assert DemoSource(note=NO_CAMERA).note == NO_CAMERA
    assert DemoSource().note is None


def test_the_demo_is_full_hd_and_live() -> None:
    source = DemoSource()
    info = source.open()
    assert (info.size, info.fps, info.live) == (Size(1920, 1080), 30, True)
    source.close()
