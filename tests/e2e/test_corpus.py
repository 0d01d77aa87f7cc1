"""The promises about framing and tracking, kept by the real detectors on footage."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from benchmarks.corpus import clips
from benchmarks.corpus_looks import looks_at
from benchmarks.corpus_operators import patient
from benchmarks.framing.operators.registry import BASELINES
from benchmarks.framing_corpus import VIEWS, scored
from livetrack_vcam.clips.clip import Cadence, Span, causal_steps
from livetrack_vcam.clips.reframe import open_clip, step_line
from livetrack_vcam.core.detection import PERSON
from livetrack_vcam.detectors.registry import make_detector
from livetrack_vcam.evaluation.annotation import read_annotation, with_identities
from livetrack_vcam.evaluation.framing import framing_metrics
from livetrack_vcam.evaluation.shown import shown_tracks
from livetrack_vcam.evaluation.tracking import TrackingResult, tracking_metrics
from livetrack_vcam.settings import build_settings

pytestmark = [pytest.mark.shared, pytest.mark.slow, pytest.mark.batch]
# Debian's package opencv-doc has it.
VTEST = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
VTEST_IDS = Path(__file__).parents[1] / "data" / "vtest_ids.json"
UPRIGHT = build_settings({}, {"aspect": "9:16"}).shots[0]


@cache
def decided(shared: Path, name: str) -> list[dict[str, Any]]:
    """The trace of `reframe --live` at 10 Hz and 67 ms, 9:16, normal."""
    clip = open_clip(shared / "corpus" / "video" / f"{name}.mp4", Span())
    detector = make_detector()
    detector.open()
    steps = causal_steps(clip, detector, UPRIGHT.director(clip.size), Cadence())
    canvas = UPRIGHT.canvas_size()
    lines = [step_line(index, step, canvas) for index, step in enumerate(steps)]
    detector.close()
    return lines


def metrics(shared: Path, name: str) -> dict[str, float | None]:
    truth = json.loads((shared / "corpus" / "ann" / f"{name}.json").read_text())
    size = UPRIGHT.canvas_size()
    return framing_metrics(decided(shared, name), truth, (size.width, size.height))


@cache
def fixed(shared: Path, name: str) -> dict[str, Any]:
    """Everybody's metrics at a fixed size, 9:16, over the same looks."""
    clip = next(clip for clip in clips(shared / "corpus") if clip.name == name)
    view = VIEWS[0]
    looks = patient(looks_at(clip, Cadence(), view.policy), view.settings)
    return {operator: dict(row) for operator, row in scored(clip, looks, view).items()}


def test_the_picture_of_somebody_who_stands_is_still(shared: Path) -> None:
    still = metrics(shared, "syn_static_sway")["still_frames_pct"]
    assert still is not None
    assert still >= 95


def test_somebody_who_walks_stays_in_the_picture(shared: Path) -> None:
    contained = metrics(shared, "syn_walk")["contained_pct"]
    assert contained is not None
    assert contained >= 97


def test_two_who_cross_are_not_mistaken_for_each_other(shared: Path) -> None:
    assert metrics(shared, "syn_cross")["subject_switches"] == 0


def test_somebody_who_comes_back_is_found_again_soon(shared: Path) -> None:
    delay_s = metrics(shared, "syn_leave_return")["reacquire_s"]
    assert delay_s is not None
    assert delay_s <= 0.7


def test_somebody_who_sways_and_fills_the_crop_is_hardly_ever_cut_off(shared: Path) -> None:
    assert fixed(shared, "syn_static_sway")["normal"]["contained_pct"] >= 90


@pytest.mark.parametrize(
    "name", ["intel_headpose_two", "intel_store_aisle", "syn_static_sway", "sam2_juggle_a"]
)
def test_whoever_stays_gets_a_stiller_picture_than_from_anybody_else(
    shared: Path, name: str
) -> None:
    rows = fixed(shared, name)
    for baseline in BASELINES:
        for metric in ("still_frames_pct", "contained_pct"):
            assert rows["normal"][metric] >= rows[baseline][metric] - 0.5, (baseline, metric)


@pytest.mark.parametrize("name", ["syn_walk", "syn_reverse", "syn_leave_return", "syn_cross"])
def test_whoever_walks_is_followed_far_more_gently_than_by_anybody_as_quick(
    shared: Path, name: str
) -> None:
    rows = fixed(shared, name)
    mine = rows["normal"]
    for baseline in BASELINES:
        lag_ms = rows[baseline]["walk_lag_ms"]
        if lag_ms is not None and lag_ms <= (mine["walk_lag_ms"] or 0):
            assert rows[baseline]["jerk_rms_w_s3"] > 3 * mine["jerk_rms_w_s3"], baseline


def test_every_clip_is_decided_to_its_end_inside_the_frame(shared: Path) -> None:
    names = sorted(path.stem for path in (shared / "corpus" / "video").glob("*.mp4"))
    assert len(names) >= 17
    for name in names:
        truth = json.loads((shared / "corpus" / "ann" / f"{name}.json").read_text())
        lines = decided(shared, name)
        assert len(lines) == truth["n_frames"], name
        for line in lines:
            x, y, w, h = line["crop"]
            assert x >= 0, name
            assert y >= 0, name
            assert x + w <= truth["width"] + 1e-9, name
            assert y + h <= truth["height"] + 1e-9, name
            assert abs(w / h - 9 / 16) < 1e-6, name


def tracked(clip: Path, annotation: dict[str, Any]) -> TrackingResult:
    """As `eval track`: every look known at once."""
    cadence = Cadence(latency_ns=0)
    shown = shown_tracks(clip, annotation, "auto", UPRIGHT, cadence, quiet=True)
    return tracking_metrics(shown, annotation, PERSON)


@pytest.mark.parametrize(
    "name", ["syn_cross", "syn_leave_return", "intel_two_walking", "intel_headpose_two"]
)
def test_whoever_crosses_or_leaves_and_returns_keeps_the_number(shared: Path, name: str) -> None:
    corpus = shared / "corpus"
    found = tracked(
        corpus / "video" / f"{name}.mp4", read_annotation(corpus / "ann" / f"{name}.json")
    )
    assert found.switches == 0
    assert found.idf1 is not None
    assert found.idf1 >= 0.95
    assert found.false_per_person is not None
    assert found.false_per_person <= 0.02


def test_people_far_off_in_a_yard_keep_their_numbers(shared: Path) -> None:
    if not VTEST.is_file():
        pytest.skip(f"no {VTEST}; install the package opencv-doc")
    annotation = read_annotation(shared / "corpus" / "ann" / "vtest.json")
    found = tracked(VTEST, with_identities(annotation, VTEST_IDS))
    assert found.idf1 is not None
    assert found.idf1 >= 0.8
    assert found.recall is not None
    assert found.recall >= 0.89
    assert found.false_per_person is not None
    assert found.false_per_person <= 0.06
