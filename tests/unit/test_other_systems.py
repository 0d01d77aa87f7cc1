"""Our code with the names of Windows and macOS, in a process of its own: see tests/other_system."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyvirtualcam")

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("system", "device", "camera"),
    [
        ("win32", "LiveTrack Camera", "LiveTrack Camera, by Unity Capture"),
        ("darwin", None, "OBS Virtual Camera; OBS itself cannot show it, but the MJPEG stream"),
    ],
)
def test_the_whole_program_runs_under_the_name_of_another_system(
    system: str, device: str | None, camera: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.other_system", system, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads((tmp_path / "told.json").read_text())
    assert told["modules"] > 300
    assert told["findings"]["virtual camera"] == camera
    assert told["status"] == 0
    driver = told["driver"]
    assert (driver["size"], driver["device"], driver["closed"]) == ([1280, 720], device, 1)
    assert driver["pictures"] > 0
    assert (tmp_path / "clip.mp4").stat().st_size > 0
    assert told["reframe"] == 0, done.stderr
    assert (tmp_path / "tall.mp4").stat().st_size > 0
    assert "video" in told["advice"]
