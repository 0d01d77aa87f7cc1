"""The room's sound: one encoder for all, only while somebody listens, in time for each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from itertools import pairwise
from threading import Thread
from typing import Any, ParamSpec

import numpy as np
import pytest

from livetrack_vcam.room.sound_encoding import EVEN_NS, SoundEncoding, no_delay
from livetrack_vcam.sound.feed import RATE_HZ, SoundBlock, SoundFeed, samples_to_ns
from livetrack_vcam.webrtc.encoded import EncodedSound

P = ParamSpec("P")
Receive = Callable[[EncodedSound], None]


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


class Rig:
    """A feed, its encoding, and the threads that this has started. Who joined leaves at the end."""

    def __init__(self, acoustic: bool, guard: bool) -> None:
        self.feed, self.threads = SoundFeed(acoustic), Threads()
        loop = asyncio.get_running_loop()
        self.sound = SoundEncoding(self.feed, self.threads.start, loop, guard)
        self._joined: list[Receive] = []

    def join(self, receive: Receive, delay: Callable[[], int] = no_delay) -> None:
        self._joined.append(receive)
        self.sound.join(receive, delay)

    async def end(self) -> None:
        """Who left before may leave again."""
        for receive in self._joined:
            self.sound.leave(receive)
        assert await self.threads.ended()


@asynccontextmanager
async def rig(acoustic: bool = False, guard: bool = True) -> AsyncIterator[Rig]:
    made = Rig(acoustic, guard)
    yield made
    await made.end()


def in_a_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    @wraps(test)
    def run(*args: P.args, **words: P.kwargs) -> None:
        asyncio.run(test(*args, **words))

    return run


async def until(goal: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + 60
    while not goal():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.005)


def put(feed: SoundFeed, seconds: float, start_ns: int, level: int = 0) -> None:
    samples = np.full((int(seconds * RATE_HZ), 2), level, np.int16)
    for first in range(0, len(samples), 480):
        feed.put(SoundBlock(samples[first : first + 480], start_ns + samples_to_ns(first)))


@in_a_loop
async def test_everybody_gets_the_same_packets_from_one_encoder() -> None:
    async with rig() as made:
        first: list[EncodedSound] = []
        second: list[EncodedSound] = []
        receive_first, receive_second = first.append, second.append
        made.join(receive_first)
        made.join(receive_second)
        put(made.feed, 0.5, time.monotonic_ns() - 600_000_000)
        await until(lambda: len(second) >= 20)
        assert [id(each) for each in first[:20]] == [id(each) for each in second[:20]]
        assert len(made.threads.started) == 1


@in_a_loop
async def test_nothing_is_wanted_and_no_thread_runs_when_nobody_listens() -> None:
    async with rig() as made:
        assert (made.feed.wanted, made.threads.started) == (False, [])
        heard: list[EncodedSound] = []
        receive = heard.append
        for _ in range(160):
            made.join(receive)
            assert (made.feed.wanted, made.sound.status.listeners) == (True, 1)
            made.sound.leave(receive)
            assert (made.feed.wanted, made.sound.status.listeners) == (False, 0)


@in_a_loop
async def test_a_picture_that_is_shown_late_gets_its_sound_as_late() -> None:
    async with rig() as made:
        late_ns = 300_000_000
        ages: dict[str, list[int]] = {"now": [], "late": []}

        def receiver(name: str) -> Receive:
            return lambda packet: ages[name].append(time.monotonic_ns() - packet.pts_ns)

        now, late = receiver("now"), receiver("late")
        made.join(now)
        made.join(late, lambda: late_ns)
        put(made.feed, 0.2, time.monotonic_ns() - 100_000_000)
        await until(lambda: len(ages["late"]) >= 8)
        # A timer may come a millisecond early, for loops round to their clock's resolution.
        assert min(ages["late"]) >= late_ns - 2_000_000
        assert min(ages["now"]) >= EVEN_NS - 2_000_000
        assert np.median(ages["now"]) < np.median(ages["late"])


@in_a_loop
async def test_a_delay_that_shrinks_does_not_disorder_the_packets() -> None:
    async with rig() as made:
        got: list[int] = []

        def receive(packet: EncodedSound) -> None:
            got.append(packet.pts_ns)

        made.join(receive, lambda: 0 if len(got) > 3 else 200_000_000)
        start_ns = time.monotonic_ns() - 100_000_000
        for piece in range(4):
            put(made.feed, 0.1, start_ns + piece * 100_000_000)
            await asyncio.sleep(0.05)
        await until(lambda: len(got) >= 18)
        assert got == sorted(got)


@in_a_loop
async def test_packets_keep_their_order_whether_they_wait_or_not() -> None:
    async with rig() as made:
        got: list[int] = []

        def receive(packet: EncodedSound) -> None:
            got.append(packet.pts_ns)
            time.sleep(0.004)  # a loop that is behind

        made.join(receive)
        put(made.feed, 1.0, time.monotonic_ns() - 500_000_000)
        await until(lambda: len(got) >= 48)
        assert got == sorted(got)


@in_a_loop
async def test_a_source_that_falls_silent_is_heard_as_silence_without_a_gap() -> None:
    async with rig() as made:
        got: list[EncodedSound] = []
        receive = got.append
        made.join(receive)
        put(made.feed, 0.1, time.monotonic_ns() - 200_000_000, level=3000)
        await until(lambda: len(got) >= 20)
        steps = {after.pts_ns - before.pts_ns for before, after in pairwise(got)}
        assert steps == {20_000_000}


@pytest.mark.parametrize("jump_s", [3600, -3600])
@in_a_loop
async def test_sound_of_another_hour_is_left_out_and_breaks_nothing(jump_s: int) -> None:
    """As of a stream whose sound starts over before its picture does."""
    async with rig() as made:
        got: list[EncodedSound] = []
        made.join(got.append)
        now_ns = time.monotonic_ns()
        put(made.feed, 0.1, now_ns - 300_000_000)
        put(made.feed, 0.1, now_ns + jump_s * 1_000_000_000)
        await until(lambda: len(got) >= 30)
        assert max(abs(each.pts_ns - now_ns) for each in got) < 60_000_000_000


@pytest.mark.parametrize(
    ("acoustic", "guard", "muted"), [(True, True, True), (True, False, False), (False, True, False)]
)
@in_a_loop
async def test_only_a_microphone_is_muted_when_it_howls_and_only_if_that_is_wanted(
    acoustic: bool, guard: bool, muted: bool
) -> None:
    async with rig(acoustic, guard) as made:
        got: list[EncodedSound] = []
        receive = got.append
        made.join(receive)
        times = np.arange(3 * RATE_HZ) / RATE_HZ
        wave = 300 * 10 ** (times * 15 / 20) * np.sin(2 * np.pi * 700 * times)
        samples = np.repeat(wave.clip(-30_000, 30_000).astype(np.int16)[:, None], 2, axis=1)
        start_ns = time.monotonic_ns() - 4_000_000_000
        for first in range(0, len(samples), 9600):
            made.feed.put(
                SoundBlock(samples[first : first + 9600], start_ns + samples_to_ns(first))
            )
        await until(lambda: len(got) >= 148)
        assert made.sound.status.howling is muted
