"""Drives a headless Chromium over its DevTools protocol, with nothing but aiohttp."""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--lang=en",
    "--remote-debugging-port=0",
)
PATIENCE_S = 20.0


def find_chromium() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """One browser tab. `console` collects what the page complained about."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._calls = 0
        self.console: list[str] = []

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One DevTools request; events that arrive meanwhile are kept if they are complaints."""
        self._calls += 1
        number = self._calls
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await asyncio.wait_for(self._socket.receive_json(), PATIENCE_S)
            if message.get("id") == number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            if message.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.console.append(str(message["params"]))

    async def open(self, url: str, width: int, height: int, scheme: str = "light") -> None:
        """Load a page on a screen of that size, in the "light" or "dark" scheme."""
        for domain in ("Page", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        await self.call("Emulation.setDeviceMetricsOverride", **screen)
        await self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await self.call("Emulation.setEmulatedMedia", features=[feature])
        await self.call("Page.navigate", url=url)

    async def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is awaited."""
        options = {"returnByValue": True, "awaitPromise": True, "userGesture": True}
        answer = await self.call("Runtime.evaluate", expression=script, **options)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, condition: str) -> None:
        """Wait until an expression in the page is true."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while not await self.run(condition):
            assert asyncio.get_running_loop().time() < deadline, f"never true: {condition}"
            await asyncio.sleep(0.1)

    async def screenshot(self, file: Path, full_page: bool = False) -> None:
        """What is on the screen, or the whole page."""
        beyond = {"captureBeyondViewport": True} if full_page else {}
        answer = await self.call("Page.captureScreenshot", format="png", **beyond)
        file.write_bytes(base64.b64decode(answer["data"]))


@asynccontextmanager
async def open_page(chromium: str, profile: Path) -> AsyncIterator[Page]:
    """A fresh browser with one page; it is ended afterwards."""
    process = await asyncio.create_subprocess_exec(
        chromium,
        *FLAGS,
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        address = await asyncio.wait_for(_address(process), PATIENCE_S)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(await _page_socket(session, address), max_msg_size=0) as socket,
        ):
            yield Page(socket)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode(errors="replace"):
        if match := re.search(r"DevTools listening on ws://([^/]+)/", line):
            return match.group(1)
    raise AssertionError("Chromium ended before it could be driven")


async def _page_socket(session: aiohttp.ClientSession, address: str) -> str:
    while True:
        async with session.get(f"http://{address}/json") as response:
            pages = [target for target in await response.json() if target["type"] == "page"]
        if pages:
            return str(pages[0]["webSocketDebuggerUrl"])
        await asyncio.sleep(0.1)
