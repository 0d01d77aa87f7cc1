"""WHIP's HTTP half against servers that answer well, badly, late and never."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from yarl import URL

from livetrack_vcam.sinks import whip_endpoint
from livetrack_vcam.sinks.whip_endpoint import Published, WhipEndpoint, WhipError, target_of

TOKEN = "T0KEN-that-nobody-may-see"
ANSWER = "v=0\r\nan answer\r\n"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Answers every request as it is told to, and keeps what it was asked."""

    def __init__(self, answer: Answer, root: str = "") -> None:
        self.answer = answer
        self.root = root
        self.asked: list[tuple[str, str, str | None]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path, request.headers.get("Authorization")))
        return await self.answer(request)


@asynccontextmanager
async def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(answer)
    runner = web.ServerRunner(web.Server(server.handle), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    server.root = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


def always(
    status: int = 201, body: str | bytes = ANSWER, headers: dict[str, str] | None = None
) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers=headers)

    return answer


async def sentence(url: str, token: str = TOKEN) -> WhipError:
    """The refusal of an endpoint, which never repeats the token or the path."""
    with pytest.raises(WhipError) as raised:
        await WhipEndpoint(f"{url}/SECRETPATH?SECRET", token).post("v=0 offer")
    for secret in (TOKEN, "SECRET"):
        assert secret not in str(raised.value)
        assert secret not in repr(raised.value)
    return raised.value


@pytest.mark.parametrize(
    ("status", "words", "exit_code"),
    [
        (401, "does not accept the token", 4),
        (403, "does not accept the token", 4),
        (404, "has no WHIP endpoint at that path", 3),
        (405, "has no WHIP endpoint at that path", 3),
        (406, "takes neither H264 nor VP8", 1),
        (409, "somebody else publishes", 4),
        (302, "answered with status 302", 1),
        (500, "answered with status 500", 1),
        (503, "answered with status 503", 1),
    ],
)
def test_each_refusal_has_a_sentence_of_its_own(status: int, words: str, exit_code: int) -> None:
    async def body() -> None:
        headers = {"Retry-After": "7", "Location": "/x"}
        async with serving(always(status, "the token is " + TOKEN, headers)) as server:
            error = await sentence(server.root)
            assert words in str(error)
            assert error.exit_code == exit_code
            assert error.wait_s == 7
            if status == 401:
                assert "wants a token" in str(await sentence(server.root, token=""))

    asyncio.run(body())


@pytest.mark.parametrize(
    "body", [b"", b"<html>hello</html>", b"\xff\xfe", b"v=0" + b"a" * 200_000], ids=len
)
def test_what_is_no_answer_is_told_as_no_endpoint(body: bytes) -> None:
    async def check() -> None:
        async with serving(always(201, body)) as server:
            assert "is no WHIP endpoint" in str(await sentence(server.root))

    asyncio.run(check())


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_does_not_speak_http_is_told_so(said: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(said)
        writer.close()

    async def body() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            assert "does not speak HTTP" in str(await sentence(f"http://127.0.0.1:{port}"))

    asyncio.run(body())


def test_a_server_that_never_answers_is_waited_for_so_long_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(whip_endpoint, "ANSWER_S", 0.2)

    async def never(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=201)
        await response.prepare(request)
        while True:
            await response.write(b"v")
            await asyncio.sleep(0.01)

    async def body() -> None:
        for answer in (never, drip):
            async with serving(answer) as server:
                assert "did not answer within" in str(await sentence(server.root))

    asyncio.run(body())


def test_nobody_there_and_no_such_name_are_told_apart() -> None:
    async def body() -> None:
        async with serving(always()) as server:
            pass
        assert "cannot be reached (Connection refused)" in str(await sentence(server.root))
        assert "no server called nobody.invalid" in str(await sentence("http://nobody.invalid"))

    asyncio.run(body())


def test_the_token_goes_to_the_named_server_and_to_no_other() -> None:
    async def body() -> None:
        async with serving(always(201, ANSWER, {"Location": "/r/1"})) as other:
            location = {"Location": f"{other.root}/there"}
            async with serving(always(307, b"", location)) as first:
                endpoint = WhipEndpoint(f"{first.root}/whip", TOKEN)
                published = await endpoint.post("v=0 offer")
                await endpoint.delete(published)
        assert first.asked == [("POST", "/whip", f"Bearer {TOKEN}")]
        assert other.asked == [("POST", "/there", None), ("DELETE", "/r/1", None)]

    asyncio.run(body())


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_is_followed_with_the_offer(status: int) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/old":
            return web.Response(status=status, headers={"Location": "../new/whip?x=1"})
        assert await request.text() == "v=0 offer"
        assert request.content_type == "application/sdp"
        return web.Response(status=201, text=ANSWER, headers={"Location": "7"})

    async def body() -> None:
        async with serving(answer) as server:
            endpoint = WhipEndpoint(f"{server.root}/old", TOKEN)
            published = await endpoint.post("v=0 offer")
            assert published.answer == ANSWER
            assert published.resource == URL(f"{server.root}/new/7")
            await endpoint.delete(published)
            assert [each[:2] for each in server.asked][-1] == ("DELETE", "/new/7")
            assert {each[2] for each in server.asked} == {f"Bearer {TOKEN}"}

    asyncio.run(body())


def test_a_circle_of_redirects_ends() -> None:
    async def body() -> None:
        async with serving(always(308, b"", {"Location": "/again"})) as server:
            assert "in a circle" in str(await sentence(server.root))
            assert len(server.asked) < 10

    asyncio.run(body())


def test_nobody_is_sent_from_https_to_http_or_out_of_the_web() -> None:
    here = URL("https://live.example/a/b")
    assert target_of(here, "c") == URL("https://live.example/a/c")
    assert target_of(here, "https://x.example/c") == URL("https://x.example/c")
    assert target_of(URL("http://live.example/"), "//x.example/c") == URL("http://x.example/c")
    for location in ("http://live.example/c", "", "file:///etc/passwd", "mailto:a@b", "http://["):
        assert target_of(here, location) is None


def test_a_server_that_names_no_resource_is_left_without_a_goodbye() -> None:
    async def body() -> None:
        async with serving(always()) as server:
            endpoint = WhipEndpoint(f"{server.root}/whip")
            await endpoint.delete(await endpoint.post("v=0 offer"))
            assert [each[0] for each in server.asked] == ["POST"]
        await endpoint.delete(Published(ANSWER, URL(server.root), ()))  # nobody there any more

    asyncio.run(body())


def own_certificate(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate that nobody else vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_a_certificate_that_nobody_vouches_for_gets_neither_offer_nor_token(tmp_path: Path) -> None:
    async def body() -> None:
        async with serving(always(), own_certificate(tmp_path)) as server:
            assert "is not trusted (self-signed certificate)" in str(await sentence(server.root))
            assert server.asked == []
        async with serving(always()) as server:
            plain = server.root.replace("http:", "https:")
            assert "does not speak TLS" in str(await sentence(plain))

    asyncio.run(body())
