"""What the virtual camera says when it cannot open, on each system."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SinkBusyError, SinkError, SinkNotFoundError
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.sinks.loopback import Roots
from livetrack_vcam.sinks.virtual_camera import VirtualCamera, platform_backend

pyvirtualcam: Any = pytest.importorskip("pyvirtualcam")

CANVAS = Canvas(Size(64, 48), Fraction(30))


def refusing(reason: str) -> type:
    """A back end that is there but cannot be opened."""

    class Refusing:
        def __init__(self, **_options: object) -> None:
            raise RuntimeError(reason)

    return Refusing


@pytest.fixture
def backends() -> Iterator[dict[str, type]]:
    """pyvirtualcam's own table, put back afterwards."""
    table: dict[str, type] = pyvirtualcam.camera.BACKENDS
    before = dict(table)
    yield table
    table.clear()
    table.update(before)


@pytest.mark.parametrize(
    ("platform", "device", "backend"),
    [
        ("linux", "LiveTrack Camera", "v4l2loopback"),
        ("win32", "LiveTrack Camera", "unitycapture"),
        ("win32", "OBS Virtual Camera", "obs"),
        ("darwin", "LiveTrack Camera", "obs"),
    ],
)
def test_each_system_has_its_back_end(platform: str, device: str, backend: str) -> None:
    assert platform_backend(device, platform) == backend


def test_an_unknown_back_end_is_named_with_those_there_are(backends: dict[str, type]) -> None:
    backends.clear()
    backends["obs"] = refusing("never asked")
    with pytest.raises(SinkNotFoundError, match="'akvcam' is unknown here; this system has: obs"):
        VirtualCamera(backend="akvcam").open(CANVAS)


def test_a_missing_pyvirtualcam_is_installed_by_one_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(SinkNotFoundError, match="pipx inject livetrack-vcam pyvirtualcam"):
        VirtualCamera().open(CANVAS)


def test_without_unity_capture_windows_users_learn_where_to_get_it(
    backends: dict[str, type],
) -> None:
    backends["unitycapture"] = refusing("No camera registered with this name.")
    with pytest.raises(SinkNotFoundError) as refusal:
        VirtualCamera(backend="unitycapture").open(CANVAS)
    assert "No camera registered with this name" in str(refusal.value)
    assert 'vcam:OBS Virtual Camera"' in str(refusal.value)


def test_obs_users_are_told_to_use_the_stream(backends: dict[str, type]) -> None:
    backends["obs"] = refusing("OBS Virtual Camera device not found! Did you install OBS?")
    with pytest.raises(SinkNotFoundError, match=r"not found! .*Media Source .*/stream.mjpg"):
        VirtualCamera(backend="obs").open(CANVAS)


def test_odd_sides_are_refused_before_anything_is_opened() -> None:
    with pytest.raises(SinkError, match="even sides, not 15x9"):
        VirtualCamera().open(Canvas(Size(15, 9), Fraction(30)))


@pytest.mark.skipif(sys.platform != "linux", reason="devices of Linux")
class TestLinuxDevices:
    """The v4l2loopback path up to the first request to a device, on a recorded tree."""

    @pytest.fixture
    def roots(self, tmp_path: Path) -> Roots:
        node = tmp_path / "sys/class/video4linux/video10"
        node.mkdir(parents=True)
        (node / "name").write_text("LiveTrack Camera\n")
        (node / "max_openers").write_text("10\n")
        (tmp_path / "dev").mkdir()
        return Roots(tmp_path / "sys", tmp_path / "dev", tmp_path / "proc")

    def test_a_device_missing_in_dev_says_how_to_pass_it_into_a_container(
        self, roots: Roots
    ) -> None:
        with pytest.raises(SinkNotFoundError, match=r"--device .*/dev/video10"):
            VirtualCamera(roots=roots).open(CANVAS)

    def test_a_file_that_is_no_device_is_refused_with_the_systems_reason(
        self, roots: Roots
    ) -> None:
        (roots.dev / "video10").write_text("")
        with pytest.raises(SinkBusyError, match=r"cannot be opened: .*livetrack-vcam doctor"):
            VirtualCamera(roots=roots).open(CANVAS)
