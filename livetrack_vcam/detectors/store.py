"""The user's own models: fetched or imported files in one folder, checked at every use."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from livetrack_vcam.detectors.catalog import CatalogModel
from livetrack_vcam.detectors.pins import read_pinned
from livetrack_vcam.errors import ModelError
from livetrack_vcam.user_folders import data_folder

FOLDER_VARIABLE = "LIVETRACK_MODELS"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def store_folder() -> Path:
    """Where fetched and imported models are: $LIVETRACK_MODELS, else in the user's data folder.

    Not in the cache folder: programs that tidy up empty caches, and a model that is gone is not
    fetched again unasked. Raises SettingsError when this user has no home folder.
    """
    chosen = os.environ.get(FOLDER_VARIABLE, "").strip()
    if chosen:
        return Path(os.path.expanduser(chosen)).absolute()  # noqa: PTH111  Path raises on ~nobody
    return data_folder("models") / "models"


def is_stored(model: CatalogModel, folder: Path) -> bool:
    """Whether the file is there with the right size; its content is checked when it is used."""
    with contextlib.suppress(OSError):
        return (folder / model.file).stat().st_size in {pin.bytes for pin in model.pins}
    return False


def is_claimed(model: CatalogModel, folder: Path) -> bool:
    """Whether anything is in the file's place, damaged and unreadable things included."""
    try:
        return (folder / model.file).exists()
    except OSError:
        return True


def read_stored(model: CatalogModel, folder: Path) -> bytes:
    """The verified file as its owner made it. Raises ModelError when it is not here or damaged."""
    if not is_claimed(model, folder):
        raise ModelError(missing(model))
    return read_pinned(folder / model.file, model.pins, f"type: {model.command}")


def missing(model: CatalogModel) -> str:
    """The sentence for a model that nobody has brought here yet."""
    what = f"model {model.name} ({megabytes(model.pins[0].bytes)}, {model.license}) is not here"
    if not model.origins:
        return f"{what}; {model.advice}; with the file at hand, type: {model.command}"
    by_file = f"with the file at hand: livetrack-vcam models import {model.name} FILE"
    return f"{what}; {by_file}; to download it, type: {model.command}"


def megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def write_file(path: Path, content: bytes) -> None:
    """The file, whole or not at all. Raises ModelError when it cannot be written."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> ModelError:
    """Why `path` in the model folder could not be written, and what the user may do."""
    if error.errno in _FULL:
        return ModelError(
            f"the disk is full: model file {path} cannot be written; free some space, or name "
            f"another folder in {FOLDER_VARIABLE}, and type the same again"
        )
    reason = error.strerror or str(error)
    return ModelError(
        f"model file {path} cannot be written ({reason}); name a folder of yours in "
        f"{FOLDER_VARIABLE}, or check this one with: ls -ld {path.parent}"
    )
