"""One connection carries requests and events, and whatever goes wrong is one kind of error."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from aiohttp import web

from livetrack_vcam.obs.connection import (
    Obs,
    ObsAddress,
    ObsError,
    ObsEvent,
    ObsLockedError,
    ObsRefusal,
)

pytest.importorskip("obsws_python", reason="obsws-python is not installed; `make setup` does it")

SECRET = "a-password-no-log-may-show"
HELLO = {"op": 0, "d": {"obsWebSocketVersion": "5.1.0", "rpcVersion": 1}}
LOCK = {
    "challenge": "+IxH4CnCiqpX1rM9scsNynZzbOe4KhDeYcTNS3PDaeY=",
    "salt": "lM1GncleQOaCu9lT1yeUZg==",
}

Talk = Callable[[web.WebSocketResponse], Awaitable[None]]


@contextmanager
def obs_that(talk: Talk, hello: object = HELLO) -> Iterator[int]:
    """An obs-websocket that does as `talk` says; its port. With another hello nobody gets in."""
    loop = asyncio.new_event_loop()

    async def serve(request: web.Request) -> web.WebSocketResponse:
        connection = web.WebSocketResponse()
        await connection.prepare(request)
        await connection.send_json(hello)
        await connection.receive_json()
        if hello is not HELLO:
            await connection.close(code=4009)
            return connection
        await connection.send_json({"op": 2, "d": {"negotiatedRpcVersion": 1}})
        await talk(connection)
        return connection

    app = web.Application()
    app.router.add_get("/", serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)

    async def start() -> int:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return int(runner.addresses[0][1])

    port = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield port
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A program that is no OBS; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        ended = threading.Event()

        def serve() -> None:
            held = []
            while not ended.is_set():
                try:
                    client, _ = server.accept()
                except TimeoutError:
                    continue
                held.append(client)
                answer(client)
            for client in held:
                client.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            thread.join(10)


async def say_nothing(connection: web.WebSocketResponse) -> None:
    await connection.receive()


def event(name: str, **data: object) -> dict[str, object]:
    return {"op": 5, "d": {"eventType": name, "eventIntent": 1, "eventData": data}}


def answer_to(request: dict[str, dict[str, str]], **data: object) -> dict[str, object]:
    asked = request["d"]
    status = {"result": True, "code": 100}
    about = {"requestType": asked["requestType"], "requestId": asked["requestId"]}
    return {"op": 7, "d": {**about, "requestStatus": status, "responseData": data}}


def test_events_that_come_before_the_answer_are_kept_in_order() -> None:
    async def talk(connection: web.WebSocketResponse) -> None:
        request = await connection.receive_json()
        await connection.send_json(event("InputCreated", inputName="a"))
        await connection.send_json(answer_to({"d": {"requestType": "x", "requestId": "old"}}))
        await connection.send_json(event("InputRemoved", inputName="b"))
        await connection.send_json(answer_to(request, sceneName="Main"))
        await connection.send_json(event("ExitStarted"))
        await connection.receive()

    with obs_that(talk) as port:
        obs = Obs(ObsAddress(port=port), events=1)
        assert obs.request("GetCurrentProgramScene") == {"sceneName": "Main"}
        heard = [obs.next_event(5) for _ in range(3)]
        assert obs.next_event(0.05) is None
        obs.close()
        obs.close()
    assert heard == [
        ObsEvent("InputCreated", {"inputName": "a"}),
        ObsEvent("InputRemoved", {"inputName": "b"}),
        ObsEvent("ExitStarted", {}),
    ]


def test_a_refusal_keeps_the_connection() -> None:
    async def talk(connection: web.WebSocketResponse) -> None:
        for comment in ("No such input.", None):
            request = await connection.receive_json()
            refusal = answer_to(request)
            status = {"result": False, "code": 600, **({"comment": comment} if comment else {})}
            refusal["d"]["requestStatus"] = status  # type: ignore[index]
            await connection.send_json(refusal)
        await connection.send_json(answer_to(await connection.receive_json(), fine=1))
        await connection.receive()

    with obs_that(talk) as port:
        obs = Obs(ObsAddress(port=port))
        with pytest.raises(ObsRefusal, match=r"OBS refused GetInput: No such input$") as refused:
            obs.request("GetInput", inputName="Mic")
        assert refused.value.code == 600
        with pytest.raises(ObsRefusal, match="without a reason"):
            obs.request("GetInput")
        assert obs.request("GetInput") == {"fine": 1}
        obs.close()


@pytest.mark.parametrize("way", ["hangs up", "says nothing", "garbage", "breaks off"])
def test_an_obs_that_goes_mid_request_is_one_kind_of_error(way: str) -> None:
    async def talk(connection: web.WebSocketResponse) -> None:
        await connection.receive_json()
        if way == "garbage":
            await connection.send_str("no JSON")
        if way == "breaks off":
            transport = connection._req.transport  # type: ignore[union-attr]
            assert transport is not None
            transport.abort()
        if way == "says nothing":
            await connection.receive()

    with obs_that(talk) as port:
        obs = Obs(ObsAddress(port=port, password=SECRET), timeout_s=0.3)
        with pytest.raises(ObsError, match="went away") as gone:
            obs.request("GetVersion")
        obs.close()
    assert not isinstance(gone.value, ObsRefusal)
    assert SECRET not in str(gone.value)
    assert gone.value.__suppress_context__


def test_an_obs_that_goes_while_nothing_is_asked_is_noticed_by_the_wait_for_events() -> None:
    async def talk(connection: web.WebSocketResponse) -> None:
        await connection.close()

    with obs_that(talk) as port:
        obs = Obs(ObsAddress(port=port), events=1)
        with pytest.raises(ObsError, match="went away"):
            obs.next_event(10)
        obs.close()


@pytest.mark.parametrize(
    "text",
    ["5", "[1]", '"x"', "null", "{}", '{"op": 5}', '{"op": 5, "d": {}}', '{"op": 5, "d": 1}'],
)
def test_an_event_that_is_none_is_the_same_kind_of_error(text: str) -> None:
    async def talk(connection: web.WebSocketResponse) -> None:
        await connection.send_str(text)
        await connection.receive()

    with obs_that(talk) as port:
        obs = Obs(ObsAddress(port=port), events=1)
        with pytest.raises(ObsError, match="went away"):
            obs.next_event(10)
        obs.close()


def test_an_answer_is_not_awaited_for_ever_among_events() -> None:
    async def talk(connection: web.WebSocketResponse) -> None:
        await connection.receive_json()
        while not connection.closed:
            await connection.send_json(event("InputVolumeMeters"))
            await asyncio.sleep(0)

    with obs_that(talk) as port:
        obs = Obs(ObsAddress(port=port), events=1, timeout_s=0.3)
        with pytest.raises(ObsError, match="went away"):
            obs.request("GetVersion")
        obs.close()


def test_who_is_no_obs_is_called_so_and_nothing_stays_open() -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    web_server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=web_server.serve_forever)
    thread.start()
    try:
        _is_no_obs(web_server.server_port)
    finally:
        web_server.shutdown()
        thread.join(10)
        web_server.server_close()
    # What a TLS server says to somebody who speaks plainly.
    alert = b"\x15\x03\x03\x00\x02\x02\x46"
    for answer in (lambda _: None, lambda client: client.sendall(alert), lambda c: c.close()):
        with listening(answer) as port:
            _is_no_obs(port)


def test_a_server_that_demands_encryption_is_no_obs() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def shake_hands(client: socket.socket) -> None:
        client.settimeout(0.5)
        try:
            context.wrap_socket(client, server_side=True).close()
        except OSError:
            client.close()

    with listening(shake_hands) as port:
        _is_no_obs(port)


def test_a_web_socket_that_is_another_programs_is_no_obs() -> None:
    for hello in ({"type": "welcome"}, [1], "hello"):
        with obs_that(say_nothing, hello) as port:
            _is_no_obs(port)


def _is_no_obs(port: int) -> None:
    before = threading.active_count()
    with pytest.raises(ObsError) as error:
        Obs(ObsAddress(port=port, password=SECRET), timeout_s=0.3)
    assert f"127.0.0.1:{port} is no OBS" in str(error.value)
    assert "--obs-port" in str(error.value)
    assert SECRET not in str(error.value)
    assert threading.active_count() <= before


def test_nobody_there_is_said_with_what_to_tick() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ObsError, match=r"does not answer.*Enable WebSocket server"):
        Obs(ObsAddress(port=port))
    with pytest.raises(ObsError, match="does not answer"):
        Obs(ObsAddress("no such host\udcff", port))


def test_an_address_of_ipv6_stands_in_brackets() -> None:
    assert str(ObsAddress("::1", 4455)) == "[::1]:4455"
    assert str(ObsAddress("studio.local", 4455)) == "studio.local:4455"


@pytest.mark.parametrize("password", ["", SECRET])
def test_a_door_that_stays_closed_is_said_with_where_the_key_lies(
    password: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hello = {"op": 0, "d": {**HELLO["d"], "authentication": LOCK}}  # type: ignore[dict-item]

    with obs_that(say_nothing, hello) as port, pytest.raises(ObsLockedError) as error:
        Obs(ObsAddress(port=port, password=password))
    wanted = "another password" if password else "a password"
    assert f"wants {wanted}; set LIVETRACK_OBS_PASSWORD" in str(error.value)
    assert SECRET not in caplog.text + str(error.value) + repr(error.value)
