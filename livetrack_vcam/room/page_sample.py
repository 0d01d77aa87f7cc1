"""What a viewer's page says of itself, once a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

LARGEST = 1e12
MAX_TEXT = 40


@dataclass(frozen=True, slots=True)
class PageSample:
    """W3C's statistics, counted by the browser; None: it does not tell. `frozen` in seconds since
    the picture stands still. `latency_ms`: from capture to the screen."""

    packets_lost: float | None = None
    packets_received: float | None = None
    nack: float | None = None
    keyframe_interval_s: float | None = None
    rtt_ms: float | None = None
    kbps: float | None = None
    jitter_ms: float | None = None
    jitter_buffer_ms: float | None = None
    fps: float | None = None
    width: float | None = None
    height: float | None = None
    frozen: float | None = None
    latency_ms: float | None = None
    dropped: float | None = None
    decoder: str | None = None


NUMBERS = tuple(field.name for field in fields(PageSample) if field.name != "decoder")


def read_sample(body: Mapping[str, Any]) -> PageSample:
    """Raises ValueError with a sentence. What a newer page says beyond this is left out."""
    values: dict[str, Any] = {}
    for name in NUMBERS:
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGEST:
            raise ValueError(f"{name} is no number; leave it out when it is not known")
        values[name] = float(value)
    decoder = body.get("decoder")
    if isinstance(decoder, str):
        values["decoder"] = "".join(c for c in decoder if c.isprintable())[:MAX_TEXT]
    return PageSample(**values)
