"""The HTTP half of WHIP (RFC 9725): an offer is posted, an answer and a resource come back."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from livetrack_vcam.errors import SinkBusyError, SinkError, SinkNotFoundError
from livetrack_vcam.sinks.whip_links import ice_servers
from livetrack_vcam.webrtc.publishing import IceServer

ANSWER_S = 6.0
GOODBYE_S = 2.0
MAX_REDIRECTS = 5
MAX_ANSWER_BYTES = 64 * 1024
LONGEST_WAIT_S = 300.0
TOKEN_ADVICE = "put the right one into LIVETRACK_WHIP_TOKEN or a --whip-token-file"  # noqa: S105


class WhipError(SinkError):
    """The endpoint does not take our picture now. `wait_s`: how long it wants to be left alone."""

    wait_s = 0.0


class WhipAwayError(WhipError, SinkNotFoundError):
    """Nobody there, or no endpoint."""


class WhipForbiddenError(WhipError, SinkBusyError):
    """The endpoint does not let us in, or somebody else is in."""


@dataclass(frozen=True, slots=True)
class Published:
    """What came of an offer. `resource` is where it can be taken back; it is a secret."""

    answer: str = field(repr=False)
    resource: URL | None = field(repr=False)
    ice_servers: tuple[IceServer, ...]


class WhipEndpoint:
    """Somebody's WHIP endpoint. The token goes to this origin alone, wherever we are sent.

    `place` is what may be shown of it: some services have the key in the path.
    """

    def __init__(self, url: str, token: str = "") -> None:
        self._url = URL(url)
        self._token = token
        self.place = str(self._url.origin())

    async def post(self, offer: str) -> Published:
        """Raises WhipError with a sentence for the user."""
        try:
            async with asyncio.timeout(ANSWER_S), aiohttp.ClientSession() as session:
                return await self._post(session, offer)
        except TimeoutError:
            raise WhipAwayError(
                f"{self.place} did not answer within {ANSWER_S:.0f} s; check that the server runs"
            ) from None
        except aiohttp.ClientError as error:
            raise self._unreachable(error) from None

    async def delete(self, published: Published) -> None:
        """Say goodbye; whoever does not hear it notices by himself."""
        if published.resource is None:
            return
        try:
            async with (
                asyncio.timeout(GOODBYE_S),
                aiohttp.ClientSession() as session,
                session.delete(published.resource, headers=self._headers(published.resource)),
            ):
                pass
        except (TimeoutError, aiohttp.ClientError):
            return

    async def _post(self, session: aiohttp.ClientSession, offer: str) -> Published:
        url = self._url
        for _ in range(MAX_REDIRECTS):
            headers = {"Content-Type": "application/sdp", **self._headers(url)}
            async with session.post(
                url, data=offer.encode(), headers=headers, allow_redirects=False
            ) as response:
                if response.status not in (307, 308):
                    return await self._published(url, response)
                target = target_of(url, response.headers.get("Location", ""))
                if target is None:
                    raise WhipError(f"{self.place} sends us to no safe address; see its settings")
                url = target
        raise WhipError(f"{self.place} sends us in a circle; see its settings")

    def _headers(self, url: URL) -> dict[str, str]:
        if not self._token or url.origin() != self._url.origin():
            return {}
        return {"Authorization": f"Bearer {self._token}"}

    async def _published(self, url: URL, response: aiohttp.ClientResponse) -> Published:
        if response.status not in (200, 201):
            raise self._refused(response.status, response.headers)
        body = bytearray()
        async for part in response.content.iter_chunked(8192):
            body += part
            if len(body) > MAX_ANSWER_BYTES:
                break
        if not body.startswith(b"v=0") or len(body) > MAX_ANSWER_BYTES:
            raise WhipError(
                f"what answers at {self.place} is no WHIP endpoint; "
                "take the address that the server calls so"
            )
        links = response.headers.getall("Link", [])
        resource = target_of(url, response.headers.get("Location", ""))
        return Published(body.decode(errors="replace"), resource, ice_servers(links))

    def _refused(self, status: int, headers: Mapping[str, str]) -> WhipError:
        place = self.place
        error: WhipError
        if status in (401, 403):
            what = "does not accept the token" if self._token else "wants a token"
            error = WhipForbiddenError(f"{place} {what}; {TOKEN_ADVICE}")
        elif status in (404, 405, 410):
            error = WhipAwayError(
                f"{place} has no WHIP endpoint at that path; check what follows the host in "
                "--sink whip:URL"
            )
        elif status in (406, 415):
            error = WhipError(
                f"{place} takes neither H264 nor VP8; allow one of them in its settings"
            )
        elif status == 409:
            error = WhipForbiddenError(
                f"somebody else publishes to {place} at that path; choose another"
            )
        else:
            error = WhipError(f"{place} answered with status {status}; its log says why")
        error.wait_s = _seconds(headers.get("Retry-After", ""))
        return error

    def _unreachable(self, error: aiohttp.ClientError) -> WhipError:
        place = self.place
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            reason = _why_untrusted(error.certificate_error)
            return WhipError(
                f"the certificate of {place} is not trusted ({reason}); "
                "renew it, or use the name it was made for"
            )
        if isinstance(error, aiohttp.ClientConnectorSSLError):
            return WhipError(f"{place} does not speak TLS; try http:// if it is in your network")
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return WhipAwayError(f"there is no server called {self._url.host}; check its name")
        if isinstance(error, aiohttp.ClientConnectorError):
            # asyncio's own words repeat the address; of several addresses it tells no number.
            number = error.os_error.errno
            reason = os.strerror(number) if number else "no address answers"
            return WhipAwayError(f"{place} cannot be reached ({reason}); start the server there")
        return WhipError(f"what answers at {place} does not speak HTTP; check the port")


def target_of(url: URL, location: str) -> URL | None:
    """Where a Location header, relative or not, leads from `url`; None if nobody should go there:
    from https to http least of all."""
    try:
        target = url.join(URL(location))
    except ValueError:
        return None
    schemes = ("https",) if url.scheme == "https" else ("http", "https")
    return target if location and target.scheme in schemes and target.host else None


def _seconds(retry_after: str) -> float:
    """Retry-After in seconds; the date it may be instead is not worth a parser."""
    counted = retry_after.isascii() and retry_after.isdigit()
    return min(float(retry_after), LONGEST_WAIT_S) if counted else 0.0


def _why_untrusted(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message.rstrip(".")
    return type(error).__name__
