"""A command shows in the next picture: counted in pictures, not timed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from queue import Queue
from typing import Self

import aiohttp

from livetrack_vcam.core.command_json import command_from_json
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.crew import Crew
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.events import Finished, PipelineEvent
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.live.pipeline import Pipeline
from livetrack_vcam.live.stages import ShotView
from livetrack_vcam.media import Frame
from livetrack_vcam.testing import MemorySink
from livetrack_vcam.web.server import WebServer
from tests.operated import Operated, operating
from tests.unhurried import Unhurried

SMALL = Size(320, 180)
TOKEN = "0123456789abcdef0123456789abcdef"
TALL = {"command": "set_aspect", "aspect": "9:16"}


class Desk:
    """A pipeline at work, and the number of every picture it drew."""

    def __init__(self) -> None:
        self.sink = MemorySink(depth=10_000)
        self.drawn: list[int] = []
        self._events: Queue[PipelineEvent] = Queue()
        source = Unhurried(SMALL, frames=None)
        self.pipeline = Pipeline(
            source=source,
            info=source.open(),
            open_watch=None,
            detect_hz=10,
            decider=Crew(SMALL, {"main": DirectorSettings(aspect_ratio=Fraction(16, 9))}),
            shots={"main": (Canvas(SMALL, Fraction(30)), [self.sink])},
            report=self._events.put,
            journal=self._note,
            clock=lambda: 0,  # however long a frame takes, no slate comes between
        )
        source.follow(self.pipeline)

    def __enter__(self) -> Self:
        self.pipeline.start()
        assert self.sink.wait_for_frames(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.pipeline.stop()
        while not isinstance(self._events.get(timeout=10), Finished):
            pass
        assert self.pipeline.join() == []

    def _note(self, frame: Frame, _views: tuple[ShotView, ...]) -> None:
        self.drawn.append(frame.seq)

    def first_tall(self, number: int) -> int:
        """Of the pictures from this frame number on, how many came before the first tall one."""
        assert self.sink.wait_for_frames(number + 4)
        assert self.sink.frames[number].seq == number
        tall = [is_tall(frame) for frame in self.sink.frames[number:]]
        return tall.index(True)


def is_tall(frame: Frame) -> bool:
    """Whether the left eighth of a wide picture is black."""
    return int(frame.planes[0][:, : frame.size.width // 8].max()) == 16


def test_the_first_picture_drawn_after_a_command_was_obeyed_shows_it() -> None:
    with Desk() as desk:
        next_picture: list[int] = []
        verdict = desk.pipeline.command(None, command_from_json(TALL))
        # Called in the render thread, between two pictures.
        verdict.add_done_callback(lambda _: next_picture.append(desk.drawn[-1] + 1))
        verdict.result(timeout=10)
        assert desk.sink.wait_for_frames(len(desk.sink.frames) + 5)
        assert desk.first_tall(next_picture[0]) == 0


def test_a_command_is_obeyed_before_the_next_picture_but_one() -> None:
    with Desk() as desk:
        for command, seen in ((TALL, True), (TALL | {"aspect": "16:9"}, False)):
            given_at = len(desk.drawn)
            desk.pipeline.command(None, command_from_json(command)).result(timeout=10)
            assert desk.sink.wait_for_frames(given_at + 4)
            # The picture being drawn when it came may still be as before, no other.
            assert [is_tall(frame) for frame in desk.sink.frames[given_at + 1 :][:2]] == [seen] * 2


def test_the_picture_after_the_answer_to_a_post_shows_the_command(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        server = WebServer(program.controls, port=0, token=TOKEN)
        await server.start()
        try:
            await program.pictures(5)
            await post(server, TALL)
            drawn = program.pipeline.render.flow.snapshot(0).frames
        finally:
            await server.stop()
        await program.until(lambda: len(program.sinks["main"].frames) > drawn)
        assert not is_tall(program.sinks["main"].frames[0])
        assert is_tall(program.sinks["main"].frames[drawn])

    operating(tmp_path, body)


async def post(server: WebServer, body: dict[str, str]) -> None:
    url = server.urls.status.replace("status", "command")
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session:
        answer = await session.post(url, json=body)
        assert await answer.json() == {"ok": True}
