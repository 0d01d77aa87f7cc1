"""`livetrack-vcam doctor`: what works here, what does not, and what mends it."""

from __future__ import annotations

import json
import subprocess

import click

from livetrack_vcam.errors import EXIT_FAILED, EXIT_OK


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--facts",
    "only_facts",
    is_flag=True,
    help="Print what is true of this machine as JSON, for a bug report, and judge nothing.",
)
@click.option("--fix", is_flag=True, help="Offer to run the commands that mend what is broken.")
@click.option("--yes", is_flag=True, help="With --fix: do not ask.")
def command(as_json: bool, only_facts: bool, fix: bool, yes: bool) -> int:
    """Say what works here, what does not, and the exact command that mends it."""
    from livetrack_vcam.doctor import diagnose, render_text

    if only_facts:
        return _print_facts()
    report = diagnose()
    click.echo(json.dumps(report.to_json(), indent=2) if as_json else render_text(report))
    if fix:
        for mend in report.fixes:
            if yes or click.confirm(f"Run `{mend}`?"):
                subprocess.run(mend, shell=True, check=False)  # noqa: S602 (our own text, shown)
    return EXIT_OK if report.ok else EXIT_FAILED


def _print_facts() -> int:
    from livetrack_vcam.doctor import gather
    from livetrack_vcam.doctor.facts_json import facts_to_json

    click.echo(json.dumps(facts_to_json(gather()), indent=2, ensure_ascii=False))
    return EXIT_OK
