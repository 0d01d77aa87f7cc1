"""What the user is told about every model: here or not, and how to get it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from livetrack_vcam.detectors.catalog import CatalogModel, read_catalog
from livetrack_vcam.detectors.manifest import ModelFile, read_manifest
from livetrack_vcam.detectors.store import is_claimed, is_stored, megabytes
from livetrack_vcam.detectors.store_converted import is_converted

IN_PACKAGE = "in the package"
HERE = "here"
DAMAGED = "damaged"
NOT_HERE = "not here"
_COLUMNS = ("model", "state", "size", "finds", "runtime", "license", "to get it")

_COMMAND = "livetrack-vcam models "
_HOW = (
    f"fetch: {_COMMAND}fetch NAME downloads it from its owner",
    f"import: {_COMMAND}import FILE takes a file you already have",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list; `get` is the command that brings the model, empty when it is here."""

    name: str
    state: str
    bytes: int
    finds: str
    runtime: str
    extra: str
    license: str
    source: str
    get: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def to_row(self) -> tuple[str, ...]:
        runtime = f"{self.runtime} [{self.extra}]" if self.extra else self.runtime
        license_name = self.license.partition(" (")[0]
        size = megabytes(self.bytes)
        get = self.get.removeprefix(_COMMAND).replace(f" {self.name}", "")
        return (self.name, self.state, size, self.finds, runtime, license_name, get)


def list_models(folder: Path) -> tuple[Entry, ...]:
    """Every model there is, those of the package first."""
    vendored = (_vendored(model) for model in read_manifest())
    return (*vendored, *(_fetchable(model, folder) for model in read_catalog()))


def to_table(entries: tuple[Entry, ...]) -> str:
    """Aligned columns, one line a model, and below how to get those that are not here."""
    rows = [_COLUMNS, *(entry.to_row() for entry in entries)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join([*lines, "", *_HOW])


def _vendored(model: ModelFile) -> Entry:
    return Entry(
        name=model.name,
        state=IN_PACKAGE,
        bytes=model.bytes,
        finds=model.finds,
        runtime=model.runtime,
        extra="",
        license=model.license,
        source=model.source,
        get="",
    )


def _fetchable(model: CatalogModel, folder: Path) -> Entry:
    state = _state(model, folder)
    return Entry(
        name=model.name,
        state=state,
        bytes=model.pins[0].bytes,
        finds=model.finds,
        runtime=model.runtime,
        extra=model.extra,
        license=model.license,
        source=model.source,
        get="" if state == HERE else model.command,
    )


def _state(model: CatalogModel, folder: Path) -> str:
    if is_stored(model, folder) or is_converted(model, folder):
        return HERE
    return DAMAGED if is_claimed(model, folder) else NOT_HERE
