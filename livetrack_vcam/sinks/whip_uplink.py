"""Keeps a picture published at a WHIP endpoint, over failures and restarts, for ever."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

from livetrack_vcam.sinks.whip_endpoint import Published, WhipEndpoint, WhipError
from livetrack_vcam.webrtc.publishing import AnswerError, IceServer, PublishingPeer
from livetrack_vcam.webrtc.terms import WriterStats

log = logging.getLogger(__name__)

CONNECT_S = 8.0
# A server reports once a second (RFC 3550); ICE itself takes 30 s to notice that it is gone.
SILENCE_S = 6.0
WATCH_S = 1.0
# Who was live for so long has earned a quick attempt again.
STEADY_S = 10.0


class Backoff:
    """How long to wait before each attempt: half a second, then twice as long up to 30 s.

    The jitter keeps a hundred publishers from coming back to a restarted server in one moment.
    """

    FIRST_S = 0.5
    LONGEST_S = 30.0

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._attempts = 0

    def next_s(self, at_least_s: float = 0.0) -> float:
        wait_s = min(self.FIRST_S * 2.0**self._attempts, self.LONGEST_S)
        self._attempts = min(self._attempts + 1, 16)
        return max(wait_s * (0.5 + self._chance() / 2), at_least_s)

    def reset(self) -> None:
        self._attempts = 0


@dataclass(frozen=True, slots=True)
class Publication:
    """One peer connection and the server's resource that belongs to it."""

    peer: PublishingPeer
    published: Published


class Uplink:
    """Belongs to one asyncio loop. `on_live` is called with each new connection that wants
    pictures, `on_lost` when it has ended, and `on_second` with what is known of it.

    `state`: connecting, live, retrying or closed; `reason`: why it is not live.
    """

    def __init__(self, endpoint: WhipEndpoint, sound: bool = False) -> None:
        self._endpoint = endpoint
        self._sound = sound
        self._backoff = Backoff()
        self._ice_servers: tuple[IceServer, ...] = ()
        self._ended = asyncio.Event()
        # Whether this server reports at all; of one that does not, silence means nothing.
        self._reports = False
        self._task: asyncio.Task[None] | None = None
        self.state = "connecting"
        self.reason: str | None = None
        self.peer: PublishingPeer | None = None
        self.on_live: Callable[[PublishingPeer], None] = _nothing
        self.on_lost: Callable[[PublishingPeer], None] = _nothing
        self.on_second: Callable[[WriterStats], None] = lambda _stats: None

    async def open(self) -> None:
        """The first connection; from then on it is kept. Raises WhipError."""
        publication = await self._publish()
        self._task = asyncio.create_task(self._keep(publication))

    async def close(self) -> None:
        """Take the publication back; safe more than once. An `open` that still waits is cancelled
        instead, and then takes back what it has."""
        self.state = "closed"
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _keep(self, publication: Publication | None) -> None:
        try:
            while True:
                if publication is None:
                    publication = await self._again()
                went_live = asyncio.get_running_loop().time()
                self._go_live(publication.peer)
                reason = await self._until_lost(publication.peer)
                if asyncio.get_running_loop().time() - went_live > STEADY_S:
                    self._backoff.reset()
                self._lose(reason)
                lost, publication = publication, None
                await self._end(lost)
        finally:
            self.peer = None
            if publication is not None:
                await self._end(publication)

    def _go_live(self, peer: PublishingPeer) -> None:
        if self.state == "retrying":
            log.info("the picture is back at %s", self._endpoint.place)
        self.state, self.reason, self.peer = "live", None, peer
        self.on_live(peer)

    def _lose(self, reason: str) -> None:
        self.state, self.reason, self.peer = "retrying", reason, None
        log.warning("%s; trying again until it works. The other outputs go on.", reason)

    async def _until_lost(self, peer: PublishingPeer) -> str:
        """Why the connection ended, once it has: a killed server says nothing any more."""
        clock = asyncio.get_running_loop().time
        reports, heard = 0, clock()
        while not self._ended.is_set():
            stats = peer.picture.stats
            self.on_second(stats)
            if stats.reports != reports:
                reports, heard, self._reports = stats.reports, clock(), True
            elif self._reports and clock() - heard > SILENCE_S:
                return f"{self._endpoint.place} has fallen silent"
            await _wait(self._ended, WATCH_S)
        return f"{self._endpoint.place} ended the connection"

    async def _again(self) -> Publication:
        """The next connection, however long it takes."""
        wait_s = 0.0
        while True:
            await asyncio.sleep(self._backoff.next_s(wait_s))
            try:
                return await self._publish()
            except WhipError as error:
                self.reason, wait_s = str(error), error.wait_s
            except Exception as error:  # aiortc raises whatever it stumbles over: not for ever
                name = type(error).__name__
                self.reason, wait_s = f"{self._endpoint.place} cannot be published to ({name})", 0.0
            log.debug("still not published: %s", self.reason)

    async def _publish(self) -> Publication:
        """Raises WhipError. ICE servers that the endpoint names are asked only where it is needed:
        one that does not answer costs seconds."""
        publication = await self._attempt()
        if publication is None and self._ice_servers:
            publication = await self._attempt()
        if publication is None:
            raise WhipError(
                f"{self._endpoint.place} took the offer, but no packets get through within "
                f"{CONNECT_S:.0f} s; let UDP pass the firewalls on the way"
            )
        return publication

    async def _attempt(self) -> Publication | None:
        """None when nothing is wrong but that no packet gets through. Raises WhipError."""
        ended = asyncio.Event()
        peer = PublishingPeer(self._ice_servers, self._sound)
        peer.on_end = ended.set
        published: Published | None = None
        whole = False
        try:
            published = await self._endpoint.post(await peer.offer())
            await peer.take(published.answer)
            whole = await peer.connected(CONNECT_S)
        except AnswerError as error:
            place = self._endpoint.place
            raise WhipError(f"{place} cannot be published to: {error}; see its log") from None
        finally:
            if not whole:
                await self._end_parts(peer, published)
        if not whole:
            self._ice_servers = published.ice_servers
            return None
        self._ended = ended
        return Publication(peer, published)

    async def _end(self, publication: Publication) -> None:
        self.on_lost(publication.peer)
        await self._end_parts(publication.peer, publication.published)

    async def _end_parts(self, peer: PublishingPeer, published: Published | None) -> None:
        await peer.close()
        if published is not None:
            await self._endpoint.delete(published)


def _nothing(_peer: PublishingPeer) -> None:
    pass


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
