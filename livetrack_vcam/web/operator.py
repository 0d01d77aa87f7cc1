"""Who may operate: the bearer token, the one-time links it makes, and the cookie they turn into."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from urllib.parse import urlencode

from aiohttp import hdrs, web

COOKIE = "livetrack_operator"
SECURE_COOKIE = "__Host-livetrack_operator"
"""Over https: one that the browser never sends in the clear, nor lets a page in the clear set."""
CODE_LIFETIME_S = 60.0
MAX_CODES = 16
COOKIE_LIFETIME_S = 30 * 24 * 3600
"""A page kept as a dock in OBS, or as a tab, should not need a new link every morning."""


class OneTimeCodes:
    """Codes that are good once, for CODE_LIFETIME_S; of more than MAX_CODES the oldest go.

    `clock` gives seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends_s: dict[str, float] = {}

    def new(self) -> str:
        code = secrets.token_urlsafe(24)
        while len(self._ends_s) >= MAX_CODES:
            del self._ends_s[next(iter(self._ends_s))]
        self._ends_s[code] = self._clock() + CODE_LIFETIME_S
        return code

    def use(self, given: str) -> bool:
        """Whether the code is good; from now on it is not."""
        good = False
        for code, end_s in list(self._ends_s.items()):
            if self._clock() >= end_s:
                del self._ends_s[code]
            elif _alike(given, code):
                del self._ends_s[code]
                good = True
        return good


class Operators:
    """Knows an operator by the bearer token of this machine, or by the cookie of a sign-in.

    The cookie is derived from the token, so it outlives the daemon and ends with the token.
    Browsers send the cookies of a host to all its ports: whoever runs another web server on this
    very address, and has the operator visit it, is trusted with it.
    """

    def __init__(self, token: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Without a `token` nobody is an operator."""
        self._token = token
        cookie = hmac.new(token.encode(), b"livetrack operator's cookie", hashlib.sha256)
        self._cookie = cookie.hexdigest()
        self._codes = OneTimeCodes(clock)

    def has_token(self, request: web.Request) -> bool:
        """Whether the request carries `Authorization: Bearer TOKEN`."""
        scheme, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        return bool(self._token) and scheme.lower() == "bearer" and _alike(given, self._token)

    def has_cookie(self, request: web.Request) -> bool:
        given = request.cookies.get(_cookie_name(request), "")
        return bool(self._token) and _alike(given, self._cookie)

    def may_read(self, request: web.Request) -> bool:
        """Whether an operator asks."""
        return self.has_token(request) or self.has_cookie(request)

    def may_change(self, request: web.Request) -> bool:
        """Whether an operator asks, and it is no other page that uses his cookie.

        A browser names the page's origin with every POST and PUT; `guard` has compared it with
        ours.
        """
        return self.has_token(request) or (
            hdrs.ORIGIN in request.headers and self.has_cookie(request)
        )

    def sign_in_path(self) -> str:
        """A link that signs one browser in, once, soon. It is a secret: never log it."""
        return "/control?" + urlencode({"code": self._codes.new()})

    def sign_in(self, code: str, request: web.Request, response: web.StreamResponse) -> bool:
        """Give the asking browser its cookie, if the code is good."""
        if not self._codes.use(code):
            return False
        response.set_cookie(
            _cookie_name(request),
            self._cookie,
            max_age=COOKIE_LIFETIME_S,
            path="/",
            secure=request.secure,
            httponly=True,
            samesite="Strict",
        )
        return True


def _cookie_name(request: web.Request) -> str:
    return SECURE_COOKIE if request.secure else COOKIE


def _alike(given: str, known: str) -> bool:
    """Equal, compared in a time that does not tell how much of it is."""
    return hmac.compare_digest(given.encode(errors="surrogateescape"), known.encode())
