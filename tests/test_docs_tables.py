"""Tables and examples of the documents that repeat the code: they say the same as the code does."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from livetrack_vcam.core.config import Speed
from livetrack_vcam.core.presets import PRESETS
from livetrack_vcam.doctor import macos, windows
from livetrack_vcam.operating.preset_store import PresetStore
from livetrack_vcam.settings import build_settings
from livetrack_vcam.shot_settings import MAX_UPSCALE, WARN_UPSCALE
from livetrack_vcam.sinks import virtual_camera
from livetrack_vcam.sources.ffmpeg_devices import DSHOW, OPTIONS
from tests.obs_stub import running_studio

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGE = ROOT / "web_viewer" / "assets" / "control"
# The words that the page's list takes from its messages for keys without an action of their own.
OTHER_KEYS = {
    "1–5": "do_speed",
    "T": "do_target",
    "Shift+1–9": "do_preset",
    "K": "do_name",
    "?": "do_help",
}
# What stands in a quoted sentence for what differs, and the end of one sentence before the next.
EXAMPLE = r"…|\d+ s\b|/dev/\w+|\d+x\d+|\b8787\b|127\.0\.0\.1|v4l2loopback|(?<=\.) "


def rows(page: str, head: str) -> list[list[str]]:
    """The cells of the table whose first line begins so."""
    text = (DOCS / page).read_text(encoding="utf-8")
    table = text.partition(f"\n{head}")[2].partition("\n\n")[0].splitlines()[2:]
    assert table, f"{page} has no table {head}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def messages() -> dict[str, str]:
    """The English words of the operator's page."""
    text = (PAGE / "control_messages.js").read_text(encoding="utf-8")
    english = text.partition("  en: {")[2].partition("  ko: {")[0]
    return dict(re.findall(r'^ {4}(\w+): "(.*)",$', english, re.MULTILINE))


def test_the_page_about_operating_has_every_key_of_the_page_with_its_words() -> None:
    actions = (PAGE / "actions.js").read_text(encoding="utf-8")
    words = messages()
    expected = {key: words[name] for key, name in OTHER_KEYS.items()}
    for name, key in re.findall(r'name: "(\w+)", key: "(.)"', actions):
        shown = {" ": "Space", "r": "R or Esc"}.get(key, key.upper())
        shown = f"Shift+{key}" if key.isupper() else shown
        expected[shown] = words[f"do_{name}"]
    stepped = actions.partition("STEPPED = {")[2].partition("}")[0]
    for field, key in re.findall(r'(\w+): "(\w)"', stepped):
        expected[f"{key.upper()}, Shift+{key.upper()}"] = words[f"field_{field}"]
    assert len(expected) > 15
    assert dict(rows("control.md", "| key |")) == expected


def test_the_page_about_obs_has_every_control_of_the_panel_in_its_order() -> None:
    with running_studio(port=1) as studio:
        panel = list(studio.script.script_properties().every())
    labels = [each.label for each in panel if each.name != "status"]
    told = [cells[0].strip("*") for cells in rows("obs.md", "| control |")]
    assert told == labels


def test_every_sentence_the_documents_quote_is_one_that_is_said() -> None:
    quoted = [cells[0] for cells in rows("obs.md", "| the panel says |")]
    for page in ("troubleshooting.md", "obs.md"):
        text = (DOCS / page).read_text(encoding="utf-8")
        for heading in re.findall(r"^(?:## |\*\*)(?=.*\")(.*)", text, re.MULTILINE):
            quoted += re.findall(r'"([^"]*)"', heading)
    assert len(quoted) > 20
    said = spoken()
    for sentence in quoted:
        for piece in re.split(EXAMPLE, sentence):
            assert piece.strip(" `") in said, sentence


def spoken() -> str:
    """All that the program, the script and the pages can say, parts of a sentence joined."""
    files = [
        *(ROOT / "livetrack_vcam").rglob("*.py"),
        *(ROOT / "obs_scripts").glob("*.py"),
        *(ROOT / "web_viewer").rglob("*.js"),
    ]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return re.sub(r'"\s*\n\s*f?"', "", text)


@pytest.mark.parametrize("page", ["docs/how-it-works.md", "CONTRIBUTING.md"])
def test_every_file_of_code_that_the_tour_names_is_there(page: str) -> None:
    folders = (ROOT, ROOT / "livetrack_vcam", ROOT / "livetrack_vcam" / "core")
    named = re.findall(r"`([\w/]+\.(?:py|js))`", (ROOT / page).read_text(encoding="utf-8"))
    assert named
    missing = [name for name in named if not any((each / name).is_file() for each in folders)]
    assert not missing


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_every_settings_file_in_the_documents_is_accepted(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for example in re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        assert build_settings(tomllib.loads(example), {}).shots


def test_the_file_of_presets_in_the_documents_can_be_loaded(tmp_path: Path) -> None:
    text = (DOCS / "control.md").read_text(encoding="utf-8")
    example = text.partition("```json\n")[2].partition("```")[0]
    (tmp_path / "presets.json").write_text(example, encoding="utf-8")
    store = PresetStore(tmp_path)
    assert store.trouble is None
    assert set(store.names) == set(json.loads(example)["presets"])
    assert all(store.preset(name) for name in store.names)
    assert set(store.scenes.values()) <= set(store.names)


def test_the_page_about_framing_says_the_numbers_of_the_code() -> None:
    text = " ".join((DOCS / "how-framing-works.md").read_text(encoding="utf-8").split())
    normal, fast, sport = (PRESETS[s] for s in (Speed.NORMAL, Speed.FAST, Speed.SPORT))
    assert fast.quiet_s == sport.quiet_s
    rest, rest_fast, out = (
        f"{seconds:g}".removeprefix("0")
        for seconds in (normal.quiet_s, fast.quiet_s, normal.confirm_s)
    )
    for told in (
        f"({100 * normal.dead_zone:g} % of the crop to each side at `--speed normal`)",
        f"have been out for {out} s",
        f"quiet for {rest} s (`fast` and `sport` {rest_fast} s)",
        f"more than {MAX_UPSCALE:g} pixels are made of one, and from {WARN_UPSCALE:g} on",
    ):
        assert told in text, told


def test_the_page_about_windows_and_macos_says_what_the_code_does() -> None:
    assert macos.PAGE == windows.PAGE == virtual_camera.PAGE
    text = " ".join((ROOT / macos.PAGE).read_text(encoding="utf-8").split())
    newer = (
        f"OBS Studio {macos.FIRST_WITH_EXTENSION} or newer on macOS {macos.FIRST_MACOS} or newer"
    )
    room = OPTIONS[DSHOW]["rtbufsize"].removesuffix("M")
    unknown = f'--sink "vcam:{virtual_camera.OBS_LABEL}"'
    for told in (newer, f"{room} MB", unknown, "InstallCustomName.bat", "doctor --facts"):
        assert told in text, told
