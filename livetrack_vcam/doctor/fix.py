"""Runs the commands that mend what the doctor found: in order, each one only if it is wanted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from livetrack_vcam.doctor.report import Finding, Report
from livetrack_vcam.errors import LiveTrackError

Shell = Callable[[str], int]
"""Runs a command and returns its exit status."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command, and the finding that it mends or helps to mend."""

    command: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that was run, and its exit status."""

    command: str
    status: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was run, and what was not: declined, or left because one before it failed."""

    ran: tuple[Ran, ...] = ()
    declined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def failed(self) -> Ran | None:
        return next((each for each in self.ran if each.status), None)

    def to_json(self) -> dict[str, Any]:
        """As docs/doctor.md describes it."""
        return {"ran": [asdict(each) for each in self.ran], "not_run": [*self.declined, *self.left]}


def steps_of(report: Report) -> tuple[Step, ...]:
    """The commands of all findings in their order, each once, with the first that wants it."""
    steps: dict[str, Step] = {}
    for finding in report.findings:
        for command in finding.fixes:
            steps.setdefault(command, Step(command, finding))
    return tuple(steps.values())


def run_steps(steps: tuple[Step, ...], shell: Shell, is_wanted: Callable[[Step], bool]) -> Outcome:
    """Stops at the first that fails. What follows a declined one for the same finding is declined
    with it, for it would build on that."""
    ran: list[Ran] = []
    declined: list[Step] = []
    for index, step in enumerate(steps):
        if any(step.finding is other.finding for other in declined) or not is_wanted(step):
            declined.append(step)
            continue
        ran.append(Ran(step.command, shell(step.command)))
        if ran[-1].status:
            left = tuple(other.command for other in steps[index + 1 :])
            return Outcome(tuple(ran), _commands(declined), left)
    return Outcome(tuple(ran), _commands(declined))


def mended(before: Report, after: Report) -> tuple[Finding, ...]:
    """What was wrong, had a command against it, and is no more.

    Others only read differently: what is measured never says the same number twice.
    """
    still = {(finding.name, finding.what) for finding in after.findings}
    return tuple(f for f in before.wrong if f.fixes and (f.name, f.what) not in still)


def system_shell(steps: tuple[Step, ...], quiet: bool = False) -> Shell:
    """The shell of this system, where `sudo` is whatever makes one root here.

    `quiet`: what the commands print goes to stderr. Raises LiveTrackError where a command needs
    root and nothing makes one.
    """
    prelude = _as_root(steps) if os.name == "posix" else ""
    environment = os.environ | {"USER": _user()}

    def run(command: str) -> int:
        sys.stdout.flush()
        done = subprocess.run(  # noqa: S602 (our own text, shown before)
            prelude + command,
            shell=True,
            check=False,
            env=environment,
            stdout=sys.stderr if quiet else None,
        )
        return done.returncode

    return run


def _as_root(steps: tuple[Step, ...]) -> str:
    if os.geteuid() == 0:
        return 'sudo() { "$@"; }; '
    if shutil.which("sudo") or not any("sudo " in step.command for step in steps):
        return ""
    if shutil.which("doas"):
        return 'sudo() { doas "$@"; }; '
    raise LiveTrackError(
        "these commands need root, and neither sudo nor doas is here; "
        "run it as root: su -c 'livetrack-vcam doctor --fix'"
    )


def _user() -> str:
    """Whose groups are meant by $USER: also as root it is the user who became it. Empty for a
    number without a name, as containers have."""
    names = (os.environ.get(key) for key in ("SUDO_USER", "DOAS_USER", "USER", "LOGNAME"))
    name = next((name for name in names if name), "")
    if name or os.name != "posix":
        return name
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""


def _commands(steps: list[Step]) -> tuple[str, ...]:
    return tuple(step.command for step in steps)
