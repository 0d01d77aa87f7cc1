"""The real program waiting for a phone, and a browser whose camera is made up."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e.chromium import Page, open_page
from tests.e2e.daemon import ROOT
from tests.e2e.operating import PATIENCE_S, Status, needed_chromium, token_of
from tests.waiting import free_port

FAKE_CAMERA = ("--use-fake-device-for-media-stream=fps=30", "--use-fake-ui-for-media-stream")
LIVE = "document.getElementById('badge').dataset.state === 'live'"
READY = "document.body?.hasAttribute('data-ready')"
PRESS_START = "document.getElementById('start').click()"
PHONE = (390, 844)


@dataclass(slots=True)
class Program:
    """The program and how to ask it."""

    home: Path
    port: int
    args: tuple[str, ...]
    session: aiohttp.ClientSession
    process: asyncio.subprocess.Process | None = None

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        env = os.environ | {
            "XDG_DATA_HOME": str(self.home),
            "LIVETRACK_CONFIG_DIR": str(self.home / "config"),
        }
        command = ("run", "--source", "browser", "--sink", "room", "--port", str(self.port))
        with (self.home / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "livetrack_vcam", *command, *self.args,
                cwd=ROOT, env=env, stdout=log, stderr=log,
            )  # fmt: skip
        async with asyncio.timeout(PATIENCE_S):
            while not await self._answers():
                assert self.process.returncode is None, self.log
                await asyncio.sleep(0.1)

    async def end(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()

    @property
    def log(self) -> str:
        return (self.home / "log").read_text()

    async def link(self) -> str:
        """The phone's link with its key."""
        headers = {"Authorization": f"Bearer {token_of(self.home)}"}
        async with self.session.post(f"{self.root}/api/camera/link", headers=headers) as answer:
            return str((await answer.json())["link"])

    async def status(self) -> Status:
        async with self.session.get(f"{self.root}/api/status") as answer:
            status: Status = await answer.json()
            return status

    async def until(self, what: str, true: Callable[[Status], bool]) -> Status:
        """The first status of which it is true."""
        status: Status = {}
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not true(status := await self.status()):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{what}: never so; at last {status['source']}") from None
        return status

    async def until_source(self, state: str) -> Status:
        return await self.until(state, lambda status: bool(status["source"]["state"] == state))

    async def _answers(self) -> bool:
        try:
            async with self.session.get(f"{self.root}/api/camera") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


@asynccontextmanager
async def waiting_program(home: Path, *args: str) -> AsyncIterator[Program]:
    async with aiohttp.ClientSession() as session:
        program = Program(home, free_port(), args, session)
        try:
            await program.start()
            yield program
        finally:
            await program.end()


Body = Callable[[Program, Page], Awaitable[Any]]


def with_a_phone(
    home: Path,
    body: Body,
    args: tuple[str, ...] = (),
    flags: tuple[str, ...] = FAKE_CAMERA,
    complaints: bool = False,
) -> None:
    """Run `body` with a program and a browser at its camera page, opened by the phone's link.

    The page must not complain, unless `complaints`, nor ask anybody else.
    """
    chromium = needed_chromium()

    async def main() -> None:
        async with (
            waiting_program(home, *args) as program,
            open_page(chromium, home / "browser", *flags) as page,
        ):
            await page.watch_requests()
            link = await program.link()
            await page.open(link, *PHONE)
            await page.until(READY)
            await body(program, page)
            assert complaints or page.console == [], page.console
            root = link.partition("/camera")[0]
            ours = (root, program.root, "blob:", "data:")
            assert [url for url in page.requests if not url.startswith(ours)] == []
            assert link.partition("#k=")[2] not in program.log

    asyncio.run(main())


async def publish(page: Page) -> None:
    """Press the button, and wait until the picture is on its way."""
    await page.run(PRESS_START)
    await page.until(LIVE)
