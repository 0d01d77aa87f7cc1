"""Where a ball is looked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.core.ball_search import BallSearch
from livetrack_vcam.core.detection import PERSON, SPORTS_BALL, Detection, Track
from livetrack_vcam.core.geometry import Box, Point, Size, intersection_area
from tests.scenarios import FULL_HD

FRAME_NS = 33_333_333


def ball(
    x: float, y: float, size: float = 40, velocity: Point | None = None, seen_ns: int = 0
) -> Track:
    box = Box.from_cxcywh(x, y, size, size)
    return Track(7, SPORTS_BALL, box, 0.8, velocity or Point(0, 0), seen_ns)


def player(x: float, height: float = 400) -> Track:
    box = Box.from_cxcywh(x, 700, height / 3, height)
    return Track(1, PERSON, box, 0.9, Point(0, 0), 0)


def unsure(x: float, y: float, score: float = 0.2) -> Detection:
    return Detection(Box.from_cxcywh(x, y, 40, 40), score, SPORTS_BALL)


def first(search: BallSearch, tracks: tuple[Track, ...], now: int) -> Box:
    return search.regions(tracks, 0, now)[0]


def test_a_ball_in_sight_is_looked_at_where_it_will_be_as_large_as_an_anchor() -> None:
    track = ball(600, 500, velocity=Point(1200, -300))
    (region,) = BallSearch(FULL_HD).regions((track, player(300)), 0, FRAME_NS)
    assert abs(region.center.x - 640) < 1
    assert abs(region.center.y - 490) < 1
    assert 0.25 < 40 / region.height < 0.4


def test_a_ball_not_seen_for_a_while_is_looked_for_in_a_wider_region() -> None:
    search = BallSearch(FULL_HD)
    heights = [first(search, (ball(600, 500),), now).height for now in (FRAME_NS, 200_000_000)]
    assert heights[1] > 1.3 * heights[0]


def test_a_large_ball_needs_no_region() -> None:
    assert BallSearch(FULL_HD).regions((ball(900, 500, 300),), 0, FRAME_NS) == ()


def test_a_lost_ball_is_looked_for_where_it_flew_every_other_time() -> None:
    search = BallSearch(FULL_HD)
    search.regions((ball(600, 300, velocity=Point(900, 0)),), 0, 0)
    looked = [first(search, (), (i + 1) * FRAME_NS) for i in range(8)]
    there = [r.x1 < 800 < r.x2 and r.y1 < 400 < r.y2 and r.height < 500 for r in looked]
    assert there.count(True) >= 4
    late = [first(search, (), 5_000_000_000 + i * FRAME_NS) for i in range(60)]
    assert len({(r.center.x, r.center.y) for r in late}) > 6


def test_an_unsure_ball_gets_a_close_look_and_a_false_one_only_a_few() -> None:
    search = BallSearch(FULL_HD)
    search.saw((unsure(1500, 300),), 0)
    looked = [first(search, (), i * FRAME_NS) for i in range(12)]
    close = [region.contains(unsure(1500, 300).box) and region.height < 200 for region in looked]
    assert close[:3] == [True] * 3
    assert not any(close[3:])


def test_an_unsure_ball_that_the_close_look_confirms_keeps_the_attention() -> None:
    search = BallSearch(FULL_HD)
    for i in range(12):
        search.saw((unsure(1500, 300),), i * FRAME_NS)
        assert first(search, (), i * FRAME_NS).contains(unsure(1500, 300).box)


def test_what_is_hardly_a_ball_or_no_ball_gets_no_look() -> None:
    search = BallSearch(FULL_HD)
    nothing = [first(search, (), i * FRAME_NS) for i in range(6)]
    search = BallSearch(FULL_HD)
    search.saw((unsure(1500, 300, 0.01), Detection(Box(0, 0, 50, 50), 0.9, PERSON)), 0)
    assert [first(search, (), i * FRAME_NS) for i in range(6)] == nothing


def test_feet_hands_and_surroundings_of_every_player_come_in_turn() -> None:
    search = BallSearch(FULL_HD)
    people = (player(400), player(1500))
    looked = [first(search, people, i * FRAME_NS) for i in range(9)]
    for track in people:
        box = track.box
        feet = Point(box.center.x, box.y2)
        assert any(r.x1 < feet.x < r.x2 and r.y1 < feet.y < r.y2 for r in looked)
        assert any(r.contains(box) for r in looked)


def test_the_whole_frame_is_searched_in_the_end() -> None:
    search = BallSearch(FULL_HD)
    looked = [first(search, (), i * FRAME_NS) for i in range(9)]
    for x in range(20, 1920, 100):
        for y in range(20, 1080, 100):
            spot = Box.from_cxcywh(x, y, 2, 2)
            assert any(intersection_area(region, spot) > 0 for region in looked)


def test_the_same_questions_get_the_same_answers() -> None:
    def ask() -> list[tuple[Box, ...]]:
        search = BallSearch(FULL_HD)
        return [search.regions((player(500),), 0, i * FRAME_NS) for i in range(20)]

    assert ask() == ask()


@given(
    width=st.integers(16, 8000),
    height=st.integers(16, 8000),
    x=st.floats(-100, 9000),
    y=st.floats(-100, 9000),
    size=st.floats(0.1, 5000),
)
def test_every_region_lies_in_the_frame_and_has_its_shape(
    width: int, height: int, x: float, y: float, size: float
) -> None:
    search = BallSearch(Size(width, height))
    frame = Box(0, 0, width, height)
    tracks = (player(x, size),)
    for i in range(6):
        for region in search.regions((ball(x, y, size), *tracks) if i < 2 else tracks, 0, i):
            assert frame.contains(region, 1e-6)
            assert abs(region.width / region.height - width / height) < 1e-6 * width / height
            assert region.area > 0
