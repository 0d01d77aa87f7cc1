"""A rendition: one encoder for many receivers, started and ended by them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from fractions import Fraction
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import Frame, black_frame
from livetrack_vcam.room.rendition import MAX_ON_THE_WAY, Rendition, RenditionSpec
from livetrack_vcam.sinks.room import RoomFeed
from livetrack_vcam.stats import NS_PER_MS
from livetrack_vcam.testing import ManualClock
from livetrack_vcam.webrtc.encoded import Codec, EncodedPicture
from livetrack_vcam.webrtc.encoder import EncoderError, VideoEncoder
from livetrack_vcam.webrtc.encoder_choice import EncoderChoice

SIZE = Size(160, 90)
CANVAS = Canvas(SIZE, Fraction(30))
SPEC = RenditionSpec(Codec.H264, SIZE.width, SIZE.height, 300)
PATIENCE_S = 60.0


class ScriptedEncoder:
    """Writes down what it is given; `gate` holds it up, `fails` ends it."""

    def __init__(self, name: str, encoders: ScriptedEncoders) -> None:
        self.name = name
        self._encoders = encoders

    def encode(self, frame: Frame, keyframe: bool) -> EncodedPicture | None:
        self._encoders.entered.set()
        assert self._encoders.gate.wait(PATIENCE_S)
        if self.name in self._encoders.failing:
            raise EncoderError(f"{self.name} failed")
        self._encoders.seen.append((frame, keyframe))
        return EncodedPicture(SPEC.codec, frame.size, keyframe, frame.pts_ns, (b"x",))

    def take(self) -> EncodedPicture | None:
        return None

    def close(self) -> None:
        self._encoders.closed.append(self.name)


class ScriptedEncoders:
    def __init__(self, *names: str) -> None:
        self._names = names or ("soft",)
        self.failing: set[str] = set()
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.seen: list[tuple[Frame, bool]] = []
        self.entered, self.gate = Event(), Event()
        self.gate.set()

    def open(self, codec: Codec, size: Size, kbps: int, fps: Fraction) -> VideoEncoder:
        assert (codec, size, kbps, fps) == (SPEC.codec, SIZE, SPEC.kbps, CANVAS.fps)
        self.opened.append(self._names[0])
        return ScriptedEncoder(self._names[0], self)

    def give_up(self, name: str, why: str) -> bool:
        assert name in why
        self._names = tuple(left for left in self._names if left != name) or self._names
        return self._names[0] != name

    @property
    def keys(self) -> list[int]:
        """The frames, by seq, that were made keyframes."""
        return [frame.seq for frame, keyframe in self.seen if keyframe]


@dataclass
class Stage:
    rendition: Rendition
    feed: RoomFeed
    encoders: ScriptedEncoders
    clock: ManualClock
    threads: list[Thread]
    frames: int = 0

    async def show(self, after_ms: float = 33.0) -> None:
        """A frame, and wait until it was encoded."""
        before = len(self.encoders.seen)
        self.put(after_ms)
        await until(lambda: len(self.encoders.seen) > before)

    def put(self, after_ms: float = 33.0) -> None:
        self.clock.advance(after_ms / 1000)
        frame = black_frame(SIZE, self.clock.now_ns(), self.frames)
        self.frames += 1
        self.feed.put(frame)

    async def ended(self) -> None:
        await until(lambda: not any(thread.is_alive() for thread in self.threads))


async def until(goal: Callable[[], object]) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while not goal():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.002)


def play(
    scene: Callable[[Stage], Coroutine[Any, Any, None]],
    encoders: ScriptedEncoders | None = None,
    linger_s: float = 3600.0,
) -> None:
    """Run a scene in a loop of its own; every thread must end after it."""

    async def main() -> None:
        threads: list[Thread] = []

        def start_thread(run: Callable[[], None], name: str) -> None:
            threads.append(Thread(target=run, name=name, daemon=True))
            threads[-1].start()

        feed, clock, used = RoomFeed(CANVAS), ManualClock(10**12), encoders or ScriptedEncoders()
        rendition = Rendition(
            SPEC,
            feed,
            start_thread,
            asyncio.get_running_loop(),
            used,
            linger_s=linger_s,
            clock=clock.now_ns,
        )
        stage = Stage(rendition, feed, used, clock, threads)
        await scene(stage)
        used.gate.set()
        rendition.close()
        await stage.ended()
        assert sorted(used.closed) == sorted(used.opened)

    asyncio.run(main())


def test_everybody_gets_the_same_picture_in_the_loop_from_a_keyframe_on() -> None:
    async def scene(stage: Stage) -> None:
        got: list[list[EncodedPicture]] = [[], []]
        where: list[threading.Thread] = []
        stage.rendition.join(got[0].append)
        stage.rendition.join(lambda _: where.append(threading.current_thread()))
        await stage.show()
        stage.rendition.join(got[1].append)
        await stage.show()
        await stage.show(300)
        await until(lambda: len(got[0]) == 3)

        assert [picture.keyframe for picture in got[0]] == [True, False, True]
        assert [id(picture) for picture in got[1]] == [id(got[0][2])]
        assert set(where) == {threading.current_thread()}
        assert stage.encoders.opened == ["soft"]

    play(scene)


def test_nothing_runs_before_somebody_watches() -> None:
    async def scene(stage: Stage) -> None:
        stage.put()
        assert stage.threads == []
        assert stage.rendition.status.encoder is None

    play(scene)


def test_the_first_to_join_gets_the_last_frame_at_once() -> None:
    async def scene(stage: Stage) -> None:
        stage.put()
        got: list[EncodedPicture] = []
        stage.rendition.join(got.append)
        await until(lambda: got)

    play(scene)


def test_the_encoder_lingers_idle_and_ends_when_nobody_comes_back() -> None:
    async def scene(stage: Stage) -> None:
        got: list[EncodedPicture] = []
        stage.rendition.join(got.append)
        await stage.show()
        await until(lambda: got)
        stage.rendition.leave(got.append)
        stage.rendition.leave(got.append)
        for _ in range(3):
            stage.put(1000)
            await asyncio.sleep(0.01)
        assert len(stage.encoders.seen) == 1
        stage.rendition.join(got.append)
        await stage.show()
        assert stage.encoders.opened == ["soft"]
        assert stage.encoders.seen[1][1]  # a keyframe for who came back

        stage.rendition.leave(got.append)
        stage.put(10_001)
        await stage.ended()
        assert stage.encoders.closed == ["soft"]
        assert stage.rendition.status.encoder is None

        stage.rendition.join(got.append)
        await stage.show()
        assert stage.encoders.opened == ["soft", "soft"]

    play(scene, linger_s=10.0)


def test_the_encoder_ends_though_the_source_is_silent() -> None:
    async def scene(stage: Stage) -> None:
        stage.rendition.join(print)
        stage.rendition.leave(print)
        stage.clock.advance(1.0)
        await stage.ended()

    play(scene, linger_s=0.05)


def test_many_wishes_within_300_ms_make_one_keyframe_at_their_end() -> None:
    async def scene(stage: Stage) -> None:
        stage.rendition.join(lambda _: None)
        await stage.show()  # 0: the keyframe of the join
        for _ in range(8):  # 1 to 8, the last one 264 ms after the first
            for _ in range(50):
                stage.rendition.want_keyframe()
            await stage.show(33)
        assert stage.encoders.keys == [0]
        for _ in range(4):  # 9 to 12, from 317 ms on
            await stage.show(53)
        assert stage.encoders.keys == [0, 9]

    play(scene)


def test_a_wish_is_fulfilled_though_the_source_is_silent() -> None:
    async def scene(stage: Stage) -> None:
        stage.rendition.join(lambda _: None)
        await stage.show()
        stage.clock.advance(0.5)
        stage.rendition.want_keyframe()
        await until(lambda: len(stage.encoders.seen) == 2)

        (first, _), (again, keyframe) = stage.encoders.seen
        assert keyframe
        assert again.planes is first.planes
        assert again.pts_ns - first.pts_ns == 500 * NS_PER_MS

    play(scene)


def test_who_joins_between_two_frames_does_not_wait_for_the_next() -> None:
    async def scene(stage: Stage) -> None:
        stage.rendition.join(lambda _: None)
        await stage.show()
        stage.clock.advance(0.31)
        await stage.show()
        stage.clock.advance(0.01)
        got: list[EncodedPicture] = []
        stage.rendition.join(got.append)
        await until(lambda: got)
        assert got[0].keyframe
        assert stage.encoders.keys == [0, 1]

    play(scene)


def test_a_frame_shown_again_is_later_by_as_much_as_it_is_shown_later() -> None:
    async def scene(stage: Stage) -> None:
        stage.rendition.join(lambda _: None)
        still = black_frame(SIZE, stage.clock.now_ns(), 0)
        for count in range(1, 5):
            stage.feed.put(replace(still))
            await until(lambda count=count: len(stage.encoders.seen) == count)
            stage.clock.advance(0.25)
        stage.feed.put(replace(still, pts_ns=still.pts_ns + 10))  # the source goes on, but later
        await until(lambda: len(stage.encoders.seen) == 5)

        times = [frame.pts_ns - still.pts_ns for frame, _ in stage.encoders.seen]
        assert times == [0, *(250 * i * NS_PER_MS for i in range(1, 5))]

    play(scene)


def test_times_increase_even_where_no_time_passes() -> None:
    async def scene(stage: Stage) -> None:
        stage.rendition.join(lambda _: None)
        still = black_frame(SIZE, 10**12, 0)
        for count in range(1, 4):
            stage.feed.put(replace(still))
            await until(lambda count=count: len(stage.encoders.seen) == count)

        times = [frame.pts_ns for frame, _ in stage.encoders.seen]
        assert sorted(set(times)) == times

    play(scene)


def test_a_receiver_that_fails_is_taken_off_and_the_others_see_nothing_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scene(stage: Stage) -> None:
        calls, got = [], []

        def failing(picture: EncodedPicture) -> None:
            calls.append(picture)
            raise ConnectionError("gone")

        stage.rendition.join(failing)
        stage.rendition.join(got.append)
        for _ in range(3):
            await stage.show()
        await until(lambda: len(got) == 3)
        assert len(calls) == 1
        assert stage.rendition.status.viewers == 1

    play(scene)
    assert "gone" in caplog.text


def test_a_receiver_may_leave_for_another_while_pictures_are_handed_out() -> None:
    async def scene(stage: Stage) -> None:
        got: list[EncodedPicture] = []
        stage.rendition.join(lambda _: stage.rendition.leave(got.append))
        stage.rendition.join(got.append)
        for _ in range(2):
            await stage.show()
        await until(lambda: stage.rendition.status.pictures == 2)
        await asyncio.sleep(0.01)
        assert got == []
        assert stage.rendition.status.viewers == 1

    play(scene)


def test_hardware_that_fails_is_followed_by_software_with_a_keyframe() -> None:
    async def scene(stage: Stage) -> None:
        got: list[EncodedPicture] = []
        stage.rendition.join(got.append)
        await stage.show()
        stage.encoders.failing.add("hard")
        stage.put()
        await until(lambda: stage.rendition.status.encoder == "soft")
        stage.put(400)
        await until(lambda: len(got) >= 2)
        assert got[1].keyframe
        assert stage.rendition.status.error is None
        assert stage.encoders.closed == ["hard"]

    play(scene, ScriptedEncoders("hard", "soft"))


def test_when_software_fails_the_status_says_so_and_the_next_join_tries_again() -> None:
    async def scene(stage: Stage) -> None:
        got: list[EncodedPicture] = []
        stage.encoders.failing.add("soft")
        stage.rendition.join(lambda _: None)
        stage.put()
        await stage.ended()
        assert stage.rendition.status.error == "soft failed"

        stage.encoders.failing.clear()
        stage.rendition.join(got.append)
        await stage.show()
        await until(lambda: got)
        assert stage.rendition.status.error is None

    play(scene)


def test_a_slow_encoder_skips_to_the_newest_frame_and_counts_the_others() -> None:
    async def scene(stage: Stage) -> None:
        stage.rendition.join(lambda _: None)
        stage.encoders.gate.clear()
        stage.put()
        await asyncio.to_thread(stage.encoders.entered.wait, PATIENCE_S)
        for _ in range(5):
            stage.put()
        stage.encoders.gate.set()
        await until(lambda: len(stage.encoders.seen) == 2)
        assert [frame.seq for frame, _ in stage.encoders.seen] == [0, 5]
        assert stage.rendition.status.skipped == 4

    play(scene)


def test_a_loop_that_is_held_up_is_not_buried_in_pictures() -> None:
    async def scene(stage: Stage) -> None:
        held, fed = Event(), Event()

        def busy(_: EncodedPicture) -> None:
            held.set()
            assert fed.wait(PATIENCE_S)

        def feed() -> None:
            assert held.wait(PATIENCE_S)
            for count in range(2, 3 * MAX_ON_THE_WAY):
                stage.put()
                while len(stage.encoders.seen) + stage.rendition.status.skipped < count:
                    Event().wait(0.001)
            fed.set()

        feeding = Thread(target=feed, daemon=True)
        feeding.start()
        stage.rendition.join(busy)
        await stage.show()
        await asyncio.to_thread(feeding.join)
        assert len(stage.encoders.seen) <= MAX_ON_THE_WAY + 1
        assert stage.rendition.status.skipped >= MAX_ON_THE_WAY
        await stage.show()  # and it goes on

    play(scene)


def test_the_thread_ends_with_the_feed() -> None:
    async def scene(stage: Stage) -> None:
        stage.rendition.join(lambda _: None)
        await stage.show()
        stage.feed.end()
        await stage.ended()

    play(scene)


def test_a_crowd_that_comes_and_goes_leaves_one_thread_at_most() -> None:
    async def scene(stage: Stage) -> None:
        def nothing(_: EncodedPicture) -> None:
            pass

        for i in range(60):
            stage.rendition.join(nothing)
            stage.put()
            stage.rendition.leave(nothing)
            if i % 3 == 0:
                stage.clock.advance(0.05)
                await asyncio.sleep(0.002)
            assert sum(thread.is_alive() for thread in stage.threads) <= 2
        stage.clock.advance(1.0)
        await stage.ended()
        assert len(stage.encoders.closed) == len(stage.encoders.opened) == len(stage.threads)

    play(scene, linger_s=0.02)


def test_the_rate_is_the_measured_one() -> None:
    async def scene(stage: Stage) -> None:
        stage.rendition.join(lambda _: None)
        for _ in range(12):
            await stage.show(100)
        status = stage.rendition.status
        assert status.fps == pytest.approx(10, rel=0.01)
        assert (status.pictures, status.keyframes, status.encoder) == (12, 1, "soft")
        assert status.latency_ms == pytest.approx(0)

    play(scene)


@pytest.mark.parametrize("codec", list(Codec))
def test_a_real_encoder_encodes_beside_the_loop(codec: Codec) -> None:
    async def main() -> None:
        threads: list[Thread] = []

        def start_thread(run: Callable[[], None], name: str) -> None:
            threads.append(Thread(target=run, name=name, daemon=True))
            threads[-1].start()

        large = Size(320, 180)
        feed = RoomFeed(Canvas(large, Fraction(30)))
        loop = asyncio.get_running_loop()
        spec = RenditionSpec(codec, 160, 90, 300)
        rendition = Rendition(spec, feed, start_thread, loop, EncoderChoice(start_thread))
        got: list[EncodedPicture] = []
        rendition.join(got.append)
        for i in range(10):
            frame = black_frame(large, (i + 1) * 33 * NS_PER_MS, i)
            feed.put(frame)
            await until(lambda count=i: len(got) > count)
        rendition.close()
        await until(lambda: not any(thread.is_alive() for thread in threads))
        assert [picture.pts_ns for picture in got] == [(i + 1) * 33 * NS_PER_MS for i in range(10)]
        assert {picture.size for picture in got} == {Size(160, 90)}
        assert np.flatnonzero([picture.keyframe for picture in got]).tolist() == [0]

    asyncio.run(main())
