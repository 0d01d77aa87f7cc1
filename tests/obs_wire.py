"""A server as the OBS script may meet it: it keeps every request and answers as it is told."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Self

from livetrack_vcam.control import Latency, ShotStatus, SourceStatus, Status, TrackStatus
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.fields import live_settings

TOKEN = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


Answer = Callable[[Request], bytes]


@dataclass(eq=False)
class Wire:
    """`answer` gives the bytes for a request and may block until `closing` is set."""

    answer: Answer
    requests: list[Request] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def sent(self, command: str | None = None) -> list[Any]:
        """The bodies of commands, of this name only if one is given."""
        bodies = [each.body for each in self.requests if each.path == "/api/command"]
        return [body for body in bodies if command in (None, body["command"])]

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, ValueError):
            connection.settimeout(10)
            with connection.makefile("rb") as stream:
                method, path, _ = stream.readline().decode().split(" ")
                lines = iter(lambda: stream.readline().decode().strip(), "")
                pairs = (line.split(": ", 1) for line in lines)
                headers = {name.lower(): value for name, value in pairs}
                data = stream.read(int(headers.get("content-length", "0")))
            request = Request(method, path, headers, json.loads(data) if data else None)
            self.requests.append(request)
            connection.sendall(self.answer(request))


def reply(body: Any, code: int = 200) -> bytes:
    data = json.dumps(body).encode()
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (code, len(data)) + data


def shot_status(name: str, **changes: Any) -> ShotStatus:
    """A shot that follows track 3; `changes` are fields of it, or live settings."""
    settings = live_settings(DirectorSettings())
    settings |= {key: changes.pop(key) for key in list(changes) if key in settings}
    shot = ShotStatus(
        name, "16:9", 1280, 720, "auto", "normal", "auto", "follow", (3,), None, 1.5, 1.0,
        look_ahead=0, delay_ms=0.0, settings=settings, locked=False, home=None, preset=None,
    )  # fmt: skip
    return replace(shot, **changes)


def status(*shots: ShotStatus, **changes: Any) -> dict[str, Any]:
    """What a daemon says that sees two people; by default it has the shots main and vertical."""
    people = (3, 7)
    whole = Status(
        version="0.1.0", pid=4711, uptime_s=9.0, standby=False, cpu_pct=50.0,
        source=SourceStatus("demo", "running", 1920, 1080, 30.0),
        fps=29.97, latency_p50_ms=50.0, latency_p99_ms=60.0, latency=Latency(1.0, 2.0, 42.0, 4.0),
        dropped=0, detector="auto", detector_state="running", detector_error=None, detect_hz=10.0,
        detect_latency_p50_ms=20.0,
        tracks=tuple(TrackStatus(key, "person", (0, 0, 1, 1), 0.9, ()) for key in people),
        shots=shots or (shot_status("main"), shot_status("vertical", aspect="9:16")),
        sinks=(), presets=("Interview", "Show"), scenes={}, hints=(), obs=None, rooms=(), links={},
    )  # fmt: skip
    said: dict[str, Any] = json.loads(json.dumps(replace(whole, **changes).to_json()))
    return said


def daemon(said: Callable[[], dict[str, Any]] = status) -> Answer:
    """Answers as the daemon does: anybody may read, commands need TOKEN."""

    def answer(request: Request) -> bytes:
        known = request.headers.get("authorization") == f"Bearer {TOKEN}"
        if request.path == "/api/status":
            return reply(said())
        if request.path == "/api/session":
            return reply({"operator": known})
        return reply({"ok": True}) if known else reply({"error": "no token"}, 401)

    return answer
