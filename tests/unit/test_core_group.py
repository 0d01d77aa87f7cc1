"""Groups: who is in one crop, and what is shown when one crop cannot hold them all."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from livetrack_vcam.core import (
    Box,
    Detection,
    DirectorSettings,
    Fill,
    Point,
    Shot,
    Size,
    SubjectKind,
    SubjectPolicy,
    Track,
)
from livetrack_vcam.core.command import (
    Command,
    GoHome,
    LockTrack,
    Pause,
    Resume,
    SetAspectRatio,
    SetFill,
    SetShot,
)
from livetrack_vcam.core.detection import PERSON
from livetrack_vcam.core.framing import SubjectShape, wanted_height
from livetrack_vcam.core.group import framed_together, shape_of_all
from livetrack_vcam.core.session import SessionMismatch, SessionRecorder, replay
from livetrack_vcam.core.split import CONFIRM_S, clusters, pane_ratio
from tests.scenarios import FULL_HD, Play, Sight, person, standing

GROUP = SubjectPolicy(SubjectKind.GROUP)
TALL = Fraction(9, 16)


def track(track_id: int, x: float, top: float = 450.0, height: float = 500.0) -> Track:
    box = Box.from_xywh(x - height / 6, top, height / 3, height)
    return Track(track_id, PERSON, box, 0.9, Point(0, 0), 0)


def drifting(apart: float, together: float, start_s: float, length_s: float) -> Sight:
    """Two people whose distance goes from `together` to `apart` between two times."""

    def look(t: float) -> tuple[Detection, ...]:
        share = min(max((t - start_s) / length_s, 0.0), 1.0)
        half = (together + (apart - together) * share) / 2
        return person(960 - half), person(960 + half)

    return look


def shot(fill: Fill, aspect: Fraction = TALL) -> DirectorSettings:
    return DirectorSettings(aspect_ratio=aspect, subject=GROUP, fill=fill)


class Watched(Play):
    """A play that remembers what was shown."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.shown: list[tuple[Box, ...]] = []

    def watch(self, seconds: float, sight: Sight) -> Watched:
        for _ in range(round(seconds * self.fps)):
            self.run(1 / self.fps, sight)
            self.shown.append(self.director.panes)
        return self

    @property
    def pane_count(self) -> int:
        return len(self.shown[-1])


def holds_both(box: Box, apart: float) -> bool:
    people = Box(960 - apart / 2 - 83, 450, 960 + apart / 2 + 83, 950)
    return box.contains(people, tolerance=2)


def test_who_was_framed_before_stays_while_a_newcomer_must_leave_room() -> None:
    settings = shot(Fill.CROP)
    both = [track(1, 700), track(2, 700 + 420)]
    assert [t.track_id for t in framed_together(both, (), settings, FULL_HD)] == [1]
    assert [t.track_id for t in framed_together(both, (1, 2), settings, FULL_HD)] == [1, 2]


def test_a_fill_that_shows_everybody_leaves_nobody_out() -> None:
    far = [track(1, 200), track(2, 900), track(3, 1700)]
    for fill in (Fill.LETTERBOX, Fill.BLUR):
        assert framed_together(far, (), shot(fill), FULL_HD) == far


def test_a_close_shot_of_a_group_holds_all_heads() -> None:
    tracks = [track(1, 600, top=300), track(2, 1000, top=420)]
    shape = shape_of_all(SubjectShape(800, 300, 567, 620, 124), tracks)
    assert (shape.people, shape.spread) == (2, 120)
    assert shape.head == pytest.approx(500 / 7.5, rel=0.01)
    settings = DirectorSettings(shot=Shot.FACE, max_zoom=10)
    height = wanted_height(shape, settings, FULL_HD)
    assert height * 16 / 9 > 567, "both from side to side"
    assert height > 120 + 1.5 * shape.head, "the lower head, too"


def test_one_person_needs_nothing_a_group_does() -> None:
    shape = SubjectShape(800, 300, 170, 500, 67)
    assert shape_of_all(shape, [track(1, 800)]) is shape


@pytest.mark.parametrize("fill", [Fill.LETTERBOX, Fill.BLUR])
def test_bars_grow_smoothly_as_people_drift_apart_and_nobody_is_cut(fill: Fill) -> None:
    play = Watched(shot(fill)).watch(3, standing(860, 1060))
    assert play.shown[-1] == (play.crop.box,), "they fit, so there are no bars"
    play.watch(6, drifting(1100, 200, 3.5, 4.0))
    (box,) = play.shown[-1]
    assert box.width / box.height > 1.1
    assert holds_both(box, 1100)
    late = [(i / 30, boxes[0]) for i, boxes in enumerate(play.shown) if i > 100]
    for t, shown in late:
        assert holds_both(shown, 200 + 900 * min(max((t - 3.5) / 4, 0), 1)), t
    widths = [boxes[0].width for boxes in play.shown]
    steps = [b - a for a, b in pairwise(widths)]
    assert max(abs(b - a) for a, b in pairwise(steps[90:])) < 0.008 * 1920, "no kick"


def test_bars_rest_while_people_stay_apart_and_vanish_when_they_meet() -> None:
    play = Watched(shot(Fill.LETTERBOX)).watch(8, standing(500, 1400))
    assert len(set(play.shown[-60:])) == 1
    play.watch(8, standing(900, 1050))
    assert play.shown[-1] == (play.crop.box,)


def test_a_square_crop_of_a_tall_frame_grows_upward_for_a_group_on_stairs() -> None:
    def stairs(_: float) -> tuple[Detection, ...]:
        return person(540, 300, 400), person(540, 1600, 400)

    settings = DirectorSettings(aspect_ratio=Fraction(1), subject=GROUP, fill=Fill.BLUR)
    play = Watched(settings, frame=Size(1080, 1920)).watch(6, stairs)
    (box,) = play.shown[-1]
    assert box.contains(Box(480, 100, 600, 1800))
    assert box.width == 1080


def test_home_has_no_bars_and_a_pause_keeps_them() -> None:
    play = Watched(shot(Fill.BLUR)).watch(6, standing(500, 1400))
    apart = play.shown[-1]
    play.director.command(Pause())
    play.watch(6, standing(900, 1050))
    assert play.shown[-1][0].width == apart[0].width
    play.director.command(Resume())
    play.director.command(GoHome())
    play.watch(6, standing(500, 1400))
    assert play.shown[-1] == (play.crop.box,)


@pytest.mark.parametrize("aspect", [TALL, Fraction(1), Fraction(16, 9), Fraction(4)])
def test_people_far_apart_get_a_pane_each_of_exactly_half_the_canvas(aspect: Fraction) -> None:
    play = Watched(shot(Fill.SPLIT, aspect)).watch(5, standing(250, 1670))
    assert len(play.shown[-1]) == 2
    for boxes in play.shown:
        ratio = pane_ratio(aspect) if len(boxes) == 2 else aspect
        for box in boxes:
            assert box.width / box.height == pytest.approx(float(ratio), rel=1e-9)
            assert 0 <= box.x1 < box.x2 <= 1920
            assert 0 <= box.y1 < box.y2 <= 1080
    seen = [{x for x in (250, 1670) if box.x1 < x < box.x2} for box in play.shown[-1]]
    assert sorted(seen, key=min) == [{250}, {1670}]


def test_side_by_side_the_left_person_is_on_the_left() -> None:
    left, right = Watched(shot(Fill.SPLIT, Fraction(1))).watch(5, standing(250, 1670)).shown[-1]
    assert left.center.x < right.center.x


def test_stacked_the_more_important_one_is_on_top() -> None:
    def sight(_: float) -> tuple[Detection, ...]:
        return person(250, height=400), person(1670, height=600)

    top, bottom = Watched(shot(Fill.SPLIT)).watch(5, sight).shown[-1]
    assert top.center.x > bottom.center.x


def test_the_picture_is_split_late_and_composed_at_once() -> None:
    play = Watched(shot(Fill.SPLIT)).watch(8, standing(250, 1670))
    counts = [len(boxes) for boxes in play.shown]
    begin = counts.index(2)
    assert begin / 30 >= CONFIRM_S
    assert set(counts[begin:]) == {2}
    for pane in range(2):
        heights = [boxes[pane].height for boxes in play.shown[begin:]]
        centers = [boxes[pane].center.x for boxes in play.shown[begin:]]
        assert max(heights) / min(heights) < 1.05
        assert max(centers) - min(centers) < 20


@pytest.mark.parametrize("aspect", [TALL, Fraction(1)])
def test_who_goes_to_and_fro_at_the_limit_never_makes_the_picture_flicker(
    aspect: Fraction,
) -> None:
    width = 1080 * float(aspect)
    settings = shot(Fill.SPLIT, aspect)
    for period in (0.5, 1.1, 2.3, 4.7):

        def sight(t: float, period: float = period) -> tuple[Detection, ...]:
            away = 0.35 * width if t % period < period / 2 else 0.9 * width
            return person(960 - away / 2), person(960 + away / 2)

        play = Watched(settings, hz=10).watch(20, sight)
        counts = [len(boxes) for boxes in play.shown]
        changes = [i for i, (a, b) in enumerate(pairwise(counts)) if a != b]
        assert all(b - a >= CONFIRM_S * 30 - 1 for a, b in pairwise(changes)), period


def test_who_comes_together_or_leaves_ends_the_split() -> None:
    play = Watched(shot(Fill.SPLIT)).watch(5, standing(250, 1670))
    assert play.pane_count == 2
    play.watch(4, standing(880, 1040))
    assert play.shown[-1] == (play.crop.box,)
    play.watch(5, standing(250, 1670))
    assert play.pane_count == 2
    play.watch(5, standing(250))
    assert play.shown[-1] == (play.crop.box,)


def test_everybody_in_a_pane_is_a_subject() -> None:
    play = Watched(shot(Fill.SPLIT)).watch(5, standing(250, 1670))
    assert set(play.subjects[-1]) == {play.track_at(250), play.track_at(1670)}


@pytest.mark.parametrize(
    "command", [SetFill(Fill.CROP), SetAspectRatio(Fraction(16, 9)), LockTrack(1), GoHome()]
)
def test_a_command_for_one_picture_ends_the_split_at_once(command: Command) -> None:
    play = Watched(shot(Fill.SPLIT)).watch(5, standing(250, 1670))
    play.director.command(command)
    crop = play.director.crop_at(round(play.now * 1e9))
    assert play.director.panes == (crop.box,)


def test_panes_obey_the_shot_s_commands() -> None:
    settings = DirectorSettings(aspect_ratio=TALL, subject=GROUP, fill=Fill.SPLIT, max_zoom=6)
    play = Watched(settings).watch(5, standing(250, 1670))
    before = [box.height for box in play.shown[-1]]
    play.director.command(SetShot(Shot.FACE))
    play.watch(5, standing(250, 1670))
    after = [box.height for box in play.shown[-1]]
    assert all(b < 0.6 * a for a, b in zip(before, after, strict=True))


def test_a_third_person_joins_the_nearer_pane() -> None:
    play = Watched(shot(Fill.SPLIT)).watch(5, standing(250, 1670))
    play.watch(4, standing(250, 480, 1670))
    near = max(play.shown[-1], key=lambda box: box.x1 < 250 < box.x2)
    assert near.x1 < 200
    assert near.x2 > 530


def test_one_person_is_never_split_nor_boxed() -> None:
    for fill in Fill:
        settings = DirectorSettings(aspect_ratio=TALL, fill=fill)
        play = Watched(settings).watch(4, standing(250, 1670))
        assert all(boxes == (crop.box,) for boxes, crop in zip(play.shown, play.crops, strict=True))


def test_clusters_part_at_the_widest_gap() -> None:
    left, right = clusters([track(4, 1500), track(1, 300), track(2, 520), track(3, 1250)])
    assert [t.track_id for t in left] == [1, 2]
    assert [t.track_id for t in right] == [3, 4]


@pytest.mark.parametrize("fill", [Fill.SPLIT, Fill.LETTERBOX])
def test_a_session_with_panes_replays_bit_by_bit_and_notices_a_changed_pane(fill: Fill) -> None:
    lines: list[str] = []
    shots = {"tall": shot(fill), "plain": DirectorSettings()}
    crew = SessionRecorder(lines.append, FULL_HD, shots, "two people")
    shown: list[tuple[Box, ...]] = []
    for i in range(120):
        now = round(i * 1e9 / 30)
        if i % 3 == 0:
            crew.observe((person(250 + i), person(1670)), now)
        if i == 100:
            crew.command("tall", SetFill(Fill.CROP))
        for name in shots:
            crew.crop_at(name, now)
            shown.append(crew.director(name).panes)
    assert [each.panes for each in replay(lines)] == shown
    assert any(boxes != (each.crop.box,) for each, boxes in zip(replay(lines), shown, strict=True))
    number, line = next((n, text) for n, text in enumerate(lines) if '"panes"' in text)
    edited = [*lines]
    edited[number] = line.replace('"panes":[[', '"panes":[[1', 1)
    with pytest.raises(SessionMismatch, match=f"line {number + 1}"):
        list(replay(edited))


@pytest.mark.parametrize(("aspect", "least"), [(TALL, 240), (Fraction(1), 480)])
def test_a_pane_is_enlarged_no_more_than_a_whole_picture(aspect: Fraction, least: float) -> None:
    settings = DirectorSettings(
        aspect_ratio=aspect, subject=GROUP, fill=Fill.SPLIT, shot=Shot.FACE, min_crop_height=480
    )
    play = Watched(replace(settings, max_zoom=10)).watch(6, standing(250, 1670))
    assert play.pane_count == 2
    heights = [box.height for boxes in play.shown if len(boxes) == 2 for box in boxes]
    assert min(heights) == pytest.approx(least, rel=0.02)
    assert min(heights) >= least * (1 - 1e-9)
