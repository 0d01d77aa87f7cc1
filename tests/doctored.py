"""A healthy machine to take things from: what the tests of the doctor start with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from livetrack_vcam.doctor import Report
from livetrack_vcam.doctor.checks import check_all
from livetrack_vcam.doctor.facts import Facts
from livetrack_vcam.doctor.linux_facts import ConfigLine, LinuxFacts, LoopbackFacts
from livetrack_vcam.sinks.loopback import LoopbackDevice
from livetrack_vcam.sinks.modprobe import load_command, options_line, plan_devices

OURS = LoopbackDevice(Path("/dev/video10"), "LiveTrack Camera", True)
OBS = LoopbackDevice(Path("/dev/video11"), "OBS Virtual Camera", True)
OPTIONS = ConfigLine("/etc/modprobe.d/livetrack.conf", options_line(plan_devices()))
LOAD_FILE = "/etc/modules-load.d/livetrack.conf"
LOAD = "sudo modprobe v4l2loopback"
RELOAD = f"sudo modprobe -r v4l2loopback && {LOAD}"
RELOAD_BY_HAND = f"sudo modprobe -r v4l2loopback && {load_command(plan_devices())}"
WORKING = LoopbackFacts(
    installed=True,
    loaded=True,
    options=(OPTIONS,),
    load_files=(LOAD_FILE,),
    secure_boot=False,
    devices=(OURS, OBS),
    node=True,
    writable=True,
    output=True,
)
UBUNTU = Facts(
    platform="linux",
    python="3.12.3",
    distribution=("ubuntu", "debian"),
    packages={"aiohttp": "3.14.5", "pyvirtualcam": "0.15.0"},
    cpu_count=8,
    resize_ms=2.5,
    cameras=("HD Pro Webcam C920",),
    models={"yolov4-tiny": "", "blazeface": ""},
    linux=LinuxFacts(release="6.8.0-49-generic", modules=True, headers=True, media=True),
    loopback=WORKING,
)


def with_loopback(**changes: object) -> Report:
    return check_all(replace(UBUNTU, loopback=replace(WORKING, **changes)))  # type: ignore[arg-type]


def without_module(loopback: LoopbackFacts | None = None, **linux: object) -> Report:
    """The same machine with the module not there, or with what is said of it."""
    facts = replace(UBUNTU.linux, **linux)  # type: ignore[arg-type]
    loopback = loopback or LoopbackFacts(installed=False)
    return check_all(replace(UBUNTU, loopback=loopback, linux=facts))


def texts(report: Report) -> str:
    """What the user reads about everything that is not right."""
    return "\n".join("\n".join((f.what, f.advice, *f.by_hand)) for f in report.wrong)
