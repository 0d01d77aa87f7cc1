"""The conversation of `doctor --fix`: shows everything first, asks, runs, and looks again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from livetrack_vcam.doctor.fix import Outcome, Shell, Step, mended, run_steps, steps_of
from livetrack_vcam.doctor.report import Report
from livetrack_vcam.doctor.text import render_findings


@dataclass(frozen=True, slots=True)
class Talk:
    """How to speak to the user: `say` a line, `ask` whether to go on; lines fit into `width`."""

    say: Callable[[str], None]
    ask: Callable[[str], bool]
    width: int = 100
    color: bool = False


def mend(
    before: Report, look: Callable[[], Report], shell: Shell, talk: Talk
) -> tuple[Outcome, Report]:
    """Runs what mends `before` and is wanted; what was done, and what a new `look` finds."""
    steps = steps_of(before)
    if not steps:
        talk.say("There is nothing here that a command can mend.")
        return Outcome(), before
    _announce(steps, talk)

    def is_wanted(step: Step) -> bool:
        talk.say(f"\n{steps.index(step) + 1} of {len(steps)}: $ {step.command}")
        return talk.ask("Run it?")

    outcome = run_steps(steps, shell, is_wanted)
    after = look() if outcome.ran else before
    _tell(outcome, before, after, talk)
    return outcome, after


def _announce(steps: tuple[Step, ...], talk: Talk) -> None:
    """Everything that is going to be asked, each command below its reason."""
    talk.say(f"{_count(len(steps), 'command')} to run:")
    reason = None
    for number, step in enumerate(steps, 1):
        if step.finding is not reason:
            reason = step.finding
            talk.say(f"\n  {reason.name}: {reason.what}")
        talk.say(f"    {number}. $ {step.command}")


def _tell(outcome: Outcome, before: Report, after: Report, talk: Talk) -> None:
    talk.say("")
    failed = outcome.failed
    if failed:
        talk.say(f"That command failed with status {failed.status}: {failed.command}")
        for command in outcome.left:
            talk.say(f"Not run after it: {command}")
    done = len(outcome.ran) - bool(failed)
    lost = ", 1 failed" if failed else ""
    talk.say(f"{_count(done, 'command')} run{lost}, {len(outcome.declined)} declined.")
    for finding in mended(before, after):
        talk.say(f"Mended: {finding.name}: {finding.what}")
    if not after.wrong:
        talk.say("\nEverything that was looked at is right now.")
        return
    talk.say("\nWhat remains:\n")
    for line in render_findings(after.wrong, talk.width, talk.color):
        talk.say(line)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
