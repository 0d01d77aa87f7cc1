"""`livetrack-vcam doctor`: what works here, what does not, and what mends it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING

import click

from livetrack_vcam.errors import EXIT_FAILED, EXIT_OK, SettingsError

if TYPE_CHECKING:
    from livetrack_vcam.doctor.report import Report


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON: docs/doctor.md describes it.")
@click.option(
    "--facts",
    "only_facts",
    is_flag=True,
    help="Print what is true of this machine as JSON, for a bug report, and judge nothing.",
)
@click.option(
    "--fix",
    is_flag=True,
    help="Run the commands that mend it: all are shown first, and each one is asked for.",
)
@click.option("--yes", is_flag=True, help="With --fix: do not ask.")
def command(as_json: bool, only_facts: bool, fix: bool, yes: bool) -> int:
    """Say what works here, what does not, and the exact command that mends it.

    The exit status is 0 when nothing is marked FAIL, and with --fix when no command failed either.
    """
    from livetrack_vcam.doctor import diagnose

    _check_options(only_facts, fix, yes)
    if only_facts:
        return _print_facts()
    report = diagnose()
    if fix:
        return _mend(report, yes, as_json)
    if as_json:
        click.echo(json.dumps(report.to_json(), indent=2))
    else:
        _show(report)
    return EXIT_OK if report.ok else EXIT_FAILED


def _check_options(only_facts: bool, fix: bool, yes: bool) -> None:
    if only_facts and fix:
        raise click.UsageError("--facts changes nothing, so it does not go with --fix")
    if yes and not fix:
        raise click.UsageError("--yes goes with --fix only")
    if fix and not yes and not sys.stdin.isatty():
        raise SettingsError(
            "--fix asks before each command, and there is no terminal to ask at; look at the "
            "commands with: livetrack-vcam doctor, then run them all with: "
            "livetrack-vcam doctor --fix --yes"
        )


def _print_facts() -> int:
    from livetrack_vcam.doctor import gather
    from livetrack_vcam.doctor.facts_json import facts_to_json

    click.echo(json.dumps(facts_to_json(gather()), indent=2, ensure_ascii=False))
    return EXIT_OK


def _mend(before: Report, yes: bool, as_json: bool) -> int:
    """With JSON all talk goes to stderr."""
    from livetrack_vcam.doctor import diagnose
    from livetrack_vcam.doctor.fix import steps_of, system_shell
    from livetrack_vcam.doctor.mending import Talk, mend

    def say(line: str) -> None:
        click.echo(line, err=as_json)

    def ask(question: str) -> bool:
        return yes or click.confirm(question, default=True, err=as_json)

    shell = system_shell(steps_of(before), quiet=as_json)
    if not as_json:
        _show(before)
        click.echo()
    talk = Talk(say, ask, _width(), color=_has_colors())
    outcome, after = mend(before, diagnose, shell, talk)
    if as_json:
        click.echo(json.dumps(after.to_json() | outcome.to_json(), indent=2))
    return EXIT_OK if after.ok and not outcome.failed else EXIT_FAILED


def _show(report: Report) -> None:
    from livetrack_vcam.doctor.text import render_text

    click.echo(render_text(report, _width(), color=_has_colors()))


def _has_colors() -> bool:
    """Only a terminal has, and nobody who says otherwise (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _width() -> int:
    return shutil.get_terminal_size((100, 24)).columns
