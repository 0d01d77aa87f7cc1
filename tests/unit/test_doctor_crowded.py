"""The doctor where devices of the user's own are many, or written down in odd ways."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from livetrack_vcam.device_nodes import Roots
from livetrack_vcam.doctor.linux_facts import ConfigLine, LoopbackFacts
from livetrack_vcam.doctor.machine_linux import load_files, modprobe_lines, unread_files
from livetrack_vcam.doctor.machine_loopback import gather_loopback
from livetrack_vcam.sinks.loopback import LoopbackDevice
from livetrack_vcam.sinks.modprobe import MOST_DEVICES, configured_devices
from tests.doctored import OURS, RELOAD, with_loopback, without_module


def theirs(count: int) -> tuple[LoopbackDevice, ...]:
    return tuple(LoopbackDevice(Path(f"/dev/video{n}"), f"Studio {n}", True) for n in range(count))


def written(fixes: tuple[str, ...]) -> tuple[str, ...]:
    """The labels that the fixes write down."""
    words = next(shlex.split(fix) for fix in fixes if fix.startswith("echo 'options "))
    return tuple(device.label for device in configured_devices([words[1]]))


def test_seven_devices_of_others_leave_room_for_ours_but_not_for_obs() -> None:
    report = with_loopback(devices=theirs(7), options=())
    assert written(report.fixes) == (*(f"Studio {n}" for n in range(7)), "LiveTrack Camera")
    assert report.fixes[-1] == RELOAD


def test_eight_devices_with_ours_among_them_are_kept_as_they_are() -> None:
    report = with_loopback(devices=(*theirs(7), OURS), options=())
    assert len(written(report.fixes)) == MOST_DEVICES
    assert not any("modprobe -r" in fix for fix in report.fixes)


def test_nothing_is_run_where_loading_again_would_lose_a_device() -> None:
    text = "options v4l2loopback devices=3 card_label=A,B,C"
    lines = (ConfigLine("/etc/modprobe.d/a.conf", text),)
    bare = LoopbackDevice(OURS.path, OURS.label, False)
    report = with_loopback(devices=(*theirs(6), bare), options=lines)
    assert report.wrong
    assert report.fixes == ()
    assert "8 at most" in " ".join(finding.advice for finding in report.wrong)


def test_a_full_list_in_a_file_of_the_users_is_theirs_to_change() -> None:
    line = ConfigLine("/etc/modprobe.d/a.conf", "options v4l2loopback devices=8")
    report = without_module(LoopbackFacts(installed=True, options=(line,)))
    assert report.fixes == ()
    assert "name one of them 'LiveTrack Camera'" in report.wrong[0].advice


def test_a_module_without_devices_is_loaded_again_and_nothing_has_to_be_closed() -> None:
    finding = with_loopback(devices=()).wrong[0]
    assert finding.what == "v4l2loopback is loaded, but has no device"
    assert finding.advice == "load it again"
    assert finding.fixes == (RELOAD,)


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        ("🎥 Küche", "🎥 Küche"),
        ("カメラ", "カメラ"),
        ('a"b,c', "a_b_c"),
        ("$(reboot)`x`'y'\\", "_(reboot)_x__y__"),
        ("turned \u202e around", "turned _ around"),
    ],
)
def test_a_label_is_kept_where_a_shell_takes_it_for_nothing_else(label: str, kept: str) -> None:
    other = LoopbackDevice(Path("/dev/video3"), label, True)
    report = with_loopback(devices=(other, OURS), options=())
    assert written(report.fixes)[0] == kept


def test_odd_files_of_modprobe_are_read_as_far_as_they_say_something(tmp_path: Path) -> None:
    folder = tmp_path / "etc/modprobe.d"
    (folder / "folder.conf").mkdir(parents=True)
    (folder / "a.conf").write_bytes(
        b"\xff\xfe\x00\r\n; no\r\noptions\r\nblacklist\r\n"
        b'options v4l2loopback devices=2 \\\r\n card_label="A,B"\r\noptions v4l2loopback\r\n'
    )
    loads = tmp_path / "etc/modules-load.d"
    loads.mkdir()
    (loads / "b.conf").write_bytes(b"\r\nv4l2loopback\r\n")
    lines = modprobe_lines(tmp_path)
    assert [device.label for device in configured_devices(li.text for li in lines)] == ["A", "B"]
    assert load_files(tmp_path) == ("/etc/modules-load.d/b.conf",)


def test_nothing_is_written_while_a_file_that_may_name_devices_cannot_be_read() -> None:
    closed = ("/etc/modprobe.d/studio.conf",)
    loads = without_module(LoopbackFacts(installed=True, unread=closed))
    keeps = with_loopback(options=(), unread=closed)
    for report in (loads, keeps):
        assert report.fixes == ()
        assert "livetrack-vcam doctor --fix" in report.wrong[0].advice
        assert report.wrong[0].by_hand == ("sudo chmod a+rX /etc/modprobe.d/studio.conf",)
    assert not with_loopback(unread=closed).wrong


def test_files_of_modprobe_that_are_closed_are_found(tmp_path: Path) -> None:
    for name in ("closed.conf", "open.conf", "closed.txt"):
        (tmp_path / "etc/modprobe.d").mkdir(parents=True, exist_ok=True)
        (tmp_path / "etc/modprobe.d" / name).touch()
    (tmp_path / "etc/modprobe.d/nowhere.conf").symlink_to(tmp_path / "nothing")
    (tmp_path / "run/modprobe.d").mkdir(parents=True)
    closed = {tmp_path / "etc/modprobe.d/closed.conf", tmp_path / "run/modprobe.d"}
    unread = unread_files(tmp_path, lambda path: path not in closed)
    assert unread == ("/run/modprobe.d", "/etc/modprobe.d/closed.conf")
    assert not unread_files(tmp_path)


def test_numbers_that_are_none_are_passed_over() -> None:
    line = "options v4l2loopback devices=² video_nr=a,,7"
    assert [device.number for device in configured_devices([line])] == [-1, -1, 7]


def test_a_machine_without_proc_and_sys_has_no_module(tmp_path: Path) -> None:
    nowhere = tmp_path / "nothing"
    facts = gather_loopback(Roots(nowhere, nowhere, nowhere), root=nowhere)
    assert not facts.loaded
    assert (facts.installed, facts.devices, facts.options) == (None, (), ())
