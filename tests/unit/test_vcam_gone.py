"""A virtual camera that vanishes under the sink, which pyvirtualcam would only tell stderr."""

from __future__ import annotations

import errno
import struct
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.device_nodes import Roots
from livetrack_vcam.errors import SinkBusyError, SinkError, SinkNotFoundError
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import black_frame
from livetrack_vcam.node_access import permission_advice
from livetrack_vcam.sinks import v4l2, virtual_camera
from livetrack_vcam.sinks.virtual_camera import LOOPBACK_BACKEND, VirtualCamera

pyvirtualcam: Any = pytest.importorskip("pyvirtualcam")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="devices of Linux")

SIZE = Size(64, 48)
CANVAS = Canvas(SIZE, Fraction(30))
QUERYCAP, G_FMT, STREAMON = 0x80685600, 0xC0D05604, 0x40045612


class Backend:
    """pyvirtualcam's seam: what is sent goes nowhere, and nobody is told."""

    def __init__(self, **_options: object) -> None:
        self.sent = 0

    def send(self, _frame: object) -> None:
        self.sent += 1

    def close(self) -> None:
        pass

    def device(self) -> str:
        return "/dev/video10"

    def native_fourcc(self) -> int | None:
        return None


class Module:
    """v4l2loopback as far as the sink asks it; laid out as in linux/videodev2.h."""

    def __init__(self) -> None:
        self.size = SIZE
        self.code: int | None = None

    def __call__(self, _fd: int, request: int, data: bytearray) -> None:
        if self.code is not None:
            raise OSError(self.code, "from the module")
        if request == QUERYCAP:
            struct.pack_into("I", data, 84, 0x2)
        elif request == G_FMT:
            struct.pack_into("II", data, 8, self.size.width, self.size.height)
        else:
            assert request == STREAMON


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Module:
    module = Module()
    monkeypatch.setattr(v4l2.fcntl, "ioctl", module)
    monkeypatch.setattr(virtual_camera, "CHECK_S", 0.0)
    monkeypatch.setitem(pyvirtualcam.camera.BACKENDS, LOOPBACK_BACKEND, Backend)
    return module


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    node = tmp_path / "sys/class/video4linux/video10"
    node.mkdir(parents=True)
    (node / "name").write_text("LiveTrack Camera\n")
    (node / "max_openers").write_text("10\n")
    (tmp_path / "sys/module/v4l2loopback/parameters").mkdir(parents=True)
    (tmp_path / "sys/module/v4l2loopback/parameters/exclusive_caps").write_text("Y\n")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/video10").touch()
    return Roots(tmp_path / "sys", tmp_path / "dev", tmp_path / "proc")


@pytest.fixture
def camera(module: Module, roots: Roots) -> Iterator[VirtualCamera]:
    camera = VirtualCamera(roots=roots)
    camera.open(CANVAS)
    for _ in range(3):
        camera.send(black_frame(SIZE))
    yield camera
    camera.close()


def test_a_device_that_was_removed_is_told_with_the_command_that_makes_it(
    camera: VirtualCamera, roots: Roots
) -> None:
    (roots.sys / "class/video4linux/video10/name").unlink()
    with pytest.raises(SinkNotFoundError, match=r"was removed; make it again: .*modprobe"):
        camera.send(black_frame(SIZE))
    assert camera.may_return


@pytest.mark.parametrize("code", [errno.ENODEV, errno.EIO])
def test_a_device_that_the_kernel_took_away_is_told(
    camera: VirtualCamera, module: Module, code: int
) -> None:
    module.code = code
    with pytest.raises(SinkError, match=r"video10 .*from the module"):
        camera.send(black_frame(SIZE))


def test_a_size_that_another_program_set_is_told_before_pictures_come_out_garbled(
    camera: VirtualCamera, module: Module
) -> None:
    module.size = Size(32, 24)
    with pytest.raises(SinkBusyError, match=r"set .* to 32x24, so 64x48 would come out garbled"):
        camera.send(black_frame(SIZE))


def test_a_module_that_does_not_answer_this_question_does_no_harm(
    camera: VirtualCamera, module: Module
) -> None:
    module.code = errno.EINVAL
    camera.send(black_frame(SIZE))


def test_the_device_is_looked_at_once_a_second_and_not_for_every_picture(
    camera: VirtualCamera, module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(virtual_camera, "CHECK_S", 3600.0)
    module.code = errno.ENODEV
    for _ in range(100):
        camera.send(black_frame(SIZE))


def test_it_opens_again_after_it_was_gone(camera: VirtualCamera, module: Module) -> None:
    module.code = errno.ENODEV
    with pytest.raises(SinkError):
        camera.send(black_frame(SIZE))
    camera.close()
    module.code = None
    camera.open(CANVAS)
    camera.send(black_frame(SIZE))


def test_without_its_module_it_may_return_and_without_pyvirtualcam_not(
    roots: Roots, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = VirtualCamera("No Such Camera", roots=roots)
    with pytest.raises(SinkNotFoundError):
        camera.open(CANVAS)
    assert camera.may_return
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(SinkNotFoundError):
        camera.open(CANVAS)
    assert not camera.may_return


def test_who_may_not_write_is_told_what_lets_him(tmp_path: Path) -> None:
    node = tmp_path / "video10"
    node.touch()
    node.chmod(0o600)
    group = "video" if node.group() == "root" else node.group()
    assert f"sudo chgrp {group} {node} && sudo chmod g+rw {node}" in permission_advice(node)
    assert "video" in permission_advice(tmp_path / "gone")
