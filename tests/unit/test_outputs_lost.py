"""A run whose outputs fail one after the other: it ends when nothing is to be expected of any."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event

import pytest

from livetrack_vcam.daemon import Daemon
from livetrack_vcam.errors import EXIT_OK, SinkError, SinkNotFoundError
from livetrack_vcam.interfaces import Canvas, Sink
from livetrack_vcam.live import outlet as outlet_module
from livetrack_vcam.media import Frame
from livetrack_vcam.settings import Settings
from livetrack_vcam.shot_settings import ShotSettings
from livetrack_vcam.studio import Studio, open_studio
from livetrack_vcam.testing import MemorySink

PATIENCE_S = 30.0


class Unplugged(MemorySink):
    """A device that is taken away at its first picture, and waited for until `plugged`."""

    def __init__(self, was_there: bool = True) -> None:
        super().__init__("vcam", fail_at=0)
        self.may_return = True
        self.plugged = Event()
        self.lost = Event()
        if was_there:
            self.plugged.set()
        else:
            self.lost.set()

    def open(self, canvas: Canvas) -> None:
        if not self.plugged.is_set():
            raise SinkNotFoundError("there is no such device; plug it in")
        super().open(canvas)

    def close(self) -> None:
        super().close()
        self.plugged.clear()
        self.lost.set()

    def plug_in(self) -> None:
        self._fail_at = None
        self.plugged.set()


class FullDisk(MemorySink):
    """A recording that ends once the device beside it is gone."""

    def __init__(self, beside: Unplugged) -> None:
        super().__init__("file")
        self._beside = beside

    def send(self, frame: Frame) -> None:
        assert self._beside.lost.wait(PATIENCE_S)
        raise SinkError("the disk is full; free some space")


@dataclass(slots=True)
class Made(Studio):
    """With outputs that the test made."""

    sinks: Sequence[Sink] = ()

    def _sinks(self, shot: ShotSettings) -> list[Sink]:
        return list(self.sinks)


def daemon_of(*sinks: Sink) -> Daemon:
    studio = open_studio(Settings(source="demo", detector="blazeface", web=False))
    return Daemon(Made(studio.settings, studio.source, studio.info, sinks=sinks), False)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet_module, "RETRY_FIRST_S", 0.01)
    monkeypatch.setattr(outlet_module, "RETRY_MOST_S", 0.05)


def test_a_full_disk_does_not_end_a_run_whose_camera_is_waited_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    camera = Unplugged()

    async def run() -> int:
        daemon = daemon_of(camera, FullDisk(camera))
        running = asyncio.create_task(daemon.run())
        async with asyncio.timeout(PATIENCE_S):
            while "output file stopped: the disk is full" not in caplog.text:
                await asyncio.sleep(0.01)
        camera.plug_in()
        assert await asyncio.to_thread(camera.wait_for_frames, 1, PATIENCE_S)
        daemon._pipeline.stop()
        return await running

    assert asyncio.run(run()) == EXIT_OK


def test_a_full_disk_ends_a_run_whose_camera_never_was_there() -> None:
    camera = Unplugged(was_there=False)
    with pytest.raises(SinkError, match="the disk is full"):
        asyncio.run(daemon_of(camera, FullDisk(camera)).run())
