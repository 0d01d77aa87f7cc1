"""Findings and the report made of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any


class Level(Enum):
    """OK: works. WARN: the program goes on without it. FAIL: the program cannot run."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what is the case, why it matters, and what mends it.

    `advice` is for the user to do; `fixes` are shell commands that a caller may run after asking,
    in this order; `by_hand` are commands for the user alone: they are for another machine, ask
    something themselves, or change what is not ours. All are empty when nothing is wrong.
    """

    level: Level
    name: str
    what: str
    why: str = ""
    advice: str = ""
    fixes: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the doctor found."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether the program can run here, perhaps without some outputs."""
        return all(finding.level is not Level.FAIL for finding in self.findings)

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """Everything that is not right."""
        return tuple(finding for finding in self.findings if finding.level is not Level.OK)

    @property
    def fixes(self) -> tuple[str, ...]:
        """Every safe command, in the order to run them, none twice."""
        commands = (fix for finding in self.findings for fix in finding.fixes)
        return tuple(dict.fromkeys(commands))

    def to_json(self) -> dict[str, Any]:
        """As docs/doctor.md describes it."""
        findings = [asdict(f) | {"level": f.level.value} for f in self.findings]
        return {"ok": self.ok, "findings": findings, "fixes": list(self.fixes)}
