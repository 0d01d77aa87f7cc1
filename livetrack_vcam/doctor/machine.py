"""Gathers the facts of this machine; never changes it."""

from __future__ import annotations

import os
import platform
import re
import socket
import sys
import time
from importlib import metadata
from pathlib import Path

from livetrack_vcam.device_nodes import read_line
from livetrack_vcam.doctor.asking import ask
from livetrack_vcam.doctor.capture import gather_capture
from livetrack_vcam.doctor.facts import Facts
from livetrack_vcam.doctor.linux_facts import LinuxFacts, LoopbackFacts
from livetrack_vcam.doctor.machine_linux import gather_linux
from livetrack_vcam.doctor.machine_loopback import gather_loopback
from livetrack_vcam.doctor.macos import MacFacts, gather_macos, obs_apps
from livetrack_vcam.doctor.obs import gather_obs, linux_installs
from livetrack_vcam.doctor.ports import gather_port
from livetrack_vcam.doctor.sandboxes import Installed, gather_programs
from livetrack_vcam.doctor.speed import gather_speed
from livetrack_vcam.doctor.windows import (
    WindowsFacts,
    gather_windows,
    obs_programs,
    read_registry,
)
from livetrack_vcam.errors import LiveTrackError
from livetrack_vcam.sinks.loopback import THIS_MACHINE, Roots
from livetrack_vcam.user_folders import home_folder

__all__ = ["gather", "gather_loopback"]

REQUIRED = ("aiohttp", "av", "click", "numpy", "platformdirs", "pydantic", "rich", "simplejpeg")
OPTIONAL = ("pyvirtualcam",)
ROOT = Path("/")
# Measured once, it says enough.
HOPELESS_MS = 50.0


def gather(port: int = 8787, roots: Roots = THIS_MACHINE) -> Facts:
    """All facts: half a second, and what the programs that it asks take to answer."""
    capture = gather_capture(roots)
    return Facts(
        platform=sys.platform,
        python=platform.python_version(),
        distribution=_distribution(),
        container=_is_container(),
        installer=_installer(),
        interpreter=sys.executable or "python",
        packages={name: _version(name) for name in (*REQUIRED, *OPTIONAL)},
        cpu_count=len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1,
        resize_ms=resize_ms(),
        cameras=tuple(camera.name for camera in capture.cameras),
        unreadable_cameras=_unreadable(roots),
        models=_models(),
        port=port,
        port_problem=_port_problem(port),
        linux=gather_linux(ask) if sys.platform == "linux" else LinuxFacts(),
        loopback=gather_loopback(roots) if sys.platform == "linux" else LoopbackFacts(),
        web=gather_port(port, roots),
        obs=gather_obs(_obs_installs(), roots=roots),
        programs=gather_programs(ask, ROOT, home_folder() or ROOT),
        capture=capture,
        speed=gather_speed(roots),
        macos=_macos(),
        windows=gather_windows(read_registry) if _is_windows() else WindowsFacts(),
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
        if times[-1] > HOPELESS_MS:
            break
    return min(times)


def _obs_installs() -> tuple[Installed, ...]:
    """The places of all systems; only this one's are there."""
    home = home_folder() or ROOT
    linux = linux_installs(ask, ROOT, home)
    return (*linux, *obs_apps(ROOT, home), *obs_programs(read_registry))


def _is_windows() -> bool:
    return sys.platform == "win32"


def _macos() -> MacFacts:
    version = platform.mac_ver()[0]
    terminal = os.environ.get("TERM_PROGRAM", "")
    return gather_macos(ask, version, terminal) if version else MacFacts()


def _unreadable(roots: Roots) -> tuple[str, ...]:
    nodes = sorted(roots.dev.glob("video*")) if sys.platform == "linux" else []
    return tuple(str(node) for node in nodes if not os.access(node, os.R_OK | os.W_OK))


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
    if "uv" in parts and "tools" in parts:
        return "uv"
    settings = read_line(Path(sys.prefix) / "pyvenv.cfg")
    return "uv venv" if re.search(r"^uv = ", settings, re.MULTILINE) else "pip"


def _distribution() -> tuple[str, ...]:
    try:
        release = platform.freedesktop_os_release()
    except (OSError, AttributeError):
        return ()
    return (release.get("ID", ""), *release.get("ID_LIKE", "").split())


def _is_container() -> bool:
    return Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()
