"""Whether other programs can see our picture as a camera, system by system."""

from __future__ import annotations

from livetrack_vcam.doctor.facts import Facts
from livetrack_vcam.doctor.install import install_command
from livetrack_vcam.doctor.linux_device import check_device
from livetrack_vcam.doctor.linux_module import NAME, WITHOUT, not_loaded
from livetrack_vcam.doctor.report import Finding, Level


def check_virtual_camera(facts: Facts) -> list[Finding]:
    """Findings about pyvirtualcam and, on Linux, about module, device, permission and use."""
    findings = _check_package(facts)
    return [*findings, *_check_linux(facts)] if facts.platform == "linux" else findings


def _check_package(facts: Facts) -> list[Finding]:
    if facts.packages.get("pyvirtualcam"):
        return []
    command = install_command(facts.installer, "pyvirtualcam", python=facts.interpreter)
    what = "the package pyvirtualcam is not installed"
    return [Finding(Level.WARN, NAME, what, WITHOUT, "install it", (command,))]


def _check_linux(facts: Facts) -> list[Finding]:
    if not facts.loopback.loaded and not facts.loopback.devices:
        return [not_loaded(facts)]
    return check_device(facts)
