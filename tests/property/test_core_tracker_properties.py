"""What holds for tracks whatever the detectors say, wherever they looked."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livetrack_vcam.core import Box, Detection, Observation, Size, Track, Tracker, TrackerSettings
from livetrack_vcam.core.detection import FACE, PERSON, SPORTS_BALL, Look
from livetrack_vcam.core.fusion import Fusion
from tests.scenarios import FULL_HD, face_of, noisy, person

SLOW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LABELS = st.sampled_from([PERSON, PERSON, PERSON, FACE, SPORTS_BALL, "dog"])
WILD = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-3000, 6000)
SIDES = st.floats(0, 1900)
FUSIONS = st.sampled_from(Fusion)


@st.composite
def detections(draw: st.DrawFn, numbers: st.SearchStrategy[float] = SIDES) -> Detection:
    x, y, width, height = (draw(numbers) for _ in range(4))
    looks = draw(st.lists(st.floats(-1, 1) | numbers, max_size=3))
    score = draw(st.floats(0, 1) | numbers)
    return Detection(Box.from_xywh(x, y, width, height), score, draw(LABELS), (), tuple(looks))


@st.composite
def looks(draw: st.DrawFn, numbers: st.SearchStrategy[float] = SIDES) -> Look:
    x, y, width, height = (draw(numbers) for _ in range(4))
    labels = draw(st.sampled_from([{PERSON}, {FACE}, {PERSON, FACE}, {SPORTS_BALL}, {"dog"}]))
    region = draw(st.sampled_from([Box(0, 0, 1920, 1080), Box.from_xywh(x, y, width, height)]))
    return Look(region, frozenset(labels))


def scripts(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[list[Observation]]:
    """Observations in order, a few milliseconds to two seconds apart."""
    step = st.tuples(
        st.integers(1, 2_000_000_000) | st.integers(30_000_000, 100_000_000),
        st.lists(detections(numbers), max_size=5),
        st.lists(looks(numbers), max_size=2),
    )
    return st.lists(step, max_size=12).map(_in_order)


def _in_order(steps: list[tuple[int, list[Detection], list[Look]]]) -> list[Observation]:
    observations, now = [], 0
    for gap, seen, looked in steps:
        now += gap
        observations.append(Observation(tuple(seen), now, tuple(looked)))
    return observations


def followed(
    script: list[Observation], fusion: Fusion = Fusion.BOTH, frame: Size = FULL_HD
) -> list[tuple[Track, ...]]:
    tracker = Tracker(frame, TrackerSettings(fusion=fusion))
    return [tracker.update(observation) for observation in script]


@SLOW
@given(scripts(WILD), FUSIONS, st.sampled_from([FULL_HD, Size(1, 1), Size(17, 4000)]))
def test_whatever_detectors_say_tracks_are_boxes_in_the_frame(
    script: list[Observation], fusion: Fusion, frame: Size
) -> None:
    for observation, tracks in zip(script, followed(script, fusion, frame), strict=True):
        for track in tracks:
            box = track.box
            assert 0 <= box.x1 <= box.x2 <= frame.width
            assert 0 <= box.y1 <= box.y2 <= frame.height
            assert 0 < track.score <= 1
            assert track.seen_ns <= observation.pts_ns


@SLOW
@given(scripts(SIDES))
def test_numbers_are_unique_keep_their_label_and_never_stand_for_another(
    script: list[Observation],
) -> None:
    labels: dict[int, str] = {}
    newest = 0
    for tracks in followed(script):
        numbers = [track.track_id for track in tracks]
        assert len(set(numbers)) == len(numbers)
        assert numbers == sorted(numbers)
        for track in tracks:
            if track.track_id not in labels:
                assert track.track_id > newest
            assert labels.setdefault(track.track_id, track.label) == track.label
        newest = max([newest, *numbers])


@SLOW
@given(scripts(SIDES), st.randoms(use_true_random=False))
def test_the_order_of_detections_and_looks_does_not_matter(
    script: list[Observation], chance: random.Random
) -> None:
    shuffled = [
        replace(
            observation,
            detections=tuple(chance.sample(observation.detections, len(observation.detections))),
            looks=tuple(chance.sample(observation.looks, len(observation.looks))),
        )
        for observation in script
    ]
    assert followed(shuffled) == followed(script)


@SLOW
@given(scripts(WILD), FUSIONS)
def test_the_same_observations_give_the_same_tracks(
    script: list[Observation], fusion: Fusion
) -> None:
    assert repr(followed(script, fusion)) == repr(followed(script, fusion))


@SLOW
@given(st.integers(0, 10_000), st.integers(1, 5), st.floats(-400, 400))
def test_a_mirrored_scene_gives_mirrored_tracks(seed: int, people: int, speed: float) -> None:
    chance = random.Random(seed)
    starts = [(chance.uniform(200, 1700), chance.uniform(300, 600)) for _ in range(people)]

    def mirrored(box: Box) -> Box:
        return Box(1920 - box.x2, box.y1, 1920 - box.x1, box.y2)

    def sight(t: float) -> tuple[Detection, ...]:
        # Of two equally good detections one must come first; which one is not mirrored.
        bodies = [
            person(x + speed * t, 700, height, 0.9 - index / 50)
            for index, (x, height) in enumerate(starts)
        ]
        return (*bodies, face_of(bodies[0]))

    here, there = Tracker(FULL_HD), Tracker(FULL_HD)
    for index in range(25):
        seen = noisy(sight, 6, seed)(index / 10)
        flipped = tuple(replace(d, box=mirrored(d.box)) for d in seen)
        a = here.update(Observation(seen, index * 10**8))
        b = there.update(Observation(flipped, index * 10**8))
        left = sorted(round(track.box.x1, 3) for track in a)
        right = sorted(round(mirrored(track.box).x1, 3) for track in b)
        assert left == right
