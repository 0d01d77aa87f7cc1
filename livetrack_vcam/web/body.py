"""The JSON object in a request's body, or the refusal."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any, NoReturn

from aiohttp import hdrs, web

MAX_BODY_BYTES = 64 * 1024
BODY_TIMEOUT_S = 10.0
# More than any of our numbers has; larger ones cannot be compared with fractions.
MOST_DIGITS = 18


async def read_object(request: web.Request) -> dict[str, Any]:
    """The object, free of everything JSON only tolerates: NaN, repeated keys, broken Unicode.

    Raises HTTPBadRequest, HTTPRequestTimeout, HTTPRequestEntityTooLarge or
    HTTPUnsupportedMediaType with a sentence. No page of another site can send this media type
    without asking first.
    """
    return parse_object(await read_bytes(request, "application/json"))


async def read_text(request: web.Request, media_type: str) -> str:
    """The body as text. Raises as `read_object` does."""
    try:
        return (await read_bytes(request, media_type)).decode()
    except UnicodeDecodeError:
        raise web.HTTPBadRequest(text="the body is not text in UTF-8") from None


async def read_bytes(request: web.Request, media_type: str) -> bytes:
    """The body. Raises as `read_object` does."""
    if request.content_type != media_type:
        raise web.HTTPUnsupportedMediaType(text=f"send it as {media_type}")
    if hdrs.CONTENT_ENCODING in request.headers:
        raise web.HTTPUnsupportedMediaType(text="send it as it is, not compressed")
    try:
        return await asyncio.wait_for(request.read(), BODY_TIMEOUT_S)
    except web.RequestPayloadError:
        raise web.HTTPBadRequest(text="the body is not sent as its headers promise") from None
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="the body did not come in time") from None


def parse_object(text: bytes) -> dict[str, Any]:
    """Raises HTTPBadRequest with a sentence."""
    try:
        value = json.loads(
            text,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_refuse,
            object_pairs_hook=_unique,
        )
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate is no text
    except (ValueError, RecursionError) as error:
        reason = f": {error}" if isinstance(error, _RefusedError) else ""
        raise web.HTTPBadRequest(text=f"the body is not valid JSON{reason}") from None
    if not isinstance(value, dict):
        raise web.HTTPBadRequest(text='the body is not an object like {"command":"pause"}')
    return value


class _RefusedError(ValueError):
    """Python's reader takes it, JSON does not."""


def _refuse(constant: str) -> NoReturn:
    raise _RefusedError(f"{constant} is no number")


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise _RefusedError(f"{text[:20]} is too large")
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _RefusedError(f"{text[:20]} is too large")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _RefusedError(f"{twice!r} is there twice")
    return found
