"""Gathers the facts of this machine; never changes it."""

from __future__ import annotations

import os
import platform
import socket
import sys
import time
from importlib import metadata
from pathlib import Path

from livetrack_vcam.doctor.asking import ask
from livetrack_vcam.doctor.facts import Facts, LoopbackFacts
from livetrack_vcam.doctor.obs import gather_obs, linux_installs
from livetrack_vcam.doctor.ports import gather_port
from livetrack_vcam.doctor.sandboxes import gather_programs
from livetrack_vcam.errors import LiveTrackError
from livetrack_vcam.sinks import loopback, v4l2
from livetrack_vcam.sinks.loopback import DEFAULT_LABEL, THIS_MACHINE, LoopbackDevice, Roots

REQUIRED = ("aiohttp", "av", "click", "numpy", "platformdirs", "pydantic", "rich", "simplejpeg")
OPTIONAL = ("pyvirtualcam",)
ROOT = Path("/")
_SECURE_BOOT = "firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


def gather(port: int = 8787, roots: Roots = THIS_MACHINE) -> Facts:
    """All facts, in about a second at most."""
    cameras, unreadable = _cameras()
    return Facts(
        platform=sys.platform,
        python=platform.python_version(),
        distribution=_distribution(),
        container=_is_container(),
        installer=_installer(),
        packages={name: _version(name) for name in (*REQUIRED, *OPTIONAL)},
        cpu_count=len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1,
        resize_ms=resize_ms(),
        cameras=cameras,
        unreadable_cameras=unreadable,
        models=_models(),
        port=port,
        port_problem=_port_problem(port),
        loopback=gather_loopback(roots) if sys.platform == "linux" else LoopbackFacts(),
        web=gather_port(port, roots),
        obs=gather_obs(linux_installs(ask, ROOT, Path.home()), roots=roots),
        programs=gather_programs(ask, ROOT, Path.home()),
    )


def gather_loopback(
    roots: Roots = THIS_MACHINE, label: str = DEFAULT_LABEL, root: Path = ROOT
) -> LoopbackFacts:
    """The virtual camera's part, from the kernel's trees and the folders under `root`."""
    devices = loopback.loopback_devices(roots)
    ours = next((device for device in devices if device.label == label), None)
    writable = os.access(ours.path, os.R_OK | os.W_OK) if ours else None
    output = _is_output(ours) if ours and writable else None
    return LoopbackFacts(
        label=label,
        installed=_is_installed(root),
        loaded=loopback.is_module_loaded(roots),
        kept_after_boot=_is_kept_after_boot(root, label),
        secure_boot=_secure_boot(roots),
        devices=devices,
        writable=writable,
        group=_group(ours) if ours else "video",
        output=output,
        fed=output is False and ours is not None and v4l2.is_being_written(ours.path),
        holders=loopback.holders(ours.path, roots) if ours else (),
    )


def resize_ms(rounds: int = 5) -> float:
    """CPU milliseconds, of all threads, to shrink a 1080p plane to 720p; the best of a few."""
    import cv2
    import numpy as np

    source = np.zeros((1080, 1920), np.uint8)
    times = []
    for _ in range(rounds):
        start = time.process_time_ns()
        for _ in range(10):
            cv2.resize(source, (1280, 720), interpolation=cv2.INTER_AREA)
        times.append((time.process_time_ns() - start) / 10 / 1e6)
    return min(times)


def _cameras() -> tuple[tuple[str, ...], tuple[str, ...]]:
    from livetrack_vcam.sources.cameras import list_cameras

    found = tuple(camera.name for camera in list_cameras())
    nodes = sorted(Path("/dev").glob("video*")) if sys.platform == "linux" else []
    return found, tuple(str(node) for node in nodes if not os.access(node, os.R_OK | os.W_OK))


def _models() -> dict[str, str]:
    from livetrack_vcam.detectors.store import store_folder
    from livetrack_vcam.detectors.store_verify import verify_models

    try:
        return {verdict.name: verdict.problem for verdict in verify_models(store_folder())}
    except LiveTrackError as error:
        return {"manifest": str(error)}


def _port_problem(port: int) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.strerror or str(error)
    return ""


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _installer() -> str:
    parts = Path(sys.prefix).parts
    if "pipx" in parts:
        return "pipx"
    return "uv" if "uv" in parts and "tools" in parts else "pip"


def _distribution() -> tuple[str, ...]:
    try:
        release = platform.freedesktop_os_release()
    except (OSError, AttributeError):
        return ()
    return (release.get("ID", ""), *release.get("ID_LIKE", "").split())


def _is_container() -> bool:
    return Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()


def _is_installed(root: Path) -> bool | None:
    """From depmod's list, which modprobe itself goes by."""
    try:
        known = (root / "lib/modules" / platform.release() / "modules.dep").read_text()
    except OSError:
        return None
    return f"/{loopback.MODULE}.ko" in known


def _is_kept_after_boot(root: Path, label: str) -> bool:
    """Whether some file makes the module load at boot, and some file gives it our label."""
    loads = _texts(root / "etc/modules-load.d") + _texts(root / "etc", "modules")
    options = _texts(root / "etc/modprobe.d")
    named = any(
        line.startswith(f"options {loopback.MODULE}") and label in line
        for text in options
        for line in text.splitlines()
    )
    return named and any(loopback.MODULE in text.split() for text in loads)


def _texts(folder: Path, pattern: str = "*.conf") -> list[str]:
    try:
        return [file.read_text(errors="replace") for file in sorted(folder.glob(pattern))]
    except OSError:
        return []


def _secure_boot(roots: Roots) -> bool | None:
    try:
        return (roots.sys / _SECURE_BOOT).read_bytes()[-1:] == b"\x01"
    except OSError:
        return None


def _is_output(device: LoopbackDevice) -> bool | None:
    try:
        fd = v4l2.open_device(device.path)
    except OSError:
        return None
    try:
        return v4l2.accepts_output(fd)
    except OSError:
        return None
    finally:
        os.close(fd)


def _group(device: LoopbackDevice) -> str:
    try:
        return device.path.group()
    except (OSError, KeyError):
        return "video"
