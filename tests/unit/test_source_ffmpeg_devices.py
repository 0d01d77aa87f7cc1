"""Cameras of macOS and Windows, from what FFmpeg's capture devices log there."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from fractions import Fraction

import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SourceBusyError
from livetrack_vcam.sources.camera import camera_error, device_options, input_name
from livetrack_vcam.sources.camera_modes import choose_mode
from livetrack_vcam.sources.cameras import CameraInfo, described
from livetrack_vcam.sources.ffmpeg_devices import (
    AVFOUNDATION,
    DSHOW,
    Listed,
    avfoundation_modes,
    cameras,
    dshow_modes,
    from_log,
    listed,
    logged,
    modes,
)
from livetrack_vcam.sources.v4l2 import Mode

INTEGRATED = r"@device_pnp_\\?\usb#vid_04f2&pid_b6d9&mi_00#6&1a2b#{65e8773d}\global"
MICROPHONE = r"@device_cm_{33D9A762-90C8-11D0-BD43-00A0C911CE86}\wave_{5E0A}"

# dshow.c writes a line in pieces, and each piece is a message of its own.
DSHOW_LIST = "\n".join(
    [
        '"Integrated Camera"', " (video", ")", "\n", f'  Alternative name "{INTEGRATED}"\n',
        '"OBS Virtual Camera"', " (none)", "\n", '  Alternative name "@device_sw_{860BB310}\\x"\n',
        '"Microphone"', " (audio", ")", "\n", f'  Alternative name "{MICROPHONE}"\n',
        "Could not enumerate audio only devices (or none found).\n",
    ]
)  # fmt: skip
# A C920: every format twice, once with color information.
DSHOW_OPTIONS = "\n".join(
    [
        "DirectShow video device options (from video devices)\n",
        ' Pin "Capture" (alternative pin name "0")\n',
        "  pixel_format=yuyv422", "  min s=640x480 fps=5 max s=640x480 fps=30", "\n",
        "  pixel_format=yuyv422", "  min s=640x480 fps=5 max s=640x480 fps=30",
        " (tv, bt470bg/bt709/unknown", ", topleft", ")", "\n",
        "  pixel_format=yuyv422", "  min s=1920x1080 fps=5 max s=1920x1080 fps=5", "\n",
        "  vcodec=mjpeg", "  min s=1920x1080 fps=5 max s=1920x1080 fps=30", "\n",
        "  vcodec=mjpeg", "  min s=1280x720 fps=5 max s=1280x720 fps=60.0002", "\n",
        "  unknown compression type 0x30313050", "  min s=640x480 fps=5 max s=640x480 fps=30", "\n",
    ]
)  # fmt: skip
# A MacBook's camera of 720 lines, and an iMac's, whose fastest rate is 29.97.
MACBOOK = """\
Selected video size (1x1) is not supported by the device.
Supported modes:
  1280x720@[15.000000 30.000030]fps
  640x480@[15.000000 30.000030]fps
"""
IMAC = """\
Supported modes:
  1280x720@[29.970000 29.970000]fps
  1280x720@[14.999993 14.999993]fps
"""


def test_cameras_are_told_from_microphones_and_screens() -> None:
    found = cameras(
        [
            ("0", "FaceTime HD Camera", ["video"]),
            ("1", "Capture screen 0", ["video"]),
            ("0", "MacBook Pro Microphone", ["audio"]),
            (INTEGRATED, "", []),
            (MICROPHONE, "Microphone", []),
        ]
    )
    assert found == (Listed("0", "FaceTime HD Camera"), Listed(INTEGRATED, INTEGRATED))


def test_windows_without_a_microphone_has_cameras_all_the_same() -> None:
    found = from_log(DSHOW_LIST)
    assert [each.title for each in found] == ["Integrated Camera", "OBS Virtual Camera"]
    assert found[0].name == INTEGRATED


def test_modes_of_windows_are_read_with_the_usual_rate_inside_a_range() -> None:
    found = dshow_modes(DSHOW_OPTIONS)
    assert found == (
        Mode("YUYV", Size(640, 480), Fraction(30)),
        Mode("YUYV", Size(1920, 1080), Fraction(5)),
        Mode("MJPG", Size(1920, 1080), Fraction(30)),
        Mode("MJPG", Size(1280, 720), Fraction(60)),
        Mode("MJPG", Size(1280, 720), Fraction(30)),
    )
    assert choose_mode(found) == found[2]


def test_a_mac_of_720_lines_is_not_asked_for_1080() -> None:
    best = choose_mode(avfoundation_modes(MACBOOK))
    assert best == Mode("NV12", Size(1280, 720), Fraction(30))


def test_a_rate_of_29_97_is_asked_for_as_the_camera_has_it() -> None:
    """avfoundation takes a rate that is less than .01 from its own."""
    best = choose_mode(avfoundation_modes(IMAC))
    assert best is not None
    assert abs(float(best.fps) - 29.97) < 0.01


@pytest.mark.parametrize(
    ("device_format", "name", "asked"),
    [
        (DSHOW, INTEGRATED, (DSHOW, f"video={INTEGRATED}", {"list_options": "true"})),
        (AVFOUNDATION, "0", (AVFOUNDATION, "0", {"video_size": "1x1"})),
    ],
)
def test_modes_are_asked_for_without_streaming(
    device_format: str, name: str, asked: tuple[str, str, Mapping[str, str]]
) -> None:
    heard = []

    def ask(kind: str, url: str, options: Mapping[str, str]) -> str:
        heard.append((kind, url, options))
        return DSHOW_OPTIONS if kind == DSHOW else MACBOOK

    assert modes(device_format, name, ask)
    assert heard == [asked]


def test_a_camera_that_tells_nothing_has_no_modes() -> None:
    for device_format in (DSHOW, AVFOUNDATION):
        assert modes(device_format, "0", lambda *_asked: "Input/output error") == ()


def test_what_ffmpeg_logs_while_it_fails_is_heard() -> None:
    assert "No such filter" in logged("lavfi", "no_such_filter_of_ours", {})


def test_a_system_without_such_devices_lists_none() -> None:
    assert listed("no-such-device-format") == ()


TWO = (Listed("0", "FaceTime HD Camera"), Listed("1", "OBS Virtual Camera"))


def test_a_mac_lists_cameras_by_place_and_knows_which_one_programs_feed() -> None:
    found = described((*TWO, Listed("2", "LiveTrack Camera")), lambda _name: ())
    assert [(each.path, each.name, each.virtual) for each in found] == [
        ("0", "FaceTime HD Camera", False),
        ("1", "OBS Virtual Camera", True),
    ]
    assert found[0].stable_id == ""


def test_a_windows_camera_is_known_by_its_devices_path() -> None:
    software = Listed(r"@device_sw_{860BB310}\{5C2CD55C}", "Unity Video Capture")
    found = described((Listed(INTEGRATED, "Integrated Camera"), software), lambda _name: ())
    assert found[0].stable_id == INTEGRATED
    assert [each.virtual for each in found] == [False, True]


def test_no_other_camera_is_woken_when_one_is_looked_for() -> None:
    asked: list[str] = []

    def modes_of(name: str) -> tuple[Mode, ...]:
        asked.append(name)
        return ()

    (found,) = described(TWO, modes_of, only=CameraInfo("FaceTime HD Camera", "1", 1))
    assert (found.path, asked) == ("0", ["0"])


def test_windows_is_given_room_for_raw_pictures_and_asked_without_waiting() -> None:
    mode = Mode("MJPG", Size(1920, 1080), Fraction(30))
    options = device_options(mode, None, None, DSHOW)
    # One raw 1080p picture has 4 MB, more than dshow's usual buffer; a decoder for the format
    # cannot be named, so the size and the rate are what chooses it.
    assert options == {
        "fflags": "+4",
        "rtbufsize": "64M",
        "video_size": "1920x1080",
        "framerate": "30/1",
    }
    assert input_name(CameraInfo("x", INTEGRATED, 0), DSHOW) == f"video={INTEGRATED}"


def test_a_mac_is_asked_for_a_format_that_it_can_give() -> None:
    mode = Mode("NV12", Size(1280, 720), Fraction(30000, 1001))
    options = device_options(mode, None, None, AVFOUNDATION)
    assert options["pixel_format"] == "nv12"
    assert options["framerate"] == "30000/1001"
    assert input_name(CameraInfo("FaceTime", "0", 0), AVFOUNDATION) == "0"


@pytest.mark.parametrize(
    ("kind", "switch"), [(DSHOW, "Let desktop apps access"), (AVFOUNDATION, "the terminal")]
)
@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES, errno.EPERM, errno.EBUSY])
def test_a_camera_that_these_systems_refuse_is_sent_to_their_privacy_settings(
    kind: str, switch: str, code: int
) -> None:
    error = camera_error(CameraInfo("C920", "0", 0), OSError(code, "no"), kind)
    assert isinstance(error, SourceBusyError)
    assert switch in str(error)
    assert "fuser" not in str(error)
    assert "usermod" not in str(error)
