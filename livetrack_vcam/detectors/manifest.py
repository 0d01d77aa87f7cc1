"""Weights that come with the package, checked against models/manifest.json before use."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from livetrack_vcam.errors import ModelError

MODELS = Path(__file__).parent / "models"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One entry of the manifest: what the file is, and what is known about it."""

    name: str
    file: str
    bytes: int
    sha256: str
    source: str
    made: str
    license: str
    facts: tuple[str, ...]


def load_weights(name: str, folder: Path = MODELS) -> bytes:
    """The verified content of model `name`. Raises ModelError when it is missing or damaged."""
    model = find_model(name, folder)
    path = folder / model.file
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelError(f"model file {path} cannot be read ({reason}); {_REMEDY}") from error
    if len(content) != model.bytes:
        raise ModelError(
            f"model file {path} has {len(content)} bytes instead of {model.bytes}; {_REMEDY}"
        )
    if hashlib.sha256(content).hexdigest() != model.sha256:
        raise ModelError(f"model file {path} is damaged (wrong sha256); {_REMEDY}")
    return content


def find_model(name: str, folder: Path = MODELS) -> ModelFile:
    """The manifest's entry for `name`. Raises ModelError when there is none."""
    for model in read_manifest(folder):
        if model.name == name:
            return model
    raise ModelError(f"model {name} is not in {folder / _MANIFEST}; {_REMEDY}")


def read_manifest(folder: Path = MODELS) -> tuple[ModelFile, ...]:
    """Every model that comes with the package. Raises ModelError when the list is damaged."""
    path = folder / _MANIFEST
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["models"]
        return tuple(ModelFile(**{**entry, "facts": tuple(entry["facts"])}) for entry in entries)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelError(f"model list {path} cannot be read ({reason}); {_REMEDY}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"model list {path} is damaged ({error}); {_REMEDY}") from error


_MANIFEST = "manifest.json"
_REMEDY = "type: pipx reinstall livetrack-vcam"
