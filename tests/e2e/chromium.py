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
VIRTUAL_KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "ArrowLeft": 37, "ArrowRight": 39}


def find_chromium() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """One browser tab. `console` collects what the page complained about, `requests` the
    addresses it asked for since `watch_requests`. `patience_s`: how long it may take to answer."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, patience_s: float = PATIENCE_S
    ) -> None:
        self._socket = socket
        self._patience_s = patience_s
        self._calls = 0
        self._screen: dict[str, int | bool] = {}
        self.console: list[str] = []
        self.requests: list[str] = []

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One DevTools request; events that arrive meanwhile are kept if they are complaints."""
        self._calls += 1
        number = self._calls
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await asyncio.wait_for(self._socket.receive_json(), self._patience_s)
            if message.get("id") == number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            if message.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.console.append(str(message["params"]))
            if message.get("method") == "Network.requestWillBeSent":
                self.requests.append(str(message["params"]["request"]["url"]))

    async def open(self, url: str, width: int, height: int, scheme: str = "light") -> None:
        """Load a page on a screen of that size, in the "light" or "dark" scheme."""
        for domain in ("Page", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        self._screen = {"width": width, "height": height, "mobile": width < 500}
        await self.zoom(1)
        await self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await self.call("Emulation.setEmulatedMedia", features=[feature])
        await self.call("Page.navigate", url=url)

    async def zoom(self, density: int) -> None:
        """So many screen pixels to a CSS pixel."""
        screen = self._screen | {"deviceScaleFactor": density}
        await self.call("Emulation.setDeviceMetricsOverride", **screen)

    async def watch_requests(self) -> None:
        await self.call("Network.enable")

    async def click(self, x: float, y: float) -> None:
        """Press and release the mouse there, in CSS pixels of the screen."""
        await self.mouse("mouseMoved", x, y)
        await self.mouse("mousePressed", x, y)
        await self.mouse("mouseReleased", x, y)

    async def mouse(self, kind: str, x: float, y: float) -> None:
        pressed = kind != "mouseMoved"
        button = {"button": "left", "clickCount": 1} if pressed else {}
        await self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **button)

    async def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press at `start`, move and release at `end`."""
        await self.mouse("mouseMoved", *start)
        await self.mouse("mousePressed", *start)
        for share in (0.3, 0.7, 1.0):
            x, y = (a + (b - a) * share for a, b in zip(start, end, strict=True))
            held = {"button": "left", "buttons": 1}
            await self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y, **held)
        await self.mouse("mouseReleased", *end)

    async def tap(self, x: float, y: float) -> None:
        """A finger, down and up again."""
        await self.call(
            "Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}]
        )
        await self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    async def press(self, key: str, code: str = "", shift: bool = False) -> None:
        """Press and release a key, named as KeyboardEvent does."""
        letter = len(key) == 1
        code = code or (f"Key{key.upper()}" if key.isalpha() and letter else key)
        options: dict[str, Any] = {"key": key, "code": code, "modifiers": 8 if shift else 0}
        if virtual := VIRTUAL_KEYS.get(key):
            options["windowsVirtualKeyCode"] = virtual
        text = {"text": key} if letter else {"text": "\r"} if key == "Enter" else {}
        await self.call("Input.dispatchKeyEvent", type="keyDown", **options, **text)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **options)

    async def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is awaited."""
        options = {"returnByValue": True, "awaitPromise": True, "userGesture": True}
        answer = await self.call("Runtime.evaluate", expression=script, **options)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, condition: str) -> None:
        """Wait until an expression in the page is true."""
        deadline = asyncio.get_running_loop().time() + self._patience_s
        while not await self.run(condition):
            assert asyncio.get_running_loop().time() < deadline, f"never true: {condition}"
            await asyncio.sleep(0.1)

    async def screenshot(self, file: Path, full_page: bool = False) -> None:
        """What is on the screen, or the whole page."""
        beyond = {"captureBeyondViewport": True} if full_page else {}
        answer = await self.call("Page.captureScreenshot", format="png", **beyond)
        file.write_bytes(base64.b64decode(answer["data"]))


@asynccontextmanager
async def open_page(
    chromium: str, profile: Path, *flags: str, patience_s: float = PATIENCE_S
) -> AsyncIterator[Page]:
    """A fresh browser with one page; it is ended afterwards. `flags`: more of Chromium's."""
    process = await asyncio.create_subprocess_exec(
        chromium,
        *FLAGS,
        *flags,
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        address = await asyncio.wait_for(_address(process), patience_s)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(await _page_socket(session, address), max_msg_size=0) as socket,
        ):
            yield Page(socket, patience_s)
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
