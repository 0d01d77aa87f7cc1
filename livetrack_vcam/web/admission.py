"""Who may watch a room: anybody, or who was invited."""

from __future__ import annotations

import ipaddress

from aiohttp import hdrs, web

from livetrack_vcam.room.invitations import ExpiredError, InvitationError, Invitations
from livetrack_vcam.web.guard import RefusedError
from livetrack_vcam.web.operator import Operators

_PROXIES = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


class Admission:
    """With `invitations` a room is for those that have one, for operators, and for this machine.

    Who asks from this machine sees the camera anyway; a proxy here asks for somebody else.
    """

    def __init__(self, operators: Operators, invitations: Invitations | None) -> None:
        self._operators = operators
        self._invitations = invitations

    @property
    def invited_only(self) -> bool:
        return self._invitations is not None

    def check(self, request: web.Request, shot: str) -> None:
        """Raises RefusedError.

        The token is a bearer token, or for players that know no headers the query's `t`.
        """
        if self._invitations is None or _from_here(request) or self._operators.may_read(request):
            return
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        token = token if scheme.lower() == "bearer" else request.query.get("t", "")
        try:
            self._invitations.check(shot, token.strip())
        except ExpiredError as error:
            raise RefusedError(403, str(error), "expired") from None
        except InvitationError as error:
            raise RefusedError(403 if token else 401, str(error), "invitation") from None

    def check_operator(self, request: web.Request) -> None:
        """For what a guest is not invited to: the whole picture of the camera.

        Raises RefusedError.
        """
        if self._invitations is None or _from_here(request) or self._operators.may_read(request):
            return
        raise RefusedError(401, "the whole picture is for the room's operator", "operator")


def _from_here(request: web.Request) -> bool:
    if any(name in request.headers for name in _PROXIES):
        return False
    try:
        return ipaddress.ip_address((request.remote or "").partition("%")[0]).is_loopback
    except ValueError:
        return False
