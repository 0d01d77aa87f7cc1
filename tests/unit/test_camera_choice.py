"""Telling cameras apart and finding them again, on recorded machines."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.device_nodes import holders
from livetrack_vcam.errors import SourceNotFoundError
from livetrack_vcam.sources.camera_choice import by_preference, find_camera
from livetrack_vcam.sources.cameras import CameraInfo, found_again, labels
from tests.recorded_cameras import RecordedMachine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="links of udev")

C920_A, C920_B = "usb-046d_HD_Pro_Webcam_C920_A0A0A0A0", "usb-046d_HD_Pro_Webcam_C920_B1B1B1B1"
C920_C = "usb-046d_HD_Pro_Webcam_C920_C2C2C2C2"
NO_SERIAL = "usb-Generic_USB_Camera"


@pytest.fixture
def machine(tmp_path: Path) -> RecordedMachine:
    return RecordedMachine(tmp_path)


def names(cameras: tuple[CameraInfo, ...]) -> list[str]:
    return list(labels(cameras).values())


def test_a_camera_has_udevs_name_for_it_and_its_metadata_node_is_none(
    machine: RecordedMachine,
) -> None:
    machine.plug_in(0, "c920", C920_A)
    machine.add_metadata_node(1, "c920")
    (camera,) = machine.cameras()
    assert camera.stable_id == f"{C920_A}-video-index0"
    assert (camera.path, camera.number) == (str(machine.roots.dev / "video0"), 0)


def test_our_own_virtual_camera_is_no_camera_and_is_not_even_opened(
    machine: RecordedMachine,
) -> None:
    machine.add_virtual_camera(10, "LiveTrack Camera")
    assert machine.cameras() == ()
    assert machine.asked == []


def test_two_equal_cameras_are_told_apart_by_their_place(machine: RecordedMachine) -> None:
    machine.plug_in(0, "c920", C920_A, port="1.2")
    machine.plug_in(2, "c920", C920_B, port="3")
    machine.plug_in(4, "facetime", port="9")
    assert names(machine.cameras()) == [
        "HD Pro Webcam C920 (usb-0000:00:14.0-1.2)",
        "HD Pro Webcam C920 (usb-0000:00:14.0-3)",
        "Apple Facetime HD",
    ]


def test_a_name_that_fits_two_is_answered_with_the_choices(machine: RecordedMachine) -> None:
    machine.plug_in(0, "c920", C920_A, port="1.2")
    machine.plug_in(2, "c920", C920_B, port="3")
    for spec in ("HD Pro Webcam C920", "c920"):
        with pytest.raises(SourceNotFoundError, match=r"2 cameras fit .*-1\.2\)' or --source .*-3"):
            find_camera(spec, machine.cameras())


def test_each_way_to_name_a_camera_finds_it(machine: RecordedMachine) -> None:
    machine.plug_in(0, "c920", C920_A, port="1.2")
    machine.plug_in(2, "c920", C920_B, port="3")
    cameras = machine.cameras()
    second = cameras[1]
    for spec in (
        "2",
        str(machine.roots.dev / "video2"),
        f"{C920_B}-video-index0",
        "B1B1B1B1",
        "HD Pro Webcam C920 (usb-0000:00:14.0-3)",
        "usb-0000:00:14.0-3",
        "pci-0000:00:14.0-usb-0:3:1.0-video-index0",
    ):
        assert find_camera(spec, cameras) is second, spec
    for spec in ("1", "3", "", "C930", "/dev/video99", "A1A1"):
        assert find_camera(spec, cameras) is None, spec


def test_a_link_in_dev_leads_to_its_camera(tmp_path: Path) -> None:
    link = "/dev/fd"
    camera = CameraInfo("C920", os.path.realpath(link), 0)
    assert find_camera(link, (camera,)) is camera


def test_an_infrared_twin_is_meant_by_nobody(machine: RecordedMachine) -> None:
    machine.plug_in(0, "laptop", "usb-Chicony_Integrated_Camera")
    machine.plug_in(2, "laptop_infrared", interface=2)
    cameras = machine.cameras()
    assert find_camera("integrated", cameras) is cameras[0]
    name = "Integrated Camera: Integrated C"
    assert names(cameras) == [name, f"{name} (infrared)"]
    assert find_camera(names(cameras)[1], cameras) is cameras[1]


def test_a_file_of_that_name_goes_before_a_part_of_a_cameras_name(
    machine: RecordedMachine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.plug_in(0, "c920", C920_A)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c920").touch()
    assert find_camera("c920", machine.cameras()) is None
    assert find_camera("C920", machine.cameras()) is not None


def test_looking_for_one_camera_asks_no_other(machine: RecordedMachine) -> None:
    machine.plug_in(0, "c920", C920_A)
    machine.plug_in(2, "facetime")
    (first, _) = machine.cameras()
    machine.asked.clear()
    assert [each.number for each in machine.cameras(only=first)] == [0]
    assert machine.asked == ["video0"]


class Plug(NamedTuple):
    """What is plugged in where; the words of RecordedMachine.plug_in."""

    number: int
    record: str
    by_id: str = ""
    port: str = "1"


class Again(NamedTuple):
    """The first of two cameras of a machine is unplugged, and what is plugged in then is it."""

    first: Plug
    beside: Plug
    then: Plug


AGAIN = {
    "a camera with a serial number, at another port": Again(
        Plug(0, "c920", C920_A), Plug(2, "facetime"), Plug(4, "c920", C920_A, "7")
    ),
    "another of the same model, which is new": Again(
        Plug(0, "c920", C920_A, "1"), Plug(2, "c920", C920_B, "2"), Plug(4, "c920", C920_C, "1")
    ),
    "one without a serial number, at another port": Again(
        Plug(0, "yuyv_only"),
        Plug(2, "yuyv_only", NO_SERIAL, "2"),
        Plug(1, "yuyv_only", NO_SERIAL, "5"),
    ),
}


@pytest.mark.parametrize("again", AGAIN.values(), ids=AGAIN.keys())
def test_a_camera_that_was_unplugged_is_not_the_one_beside_it_but_the_one_that_comes(
    machine: RecordedMachine, again: Again
) -> None:
    for plug in (again.first, again.beside):
        machine.plug_in(*plug)
    before = machine.cameras()
    machine.unplug(again.first.number)
    assert found_again(before[0], machine.cameras(), before) is None
    machine.plug_in(*again.then)
    found = found_again(before[0], machine.cameras(), before)
    assert found is not None
    assert found.number == again.then.number


def test_equal_cameras_without_serials_are_known_by_their_place(machine: RecordedMachine) -> None:
    machine.plug_in(0, "yuyv_only", port="1")
    machine.plug_in(2, "yuyv_only", NO_SERIAL, port="2")
    before = machine.cameras()
    assert [each.stable_id for each in before] == [
        "pci-0000:00:14.0-usb-0:1:1.0-video-index0",
        "pci-0000:00:14.0-usb-0:2:1.0-video-index0",
    ]
    # The link that both share goes to whichever comes last.
    machine.unplug(0)
    machine.plug_in(0, "yuyv_only", NO_SERIAL, port="1")
    assert [found_again(each, machine.cameras(), before) for each in before] == list(
        machine.cameras()
    )


def test_while_udevs_links_are_missing_no_other_of_the_model_is_taken(
    machine: RecordedMachine,
) -> None:
    """A hub that was reset brings both back, and their links a moment later."""
    machine.plug_in(0, "c920", C920_A, port="1")
    machine.plug_in(2, "c920", C920_B, port="2")
    before = machine.cameras()
    for folder in ("by-id", "by-path"):
        for link in (machine.roots.dev / "v4l" / folder).iterdir():
            link.unlink()
    assert [found_again(each, machine.cameras(), before) for each in before] == [None, None]


class TestTheCameraTakenUnasked:
    def preferred(self, machine: RecordedMachine, wanted: Size | None = None) -> list[int]:
        def is_busy(camera: CameraInfo) -> bool:
            return bool(holders(Path(camera.path), machine.roots))

        return [each.number for each in by_preference(machine.cameras(), is_busy, wanted)]

    def test_is_the_one_with_the_largest_picture(self, machine: RecordedMachine) -> None:
        machine.plug_in(0, "laptop")
        machine.plug_in(2, "c920", C920_A)
        assert self.preferred(machine) == [2, 0]

    def test_is_fast_before_it_is_large(self, machine: RecordedMachine) -> None:
        machine.plug_in(0, "kodak_4k", modes=())
        machine.plug_in(2, "laptop")
        assert self.preferred(machine) == [2, 0]

    def test_is_free_before_it_is_large(self, machine: RecordedMachine) -> None:
        machine.plug_in(0, "laptop")
        machine.plug_in(2, "c920", C920_A)
        machine.hold(2, 88, "zoom")
        assert self.preferred(machine) == [0, 2]

    def test_is_the_first_of_equals(self, machine: RecordedMachine) -> None:
        machine.plug_in(2, "brio", port="2")
        machine.plug_in(0, "c920", C920_A)
        assert self.preferred(machine) == [0, 2]
        assert self.preferred(machine, Size(3840, 2160)) == [2, 0]

    def test_is_never_an_infrared_sensor_or_obss_virtual_camera(
        self, machine: RecordedMachine
    ) -> None:
        machine.plug_in(0, "laptop_infrared")
        machine.plug_in(2, "facetime", name="USB2.0 IR UVC HD Webcam")
        machine.add_virtual_camera(3, "OBS Virtual Camera")
        assert self.preferred(machine) == []

    def test_is_virtual_only_where_there_is_no_other(self, machine: RecordedMachine) -> None:
        machine.add_virtual_camera(3, "Droidcam")
        assert self.preferred(machine) == [3]
        machine.plug_in(4, "laptop")
        assert self.preferred(machine) == [4, 3]
