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
from livetrack_vcam.detectors.store_import import unpack
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
        with suppress(OSError):
            kept = max(kept, part_path(model, origin, folder).stat().st_size)
    return kept


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
        part = part_path(model, origin, folder)
        try:
            content = _download(model, origin, part, listener, patience)
        except DownloadError as error:
            if origin != model.origins[-1]:
                listener.trouble(f"{error}; asking another address")
            reasons.append(str(error))
            continue
        _install(model, origin, part, content, folder)
        return
    why = "; ".join(dict.fromkeys(reasons))
    raise ModelError(
        f"model {model.name} was not downloaded: {why}. Try later, or download "
        f"{model.origins[0].url} another way and type: livetrack-vcam models import "
        f"{model.name} FILE"
    )


def _download(
    model: CatalogModel, origin: Origin, part: Path, listener: Listener, patience: Patience
) -> bytes:
    """The model's verified bytes from `origin`.

    What was put together from pieces and is wrong is asked for once more from its beginning.
    """
    pin = model.pins[0]
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


def _install(model: CatalogModel, origin: Origin, part: Path, content: bytes, folder: Path) -> None:
    path = folder / model.file
    try:
        if origin.member:
            write_file(path, content)
        else:
            part.replace(path)
        for other in model.origins:
            part_path(model, other, folder).unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def left_over(model: CatalogModel, folder: Path) -> str:
    """What to say when a download is interrupted."""
    kept = kept_bytes(model, folder)
    if not kept:
        return f"{model.name}: stopped; nothing was kept"
    return f"{model.name}: stopped with {megabytes(kept)} here; {model.command} goes on from there"
