"""What a viewer is sent when its network bears less, and on the way from one size to another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from fractions import Fraction

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.live.pipeline import Pipeline
from livetrack_vcam.room.renditions import Renditions
from livetrack_vcam.room.supply import Supply
from livetrack_vcam.sinks.room import RoomFeed
from livetrack_vcam.webrtc.encoded import Codec
from livetrack_vcam.webrtc.rtcp_reports import ReceiverReport
from tests.room_program import moving_frame, until
from tests.unit.test_rtc_writer import SECOND, SSRC, Bench

CANVAS = Canvas(Size(1280, 720), Fraction(30))


class Scene:
    """A supply over real encoders, and a receiver that says what it lost."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.feed = RoomFeed(CANVAS)
        loop = asyncio.get_running_loop()
        self.renditions = Renditions(self.feed, Pipeline.start_thread, loop)
        self.supply = Supply(bench.writer, self.renditions, Codec.H264)
        self.lost = 0

    async def film(self) -> None:
        for seq in range(100_000):
            self.feed.put(moving_frame(CANVAS.size, seq))
            await asyncio.sleep(1 / 30)

    def pass_second(self, lost_pct: float) -> None:
        """A second of a hundred packets, and what the receiver says of it."""
        for _ in range(20):
            self.bench.write(keyframe=True, packets=5)
        self.bench.clock.now_ns += SECOND
        self.lost += round(lost_pct)
        self.bench.writer.feedback(ReceiverReport(SSRC, 0.9, self.lost, 0, 0, 0))
        self.supply.tick()

    def watched(self) -> list[int]:
        """Rows of the renditions that somebody takes now."""
        return [each.spec.rows for each in self.renditions.status if each.viewers]


def play(body: Callable[[Scene], Awaitable[None]]) -> None:
    bench = Bench()

    async def run() -> None:
        scene = Scene(bench)
        camera = asyncio.create_task(scene.film())
        try:
            await body(scene)
        finally:
            camera.cancel()
            with suppress(asyncio.CancelledError):
                await camera
            scene.supply.end()
            scene.feed.end()

    asyncio.run(run())


def rows(scene: Scene) -> int:
    assert scene.supply.spec is not None
    return scene.supply.spec.rows


def test_a_network_that_loses_packets_gets_less_and_once_it_is_well_more_again() -> None:
    async def body(scene: Scene) -> None:
        scene.supply.pick(None)
        await until(lambda: scene.watched() == [720])
        for _ in range(6):
            scene.pass_second(lost_pct=20)
        assert rows(scene) < 720
        assert scene.supply.reduced
        reduced = rows(scene)
        await until(lambda: scene.watched() == [reduced])
        for _ in range(60):
            scene.pass_second(lost_pct=0)
        assert rows(scene) == 720
        assert not scene.supply.reduced

    play(body)


def test_a_report_with_every_repeat_is_no_sign_of_a_bad_network() -> None:
    async def body(scene: Scene) -> None:
        scene.supply.pick(None)
        await until(lambda: scene.watched() == [720])
        for _ in range(20):
            scene.pass_second(lost_pct=2)
        assert rows(scene) == 720
        assert scene.bench.writer.stats.loss_pct == 2

    play(body)


def test_on_the_way_to_another_size_the_old_one_goes_on_until_the_new_one_is_there() -> None:
    async def body(scene: Scene) -> None:
        scene.supply.pick(None)
        await until(lambda: scene.bench.link.packets)
        scene.supply.pick(360)
        assert rows(scene) == 360
        assert sorted(scene.watched()) == [360, 720]
        await until(lambda: scene.watched() == [360])
        scene.supply.end()
        assert scene.watched() == []

    play(body)


def test_who_changes_its_mind_on_the_way_stays_where_it_was() -> None:
    async def body(scene: Scene) -> None:
        scene.supply.pick(None)
        await until(lambda: scene.bench.link.packets)
        scene.supply.pick(360)
        scene.supply.pick(720)
        assert scene.watched() == [720]

    play(body)
