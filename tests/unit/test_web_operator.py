"""Sign-in: one-time links, the cookie they turn into, and who may change something."""

from __future__ import annotations

import logging

import aiohttp
import pytest

from livetrack_vcam.testing import ManualClock
from livetrack_vcam.web import operator
from livetrack_vcam.web.operator import COOKIE, COOKIE_LIFETIME_S, MAX_CODES, OneTimeCodes
from tests.web_program import TOKEN, Program, ask, serving

PAUSE = '{"command":"pause"}'


def test_a_code_is_good_once() -> None:
    codes = OneTimeCodes()
    code = codes.new()
    assert not codes.use(code + "x")
    assert not codes.use("")
    assert not codes.use("é\udcff")
    assert codes.use(code)
    assert not codes.use(code)


def test_a_code_is_good_for_a_minute() -> None:
    clock = ManualClock()
    codes = OneTimeCodes(lambda: clock.now_ns() / 1e9)
    young, old = codes.new(), codes.new()
    clock.advance(59.9)
    assert codes.use(young)
    clock.advance(0.1)
    assert not codes.use(old)


def test_of_too_many_codes_the_oldest_go() -> None:
    codes = OneTimeCodes()
    made = [codes.new() for _ in range(MAX_CODES + 1)]
    assert not codes.use(made[0])
    assert all(codes.use(code) for code in made[1:])


async def sign_in(session: aiohttp.ClientSession, root: str) -> str:
    """The cookie's value, as a browser gets it; `session` keeps none."""
    status, answer = await ask(session, "POST", f"{root}/api/sign-in")
    assert status == 200
    async with session.get(root + answer["url"], allow_redirects=False) as response:
        assert response.status == 303
        assert response.headers["Location"] == "/control"
        session.cookie_jar.clear()
        return response.cookies[COOKIE].value


def test_a_link_gives_the_browser_a_cookie_that_scripts_and_other_sites_do_not_see() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        _, answer = await ask(session, "POST", f"{root}/api/sign-in")
        async with session.get(root + answer["url"], allow_redirects=False) as response:
            cookie = response.cookies[COOKIE]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
        assert int(cookie["max-age"]) == COOKIE_LIFETIME_S
        assert TOKEN not in cookie.value
        session.cookie_jar.clear()
        async with session.get(root + answer["url"], allow_redirects=False) as response:
            assert (response.status, dict(response.cookies)) == (403, {})
            assert "livetrack-vcam ctl open" in (await response.json())["error"]

    serving(body, pictures=False)


def test_a_browser_with_a_link_that_is_good_no_more_is_led_to_the_page_without_a_cookie() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        asked = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        async with session.get(
            f"{root}/control?code=used", headers=asked, allow_redirects=False
        ) as response:
            assert (response.status, dict(response.cookies)) == (303, {})
            assert response.headers["Location"] == "/control?link=expired"
        async with session.get(f"{root}/control?link=expired", headers=asked) as response:
            assert (response.status, response.content_type) == (200, "text/html")

    serving(body, pictures=False)


def test_a_link_followed_twice_by_the_same_browser_leads_to_the_page() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        cookie = await sign_in(session, root)
        headers = {"Cookie": f"{COOKIE}={cookie}"}
        async with session.get(
            f"{root}/control?code=used", headers=headers, allow_redirects=False
        ) as response:
            assert response.status == 303
            assert not response.cookies

    serving(body, pictures=False)


def test_the_cookie_counts_as_the_token_from_our_own_page_only() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        cookie = f"{COOKIE}={await sign_in(session, root)}"
        own = {"Authorization": "", "Cookie": cookie, "Origin": root}
        for status, more in (
            (200, {}),
            (200, {"Sec-Fetch-Site": "same-origin"}),
            (401, {"Origin": ""}),
            (401, {"Cookie": cookie[:-1]}),
            (401, {"Cookie": cookie + "0"}),
            (401, {"Cookie": f"{COOKIE}="}),
            (401, {"Cookie": f"{COOKIE}={TOKEN}"}),
            (403, {"Origin": "null"}),
            (403, {"Origin": "http://evil.example"}),
            (403, {"Origin": root.rpartition(":")[0] + ":1"}),
            (403, {"Sec-Fetch-Site": "cross-site"}),
            (403, {"Sec-Fetch-Site": "same-site"}),
        ):
            answer = await ask(session, "POST", f"{root}/api/command", PAUSE, **own | more)
            assert answer[0] == status, (more, answer)
        assert len(program.commands) == 2

    serving(body, pictures=False)


def test_the_cookie_makes_no_links_and_a_wrong_token_neither() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        cookie = f"{COOKIE}={await sign_in(session, root)}"
        for headers in (
            {"Authorization": "", "Cookie": cookie, "Origin": root},
            {"Authorization": "Bearer wrong"},
            {"Authorization": ""},
        ):
            status, answer = await ask(session, "POST", f"{root}/api/sign-in", **headers)
            assert (status, list(answer)) == (401, ["error"])

    serving(body, pictures=False)


def test_the_session_tells_operators_from_others() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        cookie = f"{COOKIE}={await sign_in(session, root)}"
        asked = (
            ({"Authorization": ""}, False),
            ({"Authorization": "", "Cookie": cookie}, True),
            ({"Authorization": "", "Cookie": f"{COOKIE}=0"}, False),
            ({}, True),
        )
        for headers, known in asked:
            assert await ask(session, "GET", f"{root}/api/session", **headers) == (
                200,
                {"operator": known},
            )

    serving(body, pictures=False)


def test_a_cookie_outlives_the_daemon_and_ends_with_the_token() -> None:
    cookies: list[str] = []

    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        cookies.append(await sign_in(session, root))

    serving(body, pictures=False)
    serving(body, pictures=False)
    assert cookies[0] == cookies[1]
    one, other = operator.Operators("one"), operator.Operators("other")
    assert vars(one)["_cookie"] != vars(other)["_cookie"]


def test_without_a_token_nobody_operates() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        for header in ("Bearer ", "Bearer", "bearer  "):
            status, _ = await ask(
                session, "POST", f"{root}/api/command", PAUSE, Authorization=header
            )
            assert status == 401

    serving(body, pictures=False, token="")


def test_neither_token_nor_code_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    codes: list[str] = []

    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        _, answer = await ask(session, "POST", f"{root}/api/sign-in")
        codes.append(answer["url"].partition("=")[2])
        for _ in range(2):
            async with session.get(root + answer["url"], allow_redirects=False) as response:
                await response.read()

    with caplog.at_level(logging.DEBUG):
        serving(body, pictures=False)
    assert len(codes[0]) >= 32
    assert not [r for r in caplog.records if codes[0] in r.getMessage() or TOKEN in r.getMessage()]
