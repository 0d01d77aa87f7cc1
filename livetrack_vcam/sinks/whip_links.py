"""The Link headers of a WHIP answer that name ICE servers (RFC 9725 section 4.6)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from livetrack_vcam.webrtc.publishing import IceServer

# RFC 8288: <address>; name=value; name="quoted \"value\""
_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s\",;]*))?)*)")
_PARAMETER = re.compile(r";\s*([\w*-]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s\",;]*))")
# RFC 7064 and 7065, but for IPv6, of which aiortc knows nothing: it raises.
_ADDRESS = re.compile(
    r"(?:stun|stuns|turn|turns):[A-Za-z0-9._-]{1,253}(?::(\d{1,5}))?(?:\?transport=(?:udp|tcp))?"
)
MOST = 8
MAX_PORT = 65535


def ice_servers(headers: Iterable[str]) -> tuple[IceServer, ...]:
    """Those with rel="ice-server" and a usable address, in their order; the rest is left out."""
    found = []
    for address, rest in (match.groups() for header in headers for match in _LINK.finditer(header)):
        parameters = {
            name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
            for name, quoted, plain in _PARAMETER.findall(rest)
        }
        if "ice-server" in parameters.get("rel", "").lower().split() and _is_usable(address):
            server = IceServer(address, parameters.get("username"), parameters.get("credential"))
            found.append(server)
    return tuple(found[:MOST])


def _is_usable(address: str) -> bool:
    found = _ADDRESS.fullmatch(address)
    return found is not None and 0 < int(found[1] or 1) <= MAX_PORT
