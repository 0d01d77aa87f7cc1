"""`livetrack-vcam models`: the detection models that come with the package."""

from __future__ import annotations

import click


@click.group()
def command() -> None:
    """List and verify the detection models."""


@command.command("list")
def list_models() -> None:
    """Name, size and licence of every model that is here."""
    from livetrack_vcam.detectors.manifest import read_manifest

    for model in read_manifest():
        click.echo(
            f"{model.name:<16}{model.bytes / 1e6:6.2f} MB  {model.license:<14}{model.source}"
        )


@command.command("verify")
def verify_models() -> None:
    """Check every model's bytes against the manifest."""
    from livetrack_vcam.detectors.manifest import load_weights, read_manifest

    for model in read_manifest():
        load_weights(model.name)
        click.echo(f"{model.name}: whole, sha256 {model.sha256}")
