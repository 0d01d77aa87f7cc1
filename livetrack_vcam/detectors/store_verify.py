"""Every model that is here, read and checked byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from livetrack_vcam.detectors.catalog import CatalogModel, read_catalog
from livetrack_vcam.detectors.manifest import read_manifest, read_vendored
from livetrack_vcam.detectors.store import is_claimed, read_stored
from livetrack_vcam.detectors.store_converted import is_converted, load_converted
from livetrack_vcam.errors import ModelError


@dataclass(frozen=True, slots=True)
class Verdict:
    """`problem` names the damage and what mends it; it is empty when the model is whole."""

    name: str
    problem: str


def verify_models(folder: Path) -> Iterator[Verdict]:
    """The models of the package, then those in `folder`; what is not here is left out.

    A damaged conversion is made again from its source on the way. Raises ModelError when the lists
    of models themselves are damaged.
    """
    for vendored in read_manifest():
        yield _verdict(vendored.name, partial(read_vendored, vendored))
    for model in read_catalog():
        if is_claimed(model, folder) or is_converted(model, folder):
            yield _verdict(model.name, partial(_read_all, model, folder))


def _read_all(model: CatalogModel, folder: Path) -> None:
    if model.converter is None or is_claimed(model, folder):
        read_stored(model, folder)
    if model.converter is not None:
        load_converted(model, model.converter, folder)


def _verdict(name: str, read: Callable[[], object]) -> Verdict:
    try:
        read()
    except ModelError as error:
        return Verdict(name, str(error))
    return Verdict(name, "")
