"""The pages' scripts by themselves: their types, and those that need no browser."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools/web"


def test_the_scripts_types_are_right() -> None:
    compiler = TOOLS / "node_modules/.bin/tsc"
    if not compiler.exists():
        pytest.skip("needs TypeScript: make web-check")
    checked = subprocess.run([compiler, "-p", TOOLS], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_what_needs_no_browser_passes_its_own_tests() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js: sudo apt-get install nodejs")
    tests = sorted((ROOT / "tests/web").glob("*.test.js"))
    assert tests
    ran = subprocess.run([node, "--test", *tests], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


def test_the_pages_ask_nobody_else_for_anything() -> None:
    for file in (ROOT / "web_viewer").rglob("*.*"):
        text = file.read_text(encoding="utf-8")
        foreign = [word for word in text.split() if "://" in word and "www.w3.org" not in word]
        assert foreign == [], file.name
