"""The mailbox between two threads."""

from __future__ import annotations

from threading import Thread

import pytest

from livetrack_vcam.mailbox import Closed, Mailbox, Woken


def test_the_newest_item_wins_and_the_drop_is_counted() -> None:
    mailbox: Mailbox[int] = Mailbox(depth=2)
    for item in (1, 2, 3):
        mailbox.put(item)
    assert mailbox.drain() == [2, 3]
    assert mailbox.dropped == 1


def test_get_gives_nothing_when_nothing_came_in_time() -> None:
    assert Mailbox[int]().get(timeout_s=0.001) is None


def test_a_closed_mailbox_gives_what_is_inside_and_then_says_so() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.put(7)
    mailbox.close()
    mailbox.close()
    mailbox.put(8)
    assert mailbox.get() == 7
    with pytest.raises(Closed):
        mailbox.get()
    assert mailbox.dropped == 1


def test_closing_wakes_a_waiting_reader() -> None:
    mailbox: Mailbox[int] = Mailbox()
    outcome: list[str] = []

    def read() -> None:
        try:
            mailbox.get()
        except Closed:
            outcome.append("closed")

    reader = Thread(target=read)
    reader.start()
    mailbox.close()
    reader.join(5)
    assert outcome == ["closed"]


def test_a_mailbox_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Mailbox[int](depth=0)


def test_every_item_is_either_read_or_counted_as_dropped() -> None:
    mailbox: Mailbox[int] = Mailbox(depth=3)
    seen: list[int] = []

    def read() -> None:
        try:
            while True:
                item = mailbox.get()
                if item is not None:
                    seen.append(item)
        except Closed:
            return

    reader = Thread(target=read)
    reader.start()
    for item in range(5000):
        mailbox.put(item)
    mailbox.close()
    reader.join(10)
    assert len(seen) + mailbox.dropped == 5000
    assert seen == sorted(seen)


def test_whoever_waits_for_the_end_is_told_of_it_and_nothing_else() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.put(7)
    assert not mailbox.wait_closed(0.001)
    assert not mailbox.closed
    Thread(target=mailbox.close, daemon=True).start()
    assert mailbox.wait_closed(60)
    assert mailbox.closed


def test_whoever_waits_can_be_woken_and_then_waits_again() -> None:
    mailbox: Mailbox[int] = Mailbox()
    Thread(target=mailbox.wake, daemon=True).start()
    with pytest.raises(Woken):
        mailbox.get(60)
    assert mailbox.get(0.001) is None


def test_who_is_woken_too_early_is_woken_once_but_an_item_and_the_end_come_first() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.put(7)
    mailbox.wake()
    mailbox.wake()
    assert mailbox.get() == 7
    with pytest.raises(Woken):
        mailbox.get()
    assert mailbox.get(0.001) is None
    mailbox.wake()
    mailbox.close()
    with pytest.raises(Closed):
        mailbox.get()
