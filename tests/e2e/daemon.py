"""A program of ours as a process of its own, until it answers and as long as it is needed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0
Ready = Callable[[aiohttp.ClientResponse], Awaitable[bool]]


async def is_there(response: aiohttp.ClientResponse) -> bool:
    return response.status == 200


@asynccontextmanager
async def answering(
    home: Path, port: int, module: str, *args: str, path: str, ready: Ready = is_there
) -> AsyncIterator[str]:
    """The address of `python -m MODULE ARGS --port PORT` once `path` is answered as `ready` wants.

    Its user's folders are in `home`.
    """
    env = os.environ | {"XDG_DATA_HOME": str(home), "LIVETRACK_CONFIG_DIR": str(home / "config")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *args, "--port", str(port)),
        cwd=ROOT,
        env=env,
        stdout=asyncio.subprocess.DEVNULL,
    )
    root = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(PATIENCE_S), aiohttp.ClientSession() as session:
            while not await _answers(session, root + path, ready):
                assert process.returncode is None, f"{module} ended"
                await asyncio.sleep(0.2)
        yield root
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(session: aiohttp.ClientSession, address: str, ready: Ready) -> bool:
    try:
        async with session.get(address) as response:
            return await ready(response)
    except aiohttp.ClientError:
        return False
