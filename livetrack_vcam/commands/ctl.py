"""`livetrack-vcam ctl`: talk to the running daemon."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

import click

from livetrack_vcam.errors import LiveTrackError, SettingsError

TIMEOUT_S = 5.0

# What is typed to the JSON command: the name, and the key of its argument if it takes one.
WORDS: dict[str, tuple[str, str | None, Callable[[str], object]]] = {
    "aspect": ("set_aspect", "aspect", str),
    "shot": ("set_shot", "shot", str),
    "speed": ("set_speed", "speed", str),
    "subject": ("select_subject", "subject", str),
    "when-lost": ("set_when_lost", "when_lost", str),
    "fill": ("set_fill", "fill", str),
    "headroom": ("set_headroom", "headroom", float),
    "max-zoom": ("set_max_zoom", "max_zoom", float),
    "dead-zone": ("set_dead_zone", "dead_zone", float),
    "lock": ("lock", "track_id", int),
    "release": ("release", None, str),
    "next": ("next", None, str),
    "previous": ("previous", None, str),
    "recenter": ("recenter", None, str),
    "set-home": ("set_home", None, str),
    "home": ("home", None, str),
    "pause": ("pause", None, str),
    "resume": ("resume", None, str),
}


@click.command()
@click.argument("words", metavar="COMMAND…", nargs=-1, required=True)
@click.option("--target", metavar="SHOT", help="Only this shot; without it, every one.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8787, show_default=True, type=click.IntRange(1, 65535))
def command(words: tuple[str, ...], target: str | None, host: str, port: int) -> None:
    """Talk to the running daemon.

    status · aspect 9:16 · shot upper · speed sport · subject group · lock 3 · release · next ·
    previous · recenter · set-home · home · pause · resume · when-lost hold · fill blur ·
    headroom 0.1 · max-zoom 2 · dead-zone 0.1
    """
    root = f"http://{host}:{port}"
    if words == ("status",):
        click.echo(json.dumps(_call(f"{root}/api/status", None), indent=2))
        return
    body = to_body(words) | ({"target": target} if target else {})
    _call(f"{root}/api/command", body)


def to_body(words: tuple[str, ...]) -> dict[str, Any]:
    """The JSON command for what was typed. Raises SettingsError with what to type."""
    word, *arguments = words
    if word not in WORDS:
        raise SettingsError(f"ctl knows no {word!r}; try status, {', '.join(WORDS)}")
    name, key, parse = WORDS[word]
    if key is None:
        if arguments:
            raise SettingsError(f"`ctl {word}` takes nothing after it")
        return {"command": name}
    if len(arguments) != 1:
        raise SettingsError(f"`ctl {word}` takes one value; see `livetrack-vcam ctl --help`")
    try:
        return {"command": name, key: parse(arguments[0])}
    except ValueError:
        raise SettingsError(f"`ctl {word}` takes a number, not {arguments[0]!r}") from None


def _call(url: str, body: dict[str, Any] | None) -> Any:
    from livetrack_vcam.web.token import read_token

    headers = {"Content-Type": "application/json"}
    if body is not None:
        headers["Authorization"] = f"Bearer {read_token()}"
    data = None if body is None else json.dumps(body).encode()
    try:
        request = urllib.request.Request(url, data, headers)  # noqa: S310 (http on loopback)
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise SettingsError(_reason(error)) from None
    except OSError:
        raise LiveTrackError(
            f"nothing answers at {url.partition('/api')[0]}; start it with `livetrack-vcam run`"
        ) from None
    except (ValueError, HTTPException):
        raise LiveTrackError(
            f"what answers at {url.partition('/api')[0]} is not livetrack-vcam; "
            "check --host and --port"
        ) from None


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["error"])
    except (ValueError, KeyError, TypeError):
        return f"the daemon refused the command ({error.code} {error.reason})"
