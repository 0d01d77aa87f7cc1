"""Downloads the user asked for: the owner's address first, the pinned bytes or nothing."""

from __future__ import annotations

from contextlib import suppress
from enum import Enum
from pathlib import Path

from livetrack_vcam.detectors.catalog import CatalogModel, Origin
from livetrack_vcam.detectors.download import (
    DownloadError,
    Listener,
    Patience,
    Wanted,
    download,
    drop,
)
from livetrack_vcam.detectors.pins import Pin, problem_with, read_file
from livetrack_vcam.detectors.store import (
    cannot_write,
    is_stored,
    megabytes,
    missing,
    read_stored,
    write_file,
)
from livetrack_vcam.detectors.store_archive import unpack
from livetrack_vcam.detectors.store_lock import locked
from livetrack_vcam.errors import ModelError


class Outcome(Enum):
    """What a fetch came to."""

    FETCHED = "fetched"
    HERE_ALREADY = "here already"


def fetch_model(
    model: CatalogModel, folder: Path, listener: Listener, patience: Patience | None = None
) -> Outcome:
    """Bring the file of `model` into `folder`, unless it is there and whole.

    Raises ModelError, with what each address said, when none gives the pinned bytes. What has come
    of the file until then is kept beside it and gone on with next time.
    """
    if not model.origins:
        raise ModelError(missing(model))
    if _is_whole(model, folder):
        return Outcome.HERE_ALREADY
    waiting = f"waiting for another livetrack-vcam that is downloading to {folder}"
    with locked(folder, lambda: listener.trouble(waiting)):
        if _is_whole(model, folder):
            return Outcome.HERE_ALREADY
        _fetch(model, folder, listener, patience or Patience())
    return Outcome.FETCHED


def part_path(model: CatalogModel, origin: Origin, folder: Path) -> Path:
    """Where a download is kept until it is whole; addresses of the same file share it."""
    return folder / f"{model.name}-{origin.file}.part"


def kept_bytes(model: CatalogModel, folder: Path) -> int:
    """How much of an unfinished download is there to go on with."""
    kept = 0
    for origin in model.origins:
        here = 0
        for piece, _ in _pieces(model, origin):
            with suppress(OSError):
                here += part_path(model, piece, folder).stat().st_size
        kept = max(kept, here)
    return kept


def _pieces(model: CatalogModel, origin: Origin) -> tuple[tuple[Origin, Pin], ...]:
    """What to ask `origin` for: the model's file, or those it is joined from."""
    if model.parts is None:
        return ((origin, model.pins[0]),)
    names = model.parts.names
    pieces = (Origin(origin.url + name) for name in names)
    return tuple(zip(pieces, model.parts.pins, strict=True))


def _is_whole(model: CatalogModel, folder: Path) -> bool:
    if not is_stored(model, folder):
        return False
    try:
        read_stored(model, folder)
    except ModelError:
        return False
    return True


def _fetch(model: CatalogModel, folder: Path, listener: Listener, patience: Patience) -> None:
    """Try the origins in turn until one has given the model."""
    reasons: list[str] = []
    for origin in model.origins:
        try:
            content = _download_all(model, origin, folder, listener, patience)
        except DownloadError as error:
            if origin != model.origins[-1]:
                listener.trouble(f"{error}; asking another address")
            reasons.append(str(error))
            continue
        _install(model, origin, content, folder)
        return
    why = "; ".join(dict.fromkeys(reasons))
    raise ModelError(f"model {model.name} was not downloaded: {why}. Try later, or {_else(model)}")


def _else(model: CatalogModel) -> str:
    """How to come by the model without this download."""
    if model.advice:
        return model.advice
    command = f"livetrack-vcam models import {model.name} FILE"
    return f"download {model.origins[0].url} another way and type: {command}"


def _download_all(
    model: CatalogModel, origin: Origin, folder: Path, listener: Listener, patience: Patience
) -> bytes:
    """The model's verified bytes from `origin`, one file after the other if it has parts."""
    content = b""
    for piece, pin in _pieces(model, origin):
        part = part_path(model, piece, folder)
        content += _download(piece, pin, part, _ahead(listener, len(content)), patience)
    return content


def _ahead(listener: Listener, before: int) -> Listener:
    """`listener` told of a file when `before` bytes are here already."""
    return Listener(lambda done: listener.progress(before + done), listener.trouble)


def _download(
    origin: Origin, pin: Pin, part: Path, listener: Listener, patience: Patience
) -> bytes:
    """The verified bytes of one file.

    What was put together from pieces and is wrong is asked for once more from its beginning.
    """
    size = None if origin.member else pin.bytes
    wanted = Wanted(origin.url, size, origin.max_bytes or pin.bytes)
    in_one_piece = download(wanted, part, listener, patience)
    try:
        return _verified(origin, pin, part, wanted)
    except DownloadError:
        if in_one_piece:
            raise
    download(wanted, part, listener, patience)
    return _verified(origin, pin, part, wanted)


def _verified(origin: Origin, pin: Pin, part: Path, wanted: Wanted) -> bytes:
    """What `part` holds when it is the model; otherwise `part` is removed."""
    content = read_file(part, wanted.max_bytes, "type the same again")
    try:
        if origin.member:
            content = unpack(content, [origin.member], pin.bytes)
        problem = problem_with(content, [pin])
    except ModelError as error:
        problem = str(error)
    if not problem:
        return content
    drop(part)
    raise DownloadError(f"what {wanted.host} sent is not the model: it {problem}")


def _install(model: CatalogModel, origin: Origin, content: bytes, folder: Path) -> None:
    path = folder / model.file
    try:
        if origin.member or model.parts:
            write_file(path, content)
        else:
            part_path(model, origin, folder).replace(path)
        for other in model.origins:
            for piece, _ in _pieces(model, other):
                part_path(model, piece, folder).unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def left_over(model: CatalogModel, folder: Path) -> str:
    """What to say when a download is interrupted."""
    kept = kept_bytes(model, folder)
    if not kept:
        return f"{model.name}: stopped; nothing was kept"
    return f"{model.name}: stopped with {megabytes(kept)} here; {model.command} goes on from there"
