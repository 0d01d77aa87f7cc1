"""Links to this machine, and their QR codes read back."""

from __future__ import annotations

import asyncio
import io
import re

import aiohttp
import cv2
import numpy as np
import pytest

from livetrack_vcam.web.addresses import Links, network_addresses, reachable_hosts
from livetrack_vcam.web.qr import BORDER, print_qr, qr_svg
from livetrack_vcam.web.server import WebServer
from tests.web_program import TOKEN, Program

LINK = "https://192.0.2.7:8788/camera#k=abcdefghijklmnopqrst"
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}
MODULE = 6  # pixels


def read_code(modules: np.ndarray) -> str:
    """What a phone reads; True is a dark module."""
    dark = np.kron(modules, np.ones((MODULE, MODULE), bool))
    picture = np.pad(np.where(dark, 0, 255).astype(np.uint8), 4 * MODULE, constant_values=255)
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(picture)
    return text


def modules_of(svg: bytes) -> np.ndarray:
    """The dark modules of segno's picture: horizontal strokes, moves relative to the last end."""
    text = svg.decode()
    side = int(re.findall(r'viewBox="0 0 (\d+)', text)[0]) // 8
    (path,) = re.findall(r'class="qrline"[^>]* d="([^"]+)"', text)
    found = np.zeros((side, side), bool)
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        values = [float(each) for each in numbers.split()]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            found[int(y), int(x) : int(x + values[0])] = True
            x += values[0]
    return found


def test_the_picture_is_read_as_the_link() -> None:
    assert read_code(modules_of(qr_svg(LINK))) == LINK


def test_the_terminals_code_is_read_as_the_link() -> None:
    out = io.StringIO()
    print_qr(LINK, out)
    lines = out.getvalue().splitlines()
    # Light is drawn, as terminals are dark; each character is two modules high.
    light = {"█": (True, True), "▀": (True, False), "▄": (False, True), " ": (False, False)}
    rows = [[light[c] for c in line] for line in lines]
    whole = np.array(rows).transpose(0, 2, 1).reshape(2 * len(rows), -1)
    side = whole.shape[1]
    assert read_code(~whole[BORDER : side - BORDER, BORDER : side - BORDER]) == LINK


@pytest.mark.parametrize(
    ("bound", "hosts"),
    [
        ("127.0.0.1", ()),
        ("localhost", ()),
        ("::1", ()),
        ("0.0.0.0", ("192.0.2.7", "10.0.0.7")),
        ("::", ("192.0.2.7", "10.0.0.7")),
        ("192.0.2.7", ("192.0.2.7",)),
    ],
)
def test_a_server_is_reached_by_the_addresses_it_is_bound_to(
    bound: str, hosts: tuple[str, ...]
) -> None:
    assert reachable_hosts(bound, ("192.0.2.7", "10.0.0.7", "fd00::7")) == hosts


def test_where_there_is_only_ipv6_that_is_shown() -> None:
    links = Links("0.0.0.0", 8787, 8788, reachable_hosts("0.0.0.0", ("fd00::7",)))
    assert links.network("/room/main") == ("http://[fd00::7]:8787/room/main",)
    assert links.secure("/camera") == ("https://[fd00::7]:8788/camera",)
    assert links.here("/") == "http://127.0.0.1:8787/"


def test_without_a_network_there_are_no_links_to_it() -> None:
    links = Links("0.0.0.0", 8787, 8788, reachable_hosts("0.0.0.0", ()))
    assert links.network("/") == links.secure("/") == ()
    assert links.here("/camera") == "http://127.0.0.1:8787/camera"


def test_no_address_of_ours_leads_only_to_ourselves() -> None:
    for address in network_addresses():
        assert not address.startswith(("127.", "169.254.", "fe80", "::1"))


def served(host: str, path: str, headers: dict[str, str]) -> tuple[int, str, bytes]:
    """Status, media type and body."""

    async def run() -> tuple[int, str, bytes]:
        server = WebServer(Program(), host, port=0, token=TOKEN)
        await server.start()
        address = server.links.here(path)
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(address, headers=headers) as answer,
            ):
                return answer.status, answer.content_type, await answer.read()
        finally:
            await server.stop()

    return asyncio.run(run())


def test_the_phones_code_is_for_operators_only() -> None:
    assert served("127.0.0.1", "/qr.svg?camera=1", {})[0] == 401
    status, kind, svg = served("127.0.0.1", "/qr.svg?camera=1", OPERATOR)
    assert (status, kind) == (200, "image/svg+xml")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/camera#k=[\w-]{20}", read_code(modules_of(svg)))


def test_the_rooms_code_leads_there_from_the_network() -> None:
    if not network_addresses():
        pytest.skip("needs a network interface")
    status, _, svg = served("0.0.0.0", "/qr.svg?shot=vertical", {})
    assert status == 200
    link = read_code(modules_of(svg))
    assert re.fullmatch(r"http://[^/]+/room/vertical", link)
    assert any(address in link for address in network_addresses())


@pytest.mark.parametrize(
    ("host", "path", "sentence"),
    [
        ("127.0.0.1", "/qr.svg", "--host 0.0.0.0"),
        ("0.0.0.0", "/qr.svg?shot=roof", "no shot 'roof'"),
        ("0.0.0.0", "/qr.svg?shot=http://192.0.2.1/", "no shot"),
    ],
)
def test_no_code_is_made_of_anything_but_our_own_links(host: str, path: str, sentence: str) -> None:
    status, _, body = served(host, path, {})
    assert status == 404
    assert sentence in body.decode()
