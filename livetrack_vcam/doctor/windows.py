"""Windows: which virtual cameras are registered, and whether programs may use cameras at all.

Where this is written down: pyvirtualcam 0.15 looks for the same keys under CLSID
(native_windows_unity_capture and native_windows_obs); OBS's installer writes its own
(UI/installer/mp-installer.nsi); the privacy switches are those of CapabilityAccessManager.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from livetrack_vcam.doctor.macos import PAGE, WITHOUT
from livetrack_vcam.doctor.report import Finding, Level
from livetrack_vcam.doctor.sandboxes import Installed
from livetrack_vcam.sinks.loopback import DEFAULT_LABEL, OBS_LABEL

if TYPE_CHECKING:
    from livetrack_vcam.doctor.facts import Facts

NAME = "virtual camera"
PROGRAM = "program"
CLASSES, MACHINE, USER = "HKEY_CLASSES_ROOT", "HKEY_LOCAL_MACHINE", "HKEY_CURRENT_USER"
OBS_CAMERA = r"CLSID\{A3FCE0F5-3493-419F-958A-ABA1250EC20B}"
UNITY_CAMERA = r"CLSID\{{5C2CD55C-92AD-4999-8666-912BD3E700{:02X}}}"
# 0x10 is the first of 64-bit programs, 0x11 the driver's own, and then one for each more.
UNITY_NUMBERS = (0x10, *range(0x12, 0x10 + 75))
UNINSTALL = r"SOFTWARE\{}Microsoft\Windows\CurrentVersion\Uninstall\OBS Studio"
CONSENT = r"SOFTWARE\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\webcam"
SWITCHES = (
    (MACHINE, CONSENT, "Camera access"),
    (USER, CONSENT, "Let apps access your camera"),
    (USER, CONSENT + r"\NonPackaged", "Let desktop apps access your camera"),
)

Read = Callable[[str, str, str], str | None]
"""Hive, key and name of a value ("" for the key's own) to its text; None when there is none."""


@dataclass(frozen=True, slots=True)
class WindowsFacts:
    """`looked`: this is Windows; `unity`: the names of Unity Capture's cameras; `denied`: the
    switch of the privacy settings that keeps cameras from us, empty when none does."""

    looked: bool = False
    obs_camera: bool = False
    unity: tuple[str, ...] = ()
    denied: str = ""


def gather_windows(read: Read) -> WindowsFacts:
    """From the registry; needs no rights."""
    unity = (read(CLASSES, UNITY_CAMERA.format(number), "") for number in UNITY_NUMBERS)
    denied = (name for hive, key, name in SWITCHES if read(hive, key, "Value") == "Deny")
    return WindowsFacts(
        True,
        read(CLASSES, OBS_CAMERA, "") is not None,
        tuple(name.rstrip() for name in unity if name),
        next(denied, ""),
    )


def obs_programs(read: Read) -> tuple[Installed, ...]:
    """OBS by its installer's entry, written by a 64-bit or a 32-bit one."""
    for part in ("", "WOW6432Node\\"):
        version = read(MACHINE, UNINSTALL.format(part), "DisplayVersion")
        if version is not None:
            return (Installed("OBS", PROGRAM, version),)
    return ()


def read_registry(hive: str, key: str, name: str) -> str | None:
    """The `Read` of this machine; None wherever there is no registry. The own value of a key that
    has none is empty."""
    try:
        winreg: Any = import_module("winreg")
        with winreg.OpenKey(getattr(winreg, hive), key) as opened:
            try:
                return str(winreg.QueryValueEx(opened, name)[0])
            except OSError:
                return None if name else ""
    except (ImportError, OSError):
        return None


def check_windows(facts: Facts) -> list[Finding]:
    """The virtual camera under our name, then OBS's; and the privacy switch."""
    if facts.platform != "win32":
        return []
    windows = facts.windows
    if not windows.looked:
        what = f"not looked for; Unity Capture as {DEFAULT_LABEL!r}, or {OBS_LABEL}"
        return [Finding(Level.OK, NAME, what, advice=f"how to set it up: {PAGE}")]
    findings = [_camera(windows)]
    if windows.denied:
        findings.append(
            Finding(
                Level.WARN,
                "camera",
                f"Windows keeps cameras from programs: {windows.denied} is off",
                "No camera can be opened, neither by us nor by OBS or Zoom.",
                "switch it on: Settings > Privacy & security > Camera",
            )
        )
    return findings


def _camera(windows: WindowsFacts) -> Finding:
    if DEFAULT_LABEL in windows.unity:
        return Finding(Level.OK, NAME, f"{DEFAULT_LABEL}, by Unity Capture")
    register = (
        "run Unity Capture's Install\\InstallCustomName.bat as administrator and give the name "
        f"{DEFAULT_LABEL} ({PAGE})"
    )
    if windows.unity:
        names = ", ".join(windows.unity)
        what = f"Unity Capture has no camera named {DEFAULT_LABEL!r} (there is: {names})"
        return _other(what, register, windows.unity[0])
    if windows.obs_camera:
        what = f"there is only {OBS_LABEL}, which OBS itself cannot show"
        return _other(what, register, OBS_LABEL)
    advice = f"{register}; or install OBS Studio"
    return Finding(Level.WARN, NAME, "none is registered", WITHOUT, advice)


def _other(what: str, register: str, name: str) -> Finding:
    by_hand = (f'livetrack-vcam --sink "vcam:{name}"',)
    return Finding(Level.WARN, NAME, what, WITHOUT, f"{register}, or use that one", (), by_hand)
