"""`livetrack-vcam ctl` against a server, and against everything else that may listen there."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from livetrack_vcam.cli import run_cli
from livetrack_vcam.errors import EXIT_FAILED, EXIT_OK, EXIT_USAGE
from livetrack_vcam.operating import browser, client
from livetrack_vcam.web.token import token_path
from tests.web_program import TOKEN, Program, serving

Said = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def known_token() -> Path:
    """This user's token is the server's."""
    path = token_path()
    path.parent.mkdir(parents=True)
    path.write_text(TOKEN)
    return path


async def ctl(root: str, *words: str) -> int:
    """The exit status of `ctl WORDS`, run beside the server's loop."""
    return await asyncio.to_thread(run_cli, ["ctl", "--port", root.rpartition(":")[2], *words])


def test_words_reach_the_program(capsys: Said) -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        assert await ctl(root, "speed", "sport") == EXIT_OK
        assert await ctl(root, "--target", "vertical", "set", "cuts=on", "shot=head") == EXIT_OK
        assert program.commands == [
            (None, {"command": "set_speed", "speed": "sport"}),
            ("vertical", {"command": "configure", "settings": {"cuts": True, "shot": "head"}}),
        ]

    serving(body, pictures=False)
    assert capsys.readouterr() == ("", "")


def test_status_and_settings_are_json_where_nobody_reads_them(capsys: Said) -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        for words, answer in (("status", program.status()), ("settings", program.settings())):
            assert await ctl(root, words) == EXIT_OK
            assert json.loads(capsys.readouterr().out) == answer

    serving(body, pictures=False)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("lock", "99"), EXIT_USAGE, "track 99 is gone"),
        (("--target", "roof", "pause"), EXIT_USAGE, "no shot 'roof'; there is: main, vertical"),
        (("--target", "main", "status"), EXIT_USAGE, "takes no --target"),
        (("fly",), EXIT_USAGE, "ctl knows no 'fly'"),
        ((), EXIT_USAGE, "Missing argument"),
    ],
)
def test_a_refusal_is_one_line(
    words: tuple[str, ...], code: int, sentence: str, capsys: Said
) -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        program.gone = 99
        assert await ctl(root, *words) == code

    serving(body, pictures=False)
    said = capsys.readouterr()
    assert sentence in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


def test_another_users_daemon_is_told_apart(capsys: Said) -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        assert await ctl(root, "pause") == EXIT_FAILED
        assert await ctl(root, "status") == EXIT_OK

    serving(body, pictures=False, token="f" * 32)
    said = capsys.readouterr()
    assert "another user started it" in said.err
    assert TOKEN not in said.err


def test_without_a_token_the_user_hears_where_it_should_be(capsys: Said, known_token: Path) -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        known_token.unlink()
        assert await ctl(root, "pause") == EXIT_FAILED

    serving(body, pictures=False)
    assert f"no control token at {known_token}" in capsys.readouterr().err


def test_without_a_daemon_the_user_hears_how_to_start_it(capsys: Said) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        for words in (("status",), ("pause",), ("watch",), ("open",)):
            assert run_cli(["ctl", "--port", port, *words]) == EXIT_FAILED
            assert "start it with `livetrack-vcam run`" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["a" * 70 + ".example", "x..y"])
def test_a_host_that_is_none_is_told(host: str, capsys: Said) -> None:
    assert run_cli(["ctl", "--host", host, "status"]) == EXIT_FAILED
    assert "--host" in capsys.readouterr().err


Stranger = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def speaking(answer: bytes) -> Stranger:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.write_eof()
        await reader.read()
        writer.close()

    return speak


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "is not livetrack-vcam"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "is not livetrack-vcam"),
        (b'HTTP/1.1 400 No\r\nContent-Length: 13\r\n\r\n{"error":"x"}', "is not livetrack-vcam"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\n\r\n", "is not livetrack-vcam"),
        (b"HTTP/1.1 200 OK\r\nLiveTrack-Version: 0\r\n\r\n<html>", "is not livetrack-vcam"),
        (b"HTTP/1.1 500 No\r\nLiveTrack-Version: 0\r\n\r\n[]", "is not livetrack-vcam"),
        (b"", "broke off"),
    ],
)
def test_another_program_on_the_port_is_told_apart(
    answer: bytes, sentence: str, capsys: Said
) -> None:
    async def run() -> None:
        server = await asyncio.start_server(speaking(answer), "127.0.0.1", 0)
        async with server:
            root = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            for words in (("status",), ("pause",)):
                assert await ctl(root, *words) == EXIT_FAILED
                assert sentence in capsys.readouterr().err

    asyncio.run(run())


def test_one_that_never_answers_is_not_waited_for(
    capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TIMEOUT_S", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert run_cli(["ctl", "--port", str(silent.getsockname()[1]), "pause"]) == EXIT_FAILED
    assert "does not answer within" in capsys.readouterr().err


def test_a_proxy_of_the_environment_never_sees_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        assert await ctl(root, "pause") == EXIT_OK

    serving(body, pictures=False)


def test_watch_tells_each_status_until_the_daemon_ends(capsys: Said) -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        watching.append(asyncio.ensure_future(ctl(root, "watch")))
        told = ""
        for fps in (31.0, 32.0):
            program.fps = fps
            while f'"fps": {fps}' not in told:
                await asyncio.sleep(0.02)
                told += capsys.readouterr().out

    async def ended() -> int:
        return await watching[0]

    watching: list[asyncio.Future[int]] = []
    serving(body, pictures=False, after=ended)
    assert watching[0].result() == EXIT_FAILED
    assert "has ended" in capsys.readouterr().err


def test_open_prints_a_link_that_signs_in(capsys: Said) -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        assert await ctl(root, "open", "--print") == EXIT_OK
        link = capsys.readouterr().out.strip()
        assert link.startswith(f"{root}/control?code=")
        async with session.get(link, allow_redirects=False) as response:
            assert response.status == 303

    serving(body, pictures=False)


def test_camera_prints_the_phones_link_with_its_key(capsys: Said) -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        assert await ctl(root, "camera") == EXIT_OK
        link = capsys.readouterr().out.strip()
        assert re.fullmatch(rf"{root}/camera#k=[\w-]{{20}}", link)

    serving(body, pictures=False)


@pytest.mark.skipif(os.name != "posix", reason="DISPLAY is a word of X")
def test_open_hands_the_link_to_the_browser_or_prints_it_where_there_is_no_screen(
    capsys: Said, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened = tmp_path / "opened"
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    script.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(script))
    monkeypatch.setenv("DISPLAY", ":77")
    assert browser.open_in_browser("http://127.0.0.1:1/control?code=x")
    assert opened.read_text() == "http://127.0.0.1:1/control?code=x\n"
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)

    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        assert await ctl(root, "open") == EXIT_OK

    serving(body, pictures=False)
    assert "/control?code=" in capsys.readouterr().out
