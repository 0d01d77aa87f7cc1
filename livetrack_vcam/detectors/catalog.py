"""Models the user may fetch or import: models/catalog.json, one pinned file each."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from livetrack_vcam.detectors.pins import Pin
from livetrack_vcam.errors import ModelError

CATALOG = Path(__file__).parent / "models" / "catalog.json"


@dataclass(frozen=True, slots=True)
class Origin:
    """An address that gives the model's file, or a zip file with it as `member`.

    `max_bytes` is the most that is read of a zip file, which is not pinned itself because its
    member is.
    """

    url: str
    member: str = ""
    max_bytes: int = 0

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def file(self) -> str:
        """The last part of the address."""
        return urlsplit(self.url).path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Parts:
    """The files that, joined in this order, are the model's file.

    `archive_folder`, ending in "/", is where they are in a .tgz that somebody packed them into.
    """

    names: tuple[str, ...]
    pins: tuple[Pin, ...]
    archive_folder: str


@dataclass(frozen=True, slots=True)
class Converter:
    """How the file becomes what the runtime reads: `call` is module:function, bytes to bytes.

    A result made by another `version` is made again.
    """

    call: str
    file: str
    version: int


@dataclass(frozen=True, slots=True)
class CatalogModel:
    """One entry: which bytes the model is, where its owner gives them out, what is known of it.

    `pins` are the files known to be this model: first the one behind `origins`, then other exports
    of the same weights. `origins`, the owner's first, is empty for a model that can only be
    imported. `advice` says how else to come by the file. A model published as several files has
    `parts`, and each of its `origins` is the folder that has them, ending in "/".
    `hash_known_from` says who vouches for the pins. `extra` is the extra of this package that
    brings the runtime, empty when the base installation does.
    """

    name: str
    file: str
    pins: tuple[Pin, ...]
    origins: tuple[Origin, ...]
    converter: Converter | None
    runtime: str
    extra: str
    finds: str
    license: str
    source: str
    hash_known_from: str
    advice: str
    facts: tuple[str, ...]
    parts: Parts | None = None

    @property
    def command(self) -> str:
        """What the user types to get it."""
        rest = f"fetch {self.name}" if self.origins else f"import {self.name} FILE"
        return f"livetrack-vcam models {rest}"


def read_catalog() -> tuple[CatalogModel, ...]:
    """Every entry, in the order users see. Raises ModelError when the list is damaged."""
    path = CATALOG
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["models"]
        return tuple(_model(entry) for entry in entries)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelError(f"model list {path} cannot be read ({reason}); {_REMEDY}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"model list {path} is damaged ({error}); {_REMEDY}") from error


def find_in_catalog(name: str) -> CatalogModel:
    """The entry for `name`. Raises ModelError that lists the choices when there is none."""
    models = {model.name: model for model in read_catalog()}
    if name in models:
        return models[name]
    close = difflib.get_close_matches(name, models, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise ModelError(f"no model is named {name!r}; {hint}type: livetrack-vcam models list")


def _model(entry: dict[str, Any]) -> CatalogModel:
    known = {
        **entry,
        "origins": tuple(Origin(**origin) for origin in entry["origins"]),
        "facts": tuple(entry["facts"]),
        "converter": Converter(**entry["converter"]) if "converter" in entry else None,
        "pins": tuple(Pin(**pin) for pin in entry["pins"]),
        "advice": entry.get("advice", ""),
        "parts": _parts(**entry["parts"]) if "parts" in entry else None,
    }
    return CatalogModel(**known)


def _parts(archive_folder: str, files: list[dict[str, Any]]) -> Parts:
    names = tuple(file["name"] for file in files)
    pins = tuple(Pin(file["bytes"], file["sha256"]) for file in files)
    return Parts(names, pins, archive_folder)


_REMEDY = "type: pipx reinstall livetrack-vcam"
