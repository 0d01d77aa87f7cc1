"""The connection to OBS through obs-websocket 5: one thread, one kind of error.

The only file that knows obsws-python (GPL-3.0), which is loaded when somebody asks for OBS.
"""

from __future__ import annotations

import json
import logging
import socket
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol

from livetrack_vcam.errors import LiveTrackError

TIMEOUT_S = 3.0
PATIENT_S = 10.0
"""For whoever asks once: an OBS that draws its first picture answers only after seconds."""
_EVENT, _REQUEST, _ANSWER = 5, 6, 7
"""Op codes of the messages; the library itself sends and reads those of signing in."""
_UNREAD_EVENTS = 256


class ObsError(LiveTrackError):
    """OBS is not there, went away, or does not let us in."""


class ObsLockedError(ObsError):
    """OBS wants a password, or another one."""


class ObsRefusal(ObsError):
    """OBS answered that it cannot do one request; the connection is good."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class ObsAddress:
    """Where OBS listens. The password is in no repr, and so in no log or traceback."""

    host: str = "127.0.0.1"
    port: int = 4455
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.url_host}:{self.port}"

    @property
    def url_host(self) -> str:
        """The host as addresses of the web have it: IPv6 in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host


@dataclass(frozen=True, slots=True)
class ObsEvent:
    """What OBS tells unasked: the protocol's name of it and its data."""

    name: str
    data: Mapping[str, Any]


class Requests(Protocol):
    """What most of us need of a connection: see Obs."""

    def request(self, request: str, **data: Any) -> dict[str, Any]:
        """Raises ObsRefusal, or ObsError when OBS went away."""
        ...


class Obs:
    """An open connection. Not thread-safe: one thread opens, uses and closes it.

    Requests and events share it: an event that comes while an answer is awaited is kept, the
    newest 256, for `next_event`.
    """

    def __init__(self, address: ObsAddress, events: int = 0, timeout_s: float = TIMEOUT_S) -> None:
        """`events` is a sum of obs-websocket's subscriptions. Raises ObsError that says what to do
        about it; nothing is then left open."""
        library = _library()
        self.address = address
        self._timeout_s = timeout_s
        self._events: deque[ObsEvent] = deque(maxlen=_UNREAD_EVENTS)
        self._requests = 0
        # Made in two steps, for the library's constructor connects, and forgets its socket when
        # what answers is no OBS.
        self._client: Any = object.__new__(library.baseclient.ObsClient)
        _knock(address, min(timeout_s, TIMEOUT_S))
        try:
            self._client.__init__(
                host=address.url_host,
                port=address.port,
                password=address.password,
                timeout=timeout_s,
                subs=events,
            )
            locked = "authentication" in self._client.server_hello["d"]
        except Exception as error:
            # The library lets through what sockets, WebSockets and JSON raise: a dozen types.
            self.close()
            raise ObsError(_no_obs(address, error)) from None
        self._sign_in(locked)

    def _sign_in(self, locked: bool) -> None:
        try:
            self._client.authenticate()
        except Exception as error:
            self.close()
            # OBS hangs up on who has the wrong password, and does not say more.
            if locked and not _timed_out(error):
                raise ObsLockedError(_locked(self.address)) from None
            raise self._lost(error) from None

    def request(self, request: str, **data: Any) -> dict[str, Any]:
        """OBS's answer to one request. Raises ObsRefusal, or ObsError when OBS went away."""
        self._requests += 1
        number = str(self._requests)
        message: dict[str, Any] = {"requestType": request, "requestId": number}
        if data:
            message["requestData"] = data
        deadline = time.monotonic() + self._timeout_s
        try:
            self._client.ws.send(json.dumps({"op": _REQUEST, "d": message}))
            answer = self._answer(number, deadline)
            status = answer["requestStatus"]
            granted, code = bool(status["result"]), int(status["code"])
        except Exception as error:
            # An OBS that quits shows as an empty answer that is no JSON.
            raise self._lost(error) from None
        if not granted:
            comment = str(status.get("comment", "")).rstrip(".") or "without a reason"
            raise ObsRefusal(f"OBS refused {request}: {comment}", code)
        return dict(answer.get("responseData") or {})

    def next_event(self, wait_s: float) -> ObsEvent | None:
        """The oldest event not read yet; None when there is none for `wait_s`. Raises ObsError."""
        if not self._events:
            try:
                self._keep_event(self._receive(wait_s))
            except TimeoutError:
                return None
            except (LookupError, TypeError, ValueError) as error:
                raise self._lost(error) from None
        return self._events.popleft() if self._events else None

    @property
    def our_host(self) -> str:
        """The address by which OBS sees this machine."""
        return str(self._client.ws.sock.getsockname()[0])

    def close(self) -> None:
        """Safe also when OBS is gone, and more than once."""
        web_socket = getattr(self._client, "ws", None)
        if web_socket is None:
            return
        try:
            web_socket.close(timeout=1)
        except Exception:
            logging.getLogger(__name__).debug("OBS was gone before the goodbye")
        finally:
            # When OBS has hung up, `close` leaves the socket open.
            web_socket.shutdown()

    def _answer(self, number: str, deadline: float) -> dict[str, Any]:
        while (left_s := deadline - time.monotonic()) > 0:
            message = self._receive(left_s)
            if message["op"] == _ANSWER and message["d"]["requestId"] == number:
                return dict(message["d"])
            self._keep_event(message)
        raise TimeoutError

    def _keep_event(self, message: Mapping[str, Any]) -> None:
        if message["op"] == _EVENT:
            about = message["d"]
            self._events.append(ObsEvent(str(about["eventType"]), about.get("eventData") or {}))

    def _receive(self, wait_s: float) -> dict[str, Any]:
        """The next message. Raises TimeoutError, or ObsError when OBS went away."""
        web_socket = self._client.ws
        try:
            web_socket.settimeout(wait_s)
            message = json.loads(web_socket.recv())
        except Exception as error:
            if _timed_out(error):
                # The part of a message that has come stays in the library's buffer.
                raise TimeoutError from None
            raise self._lost(error) from None
        finally:
            with suppress(OSError):
                web_socket.settimeout(self._timeout_s)
        return dict(message)

    def _lost(self, error: Exception) -> ObsError:
        if isinstance(error, ObsError):
            return error
        return ObsError(f"OBS at {self.address} went away ({type(error).__name__})")


def _library() -> Any:
    try:
        library = import_module("obsws_python")
    except ImportError:
        raise ObsError(
            "OBS cannot be reached without the package obsws-python; try: pip install obsws-python"
        ) from None
    # At INFO it logs the password, and with every refusal a traceback.
    logging.getLogger("obsws_python").setLevel(logging.CRITICAL + 1)
    return library


def _locked(address: ObsAddress) -> str:
    wanted = "another password" if address.password else "a password"
    return (
        f"OBS at {address} wants {wanted}; set LIVETRACK_OBS_PASSWORD to the one in OBS under "
        "Tools > WebSocket Server Settings > Show Connect Info"
    )


def _knock(address: ObsAddress, timeout_s: float) -> None:
    """Whether anybody is there, found out before the library waits for it."""
    try:
        socket.create_connection((address.host, address.port), timeout_s).close()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ObsError(
            f"OBS does not answer at {address} ({reason}); start OBS, and there tick "
            "Tools > WebSocket Server Settings > Enable WebSocket server"
        ) from None


def _no_obs(address: ObsAddress, error: Exception) -> str:
    reason = "it says nothing" if _timed_out(error) else type(error).__name__
    return (
        f"what answers at {address} is no OBS ({reason}); --obs-port takes the port that stands "
        "in OBS under Tools > WebSocket Server Settings"
    )


def _timed_out(error: Exception) -> bool:
    """The library has a type of its own for it, which is no TimeoutError."""
    return "Timeout" in type(error).__name__
