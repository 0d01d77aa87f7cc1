"""The framing bench measures what it says it measures."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.framing.__main__ import entry
from benchmarks.framing.catalog import SCENES, scenes_named
from benchmarks.framing.detector import LATENCY_FRAMES, detector, looks
from benchmarks.framing.operators.registry import baseline
from benchmarks.framing.pan_scenes import across, standing
from benchmarks.framing.play import play
from benchmarks.framing.plots import PICTURES, derivative, draw
from benchmarks.framing.scenes import (
    FPS,
    FRAME,
    NARROW,
    WARM_UP_FRAMES,
    time_of,
)
from benchmarks.framing.scores import (
    contained,
    kick_px,
    overshoot_px,
    peak_jerk,
    reversal_px,
    settle_s,
    still,
    travel_px_s,
    walk_lag_ms,
)
from benchmarks.framing.shot_scores import (
    RATE,
    breathing_pct,
    changes,
    group_contained,
    head_room_kept,
    zoom_lag_ms,
    zoom_overshoot_pct,
)
from benchmarks.framing.table import Entry, Job, mean_row, score_job, table_lines
from benchmarks.framing.zoom_scenes import closeness, gesturing, standing_body
from livetrack_vcam.core import Box, Detection, Speed
from livetrack_vcam.core.detection import FACE, PERSON

DT = 1 / FPS
RATIO = 9 / 16


def crop_of(height: float, x: float = 960.0, y: float = 540.0) -> Box:
    return Box.from_cxcywh(x, y, height * RATIO, height)


class TestScores:
    def test_a_crop_that_shows_a_walk_six_frames_late_lags_200_ms(self) -> None:
        truth = [0.15 * FRAME.width * min(i / FPS, 4.0) for i in range(210)]
        late = [truth[max(i - 6, 0)] for i in range(210)]
        assert walk_lag_ms(truth, late) == pytest.approx(200.0)
        assert walk_lag_ms(truth, truth) == 0.0

    def test_overshoot_is_what_the_path_takes_back(self) -> None:
        path = [*range(0, 101, 10), 107.0, 103.0] + [100.0] * 30
        assert overshoot_px(path) == pytest.approx(7.0)

    def test_a_path_that_only_approaches_its_rest_has_no_overshoot(self) -> None:
        assert overshoot_px([100 - 100 * 0.9**i for i in range(200)]) < 1e-3

    def test_the_largest_error_after_a_turn_counts_and_not_one_before(self) -> None:
        truth = [0.0] * 210
        path = [0.0] * 210
        path[30], path[75], path[150] = 99.0, -40.0, 80.0
        assert reversal_px(truth, path) == 40.0

    def test_settling_is_over_when_the_error_never_comes_back(self) -> None:
        errors = [50.0] * 10 + [5.0] * 10 + [-20.0] + [1.0] * 20
        assert settle_s(errors, 10.0) == pytest.approx(21 / FPS)
        assert settle_s([1.0] * 30, 10.0) == 0.0

    def test_the_jerk_of_a_cubic_is_its_third_derivative(self) -> None:
        jerk = 12.0
        path = [FRAME.width * jerk * (i / FPS) ** 3 / 6 for i in range(60)]
        assert peak_jerk(path) == pytest.approx(jerk)

    def test_a_crop_that_sets_off_at_full_speed_jerks_by_speed_times_frame_rate_squared(
        self,
    ) -> None:
        speed = 0.8
        path = [0.0] * 4 + [FRAME.width * speed * i / FPS for i in range(1, 20)]
        assert peak_jerk(path) == pytest.approx(speed * FPS**2)

    def test_a_frame_is_still_when_the_crop_moves_less_than_a_twentieth_of_a_pixel(self) -> None:
        assert still([0.0, 0.04, 0.10, 0.10]) == [True, False, True]

    def test_travel_adds_both_ways(self) -> None:
        assert travel_px_s([0.0, 1.0, 0.0, 1.0]) == pytest.approx(FPS)

    def test_a_kick_is_the_largest_way_from_the_start(self) -> None:
        assert kick_px([5.0, 6.0, 1.0, 5.0]) == 4.0

    def test_somebody_whose_feet_stick_out_is_not_contained(self) -> None:
        person = Box(900, 300, 1020, 700)
        whole, cut = Box(800, 200, 1200, 800), Box(800, 200, 1200, 690)
        assert contained([person, person], [whole, cut]) == [True, False]

    def test_breathing_is_the_rms_of_the_log_height(self) -> None:
        crops = [crop_of(500 * math.exp(0.02 * (-1) ** i)) for i in range(100)]
        assert breathing_pct(crops) == pytest.approx(2.0)

    def test_a_zoom_half_a_second_late_lags_500_ms_both_ways(self) -> None:
        def height(t: float, rate: float) -> float:
            return 500 * math.exp(rate * t)

        for rate in (RATE, -RATE):
            ideals = [crop_of(height(i / FPS, rate)) for i in range(121)]
            crops = [crop_of(height(i / FPS - 0.5, rate)) for i in range(121)]
            assert zoom_lag_ms(crops, ideals, 4.0, rate) == pytest.approx(500.0)

    def test_zoom_overshoot_is_what_the_height_takes_back(self) -> None:
        crops = [crop_of(h) for h in (500.0, 700.0, 840.0, 820.0)] + [crop_of(800.0)] * 30
        assert zoom_overshoot_pct(crops) == pytest.approx(5.0)

    def test_head_room_is_neither_a_cut_head_nor_a_wall(self) -> None:
        crop = Box(0, 0, 562.5, 1000)
        heads = [Box(0, y, 100, 900) for y in (-10, 100, 400)]
        assert head_room_kept(heads, [crop] * 3) == [False, True, False]

    def test_changes_of_the_followed_are_counted_as_sets(self) -> None:
        followed = [frozenset({0, 1}), frozenset({1, 0}), frozenset({0}), frozenset({0, 1})]
        assert changes(followed) == 2

    def test_a_group_that_does_not_fit_is_content_with_one_whole_person(self) -> None:
        scene = replace(SCENES["drift-apart"], seconds=DT)
        run = play(scene, baseline("spring", FRAME, NARROW), [])
        left, right = Box(100, 300, 330, 900), Box(1500, 300, 1730, 900)
        near = Box(340, 300, 570, 900)
        crop = Box(50, 0, 657.5, 1080)
        shown = replace(
            run, actors=((left, right), (left, near), (right, right)), crops=(crop,) * 3
        )
        assert group_contained(shown) == [True, True, False]


class TestDetector:
    @pytest.mark.parametrize(("hz", "latency_ms"), [(5, 133), (10, 67), (30, 33)])
    def test_rate_and_latency_are_whole_frames(self, hz: int, latency_ms: int) -> None:
        model = detector(hz, 0.01)
        found = looks(SCENES["static"], model, 3)
        assert {b.frame - a.frame for a, b in pairwise(found)} == {FPS // hz}
        assert {look.known - look.frame for look in found} == {LATENCY_FRAMES[hz]}
        assert round(1000 * LATENCY_FRAMES[hz] / FPS) == latency_ms

    def test_the_phase_against_the_scene_is_drawn_from_the_seed(self) -> None:
        firsts = {looks(SCENES["walk"], detector(5, 0.01), seed)[0].frame for seed in range(60)}
        assert firsts == set(range(6))

    def test_the_same_seed_finds_the_same(self) -> None:
        model = detector(10, 0.01)
        assert looks(SCENES["false"], model, 1) == looks(SCENES["false"], model, 1)
        assert looks(SCENES["false"], model, 1) != looks(SCENES["false"], model, 2)

    def test_noise_is_sigma_across_a_quarter_down_and_one_percent_in_size(self) -> None:
        found = [
            look.detections[0].box
            for seed in range(10)
            for look in looks(SCENES["static"], detector(30, 0.01), seed)
        ]
        true = across(standing(0.5))(0.0)
        spread = statistics.pstdev
        assert spread([b.center.x for b in found]) == pytest.approx(0.01 * FRAME.width, rel=0.05)
        assert spread([b.center.y for b in found]) == pytest.approx(0.0025 * FRAME.width, rel=0.05)
        assert spread([b.height / true.height for b in found]) == pytest.approx(0.01, rel=0.05)

    def test_the_size_noise_scene_is_noisier_by_up_to_three_times(self) -> None:
        def spread(seed: int) -> float:
            found = looks(SCENES["size-noise"], detector(30, 0.01), seed)
            return statistics.pstdev([math.log(look.detections[0].box.width) for look in found])

        spreads = [spread(seed) for seed in range(20)]
        assert min(spreads) > 0.009
        assert 0.02 < max(spreads) < 0.034

    def test_three_in_a_hundred_detections_are_elsewhere_when_told_so(self) -> None:
        found = [
            look.detections[0].box.center.x
            for seed in range(20)
            for look in looks(SCENES["false"], detector(10, 0.0025), seed)
            if time_of(look.frame) > 0
        ]
        elsewhere = sum(abs(x - FRAME.width / 2) > 0.02 * FRAME.width for x in found)
        assert 0.02 < elsewhere / len(found) < 0.04

    def test_a_drop_out_finds_nobody(self) -> None:
        found = looks(SCENES["drop-outs"], detector(10, 0.01), 0)
        assert not any(look.detections for look in found if 1.0 < time_of(look.frame) < 1.8)
        assert all(look.detections for look in found if time_of(look.frame) <= 0)

    def test_somebody_behind_another_is_not_found(self) -> None:
        found = looks(SCENES["pass-single"], detector(10, 0.0025), 0)
        crossing = [look for look in found if abs(time_of(look.frame) - 4.0) < 0.2]
        assert crossing
        assert all(len(look.detections) == 1 for look in crossing)

    def test_faces_are_found_where_a_scene_has_them(self) -> None:
        labels = [d.label for d in looks(SCENES["jump"], detector(10, 0.01), 0)[0].detections]
        assert labels == [PERSON, FACE]


class Recorder:
    """An operator that notes what it knew when each crop was asked."""

    def __init__(self) -> None:
        self.newest: dict[int, int | None] = {}
        self.selected: list[tuple[int, Box]] = []
        self._known: int | None = None
        self._asked = -1

    def observe(self, detections: tuple[Detection, ...], pts_ns: int) -> None:
        self._known = round(pts_ns * FPS / 1e9)

    def crop_at(self, pts_ns: int) -> Box:
        self._asked = round(pts_ns * FPS / 1e9)
        self.newest[self._asked] = self._known
        return crop_of(1080.0)

    def select(self, place: Box) -> None:
        self.selected.append((self._asked + 1, place))

    def ideal(self, subject: Box) -> Box:
        return crop_of(1080.0, subject.center.x)

    @property
    def subject(self) -> tuple[Box, ...]:
        return ()


class TestPlay:
    def test_a_look_at_frame_i_is_known_to_the_crop_of_frame_i_plus_latency(self) -> None:
        model = detector(10, 0.01)
        found = looks(SCENES["walk"], model, 0)
        recorder = Recorder()
        play(SCENES["walk"], recorder, found)
        for look in found[:50]:
            assert recorder.newest[look.frame + 2] == look.frame
            assert recorder.newest.get(look.frame + 1) != look.frame

    def test_looking_ahead_asks_for_a_crop_after_what_was_seen_later(self) -> None:
        recorder = Recorder()
        play(SCENES["walk"], recorder, looks(SCENES["walk"], detector(30, 0.01), 0), 10)
        assert recorder.newest[100] == 109

    def test_the_change_is_commanded_when_its_frame_is_shown(self) -> None:
        recorder = Recorder()
        run = play(SCENES["change"], recorder, looks(SCENES["change"], detector(10, 0.01), 0), 5)
        assert [frame for frame, _ in recorder.selected] == [FPS, WARM_UP_FRAMES]
        assert recorder.selected[1][1] == run.truth[0]

    def test_only_time_after_the_warm_up_is_scored(self) -> None:
        run = play(SCENES["walk"], Recorder(), [])
        assert len(run.crops) == len(run.truth) == len(run.ideals) == 7 * FPS
        assert run.truth_xs[0] == pytest.approx(0.2 * FRAME.width)
        assert run.truth_xs[FPS] == pytest.approx(0.35 * FRAME.width)
        assert len(run.path) == len(run.xs) + 3


class TestScenes:
    def test_somebody_who_comes_near_is_twice_as_tall_three_seconds_later_and_goes_back(
        self,
    ) -> None:
        box_at = SCENES["approach"].actors[0].box_at
        far, near, back = box_at(0.0), box_at(5.0), box_at(12.0)
        assert near.height == pytest.approx(2 * far.height)
        assert back == far
        assert closeness(2.5) == pytest.approx(0.5)

    def test_arms_widen_the_box_to_1_8_and_lift_its_top_while_the_body_stands(self) -> None:
        body = standing_body(0)
        seen = [gesturing(i / 100) for i in range(1600)]
        assert max(box.width for box in seen) == pytest.approx(1.8 * body.width, rel=0.02)
        assert min(box.y1 for box in seen) < body.y1 - 0.12 * body.height
        assert {box.y2 for box in seen} == {body.y2}

    def test_everybody_is_whole_inside_the_frame_where_they_must_be_contained(self) -> None:
        for name in ("sway", "walk", "reverse", "drop-outs", "approach", "drift-apart"):
            scene = SCENES[name]
            for i in range(scene.frames):
                for actor in scene.actors:
                    box = actor.box_at(i / FPS)
                    assert box.clipped(FRAME) == box

    def test_a_scene_that_does_not_exist_is_named_with_those_that_do(self) -> None:
        with pytest.raises(ValueError, match=r"'strut'.*walk"):
            scenes_named(["strut"])


class TestTable:
    def test_a_speed_may_look_ahead(self) -> None:
        assert entry("cinema+10") == Entry("cinema+10", Speed.CINEMA, 10)
        assert entry("normal") == Entry("normal", Speed.NORMAL, 0)

    def test_scores_whose_scenes_were_left_out_are_left_out(self) -> None:
        job = _job(("walk",))
        row = score_job(job, detector(10, 0.01))
        assert "walk lag ms" in row
        assert "still %" not in row

    def test_a_job_gives_the_same_scores_twice(self) -> None:
        first, second = (score_job(_job(("change",)), detector(5, 0.0025)) for _ in range(2))
        first.pop("us/frame")
        second.pop("us/frame")
        assert first == second

    def test_rows_are_means_and_print_as_a_table(self) -> None:
        row = mean_row([{"still %": 90.0}, {"still %": 100.0}])
        assert table_lines({"ours": row})[-1] == "| ours |    95.0 |"


class TestPlots:
    def test_the_third_derivative_of_a_cubic_is_constant(self) -> None:
        path = [(i / FPS) ** 3 for i in range(20)]
        assert derivative(path, 3) == pytest.approx([6.0] * 17)

    def test_a_picture_is_a_small_png(self, tmp_path: Path) -> None:
        change = next(p for p in PICTURES if p.scene == "change")
        (file,) = draw(tmp_path, [change])
        assert file.name == "framing-change.png"
        assert file.read_bytes().startswith(b"\x89PNG")
        assert 10_000 < file.stat().st_size < 150_000


def _job(scenes: tuple[str, ...]) -> Job:
    return Job(Entry("spring"), 0, scenes, 0, per_scene=False)
