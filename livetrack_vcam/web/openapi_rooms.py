"""The viewer rooms in the control API's document: what to know of them, and WHEP."""

from __future__ import annotations

from dataclasses import fields

from livetrack_vcam.room.page_sample import NUMBERS, PageSample
from livetrack_vcam.room.wish import MAX_NAME, Mode
from livetrack_vcam.web.operation import OPERATOR, TEXT, Operation
from livetrack_vcam.web.room_api import LONGEST_S, SHORTEST_S
from livetrack_vcam.web.schemas import Json
from livetrack_vcam.web.sdp import SDP
from livetrack_vcam.webrtc.encoded import Codec

_NUMBER: Json = {"type": "number"}
_INVITED = ("", "invitation", *OPERATOR)
_ASKED = (400, 403, 404, 408, 413, 415, 500)
_CHOICES: Json = {
    "height": {
        "description": '"auto", or the shorter side as in 720; where that is not sent, the next '
        "smaller one.",
    },
    "mode": {"enum": [mode.value for mode in Mode]},
    "name": {"type": "string", "maxLength": MAX_NAME},
    "sound": {"type": "boolean"},
}
_SENT: Json = {
    "type": "object",
    "description": "What the viewer is sent now.",
    "properties": {
        "codec": {"enum": [codec.value for codec in Codec]},
        "width": _NUMBER,
        "height": _NUMBER,
        "kbps": _NUMBER,
        "mode": _CHOICES["mode"],
        "reduced": {
            "type": "boolean",
            "description": "The network bears less than was picked.",
        },
        "sound": {"type": "boolean"},
    },
}
_SAMPLE: Json = {
    "type": "object",
    "description": "What the page counts; each may be left out.",
    "properties": {
        field.name: _NUMBER if field.name in NUMBERS else TEXT for field in fields(PageSample)
    },
}
_LIFETIME: Json = {
    "type": "object",
    "properties": {"for_s": {"type": "number", "minimum": SHORTEST_S, "maximum": LONGEST_S}},
}
_INVITATION: Json = {
    "type": "object",
    "properties": {"path": TEXT, "urls": {"type": "array", "items": TEXT}},
    "required": ["path", "urls"],
}

ROOM_OPERATIONS = (
    Operation(
        "get", "/api/room/{shot}", "Rooms", "What there is to know before one joins.",
        {"type": "object"}, refusals=(401, 403, 404, 500), security=_INVITED,
    ),
    Operation(
        "get", "/api/room/{shot}/viewers", "Rooms", "Who watches, by name.", {"type": "object"},
        refusals=(401, 403, 404, 500), security=OPERATOR,
    ),
    Operation(
        "get", "/api/room/{shot}/stats.csv", "Rooms",
        "A line a viewer a second, of the last ten minutes.", TEXT, "text/csv",
        (401, 403, 404, 500), security=OPERATOR,
    ),
    Operation(
        "post", "/api/room/{shot}/invitation", "Rooms",
        "Links that let whoever has one into the room, for so many seconds.", _INVITATION,
        refusals=(401, *_ASKED), body=_LIFETIME, security=OPERATOR,
    ),
    Operation(
        "post", "/whep/{shot}", "Rooms", "Join: the body is an SDP offer (WHEP).",
        refusals=(401, 406, 429, 503, *_ASKED), body=TEXT, body_kind=SDP, security=_INVITED,
        query=("height", TEXT, "And codec, mode, name, sound: what the viewer wishes."),
        also={201: "The SDP answer; `Location` is the viewer's own address, a secret."},
    ),
    Operation(
        "get", "/whep/{shot}/{viewer}", "Rooms",
        "What the viewer is sent, and the clock that its pictures are stamped by.", _SENT,
        refusals=(403, 404, 500),
    ),
    Operation(
        "patch", "/whep/{shot}/{viewer}", "Rooms", "Change what the viewer wishes.", _SENT,
        refusals=(412, *_ASKED), body={"type": "object", "properties": _CHOICES},
        also={204: "ICE candidates were sent, as application/trickle-ice-sdpfrag."},
    ),
    Operation(
        "post", "/whep/{shot}/{viewer}/stats", "Rooms", "What the viewer's page counts.",
        refusals=_ASKED, body=_SAMPLE, also={204: "Taken."},
    ),
    Operation(
        "delete", "/whep/{shot}/{viewer}", "Rooms", "Leave.",
        {"type": "object"}, refusals=(403, 404, 500),
    ),
)  # fmt: skip
"""Who knows a viewer's address may change it: it cannot be guessed."""
