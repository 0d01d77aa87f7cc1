"""What the room's page does for browsers, networks and people that get no live video."""

from __future__ import annotations

import asyncio
from pathlib import Path

import ifaddr
import pytest

from livetrack_vcam.room.invitations import Invitations
from tests.e2e.chromium import Page
from tests.e2e.room_page import (
    IS_LIVE,
    TOKEN,
    Program,
    Serving,
    at_the_room,
    before_scripts,
    shown,
    text_of,
)

pytestmark = pytest.mark.browser
IS_PLAIN = "document.querySelector('#plain img')?.naturalWidth === 640"
ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}
"""Who asks from this machine needs no invitation; a proxy asks for somebody else."""


async def from_elsewhere(page: Page) -> None:
    await page.call("Network.enable")
    await page.call("Network.setExtraHTTPHeaders", headers=ELSEWHERE)


async def told(page: Page) -> str:
    """What stands beside the plain picture."""
    await page.until(IS_PLAIN)
    await page.until(shown("plain-note"))
    words = await page.run("document.getElementById('plain-note').innerText")
    assert "plain picture (MJPEG)" in words
    return str(words)


def test_an_old_browser_gets_the_plain_picture_and_the_reason(tmp_path: Path) -> None:
    async def main() -> None:
        async with at_the_room(tmp_path, Program()) as (page, room):
            await before_scripts(
                page, "delete window.RTCPeerConnection; delete window.RTCRtpReceiver"
            )
            await page.open(room, 800, 800)
            await page.until(f"{text_of('join-button')} === 'Watch the plain picture'")
            await page.run("document.getElementById('join-button').click()")
            assert "no live video (WebRTC)" in await told(page)
            assert not await page.run(shown("plain-retry"))
            assert page.console == []

    asyncio.run(main())


def test_without_a_common_codec_both_lists_are_told(tmp_path: Path) -> None:
    only_vp9 = """
      const prefer = RTCRtpTransceiver.prototype.setCodecPreferences;
      const vp9 = RTCRtpReceiver.getCapabilities('video').codecs
        .filter(codec => codec.mimeType === 'video/VP9');
      RTCRtpTransceiver.prototype.setCodecPreferences = function () { prefer.call(this, vp9); };
    """

    async def main() -> None:
        async with at_the_room(tmp_path, Program()) as (page, room):
            await before_scripts(page, only_vp9)
            await page.open(room + "?join=1", 800, 800)
            assert "It plays VP9; the room sends H264, VP8." in await told(page)

    asyncio.run(main())


def test_where_packets_do_not_get_through_the_plain_picture_comes_after_a_while(
    tmp_path: Path,
) -> None:
    wall = """
      const set = RTCPeerConnection.prototype.setRemoteDescription;
      RTCPeerConnection.prototype.setRemoteDescription = function ({type, sdp}) {
        if (window.open_again) return set.call(this, {type, sdp});
        return set.call(this, {type, sdp: sdp.replace(/a=candidate.*\\r\\n/g, '')});
      };
    """

    async def main() -> None:
        async with at_the_room(tmp_path, Program()) as (page, room):
            await before_scripts(page, wall)
            await page.open(room + "?join=1", 800, 800)
            await page.until(f"{text_of('notice-title')} === 'Live video does not get through'")
            await asyncio.sleep(12)
            assert "firewall or VPN" in await told(page)
            await page.run("window.open_again = true")
            await page.run("document.getElementById('plain-retry').click()")
            await page.until(IS_LIVE)
            assert not await page.run(shown("plain-note"))

    asyncio.run(main())


def test_on_no_network_the_plain_picture_comes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with at_the_room(tmp_path, Program()) as (page, room):
            with monkeypatch.context() as alone:
                alone.setattr(ifaddr, "get_adapters", list)
                await page.open(room + "?join=1", 800, 800)
                assert "computer is on no network" in await told(page)
            await page.run("document.getElementById('plain-retry').click()")
            await page.until(IS_LIVE)

    asyncio.run(main())


def test_a_stranger_is_told_to_ask_for_an_invitation(tmp_path: Path) -> None:
    async def main() -> None:
        how = Serving(invited_only=True)
        async with at_the_room(tmp_path, Program(), how) as (page, room):
            await from_elsewhere(page)
            await page.open(room, 800, 800)
            await page.until(f"{text_of('join-obstacle')}?.includes('by invitation')")
            assert await page.run("document.getElementById('join-button').disabled")
            await page.open(room + "#t=wrong", 800, 800)  # where the room is open already
            await page.until(f"{text_of('join-obstacle')}?.includes('not good')")

    asyncio.run(main())


def test_a_guest_gets_in_and_the_invitation_leaves_the_address_bar(tmp_path: Path) -> None:
    async def main() -> None:
        how = Serving(invited_only=True)
        token = Invitations(TOKEN).new("main", 3600.0)
        async with at_the_room(tmp_path, Program(), how) as (page, room):
            await from_elsewhere(page)
            await page.open(f"{room}?join=1#t={token}", 800, 800)
            await page.until(IS_LIVE)
            assert await page.run("location.href") == f"{room}?join=1"
            await page.call("Page.reload")
            await page.until(IS_LIVE)
            assert await page.run("document.getElementById('csv').hidden"), "for operators only"

    asyncio.run(main())


def test_the_plain_picture_of_a_room_by_invitation_is_for_guests_too(tmp_path: Path) -> None:
    async def main() -> None:
        how = Serving(invited_only=True)
        token = Invitations(TOKEN).new("main", 3600.0)
        async with at_the_room(tmp_path, Program(), how) as (page, room):
            await from_elsewhere(page)
            await before_scripts(page, "delete window.RTCPeerConnection")
            await page.open(f"{room}?join=1#t={token}", 800, 800)
            await told(page)

    asyncio.run(main())
