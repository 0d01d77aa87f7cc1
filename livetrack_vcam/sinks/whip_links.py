"""The Link headers of a WHIP answer that name ICE servers (RFC 9725 section 4.6)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from livetrack_vcam.webrtc.publishing import IceServer

# RFC 8288: <address>; name=value; name="quoted \"value\""
_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s\",;]*))?)*)")
_PARAMETER = re.compile(r";\s*([\w*-]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s\",;]*))")
_ADDRESS = re.compile(r"(?:stun|stuns|turn|turns):[\w.:\[\]-]{1,255}(?:\?transport=\w+)?")
MOST = 8


def ice_servers(headers: Iterable[str]) -> tuple[IceServer, ...]:
    """Those with rel="ice-server" and a usable address, in their order; the rest is left out."""
    found = []
    for address, rest in (match.groups() for header in headers for match in _LINK.finditer(header)):
        parameters = {
            name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
            for name, quoted, plain in _PARAMETER.findall(rest)
        }
        if "ice-server" in parameters.get("rel", "").lower().split() and _ADDRESS.fullmatch(
            address
        ):
            server = IceServer(address, parameters.get("username"), parameters.get("credential"))
            found.append(server)
    return tuple(found[:MOST])
