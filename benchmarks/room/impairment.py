"""A bad network between a program and its viewers, made of an HTTP and a UDP relay of our own.

Pages and WHEP go through unharmed, but the answer names the relay as the only way for the media,
and the offer loses its candidates, so that no packet goes around it.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

import aiohttp
from aiohttp import hdrs, web

CANDIDATE = re.compile(r"^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host.*\r?\n", re.M | re.I)
ANY_CANDIDATE = re.compile(r"^a=(candidate:.*|end-of-candidates)\r?\n", re.M)
# What belongs to one hop only, and where the page came from, which the program would refuse.
NOT_PASSED_ON = {
    *("connection", "content-encoding", "content-length", "host", "transfer-encoding"),
    *("origin", "referer"),
}
# A picture's packets leave within this, the next picture's later.
TOGETHER_S = 0.01
Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Impairment:
    """`loss`: share of packets that never come. `jitter_ms`: they are late by 0 to twice that.

    Packets wait in a queue, as in a router: what comes together is late together, and none
    overtakes another; unless `overtaking`, which delays each by itself, as `tc netem` does.
    """

    loss: float = 0.02
    jitter_ms: float = 20.0
    overtaking: bool = False


class Impairer:
    """Decides about the packets of one direction, the same way in every run."""

    def __init__(self, impairment: Impairment) -> None:
        self._impairment = impairment
        self._dice = random.Random(6)
        self._drawn_s = -TOGETHER_S
        self._late_s = 0.0
        self._due_s = 0.0
        self.passed = 0
        self.lost = 0

    def fate(self, now_s: float) -> float | None:
        """When a packet that comes now goes on; None: it is lost."""
        if self._dice.random() < self._impairment.loss:
            self.lost += 1
            return None
        self.passed += 1
        overtaking = self._impairment.overtaking
        if overtaking or now_s - self._drawn_s >= TOGETHER_S:
            self._drawn_s = now_s
            self._late_s = self._dice.uniform(0, 2 * self._impairment.jitter_ms / 1000)
        if overtaking:
            return now_s + self._late_s
        self._due_s = max(self._due_s, now_s + self._late_s)
        return self._due_s


class _Side(asyncio.DatagramProtocol):
    """One socket of a relay; what it receives goes out at the `other`, to `towards`."""

    def __init__(self, impairer: Impairer, towards: Address | None) -> None:
        self.impairer = impairer
        self.towards = towards
        self.other: _Side | None = None
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own class for it is no DatagramTransport before Python 3.12.
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if self.towards is None or self.towards != addr:
            self.towards = addr
        loop = asyncio.get_running_loop()
        due_s = self.impairer.fate(loop.time())
        if due_s is not None and self.other is not None:
            loop.call_at(due_s, self.other.send, data)

    def send(self, data: bytes) -> None:
        transport = self.transport
        if self.towards and transport is not None and not transport.is_closing():
            transport.sendto(data, self.towards)


class BadNetwork:
    """The relays of one program."""

    def __init__(self, root: str, impairment: Impairment, session: aiohttp.ClientSession) -> None:
        self._upstream = root
        self._session = session
        self._sides: list[_Side] = []
        self._impairment = impairment

    @property
    def lost(self) -> int:
        """Packets of both directions."""
        return sum(side.impairer.lost for side in self._sides)

    async def forward(self, request: web.Request) -> web.Response:
        joins = request.method == hdrs.METH_POST and request.content_type == "application/sdp"
        body = await request.read()
        if joins:
            body = ANY_CANDIDATE.sub("", body.decode()).encode()
        async with self._session.request(
            request.method,
            self._upstream + request.path_qs,
            data=body,
            headers=_passed_on(request.headers),
            allow_redirects=False,
        ) as answer:
            told = await answer.read()
            if joins and answer.status == 201:
                told = (await self._through(told.decode())).encode()
            return web.Response(status=answer.status, body=told, headers=_passed_on(answer.headers))

    async def _through(self, answer: str) -> str:
        """The answer, with a relay of its own in place of the program's candidates."""
        found = [(host, int(port)) for host, port in CANDIDATE.findall(answer)]
        program = next((each for each in found if ":" not in each[0]), found[0])
        relay = await self._relay(program)
        host, port = relay
        line = f"a=candidate:1 1 udp 2130706431 {host} {port} typ host\r\n"
        first = CANDIDATE.search(answer)
        assert first is not None
        cleaned = ANY_CANDIDATE.sub("", answer[first.start() :])
        return ANY_CANDIDATE.sub("", answer[: first.start()]) + line + cleaned

    async def _relay(self, program: Address) -> Address:
        loop = asyncio.get_running_loop()
        ways = [_Side(Impairer(self._impairment), towards) for towards in (None, program)]
        for side, other in zip(ways, reversed(ways), strict=True):
            side.other = other
            await loop.create_datagram_endpoint(lambda s=side: s, local_addr=(program[0], 0))  # type: ignore[misc]
            self._sides.append(side)
        assert ways[0].transport is not None
        host, port = ways[0].transport.get_extra_info("sockname")[:2]
        return host, port

    def close(self) -> None:
        for side in self._sides:
            if side.transport is not None:
                side.transport.close()


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in headers.items() if k.lower() not in NOT_PASSED_ON}


@asynccontextmanager
async def bad_network(root: str, impairment: Impairment) -> AsyncIterator[tuple[str, BadNetwork]]:
    """The address at which the program at `root` is reached through it."""
    async with aiohttp.ClientSession(auto_decompress=True) as session:
        network = BadNetwork(root, impairment, session)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", network.forward)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        try:
            yield f"http://127.0.0.1:{port}", network
        finally:
            network.close()
            await runner.cleanup()
