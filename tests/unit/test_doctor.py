"""The doctor's report, and its judgment of what all systems have."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from livetrack_vcam.detectors.catalog import find_in_catalog
from livetrack_vcam.detectors.manifest import find_model, read_vendored
from livetrack_vcam.detectors.store import read_stored
from livetrack_vcam.doctor import Level, diagnose, render_text
from livetrack_vcam.doctor.checks import check_all
from livetrack_vcam.doctor.fix import Outcome, Ran
from livetrack_vcam.doctor.install import install_command
from livetrack_vcam.errors import ModelError
from tests.doctored import OURS, UBUNTU, with_loopback


def test_a_machine_with_everything_gets_no_advice() -> None:
    report = check_all(UBUNTU)
    assert {finding.level for finding in report.findings} == {Level.OK}
    assert report.fixes == ()
    assert render_text(report).endswith("livetrack-vcam runs here.")


@pytest.mark.parametrize(
    ("installer", "command"),
    [
        ("uv venv", "uv pip install --python python pyvirtualcam"),
        ("pipx", "pipx inject livetrack-vcam pyvirtualcam"),
        ("uv", "uv tool install --with pyvirtualcam livetrack-vcam"),
        ("pip", "python -m pip install pyvirtualcam"),
    ],
)
def test_a_missing_pyvirtualcam_is_installed_where_we_are(installer: str, command: str) -> None:
    packages = {"aiohttp": "3.14.5", "pyvirtualcam": None}
    report = check_all(replace(UBUNTU, packages=packages, installer=installer))
    assert report.ok
    assert report.fixes == (command,)


@pytest.mark.parametrize(
    ("python", "command"),
    [
        ("/opt/live track/bin/python", "'/opt/live track/bin/python' -m pip install x"),
        ("~/.venv/bin/python", "~/.venv/bin/python -m pip install x"),
        (
            r"C:\Program Files\Python\python.exe",
            r'"C:\Program Files\Python\python.exe" -m pip install x',
        ),
    ],
)
def test_pip_is_that_of_the_python_we_run_in(python: str, command: str) -> None:
    assert install_command("pip", "x", python=python) == command


def test_a_missing_package_or_a_damaged_model_is_a_failure() -> None:
    assert not check_all(replace(UBUNTU, packages={"aiohttp": None})).ok
    broken = check_all(replace(UBUNTU, models={"blazeface": "wrong sha256"}))
    assert not broken.ok
    assert "FAIL  models" in render_text(broken)
    assert "cannot run here" in render_text(broken)


@pytest.mark.parametrize(
    ("installer", "command"),
    [
        ("pipx", "pipx reinstall livetrack-vcam"),
        ("pip", "python -m pip install --force-reinstall --no-deps livetrack-vcam"),
        ("uv", "uv tool install --force livetrack-vcam"),
        ("uv venv", "uv pip install --python python --reinstall-package livetrack-vcam"),
    ],
)
def test_a_damaged_model_of_the_package_is_mended_by_what_installed_it(
    installer: str, command: str, tmp_path: Path
) -> None:
    model = find_model("blazeface")
    (tmp_path / model.file).write_bytes(b"not it")
    with pytest.raises(ModelError) as caught:
        read_vendored(model, tmp_path)
    models = {"blazeface": str(caught.value), "yolov4-tiny": ""}
    (finding,) = check_all(replace(UBUNTU, models=models, installer=installer)).wrong
    assert command in finding.by_hand[0]
    assert finding.what.startswith("blazeface: model file ")
    assert "type:" not in finding.what


def test_a_damaged_model_that_was_fetched_is_fetched_again(tmp_path: Path) -> None:
    model = find_in_catalog("yunet")
    (tmp_path / model.file).write_bytes(b"not it")
    with pytest.raises(ModelError) as caught:
        read_stored(model, tmp_path)
    (finding,) = check_all(replace(UBUNTU, models={"yunet": str(caught.value)})).wrong
    assert finding.by_hand == (model.command,)
    assert finding.level is Level.WARN


def test_a_taken_port_a_slow_machine_and_no_camera_are_warnings() -> None:
    report = check_all(
        replace(UBUNTU, port_problem="Address already in use", resize_ms=30.0, cameras=())
    )
    assert report.ok
    assert [f.name for f in report.findings if f.level is Level.WARN] == [
        "speed",
        "camera",
        "web port",
    ]


def test_cameras_without_permission_are_told_from_no_cameras() -> None:
    report = check_all(replace(UBUNTU, cameras=(), unreadable_cameras=("/dev/video0",)))
    assert report.fixes == ("sudo usermod -aG video $USER",)


def test_the_same_fix_is_offered_once() -> None:
    ours = replace(OURS, exclusive_caps=False)
    report = with_loopback(devices=(ours,), options=(), load_files=())
    assert len(report.fixes) == len(set(report.fixes)) == 3


def documented(before: str) -> dict[str, str]:
    """Keys and types of the table that follows these words in docs/doctor.md."""
    page = (Path(__file__).resolve().parents[2] / "docs/doctor.md").read_text(encoding="utf-8")
    table = page.partition(before)[2].partition("\n| --- | --- | --- |\n")[2].partition("\n\n")[0]
    rows = [re.match(r"\| `(\w+)` \| ([^|]+?) \|", row) for row in table.splitlines()]
    return {row.group(1): row.group(2) for row in rows if row}


TYPES = {
    "boolean": bool,
    "string": str,
    "list of strings": list,
    "list of objects": list,
    '`"ok"`, `"warn"` or `"fail"`': str,
}


@pytest.mark.parametrize(
    ("before", "data"),
    [
        ("prints one object", with_loopback(writable=False).to_json()),
        ("Each finding", with_loopback(writable=False).to_json()["findings"][0]),
        ("two keys are added", Outcome((Ran("true", 0),)).to_json()),
    ],
)
def test_the_json_is_as_documented(before: str, data: dict[str, object]) -> None:
    data = json.loads(json.dumps(data))
    types = documented(before)
    assert set(data) == set(types)
    for key, value in data.items():
        assert isinstance(value, TYPES[types[key]]), key


def test_the_levels_of_the_json_are_those_documented() -> None:
    words = re.findall(r'"(\w+)"', documented("Each finding")["level"])
    assert words == [level.value for level in Level]


def test_this_machine_can_be_examined() -> None:
    report = diagnose(port=0)
    assert report.ok, render_text(report)
    assert {"Python", "packages", "models", "camera", "virtual camera", "web port"} <= {
        finding.name for finding in report.findings
    }
