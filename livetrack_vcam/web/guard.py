"""Which sites may ask: host names, origins, and the headers that browsers obey."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from livetrack_vcam import __version__
from livetrack_vcam.web import OWN_HEADER

# Nothing inline and nothing of others: the pages' modules, styles and pictures are files of ours.
_CONTENT_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_OWN_FETCHES = {"same-origin", "none"}
SECURITY_HEADERS = {
    "Content-Security-Policy": _CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    # With no-referrer a browser may hide our own pages' origin from us, too.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class RefusedError(Exception):
    """A request that is answered with a status and a sentence; `reason` tells pages which one."""

    def __init__(self, status: int, sentence: str, reason: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.reason = reason


def error_response(status: int, sentence: str, reason: str | None = None) -> web.Response:
    """Every refusal looks alike: {"error": "one sentence"}, some with a "reason" for pages."""
    body = {"error": sentence} | ({"reason": reason} if reason else {})
    return web.json_response(body, status=status)


def unauthorized() -> web.Response:
    """Whoever asks is no operator."""
    response = error_response(
        401, "this needs the bearer token of this machine; in a browser: livetrack-vcam ctl open"
    )
    response.headers[hdrs.WWW_AUTHENTICATE] = 'Bearer realm="livetrack"'
    return response


def guard(bound_host: str) -> Middleware:
    """Refuses names a hostile page could have pointed at us (DNS rebinding), and its origins."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = _host_name(request.headers.get(hdrs.HOST, ""))
        if not is_own_host(host, bound_host):
            return error_response(
                403, f"this server does not answer to the name {host!r}; use its address"
            )
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and origin.partition("://")[2] != request.headers.get(hdrs.HOST):
            return error_response(403, "requests from other web sites are refused")
        if not _reads(request) and _fetch_site(request) not in _OWN_FETCHES:
            return error_response(403, "commands from other web sites are refused")
        return await handler(request)

    return check


async def add_security_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """A signal for `on_response_prepare`, so that streams and errors carry them too."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    response.headers[hdrs.SERVER] = "livetrack-vcam"
    response.headers[OWN_HEADER] = __version__


def is_own_host(host: str, bound_host: str) -> bool:
    """Addresses are safe, names only when they are ours: a rebound name is always a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        machine = socket.gethostname().lower()
        return host.lower() in {"localhost", bound_host.lower(), machine, f"{machine}.local"}
    return True


def _reads(request: web.Request) -> bool:
    return request.method in (hdrs.METH_GET, hdrs.METH_HEAD)


def _fetch_site(request: web.Request) -> str:
    """Where the page lies that asks, by the browser's word; other programs do not say."""
    return request.headers.get("Sec-Fetch-Site", "none")


def _host_name(host: str) -> str:
    """The name or address in a Host header, without port and brackets."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
