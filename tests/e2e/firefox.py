"""Drives a headless Firefox ESR over WebDriver BiDi, which it speaks by itself."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("firefox-esr", "firefox")
FLAGS = ("--headless", "--no-remote", "--remote-debugging-port", "0")
# It starts more slowly than Chromium, the more so beside other work.
PATIENCE_S = 40.0
# Without these it looks for updates, reports home and rounds its clock; and a machine without a
# way to the Internet would have no ICE candidate at all.
PREFERENCES: dict[str, bool | int | str] = {
    "app.normandy.enabled": False,
    "app.update.auto": False,
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "intl.accept_languages": "en",
    "media.gmp-manager.updateEnabled": False,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "privacy.reduceTimerPrecision": False,
    "services.settings.server": "http://127.0.0.1:9/",
    "toolkit.telemetry.enabled": False,
}


def find_firefox() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """One browser tab, driven as tests.e2e.chromium.Page is. `console` has its complaints."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._calls = 0
        self._context = ""
        self.console: list[str] = []

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One BiDi command; events that arrive meanwhile are kept if they are complaints."""
        self._calls += 1
        number = self._calls
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await asyncio.wait_for(self._socket.receive_json(), PATIENCE_S)
            if message.get("id") == number:
                assert message["type"] == "success", message
                result: dict[str, Any] = message["result"]
                return result
            if message.get("method") == "log.entryAdded" and message["params"]["level"] == "error":
                self.console.append(str(message["params"]["text"]))

    async def begin(self) -> None:
        await self.call("session.new", capabilities={})
        await self.call("session.subscribe", events=["log.entryAdded"])
        tree = await self.call("browsingContext.getTree")
        self._context = tree["contexts"][0]["context"]

    async def open(self, url: str, width: int, height: int) -> None:
        """Load a page on a screen of that size."""
        viewport = {"width": width, "height": height}
        await self.call("browsingContext.setViewport", context=self._context, viewport=viewport)
        await self.call("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is awaited."""
        answer = await self.call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify([await ({script})]))()",
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])[0]

    async def until(self, condition: str) -> None:
        """Wait until an expression in the page is true."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while not await self.run(condition):
            assert asyncio.get_running_loop().time() < deadline, f"never true: {condition}"
            await asyncio.sleep(0.1)

    async def screenshot(self, file: Path) -> None:
        answer = await self.call("browsingContext.captureScreenshot", context=self._context)
        file.write_bytes(base64.b64decode(answer["data"]))


@asynccontextmanager
async def open_page(firefox: str, profile: Path) -> AsyncIterator[Page]:
    """A fresh browser with one page; it is ended afterwards."""
    profile.mkdir(parents=True, exist_ok=True)
    lines = (
        f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
        for name, value in PREFERENCES.items()
    )
    (profile / "user.js").write_text("".join(lines))
    process = await asyncio.create_subprocess_exec(
        firefox,
        *FLAGS,
        *("--profile", str(profile), "about:blank"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        address = await asyncio.wait_for(_address(process), PATIENCE_S)
        reading = asyncio.create_task(_drain(process))
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{address}/session", max_msg_size=0) as socket,
        ):
            page = Page(socket)
            await page.begin()
            yield page
        reading.cancel()
    finally:
        if process.returncode is None:
            process.terminate()
            await _ended(process)


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode(errors="replace"):
        if match := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
            return match.group(1)
    raise AssertionError("Firefox ended before it could be driven")


async def _drain(process: asyncio.subprocess.Process) -> None:
    """It complains a lot; a full pipe would stop it."""
    assert process.stderr is not None
    while await process.stderr.read(1 << 16):
        pass


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Politely first, so that its content processes end with it."""
    try:
        await asyncio.wait_for(process.wait(), 10)
    except TimeoutError:
        process.kill()
        await process.wait()
