"""The doctor's judgment of recorded machines: tests/data/machines, one JSON file each."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from livetrack_vcam.doctor import Finding, Level
from livetrack_vcam.doctor.checks import check_all
from livetrack_vcam.doctor.facts import Facts
from livetrack_vcam.doctor.facts_json import facts_from_json

FOLDER = Path(__file__).resolve().parents[1] / "data/machines"
FILES = sorted(FOLDER.glob("*.json"))


@dataclass(frozen=True, slots=True)
class Machine:
    """A recorded machine and what the doctor has to find: everything that is not right."""

    what: str
    source: str
    facts: Facts
    expected: tuple[dict[str, str], ...]


def machine_of(path: Path) -> Machine:
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    facts, unknown = facts_from_json(data["facts"])
    assert not unknown, f"{path.name} has fields that no facts have: {unknown}"
    return Machine(data["what"], data["source"], facts, tuple(data["expected"]))


def mends(finding: Finding) -> str:
    return "\n".join((finding.advice, *finding.by_hand, *finding.fixes))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_recorded_machine_is_told_what_mends_it_and_nothing_else(path: Path) -> None:
    machine = machine_of(path)
    found = [f for f in check_all(machine.facts).findings if f.level is not Level.OK]
    got = [(finding.name, finding.level.value) for finding in found]
    assert got == [(each["name"], each["level"]) for each in machine.expected], found
    for finding, each in zip(found, machine.expected, strict=True):
        assert each["mend"] in mends(finding), finding


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_recording_says_what_it_is_and_how_it_was_made(path: Path) -> None:
    machine = machine_of(path)
    assert machine.what.endswith(".")
    assert machine.source.startswith(("Recorded ", "Composed ")), machine.source


def test_a_recorded_machine_names_no_home_folder() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert "/home/" not in text, path.name
        assert "/Users/" not in text, path.name


def test_the_list_of_what_each_machine_shows_names_all_of_them_and_no_other() -> None:
    table = (FOLDER / "README.md").read_text(encoding="utf-8").partition("## What each shows")[2]
    rows = "\n".join(line for line in table.splitlines() if line.startswith("|"))
    patterns = re.findall(r"`([^`]+)`", rows)
    named = {
        pattern: {path.stem for path in FOLDER.glob(f"{pattern}.json")} for pattern in patterns
    }
    assert [pattern for pattern, found in named.items() if not found] == []
    assert set().union(*named.values()) == {path.stem for path in FILES}
