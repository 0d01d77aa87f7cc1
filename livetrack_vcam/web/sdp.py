"""What WHEP and WHIP have in common over HTTP: media types, and the refusal of codecs."""

from __future__ import annotations

from aiohttp import web

from livetrack_vcam.webrtc.offer import NoCommonCodecError

SDP = "application/sdp"
TRICKLE = "application/trickle-ice-sdpfrag"


def no_common_codec(error: NoCommonCodecError) -> web.Response:
    """406, with the codecs of both sides."""
    body = {"error": str(error), "offered": error.offered, "ours": error.ours}
    return web.json_response(body, status=406)
