"""An endpoint that answers and then lets no packet through, with and without ICE servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from aiohttp import web
from aioice import stun
from aiortc import RTCPeerConnection, RTCSessionDescription

from livetrack_vcam.sinks import whip_uplink
from livetrack_vcam.sinks.whip_endpoint import Published, WhipEndpoint, WhipError
from livetrack_vcam.sinks.whip_uplink import Uplink


class StunServer(asyncio.DatagramProtocol):
    """Tells whoever asks that he comes from a documentation address (RFC 5737)."""

    def __init__(self) -> None:
        self.asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        question = stun.parse_message(data)
        self.asked += 1
        answer = stun.Message(
            message_method=question.message_method,
            message_class=stun.Class.RESPONSE,
            transaction_id=question.transaction_id,
        )
        answer.attributes["XOR-MAPPED-ADDRESS"] = ("192.0.2.7", 4711)
        self._transport.sendto(bytes(answer), address)


class DeafServer:
    """Answers each offer with a good answer, and hangs up."""

    def __init__(self, links: str, takes_video: bool) -> None:
        self.takes_video = takes_video
        self.headers = {"Location": "/here", **({"Link": links} if links else {})}
        self.offers: list[str] = []
        self.deleted = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "DELETE":
            self.deleted += 1
            return web.Response()
        self.offers.append(await request.text())
        connection = RTCPeerConnection()
        await connection.setRemoteDescription(RTCSessionDescription(self.offers[-1], "offer"))
        await connection.setLocalDescription()
        answer = connection.localDescription.sdp
        await connection.close()
        if not self.takes_video:
            answer = answer.replace("H264", "XYZ").replace("VP8", "XYZ")
        return web.Response(status=201, text=answer, headers=self.headers)


@asynccontextmanager
async def deaf(links: str = "", takes_video: bool = True) -> AsyncIterator[tuple[DeafServer, str]]:
    server = DeafServer(links, takes_video)
    runner = web.ServerRunner(web.Server(server.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield server, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def refused(root: str) -> str:
    uplink = Uplink(WhipEndpoint(f"{root}/whip"))
    with pytest.raises(WhipError) as raised:
        await uplink.open()
    await uplink.close()
    return str(raised.value)


def test_where_no_packet_gets_through_the_offer_is_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(whip_uplink, "CONNECT_S", 0.3)

    async def body() -> None:
        async with deaf() as (server, root):
            assert "no packets get through" in await refused(root)
            assert (len(server.offers), server.deleted) == (1, 1)

    asyncio.run(body())


def test_ice_servers_of_the_endpoint_are_asked_where_it_does_not_work_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(whip_uplink, "CONNECT_S", 0.3)

    async def body() -> None:
        loop = asyncio.get_running_loop()
        transport, helper = await loop.create_datagram_endpoint(
            StunServer, local_addr=("127.0.0.1", 0)
        )
        port = transport.get_extra_info("sockname")[1]
        try:
            async with deaf(f'<stun:127.0.0.1:{port}>; rel="ice-server"') as (server, root):
                assert "no packets get through" in await refused(root)
                first, second = server.offers
                assert "192.0.2.7" not in first
                assert helper.asked >= 1
                assert "192.0.2.7 4711" in second
                assert server.deleted == 2
        finally:
            transport.close()

    asyncio.run(body())


def test_an_answer_that_takes_nothing_is_told_and_taken_back() -> None:
    async def body() -> None:
        async with deaf(takes_video=False) as (server, root):
            assert "takes neither H264 nor VP8" in await refused(root)
            assert server.deleted == 1

    asyncio.run(body())


class StumblingEndpoint(WhipEndpoint):
    tries = 0

    async def post(self, offer: str) -> Published:
        self.tries += 1
        raise RuntimeError(offer[:3])


def test_whatever_goes_wrong_the_next_attempt_is_made() -> None:
    async def body() -> None:
        endpoint = StumblingEndpoint("http://127.0.0.1:9/whip")
        uplink = Uplink(endpoint)
        trying = asyncio.create_task(uplink._again())
        async with asyncio.timeout(30):
            while endpoint.tries < 2:
                assert not trying.done()
                await asyncio.sleep(0.02)
        assert "RuntimeError" in str(uplink.reason)
        trying.cancel()
        await asyncio.gather(trying, return_exceptions=True)

    asyncio.run(body())
