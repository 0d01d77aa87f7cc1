"""How each distribution brings v4l2loopback, and what it is built with.

From their package lists: Debian and Ubuntu (v4l2loopback-dkms), RPM Fusion free (akmod-…, for
Fedora and RHEL), Arch (extra), openSUSE (-kmp-FLAVOR), Void (v4l2loopback, a DKMS package) and
Gentoo (media-video). Only Debian's was run; see tests/data/machines.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from livetrack_vcam.doctor.facts import Facts
from livetrack_vcam.sinks.modprobe import MODULE

BUILD_DKMS = "sudo dkms autoinstall -k $(uname -r)"
BUILD_AKMODS = "sudo akmods --force --kernels $(uname -r)"
RPM_FUSION = "rpmfusion.org/Configuration"

FAMILIES = {
    "nobara": "fedora",
    "ubuntu": "debian",
    "raspbian": "debian",
    "centos": "rhel",
    "rocky": "rhel",
    "almalinux": "rhel",
    "opensuse": "suse",
    "manjaro": "arch",
    "chimeraos": "steamos",
    "opensuse-microos": "microos",
    "opensuse-aeon": "microos",
    "aeon": "microos",
    "opensuse-kalpa": "microos",
    "kalpa": "microos",
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the module comes to a distribution: `install` it, or `headers` and then `build` where
    only its source is there; `advice` in words, and `by_hand`, where nothing of ours will do.
    `is_whole`: that is all there is to do, and loading the module is part of it or comes later."""

    install: tuple[str, ...] = ()
    headers: str = ""
    build: str = BUILD_DKMS
    advice: str = ""
    by_hand: tuple[str, ...] = ()
    is_whole: bool = True


def recipe_for(facts: Facts) -> Recipe:
    """That of the machine's distribution; words only where it is not known."""
    if facts.linux.ostree:
        return _OSTREE
    words = (FAMILIES.get(word, word) for word in facts.distribution)
    family = next((word for word in words if word in _RECIPES), "")
    return _RECIPES[family](facts) if family else _UNKNOWN


def is_image(facts: Facts) -> bool:
    """Whether the system is replaced as a whole, so that packages are not simply installed."""
    return facts.linux.ostree or _first(facts) in ("microos", "steamos", "nixos")


def is_declared(facts: Facts) -> bool:
    """Whether /etc is made from a description of the system, so that nothing is written there."""
    return _first(facts) == "nixos"


def _first(facts: Facts) -> str:
    first = facts.distribution[0] if facts.distribution else ""
    return FAMILIES.get(first, first)


_UNKNOWN = Recipe(
    advice=f"install your distribution's package of {MODULE}, then load it", is_whole=False
)
_OSTREE = Recipe(
    advice="add it to the system's image, then restart the computer; the package is in RPM Fusion, "
    f"which has to be enabled ({RPM_FUSION}), and the images of Universal Blue (Bazzite, Bluefin, "
    "Aurora) mostly bring it",
    by_hand=(f"sudo rpm-ostree install akmod-{MODULE}",),
)
_NIXOS = Recipe(
    advice="put into configuration.nix: boot.extraModulePackages = [ "
    f'config.boot.kernelPackages.{MODULE} ]; boot.kernelModules = [ "{MODULE}" ]; and '
    "boot.extraModprobeConfig with the line of docs/virtual-camera.md, then",
    by_hand=("sudo nixos-rebuild switch",),
)
_STEAMOS = Recipe(
    advice="SteamOS loses such modules with every update of its image: use the MJPEG stream in OBS "
    "(docs/obs.md) or the browser room instead"
)
_MICROOS = Recipe(
    advice="add it to the system's image, then restart the computer",
    by_hand=(f"sudo transactional-update pkg install {MODULE}-kmp-default",),
)
_ALPINE = Recipe(
    advice="install the package that fits your kernel, then: livetrack-vcam doctor --fix; look for "
    "it with",
    by_hand=(f"apk search {MODULE}",),
)


def _debian(facts: Facts) -> Recipe:
    kind = "proxmox" if facts.linux.release.endswith("-pve") else "linux"
    headers = f"{kind}-headers-$(uname -r)"
    return Recipe(
        (f"sudo apt-get install -y {MODULE}-dkms {headers}",), f"sudo apt-get install -y {headers}"
    )


def _fedora(facts: Facts) -> Recipe:
    headers = "sudo dnf install -y kernel-devel-$(uname -r)"
    if facts.linux.rpm_fusion is False:
        rhel = "EPEL and " if _first(facts) == "rhel" else ""
        return Recipe(
            headers=headers,
            build=BUILD_AKMODS,
            advice=f"the package is in RPM Fusion (free): enable {rhel}RPM Fusion as "
            f"{RPM_FUSION} says, then: livetrack-vcam doctor --fix",
        )
    install = f"sudo dnf install -y akmod-{MODULE} kernel-devel-$(uname -r)"
    return Recipe((install, BUILD_AKMODS), headers, BUILD_AKMODS)


def _arch(facts: Facts) -> Recipe:
    headers = f"{_arch_kernel(facts)}-headers"
    return Recipe(
        (f"sudo pacman -S --needed --noconfirm {MODULE}-dkms {headers}",),
        f"sudo pacman -S --needed --noconfirm {headers}",
    )


def _arch_kernel(facts: Facts) -> str:
    """The package of the running kernel, from its own word for it or from its name."""
    release = facts.linux.release
    if facts.linux.package:
        return facts.linux.package
    if release.endswith("-MANJARO"):
        return "linux" + "".join(release.split(".")[:2])
    flavor = re.search(r"-(lts|zen|hardened|rt|cachyos)", release)
    return f"linux-{flavor.group(1)}" if flavor else "linux"


def _suse(facts: Facts) -> Recipe:
    flavor = facts.linux.release.rpartition("-")[2] or "default"
    return Recipe((f"sudo zypper --non-interactive install {MODULE}-kmp-{flavor}",))


def _void(facts: Facts) -> Recipe:
    series = re.match(r"\d+\.\d+", facts.linux.release)
    headers = f"linux{series.group()}-headers" if series else "linux-headers"
    return Recipe(
        (f"sudo xbps-install -Sy {MODULE} {headers}",), f"sudo xbps-install -Sy {headers}"
    )


_RECIPES: dict[str, Callable[[Facts], Recipe]] = {
    "debian": _debian,
    "fedora": _fedora,
    "rhel": _fedora,
    "arch": _arch,
    "suse": _suse,
    "void": _void,
    "gentoo": lambda _: Recipe((f"sudo emerge --noreplace media-video/{MODULE}",), build=""),
    "alpine": lambda _: _ALPINE,
    "nixos": lambda _: _NIXOS,
    "steamos": lambda _: _STEAMOS,
    "microos": lambda _: _MICROOS,
}
