"""`livetrack-vcam obs`: put our picture into OBS, and say how OBS is."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from livetrack_vcam.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, LiveTrackError

if TYPE_CHECKING:
    from livetrack_vcam.obs.config import Wanted
    from livetrack_vcam.obs.connection import Obs
    from livetrack_vcam.obs.inputs import Ours
    from livetrack_vcam.obs.watch import ObsWatch

F = TypeVar("F", bound=Callable[..., Any])
PORT = click.IntRange(1, 65535)


def _obs_options(function: F) -> F:
    """How OBS is reached; what is left out is read from OBS's own settings."""
    for option in (
        click.option(
            "--obs-password-file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="File with its password; else LIVETRACK_OBS_PASSWORD or OBS's own settings.",
        ),
        click.option(
            "--obs-port", type=PORT, metavar="N", help="Port of obs-websocket; else OBS's own."
        ),
        click.option(
            "--obs-host",
            default="127.0.0.1",
            metavar="HOST",
            help="Address of obs-websocket. [default: 127.0.0.1]",
        ),
    ):
        function = option(function)
    return function


def _our_options(function: F) -> F:
    """Which picture of ours, and where our web server is."""
    for option in (
        click.option(
            "--port",
            default=8787,
            type=PORT,
            metavar="N",
            help="Port of our web server. [default: 8787]",
        ),
        click.option(
            "--name", metavar="NAME", help="Name of the input in OBS. [default: LiveTrack Camera]"
        ),
        click.option(
            "--camera", metavar="NAME", help="Our virtual camera. [default: LiveTrack Camera]"
        ),
        click.option("--shot", metavar="SHOT", help="A shot other than the first."),
    ):
        function = option(function)
    return function


@click.group()
def command() -> None:
    """Put our picture into OBS Studio, and follow what OBS shows.

    OBS listens once Tools > WebSocket Server Settings > Enable WebSocket server is ticked there.
    """


@command.command("setup")
@_our_options
@click.option(
    "--host", metavar="HOST", help="Address at which OBS finds our web server; else found out."
)
@click.option("--scene", metavar="NAME", help="Scene to put it in; else the one on program.")
@click.option("--mjpeg", is_flag=True, help="Play our MJPEG stream, not the virtual camera.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@_obs_options
def setup(
    name: str | None,
    shot: str | None,
    camera: str | None,
    host: str | None,
    port: int,
    scene: str | None,
    mjpeg: bool,
    as_json: bool,
    **where: Any,
) -> int:
    """Add our picture to a scene of OBS, or mend it there; the second time changes nothing.

    Where OBS sees no virtual camera of ours, OBS plays our MJPEG stream.
    """
    from livetrack_vcam.obs.advice import advice, check_shot
    from livetrack_vcam.obs.inputs import Stream, input_name
    from livetrack_vcam.obs.setup import Wish, set_up

    wanted = _wanted(**where)
    running, absence = _program(host or "127.0.0.1", port)
    if running:
        check_shot(running, shot)
    which = _ours(name, shot, camera, port, wanted)
    label = None if mjpeg or not wanted.is_here else camera or input_name(shot)
    obs = _connect(wanted)
    try:
        stream = Stream(host or obs.our_host, port, shot)
        outcome = set_up(obs, Wish(name or input_name(shot), label, stream, which, scene))
    finally:
        obs.close()
    if not wanted.is_here:
        outcome.notes.append("OBS is on another machine: `livetrack-vcam run --host 0.0.0.0`")
    note = advice(running, shot, outcome.kind) if running else absence
    outcome.notes += [note] if note else []
    if as_json:
        click.echo(json.dumps(outcome.to_json(), indent=2))
        return EXIT_OK
    for line in outcome.did or ["nothing to change"]:
        click.echo(line)
    for note in outcome.notes:
        click.echo(f"note: {note}")
    return EXIT_OK


@command.command("status")
@_our_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@_obs_options
def status(
    name: str | None,
    shot: str | None,
    camera: str | None,
    port: int,
    as_json: bool,
    **where: Any,
) -> int:
    """Say whether OBS answers and shows our picture; the exit status is 1 when not."""
    from livetrack_vcam.obs.connection import ObsError
    from livetrack_vcam.obs.report import examine

    wanted = _wanted(**where)
    which = _ours(name, shot, camera, port, wanted)
    try:
        obs = _connect(wanted)
        try:
            report = examine(obs, str(obs.address), which)
        finally:
            obs.close()
    except ObsError as error:
        if not as_json:
            raise
        click.echo(json.dumps({"connected": False, "error": str(error)}, indent=2))
        return EXIT_FAILED
    click.echo(json.dumps(report.to_json(), indent=2) if as_json else report.to_text())
    return EXIT_OK if report.inputs else EXIT_FAILED


@command.command("script")
def script() -> None:
    """Print the path of the panel for OBS: choose it there under Tools > Scripts > +."""
    from livetrack_vcam.obs.script import script_path

    click.echo(script_path())


@command.command("watch")
@click.option(
    "--obs-audio",
    multiple=True,
    metavar="NAME",
    help="Inputs of OBS whose sound is delayed as the picture is; repeatable.",
)
@_our_options
@click.option(
    "--host", default="127.0.0.1", metavar="HOST",
    help="Address of our control API. [default: 127.0.0.1]",
)  # fmt: skip
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    help="How much is logged. [default: info]",
)
@_obs_options
def watch(
    obs_audio: tuple[str, ...],
    name: str | None,
    shot: str | None,
    camera: str | None,
    host: str,
    port: int,
    log_level: str,
    **where: Any,
) -> int:
    """Follow OBS until Ctrl-C, beside a livetrack-vcam that runs already.

    While our picture is not on program nobody is looked for; a scene that comes on program brings
    its preset. `run --obs-watch` does the same without a second process.
    """
    from livetrack_vcam.logs import set_up_logging
    from livetrack_vcam.obs.config import connect
    from livetrack_vcam.obs.operator import OperatorThere
    from livetrack_vcam.obs.program import PauseOffProgram, PresetOfScene
    from livetrack_vcam.obs.sound import Settled, SoundDelay
    from livetrack_vcam.obs.watch import EVENTS, Duty, ObsWatch
    from livetrack_vcam.operating.client import Client

    set_up_logging(log_level, as_json=False)
    wanted = _wanted(**where)
    operator = OperatorThere(Client(host, port))
    pause = PauseOffProgram(operator, _ours(name, shot, camera, port, wanted))
    duties: list[Duty] = [
        SoundDelay(obs_audio, Settled(operator.delay_ms)),
        pause,
        PresetOfScene(operator),
    ]
    watching = ObsWatch(lambda: connect(wanted, EVENTS), duties)
    status = _until_interrupted(watching)
    with suppress(LiveTrackError):  # it may have ended before us
        pause.release()
    return status


def _until_interrupted(watching: ObsWatch) -> int:
    """Run it here. The first signal ends it properly, the third at once."""
    from livetrack_vcam.interrupts import PATIENCE, ending_signals

    arrived: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        arrived.append(number)
        watching.stop()
        if len(arrived) >= PATIENCE:
            raise KeyboardInterrupt

    for number in (signal.SIGINT, *ending_signals()):
        signal.signal(number, interrupt)
    watching.run()
    return EXIT_INTERRUPTED if signal.SIGINT in arrived else EXIT_OK


def _wanted(obs_host: str, obs_port: int | None, obs_password_file: Path | None) -> Wanted:
    from livetrack_vcam.obs.config import Wanted, given_password

    return Wanted(obs_host, obs_port, given_password(obs_password_file))


def _program(host: str, port: int) -> tuple[dict[str, Any], str]:
    """The status of the program that runs; without one nothing, and the sentence that says so."""
    from livetrack_vcam.operating.client import Client

    try:
        return dict(Client(host, port).get("/api/status")), ""
    except LiveTrackError as error:
        return {}, str(error)


def _ours(
    name: str | None, shot: str | None, camera: str | None, port: int, wanted: Wanted
) -> Ours:
    from livetrack_vcam.obs.inputs import input_name, ours

    label = input_name(shot)
    return ours([name or label], [camera or label], port, wanted.is_here)


def _connect(wanted: Wanted) -> Obs:
    """Raises ObsError. On a terminal, a password that nobody has said is asked for, once."""
    from livetrack_vcam.obs.config import connect
    from livetrack_vcam.obs.connection import PATIENT_S, ObsLockedError

    try:
        return connect(wanted, timeout_s=PATIENT_S)
    except ObsLockedError:
        if wanted.password is not None or not sys.stdin.isatty():
            raise
    from getpass import getpass

    password = getpass("Password of OBS's WebSocket server: ")
    return connect(replace(wanted, password=password), timeout_s=PATIENT_S)
