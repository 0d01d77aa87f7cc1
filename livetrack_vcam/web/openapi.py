"""The control API as an OpenAPI 3.1 document, made from what the program itself reads and writes.

What is taken and given comes from `schemas`; only what belongs to HTTP is written here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from livetrack_vcam import __version__
from livetrack_vcam.web.openapi_camera import CAMERA_OPERATIONS
from livetrack_vcam.web.openapi_rooms import ROOM_OPERATIONS
from livetrack_vcam.web.operation import (
    CHANGES,
    HTML,
    JPEG,
    JSON,
    MJPEG,
    OPERATOR,
    PICTURES,
    REFUSALS,
    TEXT,
    Operation,
)
from livetrack_vcam.web.operator import CODE_LIFETIME_S, COOKIE
from livetrack_vcam.web.schemas import (
    Json,
    command_examples,
    component_schemas,
    ref,
    settings_example,
)
from livetrack_vcam.web.streams import MAX_EVENT_HZ

_HZ = {"type": "integer", "minimum": 1, "maximum": int(MAX_EVENT_HZ), "default": int(MAX_EVENT_HZ)}
_NUMBERS: Json = {"type": "object", "description": "Numbers, nested by shot and output."}

OPERATIONS = (
    Operation(
        "get", "/api/status", "Look", "Everything that a panel or a page shows.", ref("Status")
    ),
    Operation(
        "get", "/api/events", "Look",
        "The status as server-sent events named `status`, whenever it changed.",
        {"type": "string", "description": "`event: status`, `data:` one Status as JSON."},
        "text/event-stream", (400, 403, 500, 503), query=("hz", _HZ, "Events a second, at most."),
    ),
    Operation("get", "/api/stats", "Look", "The numbers alone.", _NUMBERS),
    Operation("get", "/metrics", "Look", "The same for Prometheus.", TEXT, "text/plain"),
    Operation("get", "/healthz", "Look", "Whether the program runs.", ref("Done")),
    Operation(
        "get", "/api/devices", "Look", "What `livetrack-vcam devices --json` lists.",
        ref("Devices"),
    ),
    Operation(
        "get", "/api/settings", "Look", "The settings of every shot, and what is fixed.",
        ref("Settings"),
    ),
    Operation(
        "get", "/api/openapi.json", "Look", "This document.", {"type": "object"}
    ),
    Operation(
        "post", "/api/command", "Change", "Carry out one command.", ref("Done"),
        refusals=CHANGES, body=ref("Command"), security=OPERATOR,
    ),
    Operation(
        "put", "/api/settings", "Change", "Change live settings of some shots, all or none.",
        ref("Done"), refusals=CHANGES, body=ref("SettingsChange"), security=OPERATOR,
    ),
    Operation(
        "post", "/api/sign-in", "Sign in",
        f"A link that signs one browser in, once, within {CODE_LIFETIME_S:.0f} s.",
        ref("SignIn"), refusals=(401, 403, 500), security=("token",),
    ),
    Operation(
        "get", "/api/session", "Sign in", "Whether the asker's token or cookie is good.",
        ref("Session"), security=("", *OPERATOR),
    ),
    Operation(
        "get", "/control", "Pages", "The operator's page.", TEXT, HTML,
        query=("code", TEXT, "From a sign-in link: answered with the cookie."),
        moved={303: "The code was good: the cookie, and on to the page without the code."},
    ),
    Operation(
        "get", "/", "Pages", "To the room of the first shot.", moved={302: "To its room."},
    ),
    Operation(
        "get", "/room", "Pages", "To the room of the first shot.", moved={302: "To its room."},
    ),
    Operation(
        "get", "/room/{shot}", "Pages", "The page to watch one shot.", TEXT, HTML, (403, 404, 500)
    ),
    Operation(
        "get", "/assets/{path}", "Pages", "A file of the pages.", TEXT,
        "application/octet-stream", (403, 404, 500),
    ),
    Operation(
        "get", "/stream.mjpg", "Pictures", "The first shot as MJPEG.", TEXT, MJPEG, PICTURES
    ),
    Operation(
        "get", "/stream/{shot}.mjpg", "Pictures", "One shot as MJPEG.", TEXT, MJPEG, PICTURES
    ),
    Operation(
        "get", "/snapshot.jpg", "Pictures", "The first shot's next picture.", TEXT, JPEG, PICTURES
    ),
    Operation(
        "get", "/snapshot/{shot}.jpg", "Pictures", "One shot's next picture.", TEXT, JPEG,
        PICTURES,
    ),
    Operation(
        "get", "/preview.mjpg", "Pictures", "The whole picture of the source, small, as MJPEG.",
        TEXT, MJPEG, (403, 500, 503),
    ),
    Operation(
        "get", "/preview.jpg", "Pictures", "The same, one picture.", TEXT, JPEG, (403, 500, 503)
    ),
    *ROOM_OPERATIONS,
    *CAMERA_OPERATIONS,
)  # fmt: skip
"""Every route of the server, in the order in which the document shows them."""


@cache
def document() -> Json:
    """The whole document; the same object each time, not to be changed."""
    paths: Json = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "LiveTrack control API",
            "version": __version__,
            "summary": "Looks at and directs the running livetrack-vcam, by default on port 8787.",
            "description": 'Every refusal is {"error": one sentence}. A method that is not listed '
            "is answered 405 with `Allow`. Reading needs no token, changing does.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "http://127.0.0.1:8787"}],
        "paths": paths,
        "components": {
            "schemas": component_schemas(),
            "responses": {str(code): _refusal(code) for code in REFUSALS},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "From the file `token` in the user's data folder.",
                },
                "camera": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "What follows #k= in the phone's link.",
                },
                "invitation": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "What follows #t= in a link of `livetrack-vcam ctl invite`; "
                    "needed only with --room-access invited.",
                },
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": COOKIE,
                    "description": "From a sign-in link; counts only with an Origin of the server.",
                },
            },
        },
    }


def _operation(operation: Operation) -> Json:
    answers: Json = {}
    if operation.answer is not None:
        content = {operation.kind: {"schema": operation.answer}}
        answers["200"] = {"description": operation.summary, "content": content}
    for code, meaning in {**(operation.moved or {}), **(operation.also or {})}.items():
        answers[str(code)] = {"description": meaning}
    for code in operation.refusals:
        answers[str(code)] = {"$ref": f"#/components/responses/{code}"}
    result: Json = {
        "operationId": _operation_id(operation),
        "tags": [operation.group],
        "summary": operation.summary,
        "responses": answers,
    }
    parameters = _parameters(operation)
    if parameters:
        result["parameters"] = parameters
    if operation.body is not None:
        content = {operation.body_kind: _with_examples(operation)}
        result["requestBody"] = {"required": True, "content": content}
    if operation.security:
        result["security"] = [{name: []} if name else {} for name in operation.security]
    return result


def _operation_id(operation: Operation) -> str:
    words = operation.path.translate(str.maketrans("/.{}-", "     ")).split()
    return "_".join([operation.method, *words])


def _parameters(operation: Operation) -> list[Json]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": TEXT}
        for name in ("shot", "path", "viewer", "name", "session")
        if f"{{{name}}}" in operation.path
    ]
    if operation.query is not None:
        name, schema, text = operation.query
        parameters.append({"name": name, "in": "query", "schema": schema, "description": text})
    return parameters


_EXAMPLES: Mapping[str, Callable[[], Mapping[str, Json]]] = {
    "/api/command": command_examples,
    "/api/settings": lambda: {"two settings": settings_example()},
}


def _with_examples(operation: Operation) -> Json:
    if operation.path not in _EXAMPLES:
        return {"schema": operation.body}
    examples = _EXAMPLES[operation.path]()
    return {
        "schema": operation.body,
        "examples": {name: {"value": value} for name, value in examples.items()},
    }


def _refusal(code: int) -> Json:
    return {"description": REFUSALS[code], "content": {JSON: {"schema": ref("Error")}}}
