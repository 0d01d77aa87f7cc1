"""Real and drawn balls in the corpus with the real network, as `benchmarks.balls` plays them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.balls import MODES, Mode, Score, make_detector, read_clip, read_truths, score
from livetrack_vcam.interfaces import Detector

pytestmark = pytest.mark.shared

FINDER = next(mode for mode in MODES if mode.finder)


@pytest.fixture(scope="module")
def detector() -> Iterator[Detector]:
    network = make_detector(FINDER)
    network.open()
    yield network
    network.close()


def play(shared: Path, clip: str, scale: float, detector: Detector, mode: Mode = FINDER) -> Score:
    corpus = shared / "corpus"
    frames = read_clip(corpus / "video" / f"{clip}.mp4", scale)
    return score(frames, read_truths(corpus / "ann" / f"{clip}.json", scale), detector, mode)


@pytest.mark.parametrize("clip", ["sam2_juggle_a", "syn_ball"])
def test_the_ball_is_found_in_four_of_five_labeled_frames(
    shared: Path, detector: Detector, clip: str
) -> None:
    played = play(shared, clip, 1.0, detector)
    assert played.labeled >= 30
    assert played.found >= 0.8
    assert played.wrong <= 0.04 * played.labeled


def test_a_ball_of_four_percent_of_the_height_is_found_in_four_of_five_frames(
    shared: Path, detector: Detector
) -> None:
    assert play(shared, "syn_ball", 0.6, detector).found >= 0.8


@pytest.mark.parametrize("clip", ["intel_asl_man1", "intel_store_aisle", "syn_cross"])
def test_where_there_is_no_ball_none_is_shown(shared: Path, detector: Detector, clip: str) -> None:
    assert play(shared, clip, 1.0, detector).shown_ids == set()
