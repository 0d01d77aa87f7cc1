"""Whether other programs can see our picture as a camera, system by system."""

from __future__ import annotations

from livetrack_vcam.doctor.facts import Facts, LoopbackFacts
from livetrack_vcam.doctor.install import install_command
from livetrack_vcam.doctor.report import Finding, Level
from livetrack_vcam.sinks.loopback import (
    MODULE,
    OBS_LABEL,
    LoopbackDevice,
    modprobe_command,
    modprobe_options,
)

NAME = "virtual camera"
WITHOUT = (
    "Without it, OBS and browsers still get the picture as MJPEG; Zoom, Meet and Teams do not."
)
INSTALL = {
    "debian": "sudo apt-get install -y v4l2loopback-dkms linux-headers-$(uname -r)",
    "fedora": "sudo dnf install -y v4l2loopback",
    "arch": "sudo pacman -S --needed v4l2loopback-dkms linux-headers",
    "suse": "sudo zypper install -y v4l2loopback-kmp-default",
}
FAMILIES = {"ubuntu": "debian", "rhel": "fedora", "opensuse": "suse"}
NOTES = {"fedora": "the package is in RPM Fusion (free), which has to be enabled first"}


def check_virtual_camera(facts: Facts) -> list[Finding]:
    """Findings about pyvirtualcam and, on Linux, about module, device, permission and use."""
    findings = _check_package(facts)
    if facts.platform == "linux":
        return [*findings, *_check_linux(facts)]
    what = "OBS Virtual Camera, which comes with OBS Studio"
    if facts.platform == "win32":
        what = "Unity Capture as 'LiveTrack Camera', or OBS Virtual Camera"
    advice = "how to set it up: docs/virtual-camera.md; in OBS use the MJPEG stream instead"
    return [*findings, Finding(Level.OK, NAME, f"not looked for; {what}", advice=advice)]


def _check_package(facts: Facts) -> list[Finding]:
    if facts.packages.get("pyvirtualcam"):
        return []
    command = install_command(facts.installer, "pyvirtualcam")
    what = "the package pyvirtualcam is not installed"
    return [Finding(Level.WARN, NAME, what, WITHOUT, "install it", (command,))]


def _check_linux(facts: Facts) -> list[Finding]:
    loopback = facts.loopback
    if not loopback.loaded and not loopback.devices:
        return [_not_loaded(facts)]
    device = loopback.device
    if device is None:
        return [_misnamed(loopback)]
    return [_state(loopback, device), *_caps(loopback, device), *_boot(loopback)]


def _not_loaded(facts: Facts) -> Finding:
    loopback = facts.loopback
    if facts.container:
        advice = "load it on the host, then pass the device in with --device /dev/video10: "
        command = modprobe_command(loopback.label)
        return Finding(Level.WARN, NAME, f"{MODULE} is not loaded", WITHOUT, advice + command)
    load = (*_keep_commands(loopback), modprobe_command(loopback.label))
    if loopback.installed:
        advice = "load it" + _secure_boot_hint(loopback)
        return Finding(
            Level.WARN, NAME, f"{MODULE} is installed but not loaded", WITHOUT, advice, load
        )
    family = _family(facts.distribution)
    what = f"the kernel module {MODULE} is not installed"
    if family is None:
        advice = f"install your distribution's package of {MODULE}, then: {load[-1]}"
        return Finding(Level.WARN, NAME, what, WITHOUT, advice)
    advice = "install and load it" + _secure_boot_hint(loopback)
    note = f" ({NOTES[family]})" if family in NOTES else ""
    return Finding(Level.WARN, NAME, what, WITHOUT, advice + note, (INSTALL[family], *load))


def _misnamed(loopback: LoopbackFacts) -> Finding:
    names = ", ".join(f"{d.label!r} at {d.path}" for d in loopback.devices) or "none"
    command = modprobe_command(loopback.label)
    return Finding(
        Level.WARN,
        NAME,
        f"{MODULE} is loaded, but no device is named {loopback.label!r} (there is: {names})",
        WITHOUT,
        "close the programs that use those devices and load it again, or choose one of them with "
        "--sink vcam:NAME",
        (*_keep_commands(loopback), f"sudo modprobe -r {MODULE} && {command}"),
    )


def _state(loopback: LoopbackFacts, device: LoopbackDevice) -> Finding:
    place = f"{device.label!r} at {device.path}"
    users = ", ".join(map(str, loopback.holders))
    if loopback.writable is False:
        return Finding(
            Level.WARN,
            NAME,
            f"no permission to write to {place}",
            WITHOUT,
            f"join the group {loopback.group}, then log out and in again",
            (f"sudo usermod -aG {loopback.group} $USER",),
        )
    if loopback.fed:
        return Finding(
            Level.OK, NAME, f"{place}, in use now by {users or 'a program of another user'}"
        )
    if loopback.output is False:
        what = f"{place}, left stuck by the last program; livetrack-vcam frees it when it starts"
        return Finding(Level.OK, NAME, what)
    return Finding(Level.OK, NAME, place + (f", open in {users}" if users else ""))


def _caps(loopback: LoopbackFacts, device: LoopbackDevice) -> list[Finding]:
    findings = []
    if device.exclusive_caps is False:
        findings.append(
            Finding(
                Level.WARN,
                NAME,
                f"{device.path} was made without exclusive_caps=1",
                "Chrome, Meet and Teams in the browser do not list such a camera.",
                "close the programs that use it and load the module again",
                (
                    *_keep_commands(loopback),
                    f"sudo modprobe -r {MODULE} && {modprobe_command(loopback.label)}",
                ),
            )
        )
    if len(loopback.devices) == 1:
        findings.append(
            Finding(
                Level.WARN,
                NAME,
                "there is only one loopback device",
                "OBS's Start Virtual Camera takes the first free one, and that would be ours.",
                f"make a second one, {OBS_LABEL!r}, if you use that button",
            )
        )
    return findings


def _boot(loopback: LoopbackFacts) -> list[Finding]:
    if loopback.kept_after_boot:
        return []
    what = "the virtual camera will be gone after a restart of the computer"
    fixes = _keep_commands(loopback)
    return [Finding(Level.WARN, NAME, what, advice="make it permanent", fixes=fixes)]


def _keep_commands(loopback: LoopbackFacts) -> tuple[str, ...]:
    if loopback.kept_after_boot:
        return ()
    return (
        f"echo '{modprobe_options(loopback.label)}' | sudo tee /etc/modprobe.d/livetrack.conf",
        f"echo {MODULE} | sudo tee /etc/modules-load.d/livetrack.conf",
    )


def _secure_boot_hint(loopback: LoopbackFacts) -> str:
    if not loopback.secure_boot:
        return ""
    return (
        "; Secure Boot is on, so the module's key must be enrolled once (docs/troubleshooting.md)"
    )


def _family(distribution: tuple[str, ...]) -> str | None:
    names = (FAMILIES.get(word, word) for word in distribution)
    return next((name for name in names if name in INSTALL), None)
