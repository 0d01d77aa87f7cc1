"""`livetrack-vcam devices`: cameras, microphones, virtual cameras."""

from __future__ import annotations

import json

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(as_json: bool) -> None:
    """List cameras, microphones and virtual cameras."""
    from livetrack_vcam.devices import list_devices

    devices = list_devices()
    click.echo(json.dumps(devices.to_json(), indent=2) if as_json else devices.to_text())
