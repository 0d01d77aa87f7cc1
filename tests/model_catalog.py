"""A catalog of small made-up models, so that the store can be tested without real weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

THING = bytes(range(256)) * 40
GADGET = THING[::-1]
SOURCE = b"darknet " * 500


def entry(name: str, content: bytes, *urls: str, **more: Any) -> dict[str, Any]:
    """A catalog entry for `content`, fetched from `urls`."""
    pin = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return {
        "name": name,
        "file": f"{name}.tflite",
        "pins": [pin],
        "origins": [{"url": url} for url in urls],
        "runtime": "LiteRT",
        "extra": "",
        "finds": "things",
        "license": "MIT",
        "source": "the tests",
        "hash_known_from": "the tests",
        "facts": ["input 1 x 1"],
        **more,
    }


def converted_entry(call: str, version: int = 1) -> dict[str, Any]:
    """A model whose file is turned around by `call` before it can be used."""
    converter = {"call": call, "file": "turned.tflite", "version": version}
    url = "https://models.invalid/turned.weights"
    return entry("turned", SOURCE, url, file="turned.weights", converter=converter)


def write_catalog(path: Path, *entries: Mapping[str, Any]) -> Path:
    path.write_text(json.dumps({"models": list(entries)}), encoding="utf-8")
    return path
