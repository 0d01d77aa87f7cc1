"""Weights by the name of their model: those of the package (models/manifest.json) and the user's.

This is what detectors ask; every byte they get has been checked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from livetrack_vcam.detectors.catalog import find_in_catalog, read_catalog
from livetrack_vcam.detectors.pins import Pin, read_pinned
from livetrack_vcam.detectors.store import is_stored, read_stored, store_folder
from livetrack_vcam.detectors.store_converted import is_converted, load_converted
from livetrack_vcam.errors import ModelError, SettingsError

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
    runtime: str
    finds: str
    license: str
    facts: tuple[str, ...]


def load_weights(name: str, folder: Path = MODELS) -> bytes:
    """The verified content of model `name`: of the package, or fetched or imported by the user.

    Raises ModelError when it is missing, damaged or unknown. Never downloads anything.
    """
    if name in _names(folder):
        return read_vendored(find_model(name, folder), folder)
    model = find_in_catalog(name)
    if model.converter is not None:
        return load_converted(model, model.converter, store_folder())
    return read_stored(model, store_folder())


def model_path(name: str) -> Path:
    """Where the verified file of model `name` is. Raises ModelError as `load_weights` does."""
    load_weights(name)
    if name in _names(MODELS):
        return MODELS / find_model(name).file
    model = find_in_catalog(name)
    return store_folder() / (model.converter.file if model.converter else model.file)


def is_present(name: str) -> bool:
    """Whether `load_weights` will very likely succeed, judged by file sizes alone."""
    if name in _names(MODELS):
        return True
    model = {model.name: model for model in read_catalog()}.get(name)
    try:
        folder = store_folder()
    except SettingsError:  # nowhere to have it
        return False
    return model is not None and (is_stored(model, folder) or is_converted(model, folder))


def read_vendored(model: ModelFile, folder: Path = MODELS) -> bytes:
    """The verified content of a file of the package. Raises ModelError when it is damaged."""
    return read_pinned(folder / model.file, [Pin(model.bytes, model.sha256)], _REMEDY)


def _names(folder: Path) -> set[str]:
    return {model.name for model in read_manifest(folder)}


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
