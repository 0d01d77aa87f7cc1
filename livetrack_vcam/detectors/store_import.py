"""Files the user has brought along: recognized by their sha256, copied into the store."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from livetrack_vcam.detectors.catalog import CatalogModel, find_in_catalog, read_catalog
from livetrack_vcam.detectors.manifest import read_manifest
from livetrack_vcam.detectors.pins import problem_with, read_file
from livetrack_vcam.detectors.store import write_file
from livetrack_vcam.detectors.store_archive import GZIP, ZIP, unpack, unpack_parts
from livetrack_vcam.errors import ModelError

# More than any model or archive here; a disk image or a film is refused without reading it all.
MAX_BYTES = 64_000_000


def import_model(name: str | None, path: Path, folder: Path) -> CatalogModel:
    """Copy `path`, or the model in the archive `path`, into `folder`; which model it is.

    Without a `name` the content decides. Raises ModelError when it is not that model, and then
    changes nothing. The user's own file is only read.
    """
    wanted = _wanted(name) if name is not None else None
    content = _read(path, wanted)
    model = wanted or _recognized(path, content)
    if problem_with(content, model.pins):
        raise ModelError(_refusal(model, path, content))
    write_file(folder / model.file, content)
    return model


def _wanted(name: str) -> CatalogModel:
    if name in {model.name for model in read_manifest()}:
        raise ModelError(
            f"model {name} comes with the package; if it is damaged, "
            "type: pipx reinstall livetrack-vcam"
        )
    return find_in_catalog(name)


def _read(path: Path, wanted: CatalogModel | None) -> bytes:
    """The model's bytes, taken out of the archive when `path` is one."""
    with suppress(OSError):
        if path.is_dir():
            raise ModelError(f"{path} is a folder; name the file in it")
    content = read_file(path, MAX_BYTES, "check the name and its permissions")
    try:
        return _unpacked(content, [wanted] if wanted else read_catalog())
    except ModelError as error:
        what_next = _where_from(wanted) if wanted else _see_list()
        raise ModelError(f"{path} {error}; {what_next}") from error


def _unpacked(content: bytes, models: Sequence[CatalogModel]) -> bytes:
    """What the archive `content` has for one of `models`; `content` itself when it is none.

    Raises ModelError that reads on from "FILE …".
    """
    members = [origin.member for model in models for origin in model.origins if origin.member]
    # Models with metadata end in a zip file too; archives begin with one.
    if content.startswith(ZIP) and members:
        return unpack(content, members, MAX_BYTES)
    choices = [model.parts for model in models if model.parts]
    if content.startswith(GZIP) and choices:
        return unpack_parts(content, choices, MAX_BYTES)
    return content


def _recognized(path: Path, content: bytes) -> CatalogModel:
    model = _model_of(content)
    if model is None:
        what = _other_name(path, content) or f"{path} is no model known here"
        raise ModelError(f"{what}; {_see_list()}")
    return model


def _model_of(content: bytes) -> CatalogModel | None:
    sha256 = hashlib.sha256(content).hexdigest()
    matches = (m for m in read_catalog() if sha256 in {pin.sha256 for pin in m.pins})
    return next(matches, None)


def _refusal(model: CatalogModel, path: Path, content: bytes) -> str:
    """One sentence on what the file is instead of `model`."""
    other = _model_of(content)
    if other is not None:
        file = shlex.quote(str(path))
        return f"{path} is {other.name}; type: livetrack-vcam models import {other.name} {file}"
    what = _other_name(path, content)
    if what is None:
        what = f"{path} is not {model.name}: it {problem_with(content, model.pins)}"
    return f"{what}; {_where_from(model)}"


def _other_name(path: Path, content: bytes) -> str | None:
    """What the file is when it is not one the user could import."""
    sha256 = hashlib.sha256(content).hexdigest()
    vendored = [model.name for model in read_manifest() if model.sha256 == sha256]
    if vendored:
        return f"{path} is {vendored[0]}, which comes with the package"
    if not content:
        return f"{path} is empty"
    if content.lstrip()[:1] == b"<":
        return f"{path} is a web page, not a model"
    if len(content) > MAX_BYTES:
        return f"{path} is larger than any model here"
    return None


def _where_from(model: CatalogModel) -> str:
    if model.advice:
        return model.advice
    return f"download it again, from {model.origins[0].url}"


def _see_list() -> str:
    return "which ones are, says: livetrack-vcam models list"
