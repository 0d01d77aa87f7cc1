"""The whole program publishes to a media server, and says what is wrong when it cannot."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.conftest import Program
from tests.e2e.sfu import sfu
from tests.waiting import PATIENCE_S, free_port


def recorded(folder: Path) -> Path:
    """Ten seconds of a tone under a picture that moves."""
    file = folder / "tone.mp4"
    options = "-v error -f lavfi -i testsrc2=size=640x360:rate=30 -f lavfi -i sine=440"
    encoders = "-t 10 -pix_fmt yuv420p -c:v libx264 -preset ultrafast -c:a aac"
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("needs ffmpeg: sudo apt-get install ffmpeg")
    subprocess.run([ffmpeg, *options.split(), *encoders.split(), str(file)], check=True)
    return file


def test_the_program_publishes_picture_and_sound_and_shows_no_secret(
    program: Program, tmp_path: Path
) -> None:
    clip, port = recorded(tmp_path), free_port()
    token = tmp_path / "token"
    token.write_text("S3CRET\n")
    options = ("--whip-token-file", str(token), "--port", str(port), "--log-level", "debug")

    async def body() -> None:
        async with sfu("-token", "S3CRET") as server:
            address = f"{server.root}/moved?key=S3CRET"
            daemon = program.start(
                "run", "--source", str(clip), "--sink", f"whip:{address}", *options
            )
            try:
                await server.until("packets", 20, "audio")
                state = await server.until("pictures", 30, "video")
                status = await status_of(f"http://127.0.0.1:{port}")
            finally:
                daemon.send_signal(signal.SIGINT)
                out, err = await asyncio.to_thread(daemon.communicate)
            assert state["codec"] == "video/H264"
            (sink,) = status["sinks"]
            assert (sink["state"], sink["link"], sink["reason"]) == ("open", "live", None)
            assert "S3CRET" not in out + err + str(status)
            assert f"Published to {server.root} " in err
            assert (await server.state())["deleted"] == 1

    asyncio.run(body())


async def status_of(root: str) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.get(f"{root}/api/status") as answer:
        status: dict[str, Any] = await answer.json()
        return status


def test_a_program_that_waits_for_a_server_is_ended_by_ctrl_c_at_once(program: Program) -> None:
    async def body() -> None:
        asked = asyncio.Event()

        async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.set()
            await reader.read()
            writer.close()

        async with await asyncio.start_server(never, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            sink = f"whip:http://127.0.0.1:{port}/whip"
            daemon = program.start("run", "--source", "demo", "--no-web", "--sink", sink)
            async with asyncio.timeout(PATIENCE_S):
                await asked.wait()
            daemon.send_signal(signal.SIGINT)
            _, err = await asyncio.to_thread(daemon.communicate)
            # Whoever waits for the answer instead ends with the endpoint's error.
            assert daemon.returncode == 130, err

    asyncio.run(body())


def test_the_program_ends_with_one_sentence_where_it_is_not_let_in(program: Program) -> None:
    async def body() -> None:
        async with sfu("-token", "right") as server:
            for address, code, words in (
                (server.whip, 4, "wants a token"),
                (f"{server.root}/nowhere", 3, "no WHIP endpoint at that path"),
            ):
                sink = f"whip:{address}"
                done = await asyncio.to_thread(
                    program.run, "run", "--source", "demo", "--no-web", "--sink", sink
                )
                assert done.returncode == code, done.stderr
                assert words in done.stderr
                assert "Traceback" not in done.stderr

    asyncio.run(body())
