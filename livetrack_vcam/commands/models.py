"""`livetrack-vcam models`: the detection models, those of the package and the user's own."""

from __future__ import annotations

import json
from pathlib import Path

import click


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


@command.command("import")
@click.argument("name_and_file", nargs=-1, required=True, metavar="[NAME] FILE")
def import_model(name_and_file: tuple[str, ...]) -> None:
    """Copy a model file you already have into the model folder, without any network.

    FILE may also be the archive the model comes in. Its sha256 tells which model it is; with NAME
    it must be that one.
    """
    from livetrack_vcam.detectors import store_import
    from livetrack_vcam.detectors.manifest import load_weights
    from livetrack_vcam.detectors.store import store_folder

    if len(name_and_file) > 2:
        raise click.UsageError("one model at a time", click.get_current_context())
    name = name_and_file[0] if len(name_and_file) == 2 else None
    folder = store_folder()
    model = store_import.import_model(name, Path(name_and_file[-1]).expanduser(), folder)
    load_weights(model.name)
    click.echo(f"{model.name} is here: {folder / model.file}")


@command.command("verify")
def verify_models() -> None:
    """Check every model that is here, byte for byte."""
    from livetrack_vcam.detectors.manifest import load_weights, read_manifest

    for model in read_manifest():
        load_weights(model.name)
        click.echo(f"{model.name}: whole, sha256 {model.sha256}")
