"""A browser as the camera, in the control API's document: its page, its link, and WHIP."""

from __future__ import annotations

from livetrack_vcam.web.operation import HTML, OPERATOR, TEXT, Operation
from livetrack_vcam.web.schemas import Json
from livetrack_vcam.web.sdp import SDP, TRICKLE

_BOOLEAN: Json = {"type": "boolean"}
_CAMERA: Json = {
    "type": "object",
    "description": "`wanted`: the program was started with --source browser; `size`: its pictures.",
    "properties": {
        "wanted": _BOOLEAN,
        "size": {"type": ["array", "null"], "items": {"type": "integer"}},
        "sound": _BOOLEAN,
        "publishing": _BOOLEAN,
        "operator": _BOOLEAN,
    },
    "required": ["wanted", "size", "sound", "publishing", "operator"],
}
_LINK: Json = {
    "type": "object",
    "properties": {"link": TEXT, "reachable": _BOOLEAN},
    "required": ["link", "reachable"],
}
_KEY = ("camera", *OPERATOR)
_ASKED = (400, 401, 403, 404, 408, 413, 415, 500)

CAMERA_OPERATIONS = (
    Operation("get", "/camera", "Pages", "The page that makes a phone the camera.", TEXT, HTML),
    Operation("get", "/api/camera", "Camera", "Whether a browser's camera is wanted.", _CAMERA),
    Operation(
        "post", "/api/camera/link", "Camera",
        "The phone's link with its key: a secret. `reachable`: a phone can open it.", _LINK,
        refusals=(401, 403, 500), security=OPERATOR,
    ),
    Operation(
        "get", "/qr.svg", "Camera", "A QR code of the room's link, or of the phone's.", TEXT,
        "image/svg+xml", (401, 403, 404, 500), security=("", *OPERATOR),
        query=("camera", TEXT, "1: the phone's link, for operators. Else `shot` names the room."),
    ),
    Operation(
        "post", "/whip/{name}", "Camera", "Be the camera: the body is an SDP offer (RFC 9725).",
        refusals=(406, 409, 503, *_ASKED), body=TEXT, body_kind=SDP, security=_KEY,
        query=("replace", TEXT, "1: take the place of whoever is the camera now."),
        also={201: "The SDP answer; `Location` is the session."},
    ),
    Operation(
        "patch", "/whip/{name}/{session}", "Camera", "Tell ICE candidates.",
        refusals=(412, 422, 428, *_ASKED), body=TEXT, body_kind=TRICKLE, security=_KEY,
        also={204: "Taken."},
    ),
    Operation(
        "delete", "/whip/{name}/{session}", "Camera", "Stop being the camera.",
        refusals=(401, 403, 404, 500), security=_KEY, also={200: "It has ended."},
    ),
)  # fmt: skip
