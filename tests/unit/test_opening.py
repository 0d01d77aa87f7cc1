"""The first pictures wait for somebody, but not for long, and none is lost."""

from __future__ import annotations

from livetrack_vcam.live.opening import PATIENCE_NS, Opening

FRAME_NS = 33_333_333


def shown(frames: int, found_at: int) -> list[list[int]]:
    """What is shown as each of so many frames comes; somebody is found at one of them."""
    opening: Opening[int] = Opening()
    return [opening.put(i, i * FRAME_NS, i == found_at) for i in range(frames)]


def test_the_first_pictures_are_shown_in_order_once_somebody_is_found() -> None:
    assert shown(6, found_at=3) == [[], [], [], [0, 1, 2, 3], [4], [5]]


def test_a_picture_without_anybody_waits_no_longer_than_its_patience() -> None:
    first = next(frames for frames in shown(30, found_at=99) if frames)
    assert first == list(range(len(first)))
    assert PATIENCE_NS <= first[-1] * FRAME_NS < PATIENCE_NS + FRAME_NS


def test_with_somebody_there_from_the_beginning_nothing_waits() -> None:
    assert shown(3, found_at=0) == [[0], [1], [2]]


def test_when_no_more_frames_come_the_held_ones_are_left() -> None:
    opening: Opening[int] = Opening()
    assert [opening.put(i, i * FRAME_NS, found=False) for i in range(3)] == [[], [], []]
    assert opening
    assert opening.rest() == [0, 1, 2]
    assert not opening


def test_where_nobody_looks_nothing_waits() -> None:
    opening: Opening[int] = Opening(awaited=False)
    assert [opening.put(i, i * FRAME_NS, found=False) for i in range(3)] == [[0], [1], [2]]
