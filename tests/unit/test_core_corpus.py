"""The footage: real people's boxes, made noisy and late, through director and metrics."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from livetrack_vcam.core import Box, Detection, Director, DirectorSettings, Observation, Size
from livetrack_vcam.core.geometry import format_aspect_ratio
from livetrack_vcam.core.offline import best_path
from livetrack_vcam.evaluation.framing import framing_metrics

TALL = DirectorSettings(aspect_ratio=Fraction(9, 16))
pytestmark = pytest.mark.shared


def annotation(shared: Path, clip: str) -> dict[str, Any]:
    return json.loads((shared / "corpus" / "ann" / f"{clip}.json").read_text())


def seen_boxes(truth: dict[str, Any], index: int) -> tuple[Detection, ...]:
    """What a detector makes of a frame: center off by .25 % W, size by 2 %, slivers unseen.

    Scores are those of the default person detector on these clips.
    """
    chance = random.Random(index)
    boxes = {frame["index"]: frame["boxes"] for frame in truth["frames"]}
    found = []
    for each in boxes.get(index, []):
        if each.get("visible", 1.0) < 0.4 or each.get("ignore"):
            continue
        x, y, w, h = each["xywh"]
        off = 0.0025 * truth["width"]
        box = Box.from_cxcywh(
            x + w / 2 + chance.gauss(0, off),
            y + h / 2 + chance.gauss(0, off),
            w * chance.gauss(1, 0.02),
            h * chance.gauss(1, 0.02),
        )
        found.append(Detection(box, chance.uniform(0.82, 0.97), each["label"]))
    return tuple(found)


def live_trace(truth: dict[str, Any], settings: DirectorSettings) -> list[dict[str, Any]]:
    """As `reframe --live`: 10 looks a second, 67 ms late."""
    fps = truth["fps"]
    director = Director(Size(truth["width"], truth["height"]), settings)
    frames, pending, looked = [], [], 0
    for i in range(truth["n_frames"]):
        now = i / fps
        if now + 1e-9 >= looked / 10:
            pending.append((now + 0.067, now, seen_boxes(truth, i)))
            looked += 1
        while pending and pending[0][0] <= now + 1e-9:
            _, at, found = pending.pop(0)
            director.observe(found, round(at * 1e9))
        crop = director.crop_at(round(now * 1e9))
        tracks = [
            {"id": t.track_id, "label": t.label, "box": list(t.box.xywh)} for t in director.tracks
        ]
        frames.append(
            {
                "frame": i,
                "t": now,
                "crop": list(crop.box.xywh),
                "state": director.state.value,
                "subject": list(director.subject),
                "tracks": tracks,
            }
        )
    return frames


def live_metrics(shared: Path, clip: str) -> dict[str, float | None]:
    truth = annotation(shared, clip)
    return framing_metrics(live_trace(truth, TALL), truth, (720, 1280))


def test_a_swaying_person_gets_a_picture_that_rests(shared: Path) -> None:
    assert (live_metrics(shared, "syn_static_sway")["still_frames_pct"] or 0) >= 95


def test_a_walker_is_contained(shared: Path) -> None:
    assert (live_metrics(shared, "syn_walk")["contained_pct"] or 0) >= 97


def test_crossing_people_are_not_confused(shared: Path) -> None:
    assert live_metrics(shared, "syn_cross")["subject_switches"] == 0


def test_somebody_who_comes_back_is_re_acquired(shared: Path) -> None:
    assert (live_metrics(shared, "syn_leave_return")["reacquire_s"] or 9) <= 0.7


@pytest.mark.parametrize("aspect", ["16:9", "9:16", "4:1"])
def test_no_clip_raises_live_or_offline(shared: Path, aspect: str) -> None:
    width, height = map(int, aspect.split(":"))
    settings = DirectorSettings(aspect_ratio=Fraction(width, height))
    clips = sorted(path.stem for path in (shared / "corpus" / "video").glob("*.mp4"))
    assert len(clips) > 10
    for clip in clips:
        truth = annotation(shared, clip)
        live_trace(truth, settings)
        times = [round(i / truth["fps"] * 1e9) for i in range(truth["n_frames"])]
        looks = [Observation(seen_boxes(truth, i), t) for i, t in enumerate(times)]
        points = best_path(Size(truth["width"], truth["height"]), settings, looks, times)
        assert {format_aspect_ratio(point.crop.aspect_ratio) for point in points} == {aspect}
