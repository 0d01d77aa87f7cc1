"""Commands and settings as no honest client sends them: one sentence, and nothing happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.control import REQUEST_NAMES, request_from_json
from livetrack_vcam.core.fields import LIVE_FIELDS
from livetrack_vcam.web import body as body_module
from livetrack_vcam.web.body import parse_object
from tests.web_program import TOKEN, Program, ask, serving

COMMAND, SETTINGS = "/api/command", "/api/settings"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("\x00", "not valid JSON"),
        ('{"command":"pause"}{"command":"pause"}', "not valid JSON"),
        ('{"command":"set_max_zoom","max_zoom":NaN}', "NaN is no number"),
        ('{"command":"set_max_zoom","max_zoom":Infinity}', "Infinity is no number"),
        ('{"command":"set_max_zoom","max_zoom":-Infinity}', "-Infinity is no number"),
        ('{"command":"set_max_zoom","max_zoom":1e999}', "1e999 is too large"),
        (f'{{"command":"set_max_zoom","max_zoom":{"9" * 400}}}', "is too large"),
        (f'{{"command":"set_home","box":[{"9" * 400},0,9,9]}}', "is too large"),
        ('{"command":"set_max_zoom","max_zoom":"2"}', "a number from 1 to 100"),
        ('{"command":"set_max_zoom","max_zoom":[2]}', "a number from 1 to 100"),
        ('{"command":"set_max_zoom","max_zoom":true}', "a number from 1 to 100"),
        ('{"command":"pause","command":"resume"}', "'command' is there twice"),
        ('{"command":"configure","settings":{"cuts":true,"cuts":true}}', "'cuts' is there twice"),
        (r'{"command":"select_subject","subject":"label:\ud800"}', "not valid JSON"),
        ('{"command":"select_subject","subject":"\\u0000"}', "is unknown; try auto"),
        ('{"command":"dance"}', "command 'dance' is unknown"),
        ('{"command":{"a":[null]}}', "is unknown"),
        ('{"command":"pause","now":1}', "field 'now' is unknown"),
        ('{"command":"pause","target":7}', "no shot 7"),
        ("null", "not an object"),
        ("[1]", "not an object"),
        ('"pause"', "not an object"),
    ],
)
def test_a_command_that_makes_no_sense_gets_a_sentence(text: str, sentence: str) -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        status, answer = await ask(session, "POST", root + COMMAND, text)
        assert (status, program.commands) == (400, [])
        assert sentence in answer["error"]

    serving(body, pictures=False)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"shots":{"roof":{"speed":"sport"}}}', "no shot 'roof'; there is: main, vertical"),
        ('{"shots":{"main":{"color":"red"}}}', "setting 'color' is unknown"),
        ('{"shots":{"main":{"max_zoom":0.5}}}', "a number from 1 to 100"),
        ('{"shots":{"main":{"speed":"sport"},"vertical":{"speed":"warp"}}}', "one of: calm"),
        ('{"shots":{"main":{"speed":"sport"},"main":{"speed":"calm"}}}', "'main' is there twice"),
        ('{"shots":{"main":{"max_zoom":NaN}}}', "NaN is no number"),
    ],
)
def test_settings_that_make_no_sense_change_nothing(text: str, sentence: str) -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        status, answer = await ask(session, "PUT", root + SETTINGS, text)
        assert (status, program.changes) == (400, [])
        assert sentence in answer["error"]

    serving(body, pictures=False)


def test_any_unicode_reaches_the_program_as_it_is() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        for label in ("🙂", "가나다", "\\u0000x", "a\\u202eb", "\\ud83d\\ude42"):
            text = f'{{"command":"select_subject","subject":"label:{label}"}}'
            assert (await ask(session, "POST", root + COMMAND, text))[0] == 200
        sent = [told["subject"] for _, told in program.commands]
        assert sent == ["label:🙂", "label:가나다", "label:\0x", "label:a\u202eb", "label:🙂"]

    serving(body, pictures=False)


def test_what_waits_for_the_next_picture_is_told_apart() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        told = ('{"command":"pause"}', '{"shots":{"main":{"cuts":true}}}')
        for done, answer in ((True, {"ok": True}), (False, {"ok": True, "queued": True})):
            program.done = done
            assert await ask(session, "POST", root + COMMAND, told[0]) == (200, answer)
            assert await ask(session, "PUT", root + SETTINGS, told[1]) == (200, answer)

    serving(body, pictures=False)


@pytest.mark.parametrize(("method", "path"), [("POST", COMMAND), ("PUT", SETTINGS)])
def test_whatever_changes_something_needs_token_size_and_type(method: str, path: str) -> None:
    good = {COMMAND: '{"command":"pause"}', SETTINGS: '{"shots":{"main":{"cuts":true}}}'}[path]

    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        for status, text, headers in (
            (401, good, {"Authorization": ""}),
            (401, good, {"Authorization": f"Bearer {TOKEN[:-1]}"}),
            (401, good, {"Authorization": f"Bearer {TOKEN}{TOKEN}"}),
            (401, good, {"Authorization": "Bearer ключ"}),
            (403, good, {"Origin": "null"}),
            (403, good, {"Origin": "https://evil.example"}),
            (403, good, {"Host": "evil.example"}),
            (403, good, {"Sec-Fetch-Site": "cross-site"}),
            (413, good + " " * 1_000_000, {}),
            (415, good, {"Content-Type": "text/plain"}),
            (415, good, {"Content-Type": "application/x-www-form-urlencoded"}),
        ):
            answer = await ask(session, method, root + path, text, **headers)
            assert answer[0] == status, (headers, answer)
            assert answer[1].keys() == {"error"}
        assert (program.commands, program.changes) == ([], [])
        assert (await ask(session, method, root + path, good))[0] == 200

    serving(body, pictures=False)


def test_a_body_without_end_is_cut_off() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 4096
            await asyncio.sleep(0)

    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        try:
            async with session.post(root + COMMAND, data=endless(), headers=headers) as response:
                assert response.status == 413
        except aiohttp.ClientConnectionError:
            pass  # it was closed while we still spoke
        async with session.get(f"{root}/healthz") as response:
            assert response.status == 200

    serving(body, pictures=False)


def test_a_body_that_never_comes_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "BODY_TIMEOUT_S", 0.2)

    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        port = int(root.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = (
            f"POST {COMMAND} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
            "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        writer.write(head.encode())
        assert (await reader.readline()).split()[1] == b"408"
        writer.close()

    serving(body, pictures=False)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.binary() | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_sent_becomes_an_object_or_a_sentence(text: bytes) -> None:
    with suppress(web.HTTPBadRequest):
        found = parse_object(text)
        assert json.loads(json.dumps(found, allow_nan=False)) == found


@given(
    st.sampled_from([None, *REQUEST_NAMES]),
    st.dictionaries(st.sampled_from([*LIVE_FIELDS, "preset", "on", "box", "x"]), JSON_VALUES),
)
def test_whatever_object_comes_is_a_command_or_a_sentence(
    name: str | None, fields: dict[str, object]
) -> None:
    with suppress(ValueError):
        request_from_json({"command": name, **fields})


def test_another_method_is_told_which_ones_there_are() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        for method, path, allowed in (
            ("GET", COMMAND, "POST"),
            ("DELETE", SETTINGS, "GET,HEAD,PUT"),
            ("POST", "/api/status", "GET,HEAD"),
            ("PATCH", "/control", "GET"),
            ("OPTIONS", COMMAND, "POST"),
        ):
            async with session.request(method, root + path) as response:
                assert response.status == 405
                assert response.headers["Allow"] == allowed
                assert "Access-Control-Allow-Origin" not in response.headers
                assert (await response.json()).keys() == {"error"}

    serving(body, pictures=False)


def test_an_unknown_path_gets_a_sentence() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        for path in ("/api", "/api/", "/api/commands", "/control/x", "/" + "x" * 4000):
            status, answer = await ask(session, "GET", root + path)
            assert (status, answer.keys()) == (404, {"error"}), path

    serving(body, pictures=False)


def test_five_hundred_requests_at_once_are_all_answered() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as many:
            asked = [
                ask(many, "POST", root + COMMAND, '{"command":"next"}')
                if number % 2
                else ask(many, "GET", f"{root}/api/status")
                for number in range(500)
            ]
            statuses = [status for status, _ in await asyncio.gather(*asked)]
        assert statuses == [200] * 500
        assert len(program.commands) == 250

    serving(body, pictures=False)
