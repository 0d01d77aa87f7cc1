"""Links that let somebody watch, until they expire: signed, so nothing has to be remembered."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable

MAX_LIFETIME_S = 366 * 24 * 3600
_SIGNATURE_BYTES = 18


class InvitationError(Exception):
    """The token lets nobody in; the sentence says why."""


class ExpiredError(InvitationError):
    """It was good once."""


class Invitations:
    """Makes and checks tokens of the form END.SIGNATURE for one room each.

    They are derived from the `secret` of this machine: they outlive the daemon, and end with it.
    `clock` gives Unix seconds.
    """

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._key = hmac.new(secret.encode(), b"livetrack invitations", hashlib.sha256).digest()
        self._clock = clock

    def new(self, shot: str, lifetime_s: float) -> str:
        """A token for that room. It is a secret: never log it."""
        end = int(self._clock() + min(lifetime_s, MAX_LIFETIME_S))
        return f"{end}.{self._signature(shot, end)}"

    def check(self, shot: str, token: str) -> None:
        """Raises InvitationError."""
        end_text, _, signature = token.partition(".")
        number = end_text.isascii() and end_text.isdigit() and len(end_text) <= 12
        end = int(end_text) if number else 0
        known = self._signature(shot, end).encode()
        if not number or not hmac.compare_digest(signature.encode(errors="replace"), known):
            raise InvitationError("this room is by invitation; ask its operator for a link")
        if self._clock() >= end:
            raise ExpiredError("this invitation has expired; ask the room's operator for a new one")

    def _signature(self, shot: str, end: int) -> str:
        message = f"{shot}\n{end}".encode()
        digest = hmac.new(self._key, message, hashlib.sha256).digest()[:_SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(digest).decode()
