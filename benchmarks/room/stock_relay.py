"""The baseline: aiortc as its examples use it, an encoder a viewer behind a MediaRelay.

    python -m benchmarks.room.stock_relay PORT [WIDTH HEIGHT]

It speaks WHEP at /whep/main, so that the same viewers can join it, and shows the same picture.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
import time
from fractions import Fraction

from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.contrib.media import MediaRelay
from av import VideoFrame

from benchmarks.room.barcode import ticks_now
from benchmarks.room.scene import Planes, Scene, draw_scene

FPS = 30
CLOCK = Fraction(1, 90_000)
SDP = "application/sdp"


class SceneTrack(VideoStreamTrack):
    """The scene, a picture every thirtieth of a second."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self._scene = scene
        self._seq = 0
        self._start_s: float | None = None

    async def recv(self) -> VideoFrame:
        if self._start_s is None:
            self._start_s = time.monotonic()
        self._seq += 1
        await asyncio.sleep(self._start_s + self._seq / FPS - time.monotonic())
        frame = as_av(self._scene.picture(self._seq, ticks_now()))
        frame.pts = self._seq * 90_000 // FPS
        frame.time_base = CLOCK
        return frame


def as_av(planes: Planes) -> VideoFrame:
    rows, columns = planes[0].shape
    frame = VideoFrame(columns, rows, "yuv420p")
    for plane, target in zip(planes, frame.planes, strict=True):
        target.update(plane.tobytes())
    return frame


class StockRelay:
    """WHEP on top of `MediaRelay`. Joining prefers what the viewer offers first."""

    def __init__(self, scene: Scene) -> None:
        self._track = SceneTrack(scene)
        self._relay = MediaRelay()
        self._peers: dict[str, RTCPeerConnection] = {}

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/", self._page)
        app.router.add_post("/whep/main", self._join)
        app.router.add_delete("/whep/main/{viewer}", self._leave)
        return app

    async def _page(self, _request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>stock</title>", content_type="text/html")

    async def _join(self, request: web.Request) -> web.Response:
        # No STUN server: gathering would wait five seconds for one that does not answer.
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        viewer = secrets.token_hex(8)
        self._peers[viewer] = peer
        peer.addTrack(self._relay.subscribe(self._track))
        offer = RTCSessionDescription(await request.text(), "offer")
        await peer.setRemoteDescription(offer)
        await peer.setLocalDescription(await peer.createAnswer())
        return web.Response(
            status=201,
            text=peer.localDescription.sdp,
            content_type=SDP,
            headers={"Location": f"/whep/main/{viewer}"},
        )

    async def _leave(self, request: web.Request) -> web.Response:
        peer = self._peers.pop(request.match_info["viewer"], None)
        if peer is not None:
            await peer.close()
        return web.Response()


async def serve(port: int, width: int, height: int) -> None:
    runner = web.AppRunner(StockRelay(draw_scene(width, height)).application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    arguments = [int(word) for word in sys.argv[1:]]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(*(arguments if len(arguments) == 3 else [*arguments, 1280, 720])))
