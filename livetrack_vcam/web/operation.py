"""One operation of the control API as its document describes it, and what refusals mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from livetrack_vcam.web.body import BODY_TIMEOUT_S, MAX_BODY_BYTES
from livetrack_vcam.web.schemas import Json
from livetrack_vcam.web.streams import BOUNDARY

JSON, JPEG, HTML = "application/json", "image/jpeg", "text/html"
MJPEG = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
REFUSALS = {
    400: "It makes no sense, or cannot be done now; the sentence says why.",
    401: "The token is missing or another one.",
    403: "A page of another web site asks, the server is called by a name that is not its own, or "
    "an invitation is none or has expired.",
    404: "There is no such shot, or it is not sent to the web, or that viewer has left.",
    406: "No codec is offered that both sides have; the answer lists them.",
    408: f"The body did not come within {BODY_TIMEOUT_S:.0f} s.",
    409: "Somebody else is the camera.",
    412: "What `If-Match` names is no more.",
    413: f"The body is larger than {MAX_BODY_BYTES // 1024} KiB.",
    415: "The body is not of the media type that is asked for, or it is compressed.",
    422: "ICE cannot be restarted; make a new offer.",
    428: "`If-Match` is missing.",
    429: "Too many are about to connect; `Retry-After` says when to try again.",
    500: "The program made a mistake; its log says more.",
    503: "There are too many clients at once, the room is full, there is no picture yet, or this "
    "computer is on no network.",
}
"""What every refusal means; each is {"error": sentence}."""

ANYBODY = (403, 500)
CHANGES = (400, 401, 403, 408, 413, 415, 500)
PICTURES = (403, 404, 500, 503)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path: what it is for, what it takes and every status it answers with.

    `kind` is the media type of the 200 answer, `answer` its schema; `moved` and `also` the
    other good status.
    """

    method: str
    path: str
    group: str
    summary: str
    answer: Json | None = None
    kind: str = JSON
    refusals: Sequence[int] = ANYBODY
    body: Json | None = None
    body_kind: str = JSON
    security: Sequence[str] = ()
    query: tuple[str, Json, str] | None = None
    moved: Mapping[int, str] | None = None
    also: Mapping[int, str] | None = None


TEXT: Json = {"type": "string"}
OPERATOR = ("token", "cookie")
