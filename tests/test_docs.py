"""The documents say what is true: links lead somewhere, commands exist, generated pages are new."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path

import click
import pytest

from livetrack_vcam.cli import COMMANDS
from livetrack_vcam.commands.ctl import LOOKS
from livetrack_vcam.control import PROGRAM_COMMANDS, request_from_json
from livetrack_vcam.operating.phrases import to_body
from tools.framing_speeds import table
from tools.make_docs import DOCS, pages

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def command_of(name: str) -> click.Command:
    command: click.Command = import_module(f"livetrack_vcam.commands.{name}").command
    return command


@pytest.mark.parametrize("name", sorted(pages()))
def test_generated_pages_are_current(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == pages()[name], "run `make docs`"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_into_a_document_leads_to_a_heading(path: Path) -> None:
    for target, anchor in re.findall(
        r"\]\(([^)#\s]*)#([^)\s]+)\)", path.read_text(encoding="utf-8")
    ):
        if "://" not in target:
            page = path.parent / target if target else path
            assert anchor in anchors(page.read_text(encoding="utf-8")), f"{target}#{anchor}"


def anchors(text: str) -> set[str]:
    """What GitHub calls the headings: lower case, no punctuation, dashes for spaces."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_in_the_documents_exists_with_its_options(path: Path) -> None:
    for line in typed_in(path.read_text(encoding="utf-8")):
        words = shlex.split(line)
        name = words.pop(0) if words and not words[0].startswith("-") else "run"
        if not re.fullmatch(r"[a-z]+", name):
            continue
        assert name in COMMANDS, line
        command = command_of(name)
        if isinstance(command, click.Group) and words and not words[0].startswith("-"):
            assert words[0] in command.commands, line
            command = command.commands[words.pop(0)]
        known = {option for part in command.params for option in part.opts}
        used = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert used <= known | {"--help", "--version"}, line
        if name == "ctl":
            assert_ctl_understands(words)


def typed_in(text: str) -> list[str]:
    """What follows `livetrack-vcam` on lines of code and between back ticks."""
    lines = re.findall(
        r"^ *livetrack-vcam([^\n#`]*)|`livetrack-vcam([^`\n]*)`|`((?:ctl|obs|run) [^`\n…]*)`",
        text,
        re.MULTILINE,
    )
    return ["".join(parts).strip() for parts in lines]


def assert_ctl_understands(words: list[str]) -> None:
    """The words after `ctl` are a command, with values where it wants some."""
    command = command_of("ctl")
    context = command.make_context("ctl", list(words) or ["status"], resilient_parsing=True)
    said = list(context.params["words"] or ())
    if said and " ".join(said) not in {"open", "invite", *LOOKS}:
        programs = {name: kind.model_json_schema() for name, kind in PROGRAM_COMMANDS.items()}
        request_from_json(to_body(said, lambda: programs, context.params["none"]))


def test_every_command_and_option_has_a_help_sentence() -> None:
    for name in COMMANDS:
        command = command_of(name)
        assert command.help, name
        for part in command.params:
            if isinstance(part, click.Option):
                assert part.help, (name, part.name)


def test_every_command_is_in_the_readme_or_the_command_page() -> None:
    text = (ROOT / "README.md").read_text() + (DOCS / "cli.md").read_text()
    for name in COMMANDS:
        assert f"livetrack-vcam {name}" in text


def test_the_readme_shows_the_two_commands_and_the_picture() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make run " in readme
    assert "make test " in readme
    assert (ROOT / "docs" / "images" / "framing.jpg").stat().st_size > 20_000


def test_the_page_about_framing_has_the_speeds_of_the_presets() -> None:
    page = (DOCS / "how-framing-works.md").read_text(encoding="utf-8")
    assert table() in page, "run `python -m tools.make_framing_pictures`"
