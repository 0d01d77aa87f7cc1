"""A web server on loopback that gives a file out, in every wrong way a server can."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Exchange(http.server.BaseHTTPRequestHandler):
    """One request and the answer the script has for it; the last answer repeats."""

    protocol_version = "HTTP/1.1"
    server: ModelServer

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Range")))
        script = self.server.script
        answer = script.pop(0) if len(script) > 1 else script[0]
        with suppress(OSError):
            answer(self)

    @property
    def content(self) -> bytes:
        return self.server.content

    @property
    def start(self) -> int:
        """Where the request wants the file to begin."""
        return int((self.headers.get("Range") or "bytes=0-")[6:-1])

    def begin(self, status: int, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()

    def begin_rest(self) -> bytes:
        """The head of an honest answer; returns the body that belongs to it."""
        rest, whole = self.content[self.start :], len(self.content)
        if self.start:
            where = f"bytes {self.start}-{whole - 1}/{whole}"
            self.begin(206, len(rest), Content_Range=where)
        else:
            self.begin(200, len(rest))
        return rest

    def log_message(self, *args: object) -> None:
        pass


Answer = Callable[[Exchange], None]


class ModelServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, content: bytes, script: list[Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.content = content
        self.script = script
        self.asked: list[tuple[str, str | None]] = []
        self.finished = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def ranges(self) -> list[str | None]:
        return [asked for _, asked in self.asked]

    def handle_error(self, *args: Any) -> None:
        pass  # a client that hangs up is what the tests are about


@contextmanager
def serving(content: bytes, *script: Answer) -> Iterator[ModelServer]:
    server = ModelServer(content, list(script))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.finished.set()
        server.shutdown()
        thread.join()
        server.server_close()


def honest(exchange: Exchange) -> None:
    exchange.wfile.write(exchange.begin_rest())


def hangs_up_after(count: int) -> Answer:
    """The promised length, but only `count` bytes of it."""

    def answer(exchange: Exchange) -> None:
        exchange.wfile.write(exchange.begin_rest()[:count])

    return answer


def silent_after(count: int) -> Answer:
    """`count` bytes, and then an open line until the test ends."""

    def answer(exchange: Exchange) -> None:
        exchange.wfile.write(exchange.begin_rest()[:count])
        exchange.wfile.flush()
        exchange.server.finished.wait(30)

    return answer


def silent_at_once(exchange: Exchange) -> None:
    exchange.server.finished.wait(30)


def drips(exchange: Exchange) -> None:
    """A byte now and then: never silent, never done."""
    for byte in exchange.begin_rest():
        exchange.wfile.write(bytes([byte]))
        exchange.wfile.flush()
        if exchange.server.finished.wait(0.02):
            return


def claims(length: int) -> Answer:
    """A Content-Length that is not the file's."""

    def answer(exchange: Exchange) -> None:
        exchange.begin(200, length)
        exchange.wfile.write(exchange.content)

    return answer


def endless(exchange: Exchange) -> None:
    exchange.begin(200)
    while True:
        exchange.wfile.write(exchange.content)


def without_length(exchange: Exchange) -> None:
    exchange.begin(200)
    exchange.wfile.write(exchange.content)


def chunks(exchange: Exchange) -> None:
    exchange.begin(200, Transfer_Encoding="chunked")
    for start in range(0, len(exchange.content), 10_000):
        chunk = exchange.content[start : start + 10_000]
        exchange.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
    exchange.wfile.write(b"0\r\n\r\n")


def broken_chunks(exchange: Exchange) -> None:
    exchange.begin(200, Transfer_Encoding="chunked")
    exchange.wfile.write(b"5\r\nabcde\r\nnot a number\r\n")


def ignores_range(exchange: Exchange) -> None:
    exchange.begin(200, len(exchange.content))
    exchange.wfile.write(exchange.content)


def ranges_from(start: int) -> Answer:
    """206 from `start` on, whatever was asked for."""

    def answer(exchange: Exchange) -> None:
        whole = len(exchange.content)
        where = f"bytes {start}-{whole - 1}/{whole}"
        exchange.begin(206, whole - start, Content_Range=where)
        exchange.wfile.write(exchange.content[start:])

    return answer


def mumbles_range(exchange: Exchange) -> None:
    """206 without a word on which part it is."""
    exchange.begin(206, 10)
    exchange.wfile.write(exchange.content[:10])


def refuses_range(exchange: Exchange) -> None:
    if exchange.headers.get("Range"):
        exchange.begin(416, 0)
    else:
        honest(exchange)


def status(code: int) -> Answer:
    return lambda exchange: exchange.begin(code, 0)


def redirects_to(location: str) -> Answer:
    return lambda exchange: exchange.begin(302, 0, Location=location)


def redirects_nowhere(exchange: Exchange) -> None:
    exchange.begin(302, 0)


def login_page(exchange: Exchange) -> None:
    page = b"<!doctype html><title>Hotel Wi-Fi</title>"
    exchange.begin(200, len(page), Content_Type="text/html; charset=utf-8")
    exchange.wfile.write(page)


def sends(body: bytes) -> Answer:
    """Other bytes than the file's, with the right length for them."""

    def answer(exchange: Exchange) -> None:
        rest = body[exchange.start :]
        if exchange.start:
            where = f"bytes {exchange.start}-{len(body) - 1}/{len(body)}"
            exchange.begin(206, len(rest), Content_Range=where)
        else:
            exchange.begin(200, len(rest))
        exchange.wfile.write(rest)

    return answer


def garbage(exchange: Exchange) -> None:
    """No HTTP at all."""
    exchange.wfile.write(b"\x00\xff\x16\x03 this is not HTTP\r\n\r\n")
