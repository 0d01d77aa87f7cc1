"""Models whose file is converted once, and the result kept beside it with a record of its making.

The record `FILE.json` says which source, which version of the converter and which bytes belong
together. Whatever does not fit is made again from the source, so no result outlives its making.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from livetrack_vcam.detectors.catalog import CatalogModel, Converter
from livetrack_vcam.detectors.pins import Pin, problem_with
from livetrack_vcam.detectors.store import read_stored, write_file


@dataclass(frozen=True, slots=True)
class Record:
    """What a converted file was made from, by which version, and what it holds."""

    source_sha256: str
    version: int
    bytes: int
    sha256: str


def converted_path(converter: Converter, folder: Path) -> Path:
    return folder / converter.file


def load_converted(model: CatalogModel, converter: Converter, folder: Path) -> bytes:
    """The converted file, made now when there is none that fits.

    Raises ModelError when there is no source either, or when it cannot be converted or written.
    """
    kept = _read_kept(model, converter, folder)
    return convert(model, converter, folder) if kept is None else kept


def is_converted(model: CatalogModel, folder: Path) -> bool:
    """Whether a result and its record are there and fit by size; cheap."""
    converter = model.converter
    record = _read_record(model, converter, folder) if converter else None
    try:
        return bool(
            converter
            and record
            and converted_path(converter, folder).stat().st_size == record.bytes
        )
    except OSError:
        return False


def convert(model: CatalogModel, converter: Converter, folder: Path) -> bytes:
    """Convert the verified source and keep the result. Raises ModelError as `load_converted`."""
    source = read_stored(model, folder)
    module, _, function = converter.call.partition(":")
    call = cast("Callable[[bytes], bytes]", getattr(import_module(module), function))
    content = call(source)
    record = Record(
        source_sha256=hashlib.sha256(source).hexdigest(),
        version=converter.version,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    write_file(converted_path(converter, folder), content)
    write_file(_record_path(converter, folder), json.dumps(asdict(record), indent=2).encode())
    return content


def _read_kept(model: CatalogModel, converter: Converter, folder: Path) -> bytes | None:
    record = _read_record(model, converter, folder)
    if record is None:
        return None
    try:
        content = converted_path(converter, folder).read_bytes()
    except OSError:
        return None
    return None if problem_with(content, [Pin(record.bytes, record.sha256)]) else content


def _read_record(model: CatalogModel, converter: Converter, folder: Path) -> Record | None:
    """The record if it is readable and of today's source and converter."""
    try:
        record = Record(**json.loads(_record_path(converter, folder).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    sources = [pin.sha256 for pin in model.pins]
    fits = record.source_sha256 in sources and record.version == converter.version
    return record if fits else None


def _record_path(converter: Converter, folder: Path) -> Path:
    return folder / f"{converter.file}.json"
