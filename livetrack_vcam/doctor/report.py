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
    in this order. Both are empty when nothing is wrong.
    """

    level: Level
    name: str
    what: str
    why: str = ""
    advice: str = ""
    fixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the doctor found."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether the program can run here, perhaps without some outputs."""
        return all(finding.level is not Level.FAIL for finding in self.findings)

    @property
    def fixes(self) -> tuple[str, ...]:
        """Every safe command, in the order to run them, none twice."""
        commands = (fix for finding in self.findings for fix in finding.fixes)
        return tuple(dict.fromkeys(commands))

    def to_json(self) -> dict[str, Any]:
        findings = [asdict(f) | {"level": f.level.value} for f in self.findings]
        return {"ok": self.ok, "findings": findings, "fixes": list(self.fixes)}


_MARKS = {Level.OK: "ok  ", Level.WARN: "warn", Level.FAIL: "FAIL"}


def render_text(report: Report) -> str:
    """The report for a terminal: one line a finding, more only where something is wrong."""
    width = max((len(finding.name) for finding in report.findings), default=0)
    indent = " " * (width + 7)
    lines = []
    for finding in report.findings:
        lines.append(f"{_MARKS[finding.level]}  {finding.name:<{width}} {finding.what}")
        if finding.why:
            lines.append(f"{indent}{finding.why}")
        if finding.advice:
            lines.append(f"{indent}{finding.advice}")
        lines.extend(f"{indent}$ {command}" for command in finding.fixes)
    lines.append("")
    lines.append(_verdict(report))
    return "\n".join(lines)


def _verdict(report: Report) -> str:
    if not report.ok:
        return "livetrack-vcam cannot run here until what is marked FAIL is mended."
    if report.fixes:
        return "livetrack-vcam runs here; `livetrack-vcam doctor --fix` offers the commands above."
    return "livetrack-vcam runs here."
