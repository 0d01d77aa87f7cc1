"""The report for a terminal: one line a finding, more only where something is wrong."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import click

from livetrack_vcam.doctor.report import Finding, Level, Report

MARKS = {Level.OK: "ok", Level.WARN: "warn", Level.FAIL: "FAIL"}
COLORS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}
MARK_WIDTH = 6
# Longer lines tire the eye, however wide the terminal is.
WIDEST, NARROWEST = 110, 40


def render_text(report: Report, width: int = 100, color: bool = False) -> str:
    """Lines of at most `width` characters, but for commands: they stay whole, to be copied."""
    lines = [*render_findings(report.findings, width, color), "", _verdict(report)]
    return "\n".join(lines)


def render_findings(
    findings: Iterable[Finding], width: int = 100, color: bool = False
) -> list[str]:
    """The lines of these findings, without a verdict."""
    found = tuple(findings)
    width = min(max(width, NARROWEST), WIDEST)
    indent = max((len(finding.name) for finding in found), default=0) + MARK_WIDTH + 2
    lines: list[str] = []
    for index, finding in enumerate(found):
        # What takes more than its line stands apart.
        if any(each.advice for each in found[max(index - 1, 0) : index + 1]) and index:
            lines.append("")
        lines += _finding(finding, indent, width, color)
    return lines


def _finding(finding: Finding, indent: int, width: int, color: bool) -> list[str]:
    margin = " " * indent
    # On a narrow terminal what follows starts further left, or three words would fill a line.
    inner = margin if width - indent >= NARROWEST else " " * MARK_WIDTH
    what = _wrap(finding.what, width, margin, inner) or [margin]
    mark = _style(MARKS[finding.level].ljust(MARK_WIDTH), color, COLORS[finding.level])
    name = finding.name.ljust(indent - MARK_WIDTH)
    lines = [mark + name + what[0].removeprefix(margin), *what[1:]]
    lines += [_style(line, color, dim=True) for line in _wrap(finding.why, width, inner, inner)]
    commands = finding.by_hand + finding.fixes
    lines += _wrap(_sentence(finding), width, inner, inner)
    fits = all(len(inner) + 2 + len(command) <= width for command in commands)
    place = inner if fits else " " * MARK_WIDTH
    return lines + [place + _style(f"$ {command}", color, "cyan") for command in commands]


def _sentence(finding: Finding) -> str:
    """The advice as it leads over to its commands."""
    if not finding.advice:
        return ""
    advice = finding.advice[0].upper() + finding.advice[1:]
    return advice + (":" if finding.by_hand or finding.fixes else "")


def _wrap(text: str, width: int, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _style(text: str, color: bool, foreground: str | None = None, dim: bool = False) -> str:
    return click.style(text, fg=foreground, dim=dim or None) if color else text


def _verdict(report: Report) -> str:
    if not report.ok:
        verdict = "livetrack-vcam cannot run here until what is marked FAIL is mended"
    else:
        verdict = "livetrack-vcam runs here"
    if report.fixes:
        return f"{verdict}; `livetrack-vcam doctor --fix` offers the commands above."
    return verdict + "."
