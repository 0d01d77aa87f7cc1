"""Talks to the running daemon over its control API: what `livetrack-vcam ctl` says and hears."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, InvalidURL
from typing import Any, NoReturn

from livetrack_vcam.errors import LiveTrackError, SettingsError
from livetrack_vcam.web import OWN_HEADER
from livetrack_vcam.web.token import read_token, token_path

TIMEOUT_S = 5.0
# The daemon says something every 10 s even when nothing changes.
SILENCE_S = 25.0
MAX_LINE_BYTES = 16 * 1024 * 1024
_NOT_OURS = (ValueError, TypeError, KeyError, HTTPException)


class Client:
    """The daemon at one address.

    Connects by itself, without the proxies of the environment and without following redirects:
    the token goes to this address or nowhere. Each call raises LiveTrackError when there is no
    daemon or it is not ours to command, and SettingsError with its sentence when it refuses.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        name = f"[{host}]" if ":" in host else host
        self.root = f"http://{name}:{port}"

    def get(self, path: str) -> Any:
        """The JSON under a path that needs no token."""
        return self._answer("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The answer to a command, which carries this user's token."""
        return self._answer("POST", path, body)

    def events(self, hz: int) -> Iterator[dict[str, Any]]:
        """Each status the daemon tells of, until it ends, which raises LiveTrackError."""
        connection = self._connect(SILENCE_S)
        try:
            response = self._ask(connection, "GET", f"/api/events?hz={hz}", None)
            while line := response.readline(MAX_LINE_BYTES):
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])
        except OSError:
            pass
        except _NOT_OURS:
            self._not_ours()
        finally:
            connection.close()
        raise LiveTrackError(f"the program at {self.root} has ended")

    def _answer(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        connection = self._connect(TIMEOUT_S)
        try:
            return json.loads(self._ask(connection, method, path, body).read())
        except TimeoutError:
            raise LiveTrackError(
                f"what listens at {self.root} does not answer within {TIMEOUT_S:.0f} s"
            ) from None
        except OSError as error:
            raise LiveTrackError(f"the program at {self.root} broke off: {error}") from None
        except _NOT_OURS:
            self._not_ours()
        finally:
            connection.close()

    def _connect(self, timeout_s: float) -> HTTPConnection:
        try:
            connection = HTTPConnection(self._host, self._port, timeout=timeout_s)
            connection.connect()
        except (OSError, UnicodeError, InvalidURL):  # UnicodeError: no DNS can hold that name
            raise LiveTrackError(
                f"nothing answers at {self.root}; start it with `livetrack-vcam run`, "
                "or name its place with --host and --port"
            ) from None
        return connection

    def _ask(
        self, connection: HTTPConnection, method: str, path: str, body: Mapping[str, Any] | None
    ) -> HTTPResponse:
        headers = {}
        if body is not None:
            headers = {
                "Authorization": f"Bearer {read_token()}",
                "Content-Type": "application/json",
            }
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        if response.getheader(OWN_HEADER) is None:
            self._not_ours()
        if response.status != 200:
            self._refused(response)
        return response

    def _refused(self, response: HTTPResponse) -> NoReturn:
        sentence = str(json.loads(response.read())["error"])
        if response.status == 401:
            raise LiveTrackError(
                f"the program at {self.root} does not take the token in {token_path()}: another "
                "user started it, or the token was made anew since; start it again as this user"
            )
        if response.status == 400:
            raise SettingsError(sentence)
        raise LiveTrackError(sentence)

    def _not_ours(self) -> NoReturn:
        raise LiveTrackError(
            f"what answers at {self.root} is not livetrack-vcam; check --host and --port"
        ) from None
