"""The room's sound: one encoder for all, only while somebody listens, in time for each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import pairwise
from threading import Thread

import numpy as np
import pytest

from livetrack_vcam.room.sound_encoding import EVEN_NS, SoundEncoding
from livetrack_vcam.sound.feed import RATE_HZ, SoundBlock, SoundFeed, samples_to_ns
from livetrack_vcam.webrtc.encoded import EncodedSound


class Threads:
    """Starts threads, and knows which are left."""

    def __init__(self) -> None:
        self.started: list[Thread] = []

    def start(self, run: Callable[[], None], name: str) -> None:
        self.started.append(Thread(target=run, name=name, daemon=True))
        self.started[-1].start()

    async def ended(self) -> bool:
        for thread in self.started:
            await asyncio.to_thread(thread.join, 60)
        return not any(thread.is_alive() for thread in self.started)


async def until(goal: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + 60
    while not goal():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.005)


def put(feed: SoundFeed, seconds: float, start_ns: int, level: int = 0) -> None:
    samples = np.full((int(seconds * RATE_HZ), 2), level, np.int16)
    for first in range(0, len(samples), 480):
        feed.put(SoundBlock(samples[first : first + 480], start_ns + samples_to_ns(first)))


def test_everybody_gets_the_same_packets_from_one_encoder() -> None:
    async def run() -> None:
        feed, threads = SoundFeed(), Threads()
        sound = SoundEncoding(feed, threads.start, asyncio.get_running_loop())
        first: list[EncodedSound] = []
        second: list[EncodedSound] = []
        receive_first, receive_second = first.append, second.append
        sound.join(receive_first)
        sound.join(receive_second)
        put(feed, 0.5, time.monotonic_ns() - 600_000_000)
        await until(lambda: len(second) >= 20)
        assert [id(each) for each in first[:20]] == [id(each) for each in second[:20]]
        assert len(threads.started) == 1
        sound.leave(receive_first)
        sound.leave(receive_second)
        assert await threads.ended()

    asyncio.run(run())


def test_nothing_is_wanted_and_no_thread_runs_when_nobody_listens() -> None:
    async def run() -> None:
        feed, threads = SoundFeed(), Threads()
        sound = SoundEncoding(feed, threads.start, asyncio.get_running_loop())
        assert not feed.wanted
        assert not threads.started
        receive: Callable[[EncodedSound], None] = [].append
        for _ in range(160):
            sound.join(receive)
            assert feed.wanted
            assert sound.status.listeners == 1
            sound.leave(receive)
            assert not feed.wanted
        assert await threads.ended()
        sound.leave(receive)

    asyncio.run(run())


def test_a_picture_that_is_shown_late_gets_its_sound_as_late() -> None:
    async def run() -> None:
        feed, threads = SoundFeed(), Threads()
        sound = SoundEncoding(feed, threads.start, asyncio.get_running_loop())
        late_ns = 300_000_000
        ages: dict[str, list[int]] = {"now": [], "late": []}

        def receiver(name: str) -> Callable[[EncodedSound], None]:
            return lambda packet: ages[name].append(time.monotonic_ns() - packet.pts_ns)

        now, late = receiver("now"), receiver("late")
        sound.join(now)
        sound.join(late, lambda: late_ns)
        put(feed, 0.2, time.monotonic_ns() - 100_000_000)
        await until(lambda: len(ages["late"]) >= 8)
        # A timer may come a millisecond early, for loops round to their clock's resolution.
        assert min(ages["late"]) >= late_ns - 2_000_000
        assert min(ages["now"]) >= EVEN_NS - 2_000_000
        assert np.median(ages["now"]) < np.median(ages["late"])
        for each in (now, late):
            sound.leave(each)
        assert await threads.ended()

    asyncio.run(run())


def test_a_delay_that_shrinks_does_not_disorder_the_packets() -> None:
    async def run() -> None:
        feed, threads = SoundFeed(), Threads()
        sound = SoundEncoding(feed, threads.start, asyncio.get_running_loop())
        got: list[int] = []

        def receive(packet: EncodedSound) -> None:
            got.append(packet.pts_ns)

        sound.join(receive, lambda: 0 if len(got) > 3 else 200_000_000)
        start_ns = time.monotonic_ns() - 100_000_000
        for piece in range(4):
            put(feed, 0.1, start_ns + piece * 100_000_000)
            await asyncio.sleep(0.05)
        await until(lambda: len(got) >= 18)
        assert got == sorted(got)
        sound.leave(receive)
        assert await threads.ended()

    asyncio.run(run())


def test_packets_keep_their_order_whether_they_wait_or_not() -> None:
    async def run() -> None:
        feed, threads = SoundFeed(), Threads()
        sound = SoundEncoding(feed, threads.start, asyncio.get_running_loop())
        got: list[int] = []

        def receive(packet: EncodedSound) -> None:
            got.append(packet.pts_ns)
            time.sleep(0.004)  # a loop that is behind

        sound.join(receive)
        put(feed, 1.0, time.monotonic_ns() - 500_000_000)
        await until(lambda: len(got) >= 48)
        assert got == sorted(got)
        sound.leave(receive)
        assert await threads.ended()

    asyncio.run(run())


def test_a_source_that_falls_silent_is_heard_as_silence_without_a_gap() -> None:
    async def run() -> None:
        feed, threads = SoundFeed(), Threads()
        sound = SoundEncoding(feed, threads.start, asyncio.get_running_loop())
        got: list[EncodedSound] = []
        receive = got.append
        sound.join(receive)
        put(feed, 0.1, time.monotonic_ns() - 200_000_000, level=3000)
        await until(lambda: len(got) >= 20)
        steps = {after.pts_ns - before.pts_ns for before, after in pairwise(got)}
        assert steps == {20_000_000}
        sound.leave(receive)
        assert await threads.ended()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("acoustic", "guard", "muted"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_only_a_microphone_is_muted_when_it_howls_and_only_if_that_is_wanted(
    acoustic: bool, guard: bool, muted: bool
) -> None:
    async def run() -> None:
        feed, threads = SoundFeed(acoustic), Threads()
        sound = SoundEncoding(feed, threads.start, asyncio.get_running_loop(), guard)
        got: list[EncodedSound] = []
        receive = got.append
        sound.join(receive)
        times = np.arange(3 * RATE_HZ) / RATE_HZ
        wave = 300 * 10 ** (times * 15 / 20) * np.sin(2 * np.pi * 700 * times)
        samples = np.repeat(wave.clip(-30_000, 30_000).astype(np.int16)[:, None], 2, axis=1)
        start_ns = time.monotonic_ns() - 4_000_000_000
        for first in range(0, len(samples), 9600):
            feed.put(SoundBlock(samples[first : first + 9600], start_ns + samples_to_ns(first)))
        await until(lambda: len(got) >= 148)
        assert sound.status.howling is muted
        sound.leave(receive)
        assert await threads.ended()

    asyncio.run(run())
