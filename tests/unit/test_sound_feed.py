from __future__ import annotations

from threading import Thread

import numpy as np
import pytest

from livetrack_vcam.mailbox import Closed
from livetrack_vcam.sound.feed import DEPTH, SoundBlock, SoundFeed


def block(pts_ns: int = 0) -> SoundBlock:
    return SoundBlock(np.zeros((480, 2), np.int16), pts_ns)


def test_every_taker_gets_every_block_from_when_it_came() -> None:
    feed = SoundFeed()
    first = feed.take_up()
    feed.put(block(1))
    second = feed.take_up()
    feed.put(block(2))
    assert [each.pts_ns for each in first.drain()] == [1, 2]
    assert [each.pts_ns for each in second.drain()] == [2]


def test_it_is_wanted_only_while_somebody_takes_it() -> None:
    feed = SoundFeed()
    assert not feed.wanted
    taker = feed.take_up()
    assert feed.wanted
    feed.leave(taker)
    assert not feed.wanted
    with pytest.raises(Closed):
        taker.get(0)


def test_what_a_slow_taker_misses_is_counted_also_after_it_left() -> None:
    feed = SoundFeed()
    taker = feed.take_up()
    for number in range(DEPTH + 3):
        feed.put(block(number))
    assert feed.dropped == 3
    feed.leave(taker)
    assert feed.dropped == 3


def test_a_producer_waits_for_the_first_taker() -> None:
    feed = SoundFeed()
    seen: list[bool] = []
    producer = Thread(target=lambda: seen.append(feed.wait_wanted(True, 60)))
    producer.start()
    feed.take_up()
    producer.join(60)
    assert seen == [True]


def test_its_end_lets_producer_and_takers_go() -> None:
    feed = SoundFeed()
    taker = feed.take_up()
    seen: list[bool] = []
    producer = Thread(target=lambda: seen.append(feed.wait_wanted(False, 60)))
    producer.start()
    feed.end()
    producer.join(60)
    assert seen == [False]
    for mailbox in (taker, feed.take_up()):
        with pytest.raises(Closed):
            mailbox.get(0)
