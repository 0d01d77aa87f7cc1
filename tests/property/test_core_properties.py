"""What holds for any detections, any frame, any settings."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livetrack_vcam.core import (
    Box,
    Detection,
    Director,
    DirectorSettings,
    Fill,
    Observation,
    Shot,
    Size,
    Speed,
    SubjectKind,
    SubjectPolicy,
    Tracker,
    WhenLost,
)
from livetrack_vcam.core.detection import FACE, PERSON, SPORTS_BALL
from livetrack_vcam.core.geometry import largest_height
from livetrack_vcam.core.motion import NO_WALLS, AxisState, Limits, Walls, brake, follow
from livetrack_vcam.core.presets import PRESETS
from livetrack_vcam.core.session import SessionRecorder, replay
from tests.scenarios import FULL_HD, Play, Sight, noisy, person, walking

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FRAMES = st.sampled_from(
    [Size(1920, 1080), Size(1, 1), Size(15, 9), Size(1088, 1920), Size(641, 479), Size(4096, 16)]
)
ASPECTS = st.sampled_from(
    [Fraction(16, 9), Fraction(9, 16), Fraction(1), Fraction(4), Fraction(1, 4), Fraction(237, 100)]
)
GARBAGE = st.floats(-1e9, 1e9) | st.floats(-3000, 6000) | st.sampled_from([0.0, 1e-300, -0.0])
ANY_FLOAT = GARBAGE | st.sampled_from([float("nan"), float("inf"), float("-inf")])
LOST_SECONDS = st.sampled_from([0.0, 60.0]) | st.floats(0, 60)
LABELS = st.sampled_from([PERSON, PERSON, FACE, SPORTS_BALL, "dog"])


@st.composite
def detections(draw: st.DrawFn, numbers: st.SearchStrategy[float] = GARBAGE) -> Detection:
    x, y, width, height = (draw(numbers) for _ in range(4))
    score = draw(st.floats(0, 1) | numbers)
    return Detection(Box.from_xywh(x, y, width, height), score, draw(LABELS))


@st.composite
def any_settings(draw: st.DrawFn) -> DirectorSettings:
    kinds = [kind for kind in SubjectKind if kind is not SubjectKind.LABEL]
    return DirectorSettings(
        draw(ASPECTS),
        draw(st.sampled_from(Shot)),
        draw(st.sampled_from(Speed)),
        SubjectPolicy(draw(st.sampled_from(kinds)), track_id=1),
        draw(st.sampled_from(WhenLost)),
        draw(st.sampled_from(Fill)),
        draw(st.none() | st.floats(0, 0.5)),
        draw(st.floats(1, 10)),
        draw(st.none() | st.floats(0, 0.45)),
        draw(st.floats(0.5, 3000)),
        lead_room=draw(st.floats(0, 0.12)),
        eyes_on_third=draw(st.booleans()),
        lost_predict=draw(LOST_SECONDS),
        lost_hold=draw(LOST_SECONDS),
        lost_widen=draw(LOST_SECONDS),
        cuts=draw(st.booleans()),
    )


SCRIPT = st.lists(
    st.tuples(st.integers(1, 2_000_000_000), st.lists(detections(), max_size=4)), max_size=12
)
WILD_SCRIPT = st.lists(
    st.tuples(st.integers(-5, 10**12), st.lists(detections(ANY_FLOAT), max_size=4)), max_size=8
)


@SLOW
@given(FRAMES, any_settings(), SCRIPT)
def test_the_crop_lies_in_the_frame_has_the_ratio_and_respects_the_zoom(
    frame: Size, wanted: DirectorSettings, script: list[tuple[int, list[Detection]]]
) -> None:
    director = Director(frame, wanted)
    now = 0
    largest = largest_height(wanted.aspect_ratio, frame)
    least = min(max(largest / wanted.max_zoom, wanted.min_crop_height), largest)
    for step, seen in script:
        now += step
        director.observe(tuple(seen), now - step // 2)
        crop = director.crop_at(now)
        box = crop.box
        assert 0 <= box.x1 < box.x2 <= frame.width
        assert 0 <= box.y1 < box.y2 <= frame.height
        assert crop.aspect_ratio == wanted.aspect_ratio
        assert box.width / box.height == pytest.approx(float(wanted.aspect_ratio), rel=1e-9)
        assert least * (1 - 1e-9) <= box.height <= largest * (1 + 1e-9)


@SLOW
@given(any_settings(), WILD_SCRIPT)
def test_numbers_that_are_no_numbers_and_times_in_disorder_are_survived(
    wanted: DirectorSettings, script: list[tuple[int, list[Detection]]]
) -> None:
    director = Director(FULL_HD, wanted)
    for pts_ns, seen in script:
        director.observe(tuple(seen), pts_ns)
        box = director.crop_at(pts_ns).box
        assert 0 <= box.x1 < box.x2 <= 1920


@SLOW
@given(SCRIPT)
def test_track_ids_are_unique_at_any_time_and_never_change_their_label(
    script: list[tuple[int, list[Detection]]],
) -> None:
    tracker = Tracker(FULL_HD)
    labels: dict[int, str] = {}
    now = 0
    newest = 0
    for step, seen in script:
        now += step
        tracks = tracker.update(Observation(tuple(seen), now))
        ids = [track.track_id for track in tracks]
        assert len(ids) == len(set(ids))
        for track in tracks:
            assert labels.setdefault(track.track_id, track.label) == track.label
            newest = max(newest, track.track_id)
    tracks = tracker.update(Observation((person(900),), now + 10_000_000_000))
    assert all(track.track_id > newest for track in tracks)


@SLOW
@given(st.floats(-70, 70), st.integers(0, 10_000), st.sampled_from(Speed))
def test_nothing_moves_inside_the_dead_zone(offset: float, seed: int, speed: Speed) -> None:
    # The narrowest zone is 85 px; nearer to its edge, who surely walks is about to leave it.
    wanted = DirectorSettings(aspect_ratio=Fraction(9, 16), speed=speed, max_zoom=1.0)
    sight: Sight = noisy(lambda t: (person(960 + offset * min(t / 2, 1)),), 4, seed)
    assert len(set(Play(wanted).run(5, sight).crops)) == 1


@SLOW
@given(
    st.sampled_from(Speed),
    st.lists(st.tuples(st.floats(-2000, 2000), st.floats(-900, 900)), min_size=1, max_size=6),
)
def test_speed_acceleration_and_jerk_stay_under_the_preset_s_limits(
    speed: Speed, targets: list[tuple[float, float]]
) -> None:
    # The speed loop overshoots its limit by up to 8 % while the jerk limit turns the acceleration.
    limits = Limits.of(PRESETS[speed], 600.0)
    state = AxisState(0.0)
    for target, lead in targets:
        for _ in range(40):
            before = state
            state = follow(state, target, lead, limits, 1 / 240, NO_WALLS)
            assert abs(state.velocity) <= limits.speed * 1.08
            assert abs(state.acceleration) <= limits.acceleration * 1.001
            jerk = abs(state.acceleration - before.acceleration) * 240
            assert jerk <= limits.jerk * 1.001


@SLOW
@given(st.sampled_from(Speed), st.floats(-1500, 1500))
def test_a_target_that_rests_is_reached_without_overshoot_worth_mentioning(
    speed: Speed, target: float
) -> None:
    limits = Limits.of(PRESETS[speed], 600.0)
    state = AxisState(0.0)
    path = []
    for _ in range(240):
        state = follow(state, target, 0.0, limits, 1 / 30, NO_WALLS)
        path.append(state.position)
    assert path[-1] == pytest.approx(target, abs=1)
    beyond = max(max(path) - max(target, 0), min(target, 0) - min(path))
    assert beyond <= 0.03 * 600


@SLOW
@given(st.sampled_from(Speed), st.floats(0, 1), st.floats(-3000, 3000))
def test_braking_ends_in_exact_rest(speed: Speed, share: float, velocity: float) -> None:
    limits = Limits.of(PRESETS[speed], 600.0)
    start = AxisState(0.0, max(-limits.speed, min(velocity, limits.speed)) * share)
    state = brake(start, limits, 6.0, 0.6)
    state = brake(state, limits, 6.0, 0.6)
    assert state.resting


@SLOW
@given(st.sampled_from(Speed), st.floats(-4000, 4000))
def test_a_wall_is_approached_slowly_enough_to_stop(speed: Speed, lead: float) -> None:
    limits = Limits.of(PRESETS[speed], 600.0)
    state = AxisState(0.0)
    for _ in range(300):
        state = follow(state, state.position + lead, lead, limits, 1 / 60, Walls(-900, 900))
    assert abs(state.position) <= 900 + 0.1 * 600


@pytest.mark.parametrize("speed", list(Speed))
def test_the_path_is_the_same_at_15_to_60_frames_a_second(speed: Speed) -> None:
    """Within 1.5 % of the frame's width each second, and 2 px where it comes to rest; in between
    test_core_frame_rates.py looks."""

    def sight(t: float) -> tuple[Detection, ...]:
        return (person(500 + 250 * min(max(t - 2, 0), 3)),)

    wanted = DirectorSettings(aspect_ratio=Fraction(9, 16), speed=speed, max_zoom=1.0)

    def path(fps: float) -> list[float]:
        play = Play(wanted, fps=fps, hz=5, latency_s=0.0).run(9, sight)
        return [play.centers()[round(t * fps)] for t in range(9)] + [play.centers()[-1]]

    reference = path(60)
    for fps in (15, 24, 25, 30, 50):
        other = path(fps)
        assert other == pytest.approx(reference, abs=0.015 * 1920), fps
        assert other[-1] == pytest.approx(reference[-1], abs=2 if fps >= 30 else 10)


@SLOW
@given(st.integers(0, 10_000), st.sampled_from(Speed), ASPECTS)
def test_a_mirrored_scene_gives_mirrored_crops(seed: int, speed: Speed, aspect: Fraction) -> None:
    sight = noisy(walking(400, 220), 12, seed)

    def mirrored(t: float) -> tuple[Detection, ...]:
        return tuple(
            replace(d, box=Box(1920 - d.box.x2, d.box.y1, 1920 - d.box.x1, d.box.y2))
            for d in sight(t)
        )

    wanted = DirectorSettings(aspect_ratio=aspect, speed=speed)
    here = Play(wanted).run(3, sight).crops
    there = Play(wanted).run(3, mirrored).crops
    for a, b in zip(here, there, strict=True):
        assert a.box.x1 == pytest.approx(1920 - b.box.x2, abs=1e-4)
        assert a.box.y1 == pytest.approx(b.box.y1, abs=1e-4)


@SLOW
@given(any_settings(), WILD_SCRIPT)
def test_replay_is_bit_exact_for_anything(
    wanted: DirectorSettings, script: list[tuple[int, list[Detection]]]
) -> None:
    lines: list[str] = []
    crew = SessionRecorder(lines.append, FULL_HD, {"a": wanted, "b": DirectorSettings()}, "any")
    crops = []
    for pts_ns, seen in script:
        crew.observe(tuple(seen), pts_ns)
        crops += [crew.crop_at(shot, pts_ns + 1) for shot in ("a", "b")]
    assert [each.crop for each in replay(lines)] == crops


@SLOW
@given(st.integers(0, 10_000))
def test_the_crop_never_jumps_whatever_one_person_does(seed: int) -> None:
    wanted = DirectorSettings(aspect_ratio=Fraction(9, 16))
    play = Play(wanted).run(4, noisy(lambda t: (person(960 + 700 * ((t * 0.7) % 1)),), 30, seed))
    assert max(abs(b - a) for a, b in pairwise(play.centers())) < 0.09 * 1920
