"""The clock on the wall is set while the program runs: by NTP, a user, or a board without one."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

import livetrack_vcam
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.sources.browser import BrowserCamera
from livetrack_vcam.web.server import WebServer
from tests.publisher import GrayCamera, publisher
from tests.web_program import TOKEN, Program

PACKAGE = Path(livetrack_vcam.__file__).parent
READERS = {
    "room/invitations.py": "until when a link is good, which outlives the program",
    "room/room.py": "the time of a row in the table of a viewer's connection",
    "web/certificate.py": "from when until when it is good",
    "webrtc/rtp_stream.py": "once, as the program starts: what goes by it has one clock for good",
}
"""Everybody who asks what time it is, and what for. Nothing that happens in a run goes by it."""
ASKING = re.compile(
    r"\btime\.time(_ns)?\b|\bdatetime\.(now|today)\b|\bCLOCK_REALTIME\b"
    r"|from time import .*\btime(_ns)?\b"
)
DAY_S = 24 * 3600.0
JUMPS_S = [30 * DAY_S, -30 * DAY_S]
"""The first is more jitter than a receiver's report has room for."""
LATE_S = 5.0
"""No picture is so late on the busiest machine."""
REPORTS_S = 4.0
"""A receiver reports at least every one and a half seconds."""


def _asks_the_time(file: Path) -> bool:
    return ASKING.search(file.read_text(encoding="utf-8")) is not None


def test_what_happens_in_a_run_goes_by_no_clock_that_can_be_set() -> None:
    asking = {
        str(file.relative_to(PACKAGE)) for file in PACKAGE.rglob("*.py") if _asks_the_time(file)
    }
    assert asking == set(READERS)
    script = PACKAGE.parent / "obs_scripts" / "livetrack.py"
    assert not _asks_the_time(script)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the wall clock so many seconds ahead, for everybody who asks time.time."""
    really = time.time

    def set_ahead(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: really() + seconds)

    return set_ahead


@pytest.mark.parametrize("jump_s", JUMPS_S)
def test_a_phone_goes_on_sending_and_can_leave(
    jump_s: float, set_clock: Callable[[float], None]
) -> None:
    async def run() -> None:
        camera = BrowserCamera(Size(320, 180))
        camera.open()
        server = WebServer(Program(), port=0, token=TOKEN, inlet=camera)
        await server.start()
        async with (
            aiohttp.ClientSession() as session,
            publisher(session, server.links.here(""), TOKEN) as phone,
        ):
            await phone.publish(await phone.offer(GrayCamera(90)))
            await _age_s(camera)
            set_clock(jump_s)
            until_s = time.monotonic() + REPORTS_S
            while time.monotonic() < until_s:
                assert 0 < await _age_s(camera) < LATE_S
            assert await asyncio.wait_for(phone.leave(), 10) == 200
        camera.close()
        await asyncio.wait_for(server.stop(), 10)

    asyncio.run(asyncio.wait_for(run(), 60))


async def _age_s(camera: BrowserCamera) -> float:
    """Of the next picture."""
    frame = await asyncio.to_thread(camera.read)
    assert frame is not None
    return (time.monotonic_ns() - frame.pts_ns) / 1e9
