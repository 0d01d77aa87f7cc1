"""Framing metrics on paths whose numbers can be worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from livetrack_vcam.evaluation.framing import framing_metrics

KEYS = {
    "contained_pct", "center_error_pct", "still_frames_pct", "travel_px_s", "walk_lag_ms",
    "overshoot_pct", "jerk_rms_w_s3", "jerk_peak_w_s3", "reacquire_s", "subject_switches",
    "zoom_travel_per_s", "crop_travel_w_s",
}  # fmt: skip
Path = Callable[[float], float | None]


def truth(*paths: Path, seconds: float = 8.0, every: int = 1) -> dict[str, Any]:
    """People 200 px wide with centers along the paths (None: away), annotated every n frames."""
    frames = []
    for i in range(0, round(seconds * 30), every):
        boxes = []
        for number, path in enumerate(paths, 1):
            x = path(i / 30)
            if x is not None:
                boxes.append({"id": number, "label": "person", "xywh": [x - 100, 400, 200, 600]})
        frames.append({"index": i, "t": i / 30, "boxes": boxes})
    return {"fps": 30, "width": 1920, "height": 1080, "frames": frames}


def trace(
    crop_x: Path, subject_x: Path, seconds: float = 8.0, height: Path = lambda _: 1080.0
) -> list[dict[str, Any]]:
    """A 9:16 crop with its center along crop_x, whose one track follows subject_x."""
    frames = []
    for i in range(round(seconds * 30)):
        x, place, tall = crop_x(i / 30) or 0.0, subject_x(i / 30), height(i / 30) or 1080.0
        wide = tall * 9 / 16
        tracks = []
        if place is not None:
            tracks.append({"id": 7, "label": "person", "box": [place - 100, 400, 200, 600]})
        crop = [x - wide / 2, 540 - tall / 2, wide, tall]
        frames.append({"t": i / 30, "crop": crop, "subject": [7], "tracks": tracks})
    return frames


def metrics(crop_x: Path, *paths: Path, **more: Any) -> dict[str, float | None]:
    return framing_metrics(trace(crop_x, paths[0], **more), truth(*paths), (720, 1280))


def walk(t: float) -> float:
    """Stands two seconds, walks three at 200 px/s, stands again."""
    return 500 + 200 * min(max(t - 2, 0), 3)


def test_all_keys_are_there_and_only_those() -> None:
    assert set(metrics(lambda t: 900, lambda t: 900)) == KEYS


def test_a_perfect_rest_scores_perfectly() -> None:
    result = metrics(lambda t: 900, lambda t: 900)
    assert result["contained_pct"] == 100
    assert result["still_frames_pct"] == 100
    assert result["travel_px_s"] == result["center_error_pct"] == result["jerk_peak_w_s3"] == 0
    assert result["walk_lag_ms"] is result["overshoot_pct"] is result["reacquire_s"] is None
    assert result["subject_switches"] == 0


def test_a_constant_offset_is_the_center_error_in_percent_of_the_crop() -> None:
    assert metrics(lambda t: 960.75, lambda t: 900)["center_error_pct"] == pytest.approx(10)


def test_a_crop_that_cannot_go_further_is_not_off_center() -> None:
    assert metrics(lambda t: 303.75, lambda t: 120)["center_error_pct"] == pytest.approx(0)


def test_half_of_the_frames_outside_is_half_contained() -> None:
    result = metrics(lambda t: 900 if t < 4 else 1300, lambda t: 900)
    assert result["contained_pct"] == pytest.approx(50, abs=0.5)


def test_people_cut_off_by_the_frame_do_not_count_as_not_contained() -> None:
    assert metrics(lambda t: 900, lambda t: 60)["contained_pct"] is None


def test_jitter_of_a_tenth_of_a_pixel_is_not_still() -> None:
    result = metrics(lambda t: 900 + 0.1 * (round(t * 30) % 2), lambda t: 900)
    assert result["still_frames_pct"] == 0
    assert result["travel_px_s"] == pytest.approx(0.1 * 30 * 720 / 607.5)


@pytest.mark.parametrize("lag", [0.0, 0.2, 0.5])
def test_the_lag_of_a_delayed_copy_is_its_delay(lag: float) -> None:
    result = metrics(lambda t: walk(t - lag), walk)
    assert result["walk_lag_ms"] == pytest.approx(1000 * lag, abs=34)
    assert result["overshoot_pct"] == pytest.approx(0, abs=0.5)


def test_a_run_past_the_stop_is_the_overshoot() -> None:
    def over(t: float) -> float:
        return walk(t) + (30 * math.sin(math.pi * (t - 5)) if 5 < t < 6 else 0)

    assert metrics(over, walk)["overshoot_pct"] == pytest.approx(100 * 30 / 607.5, abs=0.3)


def test_the_jerk_of_a_cubic_is_its_third_derivative() -> None:
    result = metrics(lambda t: 900 + t**3, lambda t: 900)
    assert result["jerk_rms_w_s3"] == pytest.approx(6 / 1920, rel=1e-3)


def test_the_time_to_re_acquire_counts_from_half_visible_to_center_inside() -> None:
    def away(t: float) -> float | None:
        return 900 if t < 3 else None if t < 5 else 1600

    def crop(t: float) -> float:
        return 900 if t < 5.4 else 1600

    assert metrics(crop, away)["reacquire_s"] == pytest.approx(0.4, abs=0.04)


def test_a_return_that_is_never_seen_lasts_to_the_end() -> None:
    def away(t: float) -> float | None:
        return 900 if t < 3 else None if t < 5 else 1700

    assert metrics(lambda t: 900, away)["reacquire_s"] == pytest.approx(3, abs=0.04)


def test_another_subject_while_the_first_is_in_view_is_a_switch() -> None:
    there = truth(lambda t: 500, lambda t: 1500)
    frames = trace(lambda t: 900, lambda t: 500 if t < 4 else 1500)
    assert framing_metrics(frames, there, (720, 1280))["subject_switches"] == 1


def test_people_who_cross_are_not_a_switch() -> None:
    def left(t: float) -> float:
        return 300 + 150 * t

    there = truth(left, lambda t: 1500 - 150 * t)
    frames = trace(left, left)
    assert framing_metrics(frames, there, (720, 1280))["subject_switches"] == 0


def test_zoom_and_pan_travel_are_per_second() -> None:
    result = metrics(lambda t: 800 + 19.2 * t, lambda t: 900, height=lambda t: 1000 * 0.99**t)
    assert result["zoom_travel_per_s"] == pytest.approx(-math.log(0.99), rel=0.01)
    assert result["crop_travel_w_s"] == pytest.approx(0.01, rel=0.01)


def test_sparse_annotations_are_interpolated() -> None:
    frames = trace(walk, walk)
    dense = framing_metrics(frames, truth(walk), (720, 1280))
    sparse = framing_metrics(frames, truth(walk, every=10), (720, 1280))
    assert sparse["contained_pct"] == dense["contained_pct"] == 100
    assert sparse["center_error_pct"] == pytest.approx(0, abs=1)


@pytest.mark.parametrize("lag", [-0.2, 0.05, 0.25])
def test_a_lag_is_known_to_a_tenth_of_a_frame_and_a_lead_is_negative(lag: float) -> None:
    def walks(t: float) -> float:
        return 350 + 150 * t

    assert metrics(lambda t: walks(t - lag), walks)["walk_lag_ms"] == pytest.approx(
        1000 * lag, abs=3
    )


@pytest.mark.parametrize("fps", [6, 10, 24, 60])
def test_metrics_are_the_same_at_any_frame_rate(fps: int) -> None:
    result = at_rate(lambda t: walk(t - 0.25), walk, fps)
    assert result["walk_lag_ms"] == pytest.approx(250, abs=25)
    assert result["contained_pct"] == 100
    assert result["overshoot_pct"] == pytest.approx(0, abs=0.1)
    assert result["crop_travel_w_s"] == pytest.approx(600 / 1920 / 8, rel=0.03)


def at_rate(crop_x: Path, subject_x: Path, fps: int) -> dict[str, float | None]:
    """The plays of this file, frame by frame at another rate."""
    slow = trace(lambda t: crop_x(t * 30 / fps), lambda t: subject_x(t * 30 / fps), 8 * fps / 30)
    there = truth(lambda t: subject_x(t * 30 / fps), seconds=8 * fps / 30)
    frames = [{**line, "t": i / fps} for i, line in enumerate(slow)]
    return framing_metrics(frames, {**there, "fps": fps}, (720, 1280))


def test_the_jerk_of_a_cubic_does_not_depend_on_when_frames_come() -> None:
    def uneven(i: int) -> float:
        return i / 30 + 0.012 * (i % 3)

    frames = trace(lambda t: 900 + uneven(round(t * 30)) ** 3, lambda t: 900)
    late = [{**line, "t": uneven(i)} for i, line in enumerate(frames)]
    result = framing_metrics(late, truth(lambda t: 900), (720, 1280))
    assert result["jerk_peak_w_s3"] == pytest.approx(6 / 1920, rel=1e-3)


def test_a_stop_of_a_second_shows_its_overshoot() -> None:
    def strolls(t: float) -> float:
        return 500 + 200 * (min(max(t - 1, 0), 2) + max(t - 4, 0))

    def over(t: float) -> float:
        return strolls(t) + (30 * math.sin(math.pi * (t - 3) / 0.6) if 3 < t < 3.6 else 0)

    assert metrics(over, strolls)["overshoot_pct"] == pytest.approx(100 * 30 / 607.5, abs=0.5)


def test_the_box_of_a_group_holds_all_of_it() -> None:
    there = truth(lambda t: 800, lambda t: 1000)
    lone = trace(lambda t: 800, lambda t: 800)
    second = {"id": 8, "label": "person", "box": [900, 400, 200, 600]}
    both = [{**line, "subject": [7, 8], "tracks": [*line["tracks"], second]} for line in lone]
    assert framing_metrics(lone, there, (720, 1280))["center_error_pct"] == 0
    off = framing_metrics(both, there, (720, 1280))
    assert off["center_error_pct"] == pytest.approx(100 * 100 / 607.5)
    assert off["contained_pct"] == 100
    wide = truth(lambda t: 800, lambda t: 1015)
    second["box"] = [915, 400, 200, 600]
    assert framing_metrics(both, wide, (720, 1280))["contained_pct"] == 0


def test_to_join_a_group_is_no_switch_and_neither_is_another_order() -> None:
    there = truth(lambda t: 500, lambda t: 1000)
    second = {"id": 8, "label": "person", "box": [900, 400, 200, 600]}
    frames = trace(lambda t: 700, lambda t: 500)
    for i, line in enumerate(frames):
        line["tracks"].append(second)
        line["subject"] = [7] if i < 60 else [7, 8] if i < 120 else [8, 7]
    assert framing_metrics(frames, there, (720, 1280))["subject_switches"] == 0


def test_a_ball_is_judged_as_a_ball_though_a_person_came_first() -> None:
    there = truth(lambda t: 900)
    for frame in there["frames"]:
        frame["boxes"].append({"id": 1, "label": "sports ball", "xywh": [1480, 500, 40, 40]})
    frames = trace(lambda t: 1500, lambda t: 900 if t < 1 else None)
    for line in frames[30:]:
        line["tracks"] = [{"id": 7, "label": "sports ball", "box": [1480, 500, 40, 40]}]
    assert framing_metrics(frames, there, (720, 1280))["contained_pct"] == 100
    as_person = framing_metrics(frames, there, (720, 1280), "person")
    assert as_person["contained_pct"] == 0


def test_a_trace_of_one_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="two frames or more"):
        framing_metrics(trace(walk, walk)[:1], truth(walk), (720, 1280))
