"""Many viewers of the real program: everybody gets every picture, and nothing is left of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from benchmarks.room.programs import Holdings, Program, rig
from benchmarks.room.receivers import Receivers, receivers
from benchmarks.room.report import middle
from benchmarks.room.storm import left_behind
from tests.go_program import MISSING, can_build

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(420),  # the first run compiles pion
]
MANY = 30
WATCH_S = 4.0
PATIENCE_S = 60.0


@asynccontextmanager
async def crowded(codec: str = "H264") -> AsyncIterator[tuple[Program, Receivers]]:
    if not can_build():
        pytest.skip(MISSING)
    async with rig(max_viewers=100) as program, receivers(program.whep, codec) as crowd:
        yield program, crowd


async def eventually(goal: Callable[[], Awaitable[bool]], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await goal():
                await asyncio.sleep(0.3)
    except TimeoutError:
        raise AssertionError(f"never true: {what}") from None


@pytest.mark.parametrize("codec", ["H264", "VP8"])
def test_thirty_viewers_get_what_one_gets(codec: str) -> None:
    async def main() -> None:
        async with crowded(codec) as (program, crowd):
            assert not (await crowd.join(1)).errors
            (alone,) = await crowd.watch(WATCH_S)
            joined = await crowd.join(MANY - 1, rate=20)
            assert not joined.errors
            together = await crowd.watch(WATCH_S)
            encodings = (await program.status())["rooms"][0]["encodings"]
        assert len(together) == MANY
        assert [each["viewers"] for each in encodings] == [MANY], "more than one encoder"
        # Whatever the machine makes of the source, everybody gets the same of it.
        most = max(viewer.pictures for viewer in together)
        assert min(viewer.pictures for viewer in together) >= 0.95 * most
        assert middle([viewer.fps for viewer in together]) >= 0.7 * alone.fps
        assert sum(viewer.lost for viewer in together) <= 0.001 * sum(v.packets for v in together)

    asyncio.run(main())


def test_nothing_is_left_of_viewers_who_came_and_went() -> None:
    async def main() -> None:
        async with crowded() as (program, crowd):
            await crowd.join(1)
            await crowd.leave()
            await eventually(lambda: no_encoder(program), "the encoder ends")
            before = await program.holdings()
            for politely in (True, False):
                joined = await crowd.join(MANY, rate=20)
                assert not joined.errors
                await crowd.leave(politely=politely)
            await eventually(lambda: nobody_there(program), "all have left")
            await eventually(lambda: no_encoder(program), "the encoder ends")
            after: list[Holdings] = []

            async def as_before() -> bool:
                after.append(await program.holdings())
                return not left_behind(before, after[-1])

            await eventually(as_before, "nothing is left")
        grown_kb = after[-1].rss_kb - before.rss_kb
        assert grown_kb < 1000 * MANY, "a megabyte of each viewer is still there"

    asyncio.run(main())


def test_viewers_who_ask_and_ask_for_keyframes_do_not_get_them_all() -> None:
    async def main() -> None:
        async with crowded() as (_, crowd):
            await crowd.join(MANY)
            await crowd.count()
            for _ in range(10):
                await crowd.ask_for_keyframes(5)
                await asyncio.sleep(0.2)
            seen = await crowd.count()
        # At most one in 300 ms, however many ask; 1500 requests came.
        assert all(viewer.keyframes <= viewer.seconds / 0.3 + 2 for viewer in seen)
        assert all(viewer.keyframes >= 1 for viewer in seen)

    asyncio.run(main())


async def nobody_there(program: Program) -> bool:
    return not (await program.status())["rooms"][0]["viewers"]


async def no_encoder(program: Program) -> bool:
    return not any(each["encoder"] for each in (await program.status())["rooms"][0]["encodings"])
