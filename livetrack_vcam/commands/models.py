"""`livetrack-vcam models`: the detection models, those of the package and the user's own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from livetrack_vcam.errors import ModelError
from livetrack_vcam.progress import progress, say

if TYPE_CHECKING:
    from livetrack_vcam.detectors.catalog import CatalogModel

# What the extras of this package install.
_PACKAGES = {"onnx": "onnxruntime"}


@click.group()
def command() -> None:
    """List, fetch, import and verify the detection models."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_models(as_json: bool) -> None:
    """Every model: whether it is here, what it finds, and the command that gets it."""
    from livetrack_vcam.detectors import store_list
    from livetrack_vcam.detectors.store import store_folder

    folder = store_folder()
    entries = store_list.list_models(folder)
    if as_json:
        models = [entry.to_json() for entry in entries]
        click.echo(json.dumps({"folder": str(folder), "models": models}, indent=2))
    else:
        click.echo(store_list.to_table(entries))


@command.command("fetch")
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--all", "everything", is_flag=True, help="Every model that can be downloaded.")
def fetch_models(names: tuple[str, ...], everything: bool) -> None:
    """Download models from where their owners publish them.

    A download that was interrupted goes on where it stopped. What arrives is used only when its
    sha256 is the expected one.
    """
    from livetrack_vcam.detectors.catalog import read_catalog

    if everything:
        names = tuple(model.name for model in read_catalog() if model.origins)
    if not names:
        usage = "name the models to download, or add --all"
        raise click.UsageError(usage, click.get_current_context())
    _fetch_each(dict.fromkeys(names))


def _fetch_each(names: Iterable[str]) -> None:
    """Fetch all, also after a failure. Raises ModelError, the only failure's own if it is one."""
    from livetrack_vcam.detectors.catalog import find_in_catalog
    from livetrack_vcam.detectors.manifest import read_manifest

    in_package = {model.name for model in read_manifest()}
    wanted = [find_in_catalog(name) for name in names if name not in in_package]
    for name in in_package.intersection(names):
        click.echo(f"{name} comes with the package")
    failures: list[ModelError] = []
    for model in wanted:
        try:
            _fetch(model)
        except ModelError as error:
            failures.append(error)
    for failure in failures[:-1]:
        say(f"livetrack-vcam: {failure}")
    if failures:
        raise failures[-1]


def _fetch(model: CatalogModel) -> None:
    from livetrack_vcam.detectors import store_fetch
    from livetrack_vcam.detectors.download import Listener
    from livetrack_vcam.detectors.manifest import model_path
    from livetrack_vcam.detectors.store import megabytes, store_folder

    folder = store_folder()
    size = model.pins[0].bytes
    in_archive = any(origin.member for origin in model.origins)
    title = f"{model.name}, {megabytes(size)}"
    try:
        with progress(title, None if in_archive else size) as update:
            outcome = store_fetch.fetch_model(model, folder, Listener(update, say))
    except KeyboardInterrupt:
        say(store_fetch.left_over(model, folder))
        raise
    already = " already, and whole" if outcome is store_fetch.Outcome.HERE_ALREADY else ""
    click.echo(f"{model.name} is here{already}: {model_path(model.name)}")
    _say_what_it_needs(model)


def _say_what_it_needs(model: CatalogModel) -> None:
    """The license it is under, and the runtime when that is an extra not installed."""
    click.echo(f"  license: {model.license}; from {model.source}")
    package = _PACKAGES.get(model.extra)
    if package and find_spec(package) is None:
        click.echo(
            f"  it is run by {package}, which is missing; type: pipx inject livetrack-vcam "
            f"{package} (or pip install 'livetrack-vcam[{model.extra}]')"
        )


@command.command("import")
@click.argument("name_and_file", nargs=-1, required=True, metavar="[NAME] FILE")
def import_model(name_and_file: tuple[str, ...]) -> None:
    """Copy a model file you already have into the model folder, without any network.

    FILE may also be the archive the model comes in. Its sha256 tells which model it is; with NAME
    it must be that one.
    """
    from livetrack_vcam.detectors import store_import
    from livetrack_vcam.detectors.manifest import model_path
    from livetrack_vcam.detectors.store import store_folder

    if len(name_and_file) > 2:
        raise click.UsageError("one model at a time", click.get_current_context())
    name = name_and_file[0] if len(name_and_file) == 2 else None
    folder = store_folder()
    model = store_import.import_model(name, Path(name_and_file[-1]), folder)
    click.echo(f"{model.name} is here: {model_path(model.name)}")
    _say_what_it_needs(model)


@command.command("verify")
def verify_models() -> None:
    """Check every model that is here, byte for byte."""
    from livetrack_vcam.detectors import store_verify
    from livetrack_vcam.detectors.store import store_folder

    damaged = []
    for verdict in store_verify.verify_models(store_folder()):
        click.echo(f"{verdict.name}: {verdict.problem or 'whole'}")
        if verdict.problem:
            damaged.append(verdict.name)
    if damaged:
        raise ModelError(f"damaged: {', '.join(damaged)}; above is what mends each")
