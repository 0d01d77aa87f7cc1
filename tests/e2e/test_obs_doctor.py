"""The doctor beside a real OBS: whether it runs, by whom its port is held, and no password."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import obs_studio
from tests.waiting import free_port

pytestmark = obs_studio.needs(obs_studio.missing())


def doctor(home: Path) -> dict[str, list[dict[str, Any]]]:
    """Every finding by its name, as `doctor --json` tells them to the user of this home."""
    settings = str(home / ".config")
    done = subprocess.run(
        [sys.executable, "-m", "livetrack_vcam", "doctor", "--json"],
        env={**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert obs_studio.PASSWORD not in done.stdout + done.stderr
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(done.stdout)["findings"]:
        found.setdefault(finding["name"], []).append(finding)
    return found


def test_an_obs_that_runs_is_named_at_its_port_and_one_that_ended_is_not(tmp_path: Path) -> None:
    port = free_port()
    obs_studio.prepare(tmp_path, port, {})
    with obs_studio.running(tmp_path, port) as studio:
        found = doctor(tmp_path)
    (installed,), (server,) = found["OBS"], found["OBS WebSocket"]
    assert installed["what"].endswith(", package")
    assert server["level"] == "ok"
    assert f"on at port {port}, with a password; obs (process " in server["what"]
    assert studio.process.poll() is not None
    (after,) = doctor(tmp_path)["OBS WebSocket"]
    assert "OBS is not running now" in after["what"]


@pytest.mark.parametrize(
    ("line", "instead", "advice"),
    [
        ("ServerEnabled=true", "ServerEnabled=false", "Enable WebSocket server"),
        ("AuthRequired=true", "AuthRequired=false", "Enable Authentication"),
    ],
)
def test_what_is_set_amiss_in_obs_is_named_with_its_switch(
    line: str, instead: str, advice: str, tmp_path: Path
) -> None:
    obs_studio.prepare(tmp_path, free_port(), {})
    ini = tmp_path / ".config/obs-studio/global.ini"
    ini.write_text(ini.read_text(encoding="utf-8").replace(line, instead), encoding="utf-8")
    (server,) = doctor(tmp_path)["OBS WebSocket"]
    assert server["level"] == "warn"
    assert advice in server["advice"]
