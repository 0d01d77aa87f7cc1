"""Why v4l2loopback is not loaded, and what loads it: the first reason that applies."""

from __future__ import annotations

from dataclasses import replace

from livetrack_vcam.doctor.facts import Facts
from livetrack_vcam.doctor.lasting import are_too_many, load_by_hand, set_up
from livetrack_vcam.doctor.linux_packages import is_declared, is_image, recipe_for
from livetrack_vcam.doctor.report import Finding, Level
from livetrack_vcam.sinks.modprobe import MODULE, MOST_DEVICES

NAME = "virtual camera"
WITHOUT = (
    "Without it, OBS and browsers still get the picture as MJPEG; Zoom, Meet and Teams do not."
)
KEEP_DECLARED = (
    "to keep it, write it into boot.kernelModules and boot.extraModprobeConfig of configuration.nix"
)
ENROLL = "choose a password, restart, choose Enroll MOK in the blue menu and give the password"


def not_loaded(facts: Facts) -> Finding:
    """What the module waits for on this machine."""
    reasons = (_elsewhere, _kernel_replaced, _no_media, _barred, _unsigned, _ready, _unbuilt)
    found = (reason(facts) for reason in reasons)
    return as_allowed(next((each for each in found if each), None) or _missing(facts), facts)


def problem(
    what: str, advice: str, *fixes: str, why: str = WITHOUT, by_hand: tuple[str, ...] = ()
) -> Finding:
    """A finding about the virtual camera that the program can live with."""
    return Finding(Level.WARN, NAME, what, why, advice, fixes, by_hand)


def surroundings(facts: Facts) -> str:
    """What we run in that has no kernel of its own; empty on a machine."""
    return facts.linux.surroundings or ("docker" if facts.container else "")


def as_allowed(finding: Finding, facts: Facts) -> Finding:
    """Without the commands that write files, where those are not ours to write: one command that
    mends it until the next start; or where devices may be written down that would be lost."""
    if not finding.fixes:
        return finding
    if not (surroundings(facts) or is_declared(facts)):
        return _read_first(finding, facts.loopback.unread)
    where = "on the host" if surroundings(facts) else KEEP_DECLARED
    advice = f"{finding.advice}; {where}"
    return replace(finding, advice=advice, fixes=(), by_hand=(load_by_hand(facts.loopback),))


def _read_first(finding: Finding, unread: tuple[str, ...]) -> Finding:
    if not unread:
        return finding
    files = " ".join(unread)
    advice = (
        f"{files} may tell of devices that have to be kept: let everybody read that, then: "
        "livetrack-vcam doctor --fix"
    )
    return replace(finding, advice=advice, fixes=(), by_hand=(f"sudo chmod a+rX {files}",))


def _elsewhere(facts: Facts) -> Finding | None:
    around = surroundings(facts)
    if not around:
        return None
    if around == "wsl":
        return problem(
            "the kernel of WSL has no cameras, real or virtual",
            "run LiveTrack in Windows itself (docs/virtual-camera.md), or show the picture in the "
            "browser room and as MJPEG",
        )
    advice = "load it on the host"
    if around not in ("flatpak", "snap", "toolbox"):
        advice += " and pass the device in with --device /dev/video10"
    return problem(f"{MODULE} is not loaded", advice, by_hand=(load_by_hand(facts.loopback),))


def _kernel_replaced(facts: Facts) -> Finding | None:
    linux = facts.linux
    if linux.modules is not False or not linux.other_kernels:
        return None
    return problem(
        f"kernel {linux.release} runs, but its modules are gone ({linux.other_kernels[-1]} is "
        "there): it was updated since the computer was started",
        "restart the computer, then: livetrack-vcam doctor",
    )


def _no_media(facts: Facts) -> Finding | None:
    release = facts.linux.release
    if facts.linux.media is not False:
        return None
    what = f"kernel {release} comes without anything for cameras (videodev)"
    if "ubuntu" in facts.distribution:
        extra = "sudo apt-get install -y linux-modules-extra-$(uname -r)"
        advice = "install the rest of the kernel's modules, then: livetrack-vcam doctor --fix"
        return problem(what, advice, extra)
    if "debian" in facts.distribution:
        kernel = "sudo apt-get install -y linux-image-$(dpkg --print-architecture)"
        advice = "take the full kernel, then restart the computer"
        return problem(what, advice, by_hand=(kernel,))
    return problem(what, "start a kernel that has CONFIG_VIDEO_DEV")


def _barred(facts: Facts) -> Finding | None:
    lines = [line for line in facts.loopback.barriers if line.kind == "install"]
    if not lines:
        return None
    return problem(
        f"{lines[0].file} runs something else instead of loading {MODULE}: {lines[0].text}",
        "if you do not need that line, delete it, then: livetrack-vcam doctor --fix",
        by_hand=(f"sudo nano {lines[0].file}",),
    )


def _unsigned(facts: Facts) -> Finding | None:
    linux = facts.linux
    if not facts.loopback.installed or not _is_enforced(facts):
        return None
    what = f"Secure Boot is on and does not know the key that signed {MODULE}"
    if linux.mok == "missing":
        enroll = f"sudo mokutil --import {linux.mok_key}"
        return problem(what, f"make it known: {ENROLL}", by_hand=(enroll,))
    if linux.mok == "pending":
        return problem(what + " yet", ENROLL.partition(", ")[2])
    return None


def _is_enforced(facts: Facts) -> bool:
    """Whether the kernel refuses modules whose signature it does not know."""
    return bool(facts.loopback.secure_boot) or facts.linux.lockdown not in ("", "none")


def _ready(facts: Facts) -> Finding | None:
    if not facts.loopback.installed:
        return None
    fixes = set_up(facts.loopback)
    if are_too_many(facts.loopback):
        names = ", ".join(device.label for device in facts.loopback.configured)
        return problem(
            f"{MODULE} is not loaded, and would make no {facts.loopback.label!r}: "
            f"{MOST_DEVICES} others are written down in /etc/modprobe.d ({names})",
            f"it makes {MOST_DEVICES} at most: name one of them {facts.loopback.label!r} there, or "
            "choose one with --sink vcam:NAME; then load it",
            by_hand=fixes,
        )
    return problem(f"{MODULE} is installed but not loaded", "load it" + _key_hint(facts), *fixes)


def _unbuilt(facts: Facts) -> Finding | None:
    linux = facts.linux
    if facts.loopback.installed or is_image(facts) or not (linux.dkms or linux.akmod):
        return None
    recipe = recipe_for(facts)
    what = f"{MODULE} is there as source, but was not built for kernel {linux.release}"
    if linux.headers is False:
        what += ", whose headers are missing"
        advice = "install them (not found? update the system and restart first) and build it"
        if not recipe.headers:
            return problem(what, "install your kernel's headers, then", by_hand=(recipe.build,))
        return problem(what, advice, recipe.headers, recipe.build, *set_up(facts.loopback))
    failed = next((source for source in linux.dkms if source.log), None)
    if failed:
        return problem(
            f"{MODULE} {failed.version} could not be built for kernel {linux.release}",
            f"why: {failed.log}; mostly it is older than the kernel: update the system, or take a "
            "newer one from github.com/v4l2loopback/v4l2loopback, then build it",
            by_hand=(recipe.build,),
        )
    return problem(what, "build it" + _key_hint(facts), recipe.build, *set_up(facts.loopback))


def _missing(facts: Facts) -> Finding:
    what = f"the kernel module {MODULE} is not installed"
    recipe = recipe_for(facts)
    if not recipe.install:
        last = () if recipe.is_whole else (load_by_hand(facts.loopback),)
        return problem(what, recipe.advice, by_hand=recipe.by_hand + last)
    advice = "install and load it" + _key_hint(facts)
    return problem(what, advice, *recipe.install, *set_up(facts.loopback))


def _key_hint(facts: Facts) -> str:
    if not _is_enforced(facts) or facts.linux.mok == "enrolled":
        return ""
    return (
        "; Secure Boot is on, so the module's key must be enrolled once (docs/troubleshooting.md)"
    )
