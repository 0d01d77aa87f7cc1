"""Who may ask what: host names, origins, the token, and the headers that browsers obey."""

from __future__ import annotations

import hmac
import ipaddress
import socket
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

_CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": _CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def error_response(status: int, sentence: str) -> web.Response:
    """Every refusal looks alike: {"error": "one sentence"}."""
    return web.json_response({"error": sentence}, status=status)


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
        return await handler(request)

    return check


async def add_security_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """A signal for `on_response_prepare`, so that streams and errors carry them too."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")


def is_own_host(host: str, bound_host: str) -> bool:
    """Addresses are safe, names only when they are ours: a rebound name is always a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        machine = socket.gethostname().lower()
        return host.lower() in {"localhost", bound_host.lower(), machine, f"{machine}.local"}
    return True


def has_token(request: web.Request, token: str) -> bool:
    """Whether the request carries `Authorization: Bearer TOKEN`, compared in constant time."""
    scheme, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(
        given.encode(errors="surrogateescape"), token.encode()
    )


def _host_name(host: str) -> str:
    """The name or address in a Host header, without port and brackets."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
