"""What holds for panes, bars and lead room, whatever a detector sees."""

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
    Shot,
    Size,
    SubjectKind,
    SubjectPolicy,
)
from livetrack_vcam.core.glide import Glide
from livetrack_vcam.core.session import SessionRecorder, replay
from livetrack_vcam.core.split import CONFIRM_S, pane_ratio
from tests.scenarios import FULL_HD, person

SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FRAMES = st.sampled_from([Size(1920, 1080), Size(1088, 1920), Size(641, 479), Size(3840, 2160)])
ASPECTS = st.sampled_from(
    [Fraction(16, 9), Fraction(9, 16), Fraction(1), Fraction(4), Fraction(1, 4)]
)
BARS = (Fill.LETTERBOX, Fill.BLUR)
# Where up to four people stand, as shares of the frame, and for how many tenths of a second.
SCENES = st.lists(
    st.tuples(
        st.integers(1, 40),
        st.lists(st.tuples(st.floats(-0.1, 1.1), st.floats(0.2, 0.8)), max_size=4),
    ),
    min_size=1,
    max_size=6,
)
Scene = list[tuple[int, list[tuple[float, float]]]]


def sights(scene: Scene, frame: Size) -> list[tuple[Detection, ...]]:
    height = frame.height / 3
    return [
        tuple(person(x * frame.width, y * frame.height, height) for x, y in people)
        for tenths, people in scene
        for _ in range(tenths)
    ]


def group(fill: Fill, aspect: Fraction, shot: Shot = Shot.AUTO) -> DirectorSettings:
    subject = SubjectPolicy(SubjectKind.GROUP)
    return DirectorSettings(aspect_ratio=aspect, subject=subject, fill=fill, shot=shot)


def shown(
    seen: list[tuple[Detection, ...]], wanted: DirectorSettings, frame: Size
) -> list[tuple[Box, ...]]:
    """The panes of three pictures for each of the tenths of a second."""
    director = Director(frame, wanted)
    result = []
    for tenth, found in enumerate(seen):
        director.observe(found, tenth * 100_000_000)
        for third in range(3):
            director.crop_at(tenth * 100_000_000 + third * 33_333_333)
            result.append(director.panes)
    return result


@SLOW
@given(FRAMES, ASPECTS, st.sampled_from(Fill), st.sampled_from(Shot), SCENES)
def test_every_box_shown_lies_in_the_frame_and_has_the_shape_that_its_fill_allows(
    frame: Size, aspect: Fraction, fill: Fill, shot: Shot, scene: Scene
) -> None:
    for boxes in shown(sights(scene, frame), group(fill, aspect, shot), frame):
        ratio = float(pane_ratio(aspect) if len(boxes) == 2 else aspect)
        for box in boxes:
            assert 0 <= box.x1 < box.x2 <= frame.width
            assert 0 <= box.y1 < box.y2 <= frame.height
            if fill not in BARS:
                assert box.width / box.height == pytest.approx(ratio, rel=1e-9)
        assert len(boxes) == 1 or fill is Fill.SPLIT


@SLOW
@given(ASPECTS, SCENES)
def test_two_changes_between_one_picture_and_two_panes_lie_apart(
    aspect: Fraction, scene: Scene
) -> None:
    boxes = shown(sights(scene, FULL_HD), group(Fill.SPLIT, aspect), FULL_HD)
    changes = [i for i, (a, b) in enumerate(pairwise(boxes)) if len(a) != len(b)]
    assert all(b - a >= CONFIRM_S * 30 - 3 for a, b in pairwise([-3, *changes]))


@SLOW
@given(st.sampled_from([Fraction(9, 16), Fraction(1)]), st.sampled_from(BARS), SCENES)
def test_bars_come_and_go_without_a_jump(aspect: Fraction, fill: Fill, scene: Scene) -> None:
    boxes = shown(sights(scene, FULL_HD), group(fill, aspect), FULL_HD)
    shapes = [box.width / box.height for (box,) in boxes]
    assert all(abs(b / a - 1) < 0.13 for a, b in pairwise(shapes))


@SLOW
@given(
    st.sampled_from([Fraction(16, 9), Fraction(1)]),
    st.sampled_from(Fill),
    st.lists(st.tuples(st.floats(0.05, 0.95), st.floats(0.3, 0.7)), min_size=2, max_size=2),
    st.booleans(),
)
def test_a_mirrored_group_gives_mirrored_pictures(
    aspect: Fraction, fill: Fill, people: list[tuple[float, float]], bigger: bool
) -> None:
    (x, y), (other_x, other_y) = people
    if abs(x - other_x) < 0.12:
        return

    def look(mirror: bool) -> tuple[Detection, ...]:
        found = (
            person(1920 * x, 1080 * y, 400 if bigger else 300),
            person(1920 * other_x, 1080 * other_y, 340),
        )
        if not mirror:
            return found
        return tuple(
            replace(d, box=Box(1920 - d.box.x2, d.box.y1, 1920 - d.box.x1, d.box.y2)) for d in found
        )

    here, there = (
        shown([look(mirror)] * 40, group(fill, aspect), FULL_HD) for mirror in (False, True)
    )
    for a, b in zip(here, there, strict=True):
        assert len(a) == len(b)
        for box, mirrored in zip(a, reversed(b), strict=True):
            assert box.x1 == pytest.approx(1920 - mirrored.x2, abs=1e-3)
            assert box.y1 == pytest.approx(mirrored.y1, abs=1e-3)


@SLOW
@given(FRAMES, ASPECTS, st.sampled_from(Fill), SCENES)
def test_what_was_shown_replays_bit_by_bit(
    frame: Size, aspect: Fraction, fill: Fill, scene: Scene
) -> None:
    lines: list[str] = []
    shots = {"a": group(fill, aspect), "b": DirectorSettings(lead_room=0.12, eyes_on_third=True)}
    crew = SessionRecorder(lines.append, frame, shots, "any")
    panes = []
    for tenth, found in enumerate(sights(scene, frame)):
        crew.observe(found, tenth * 100_000_000)
        for name in shots:
            crew.crop_at(name, tenth * 100_000_000 + 50_000_000)
            panes.append(crew.director(name).panes)
    assert [each.panes for each in replay(lines)] == panes


@SLOW
@given(st.floats(-5, 5), st.floats(0.5, 8), st.integers(1, 40))
def test_a_glide_neither_overshoots_nor_knows_the_frame_rate(
    goal: float, rate: float, parts: int
) -> None:
    at_once, in_parts = Glide(0.0), Glide(0.0)
    at_once.toward(goal, rate, 1.0)
    path = [in_parts.toward(goal, rate, 1 / parts) for _ in range(parts)]
    assert path[-1] == pytest.approx(at_once.value, abs=1e-3)
    assert all(min(goal, 0) - 1e-9 <= value <= max(goal, 0) + 1e-9 for value in path)
