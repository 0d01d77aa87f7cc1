"""`doctor --fix`: what is shown, asked, run and told."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from livetrack_vcam.cli import run_cli
from livetrack_vcam.doctor import Finding, Level, Report
from livetrack_vcam.doctor.fix import Ran, Shell, steps_of, system_shell
from livetrack_vcam.doctor.mending import Talk, mend
from livetrack_vcam.errors import LiveTrackError

DRIVER = Finding(Level.WARN, "camera", "no driver", "Nobody sees us.", "load it", ("write", "load"))
GROUP = Finding(Level.WARN, "group", "not joined", "It is closed.", "join it", ("join", "load"))
FINE = Finding(Level.OK, "Python", "3.12.3")
BROKEN = Report((FINE, DRIVER, GROUP))
WHOLE = Report((FINE,))


@dataclass
class Person:
    """Hears everything, and says no to the commands in `refused`."""

    refused: tuple[str, ...] = ()
    heard: list[str] = field(default_factory=list)

    def ask(self, question: str) -> bool:
        return not any(self.heard[-1].endswith(f"$ {command}") for command in self.refused)

    @property
    def talk(self) -> Talk:
        return Talk(self.heard.append, self.ask)

    @property
    def text(self) -> str:
        return "\n".join(self.heard)


@dataclass
class Machine:
    """Runs commands by noting them; those in `failing` end with status 3."""

    failing: tuple[str, ...] = ()
    ran: list[str] = field(default_factory=list)

    def shell(self, command: str) -> int:
        self.ran.append(command)
        return 3 if command in self.failing else 0

    def look(self) -> Report:
        return WHOLE if "load" in self.ran and "join" in self.ran else Report((FINE, GROUP))


def test_every_command_is_shown_with_its_reason_before_the_first_is_asked() -> None:
    person, machine = Person(refused=("write", "load", "join")), Machine()
    mend(BROKEN, machine.look, machine.shell, person.talk)
    shown = person.text.partition("1 of 3")[0]
    assert machine.ran == []
    assert shown.index("camera: no driver") < shown.index("1. $ write") < shown.index("2. $ load")
    assert shown.index("group: not joined") < shown.index("3. $ join")


def test_wanted_commands_run_in_order_each_once_and_the_machine_is_looked_at_again() -> None:
    person, machine = Person(), Machine()
    outcome, after = mend(BROKEN, machine.look, machine.shell, person.talk)
    assert machine.ran == ["write", "load", "join"]
    assert outcome.ran == (Ran("write", 0), Ran("load", 0), Ran("join", 0))
    assert after is WHOLE
    assert "3 commands run, 0 declined." in person.text
    assert "Mended: camera: no driver" in person.text
    assert person.text.endswith("Everything that was looked at is right now.")


def test_what_no_command_was_for_is_not_called_mended_because_its_number_changed() -> None:
    person, machine = Person(), Machine()
    before, after = (
        Finding(Level.WARN, "speed", f"{ms} ms to shrink a plane", "It is slow.", "ask for less")
        for ms in (106, 104)
    )
    mend(Report((before, DRIVER)), lambda: Report((after,)), machine.shell, person.talk)
    assert "Mended: camera" in person.text
    assert "Mended: speed" not in person.text


def test_it_stops_at_the_first_that_fails_and_says_what_was_not_run() -> None:
    person, machine = Person(), Machine(failing=("load",))
    outcome, _ = mend(BROKEN, machine.look, machine.shell, person.talk)
    assert machine.ran == ["write", "load"]
    assert outcome.failed == Ran("load", 3)
    assert outcome.left == ("join",)
    assert "That command failed with status 3: load\nNot run after it: join" in person.text
    assert "1 command run, 1 failed, 0 declined." in person.text
    assert "What remains:" in person.text
    assert "not joined" in person.text.partition("What remains:")[2]


def test_what_builds_on_a_declined_command_is_not_asked_for() -> None:
    person, machine = Person(refused=("write",)), Machine()
    outcome, _ = mend(BROKEN, machine.look, machine.shell, person.talk)
    assert machine.ran == ["join"]
    assert outcome.declined == ("write", "load")


def test_with_nothing_to_run_nobody_is_asked_or_looked_at() -> None:
    def look() -> Report:
        raise AssertionError("looked again for nothing")

    person, machine = Person(), Machine()
    outcome, after = mend(WHOLE, look, machine.shell, person.talk)
    assert (outcome.ran, after) == ((), WHOLE)
    assert person.heard == ["There is nothing here that a command can mend."]


def shell_for(*commands: str) -> Shell:
    finding = Finding(Level.WARN, "x", "x", fixes=commands)
    return system_shell(steps_of(Report((finding,))))


@pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")
def test_commands_run_in_a_real_shell_with_their_exit_status(tmp_path: Path) -> None:
    file = tmp_path / "livetrack.conf"
    write = f"echo 'options x' > {file}.new && mv {file}.new {file}"
    shell = shell_for(write, "exit 7")
    assert shell(write) == 0
    assert file.read_text() == "options x\n"
    assert [each.name for each in tmp_path.iterdir()] == ["livetrack.conf"]
    assert shell("exit 7") == 7


@pytest.mark.skipif(os.name != "posix", reason="users and groups")
def test_root_needs_no_sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", programs(tmp_path, "tee", "cat"))
    command = f"echo word | sudo tee {tmp_path}/file && sudo cat {tmp_path}/file"
    assert shell_for(command)(command) == 0
    assert (tmp_path / "file").read_text() == "word\n"


@pytest.mark.skipif(os.name != "posix", reason="users and groups")
@pytest.mark.parametrize(
    ("tools", "answer"), [(("sudo", "doas"), "sudo x\n"), (("doas",), "doas x\n")]
)
def test_another_user_becomes_root_by_sudo_or_doas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tools: tuple[str, ...], answer: str
) -> None:
    for tool in tools:
        script = tmp_path / tool
        script.write_text(f'#!/bin/sh\necho {tool} "$@" > {tmp_path}/said\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert shell_for("sudo x")("sudo x") == 0
    assert (tmp_path / "said").read_text() == answer


@pytest.mark.skipif(os.name != "posix", reason="users and groups")
def test_where_nothing_makes_one_root_it_is_said_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LiveTrackError, match=r"neither sudo nor doas.*su -c"):
        shell_for("pip install x", "sudo modprobe v4l2loopback")
    shell_for("pip install x")


def test_the_group_is_joined_by_the_user_who_became_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "anna")
    monkeypatch.setenv("USER", "root")
    command = f"echo $USER > {tmp_path}/name"
    shell_for(command)(command)
    assert (tmp_path / "name").read_text() == "anna\n"


@pytest.mark.skipif(os.name != "posix", reason="users and groups")
def test_a_user_without_a_name_runs_what_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SUDO_USER", "DOAS_USER", "USER", "LOGNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999)
    assert shell_for("true")("true") == 0


def programs(folder: Path, *names: str) -> str:
    """A PATH on which these are, and nothing else."""
    place = folder / "bin"
    place.mkdir()
    for name in names:
        source = next(p for p in (Path("/bin", name), Path("/usr/bin", name)) if p.exists())
        (place / name).symlink_to(source)
    return str(place)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--fix"], "no terminal to ask at; look at the commands with: livetrack-vcam doctor"),
        (["--yes"], "--yes goes with --fix only"),
        (["--facts", "--fix", "--yes"], "--facts changes nothing"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence_before_anything_is_looked_at(
    words: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert run_cli(["doctor", *words]) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


def test_with_json_only_the_report_goes_to_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["doctor", "--json"]) == 0
    data = json.loads(capfd.readouterr().out)
    assert set(data) == {"ok", "findings", "fixes"}
