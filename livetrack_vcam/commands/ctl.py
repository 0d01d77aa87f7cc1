"""`livetrack-vcam ctl`: talk to the running daemon."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from livetrack_vcam.core.fields import Schema
from livetrack_vcam.errors import SettingsError
from livetrack_vcam.operating.client import Client
from livetrack_vcam.operating.phrases import phrases, to_body

if TYPE_CHECKING:
    from rich.console import RenderableType

WATCH_HZ = 4


class _Words(click.Command):
    """Its help lists what can be typed, from the tables of commands and settings."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_help_text(ctx, formatter)
        with formatter.section("To look"):
            looks = [(name, text) for name, (text, _) in LOOKS.items()]
            formatter.write_dl(
                [
                    *looks,
                    ("open", "Open the operator's page in the browser, signed in."),
                    ("invite", "A link to a room that is by invitation; good for --hours."),
                    ("camera", "The link, and its code, that makes a phone the camera."),
                ]
            )
        with formatter.section("To change"):
            formatter.write_dl([(each.usage, each.meaning) for each in phrases(_programs())])


@click.command(cls=_Words)
@click.argument("words", metavar="COMMAND…", nargs=-1, required=True)
@click.option("--target", metavar="SHOT", help="Only this shot; without it, every one.")
@click.option("--none", is_flag=True, help="No preset: `ctl scene SCENE --none`.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, as where stdout is no terminal.")
@click.option("--print", "only_print", is_flag=True, help="`ctl open`: print the link instead.")
@click.option(
    "--hours",
    default=24.0,
    show_default=True,
    type=click.FloatRange(0.02, 366 * 24),
    metavar="HOURS",
    help="`ctl invite`: how long the link is good.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the daemon listens.")
@click.option(
    "--port",
    default=8787,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Port of its web server.",
)
def command(
    words: tuple[str, ...],
    target: str | None,
    none: bool,
    as_json: bool,
    only_print: bool,
    hours: float,
    host: str,
    port: int,
) -> None:
    """Talk to the running daemon.

    Exit status: 0 done, 1 there is no daemon or it takes no commands of this user, 2 it makes no
    sense or the daemon refuses it.
    """
    client = Client(host, port)
    said = " ".join(words)
    if said == "open":
        _open(client, only_print)
    elif said == "invite":
        _invite(client, target, hours)
    elif said == "camera":
        _camera(client)
    elif said in LOOKS:
        if target or none or only_print:
            raise SettingsError(f"`ctl {said}` takes no --target, --none or --print")
        LOOKS[said][1](client, as_json or not sys.stdout.isatty())
    else:
        body = to_body(words, _programs, none) | ({"target": target} if target else {})
        client.post("/api/command", body)


def _programs() -> Mapping[str, Schema]:
    """The program's own commands with their schemas."""
    from livetrack_vcam.control import PROGRAM_COMMANDS

    return {name: kind.model_json_schema() for name, kind in PROGRAM_COMMANDS.items()}


def _status(client: Client, as_json: bool) -> None:
    from livetrack_vcam.operating.status_table import status_view

    _show(client.get("/api/status"), as_json, status_view)


def _settings(client: Client, as_json: bool) -> None:
    from livetrack_vcam.operating.status_table import settings_view

    _show(client.get("/api/settings"), as_json, settings_view)


def _presets(client: Client, as_json: bool) -> None:
    status = client.get("/api/status")
    if as_json:
        click.echo(json.dumps({"presets": status["presets"], "scenes": status["scenes"]}, indent=2))
        return
    for name in status["presets"]:
        scenes = [scene for scene, preset in status["scenes"].items() if preset == name]
        click.echo(f"{name}  (scene {', '.join(scenes)})" if scenes else name)


def _watch(client: Client, as_json: bool) -> None:
    if as_json:
        for status in client.events(WATCH_HZ):
            click.echo(json.dumps(status))
        return
    from rich.live import Live

    from livetrack_vcam.operating.status_table import status_view

    with Live(screen=True, auto_refresh=False) as live:
        for status in client.events(WATCH_HZ):
            live.update(status_view(status), refresh=True)


def _open(client: Client, only_print: bool) -> None:
    from livetrack_vcam.operating.browser import open_in_browser

    address = client.root + client.post("/api/sign-in", {})["url"]
    if only_print or not open_in_browser(address):
        click.echo(address)


def _invite(client: Client, target: str | None, hours: float) -> None:
    """A link for each address by which the room is reached."""
    shot = target or client.get("/api/status")["shots"][0]["name"]
    path = f"/api/room/{quote(shot, safe='')}/invitation"
    for address in client.post(path, {"for_s": hours * 3600})["urls"]:
        click.echo(address)


def _camera(client: Client) -> None:
    """A secret: whoever has the link can be the camera."""
    link = client.post("/api/camera/link", {})["link"]
    if sys.stdout.isatty():
        from livetrack_vcam.web.qr import print_qr

        print_qr(link, sys.stdout)
    click.echo(link)


def _show(answer: Any, as_json: bool, view: Callable[[Any], RenderableType]) -> None:
    if as_json:
        click.echo(json.dumps(answer, indent=2))
        return
    from rich.console import Console

    Console(highlight=False).print(view(answer))


LOOKS: dict[str, tuple[str, Callable[[Client, bool], None]]] = {
    "status": ("What the program does now.", _status),
    "watch": ("The same, kept current until Ctrl-C.", _watch),
    "settings": ("Every setting of every shot, and what only a restart changes.", _settings),
    "preset list": ("The presets, and the OBS scenes that load them.", _presets),
}
