"""Shot sizes, headroom, eyes on the third, lead room, limits and the edge of the frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from livetrack_vcam.core import (
    Box,
    Detection,
    DirectorSettings,
    Shot,
    Size,
    Speed,
)
from livetrack_vcam.core.command import Pause, Resume, SetAspectRatio, SetMaxZoom
from livetrack_vcam.core.framing import (
    SHOT_SIZES,
    SubjectShape,
    height_bounds,
    part_of,
    room_above,
    wanted_center,
    wanted_height,
)
from tests.scenarios import FULL_HD, Play, Sight, face_of, person, standing, walking

ASPECTS = [Fraction(16, 9), Fraction(1), Fraction(9, 16)]
CLOSE = [Shot.FACE, Shot.HEAD, Shot.UPPER]
HUGE = Size(9600, 5400)
# Somebody in the middle of a frame so large that no limit is met: 7.5 heads tall, arms hanging.
STANDING = SubjectShape(4800, 2000, 400, 1500, 200)


def framed(shot: Shot, aspect: Fraction, shape: SubjectShape = STANDING) -> Box:
    """The crop wanted of a shape, as a box in heads below and beside the crown."""
    settings = DirectorSettings(aspect_ratio=aspect, shot=shot, max_zoom=100)
    height = wanted_height(shape, settings, HUGE)
    center = wanted_center(shape, settings, HUGE, height)
    box = Box.from_cxcywh(center.x, center.y, height * float(aspect), height)
    box = box.shifted(-shape.center_x, -shape.top)
    return Box(*(side / shape.head for side in (box.x1, box.y1, box.x2, box.y2)))


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize(("shot", "room"), [(Shot.FACE, 0.06), (Shot.HEAD, 0.08)])
def test_close_shots_leave_the_headroom_of_the_table(
    shot: Shot, room: float, aspect: Fraction
) -> None:
    box = framed(shot, aspect)
    assert -box.y1 == pytest.approx(room * box.height)
    assert SHOT_SIZES[shot].headroom == room


def test_the_other_shots_have_their_headroom_too() -> None:
    assert [SHOT_SIZES[each].headroom for each in Shot] == [0.10, 0.06, 0.08, 0.10, 0.14, 0.14]


@pytest.mark.parametrize("aspect", ASPECTS)
def test_a_face_shot_shows_chin_and_collar_and_both_ears(aspect: Fraction) -> None:
    box = framed(Shot.FACE, aspect)
    assert 1.3 < box.y2 < 2.1
    assert box.x2 > 0.4 / 0.72


@pytest.mark.parametrize("aspect", ASPECTS)
def test_a_head_shot_ends_at_the_chest_and_an_upper_body_between_navel_and_hip(
    aspect: Fraction,
) -> None:
    assert 2.5 < framed(Shot.HEAD, aspect).y2 < 3
    assert 3.2 < framed(Shot.UPPER, aspect).y2 < 4.05


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("shot", [Shot.AUTO, Shot.FULL, Shot.WIDE])
def test_whole_shots_cut_neither_crown_nor_feet(shot: Shot, aspect: Fraction) -> None:
    box = framed(shot, aspect)
    assert box.y1 < -0.1
    assert box.y2 > 7.5 + 0.02 * box.height
    assert box.x2 > 1


def test_elbows_count_in_a_whole_shot_but_not_in_a_face_shot() -> None:
    wide = STANDING._replace(width=1400)
    assert framed(Shot.FACE, Fraction(9, 16), wide) == framed(Shot.FACE, Fraction(9, 16))
    assert framed(Shot.AUTO, Fraction(9, 16), wide).x2 >= 3.5
    assert part_of(wide, DirectorSettings(shot=Shot.FULL)) is wide


def test_nobody_needs_room_for_feet_that_the_frame_cuts_off() -> None:
    desk = SubjectShape(960, 400, 500, 680, 200)
    settings = DirectorSettings(max_zoom=10)
    height = wanted_height(desk, settings, FULL_HD)
    assert height == pytest.approx(680 / 0.9)
    above = wanted_center(desk, settings, FULL_HD, height).y - height / 2
    assert desk.top - above == pytest.approx(0.1 * height)


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("shot", CLOSE)
def test_a_head_low_in_the_frame_is_not_shown_under_an_empty_wall(
    shot: Shot, aspect: Fraction
) -> None:
    low = SubjectShape(960, 730, 500, 350, 190)
    settings = DirectorSettings(aspect_ratio=aspect, shot=shot, max_zoom=10)
    height = wanted_height(low, settings, FULL_HD)
    above = low.top - (wanted_center(low, settings, FULL_HD, height).y - height / 2)
    assert above < 0.26 * height


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("shot", CLOSE)
def test_a_person_wider_than_the_crop_is_still_shown_as_close_as_asked(
    shot: Shot, aspect: Fraction
) -> None:
    def sight(_: float) -> tuple[Detection, ...]:
        body = Detection(Box(560, 200, 1360, 1080), 0.9, "person")
        return body, Detection(Box.from_cxcywh(960, 330, 150, 170), 0.9, "face")

    settings = DirectorSettings(aspect_ratio=aspect, shot=shot, max_zoom=10)
    play = Play(settings).run(6, sight)
    assert play.crop.box.height < 1040
    assert play.crop.box.center.x == pytest.approx(960, abs=25)


def test_the_eyes_go_to_the_third_where_the_head_is_large_enough() -> None:
    settings = DirectorSettings(eyes_on_third=True)
    for heads in (1.7, 2.0, 3.0, 4.0, 6.0):
        height = heads * 200
        eyes = room_above(STANDING, settings, height) + 100
        assert eyes / height == pytest.approx(max(1 / 3, 0.02 + 0.5 / heads), abs=1e-9)
    small = room_above(STANDING, settings, 2000)
    assert small == pytest.approx(0.1 * 2000), "headroom as usual"


def test_between_small_and_large_heads_the_picture_does_not_jump() -> None:
    settings = DirectorSettings(eyes_on_third=True)
    shares = [room_above(STANDING, settings, 1000 + 20 * i) / (1000 + 20 * i) for i in range(60)]
    assert max(abs(b - a) for a, b in pairwise(shares)) < 0.015


def test_the_director_puts_the_eyes_on_the_third() -> None:
    def sight(_: float) -> tuple[Detection, ...]:
        body = person(960, 700, 600)
        return body, face_of(body)

    settings = DirectorSettings(shot=Shot.HEAD, eyes_on_third=True, max_zoom=10)
    box = Play(settings).run(6, sight).crop.box
    head = 1.35 * 60
    eyes = 400 + head / 2
    assert (eyes - box.y1) / box.height == pytest.approx(1 / 3, abs=0.04)


def offsets(play: Play, sight: Sight) -> list[float]:
    """How far the crop's middle is ahead of the person, to the right, as shares of the crop."""
    return [
        (crop.box.center.x - sight(i / play.fps)[0].box.center.x) / crop.box.width
        for i, crop in enumerate(play.crops)
    ]


@pytest.mark.parametrize("speed", [Speed.NORMAL, Speed.FAST])
def test_lead_room_lets_a_walker_look_into_the_picture(speed: Speed) -> None:
    sight = walking(300, 250)
    wanted = DirectorSettings(aspect_ratio=Fraction(1), speed=speed, max_zoom=1.3)
    without = offsets(Play(wanted).run(4, sight), sight)
    ahead = offsets(Play(replace(wanted, lead_room=0.12)).run(4, sight), sight)
    assert ahead[-1] - without[-1] > 0.05


def test_lead_room_comes_and_goes_without_a_kick_and_keeps_the_walker_inside() -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        return (person(400 + 250 * min(max(t - 2, 0), 4)),)

    wanted = DirectorSettings(aspect_ratio=Fraction(9, 16), lead_room=0.12, max_zoom=1.0)
    play = Play(wanted).run(12, sight)
    bare = Play(replace(wanted, lead_room=0.0)).run(12, sight)
    assert hardest(play.centers()[60:]) < 1.25 * hardest(bare.centers()[60:])
    for i, crop in list(enumerate(play.crops))[60:]:
        body = sight(i / 30)[0].box
        assert crop.box.x1 <= body.x1 + 1
        assert body.x2 <= crop.box.x2 + 1
    assert abs(offsets(play, sight)[-1]) < 0.13


def test_swaying_gets_no_lead_room() -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        return (person(960 + 48 * math.sin(2 * math.pi * 0.3 * t)),)

    wanted = DirectorSettings(aspect_ratio=Fraction(9, 16), lead_room=0.12, max_zoom=1.0)
    assert len(set(Play(wanted).run(9, sight).crops)) == 1


@pytest.mark.parametrize("aspect", [*ASPECTS, Fraction(4), Fraction(1, 4)])
@pytest.mark.parametrize("frame", [Size(1280, 720), Size(3840, 2160), Size(1080, 1920)])
def test_no_crop_is_smaller_than_zoom_and_source_pixels_allow(
    frame: Size, aspect: Fraction
) -> None:
    settings = DirectorSettings(
        aspect_ratio=aspect, shot=Shot.FACE, max_zoom=4, min_crop_height=480
    )
    least, largest = height_bounds(settings, frame)
    assert least == min(max(largest / 4, 480), largest)
    far = person(frame.width / 2, frame.height / 2, frame.height / 5)
    crops = Play(settings, frame=frame).run(7, lambda _: (far,)).crops
    assert crops[-1].box.height == pytest.approx(least, rel=0.02)
    assert min(crop.box.height for crop in crops) >= least * (1 - 1e-9)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_a_lower_max_zoom_is_glided_to(aspect: Fraction) -> None:
    settings = DirectorSettings(aspect_ratio=aspect, shot=Shot.FACE, max_zoom=8)
    play = Play(settings).run(6, standing(900))
    begin = len(play.crops) - 1
    play.director.command(SetMaxZoom(1.5))
    play.run(5, standing(900))
    heights = [crop.box.height for crop in play.crops[begin:]]
    assert heights[-1] == pytest.approx(height_bounds(play.director.settings, FULL_HD)[0], rel=0.01)
    assert max(b / a for a, b in pairwise(heights)) < 1.08
    assert all(b >= a * (1 - 1e-9) for a, b in pairwise(heights))


def test_a_higher_max_zoom_comes_closer_without_a_jump() -> None:
    play = Play(DirectorSettings(shot=Shot.FACE, max_zoom=1.5)).run(5, standing(900))
    begin = len(play.crops) - 1
    play.director.command(SetMaxZoom(4))
    play.run(5, standing(900))
    heights = [crop.box.height for crop in play.crops[begin:]]
    assert heights[-1] < 0.5 * heights[0]
    assert min(b / a for a, b in pairwise(heights)) > 0.95


def test_a_paused_picture_keeps_its_size_until_it_may_move_again() -> None:
    play = Play(DirectorSettings(shot=Shot.FACE, max_zoom=8)).run(6, standing(900))
    play.director.command(Pause())
    held = play.crop.box.height
    play.director.command(SetMaxZoom(2))
    play.run(1, standing(900))
    assert play.crop.box.height == pytest.approx(held, rel=0.02)
    play.director.command(Resume())
    play.run(4, standing(900))
    assert play.crop.box.height == pytest.approx(540, rel=0.01)


def test_another_shape_is_one_cut_and_then_rest() -> None:
    play = Play().run(6, standing(700))
    begin = len(play.crops)
    play.director.command(SetAspectRatio(Fraction(9, 16)))
    play.run(2, standing(700))
    after = play.crops[begin:]
    assert max(abs(b.box.center.x - a.box.center.x) for a, b in pairwise(after)) < 2
    assert max(abs(b.box.height / a.box.height - 1) for a, b in pairwise(after)) < 0.005


def hardest(path: Sequence[float]) -> float:
    """The largest acceleration along a path, in pixels a frame²."""
    return max(abs(c - 2 * b + a) for a, b, c in zip(path, path[1:], path[2:], strict=False))


def leaving(t: float) -> tuple[Detection, ...]:
    """Somebody who stands, then walks out of the picture to the right."""
    box = person(900 + 350 * max(t - 3, 0)).box.clipped(FULL_HD)
    return (Detection(box, 0.9, "person"),) if box.width > 30 else ()


def walking_on(t: float) -> tuple[Detection, ...]:
    return (person(900 + 350 * max(t - 3, 0)),)


@pytest.mark.parametrize("speed", Speed)
@pytest.mark.parametrize("aspect", ASPECTS)
def test_the_crop_comes_to_rest_at_the_frame_s_edge_without_a_kick(
    speed: Speed, aspect: Fraction
) -> None:
    """Its speed changes no harder than following a walk asks, or 9 crops/s²."""
    wanted = DirectorSettings(aspect_ratio=aspect, speed=speed)
    play = Play(wanted).run(8, leaving)
    at_edge, width = play.centers()[90:], play.crops[90].box.width
    in_open = Play(wanted, frame=Size(6000, 1080)).run(8, walking_on).centers()[90:]
    assert hardest(at_edge) <= max(1.05 * hardest(in_open), 0.01 * width)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_a_zoom_at_the_edge_pushes_the_crop_along_it_without_a_kick(aspect: Fraction) -> None:
    """Somebody at the frame's edge comes closer: the crop widens against the wall."""

    def sight(t: float) -> tuple[Detection, ...]:
        height = 350 + 350 * min(max((t - 3) / 3, 0), 1)
        return (person(1920 - height / 6, 1000 - height / 2, height),)

    play = Play(DirectorSettings(aspect_ratio=aspect)).run(9, sight)
    right = [crop.box.x2 for crop in play.crops[60:]]
    width = play.crop.box.width
    assert max(abs(b - a) for a, b in pairwise(right)) < 0.02 * width
    assert hardest([crop.box.center.x for crop in play.crops[60:]]) < 0.02 * width


@pytest.mark.parametrize("speed", Speed)
def test_somebody_half_out_of_the_frame_finds_a_crop_that_rests_at_its_edge(speed: Speed) -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        box = person(1860 + 40 * math.sin(1.3 * t)).box.clipped(FULL_HD)
        return (Detection(box, 0.9, "person"),)

    wanted = DirectorSettings(aspect_ratio=Fraction(9, 16), speed=speed, max_zoom=1.0)
    boxes = [crop.box for crop in Play(wanted).run(10, sight).crops]
    assert len(set(boxes[150:])) == 1
    assert boxes[-1].x2 == pytest.approx(1920, abs=2)
