"""Our own code as it runs on Windows or macOS, as far as Linux can show it: `python -m` this.

What is of the system is a stand-in: Python's name of it, the modules that Windows lacks, its
registry, the command of macOS that lists extensions, and the driver behind pyvirtualcam. The
packages are loaded before, as Linux has them. Prints JSON about what happened.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import platform
import sys
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

LOADED_BEFORE = (
    *("asyncio", "ctypes", "multiprocessing", "socket", "ssl", "subprocess", "uuid"),
    *("aiohttp.web", "aiortc", "av.device", "av.logging", "click", "cv2", "numpy", "onnxruntime"),
    *(
        "cryptography.x509",
        "platformdirs",
        "pydantic",
        "pyvirtualcam",
        "rich.console",
        "simplejpeg",
    ),
)
NOT_ON_WINDOWS = ("fcntl", "grp", "pwd", "resource", "termios")
NOT_IN_OS_ON_WINDOWS = (
    *("getegid", "geteuid", "getgid", "getgroups", "getuid", "sched_getaffinity", "sysconf"),
    *("O_CLOEXEC", "O_NONBLOCK", "fork", "mkfifo", "openpty"),
)
UNITY = r"CLSID\{5C2CD55C-92AD-4999-8666-912BD3E70010}"
EXTENSION = "com.obsproject.obs-studio.mac-camera-extension (30.2.3/1)"


class Driver:
    """A back end of pyvirtualcam that takes every picture."""

    seen: ClassVar[dict[str, Any]] = {"pictures": 0, "closed": 0}

    def __init__(
        self, *, width: int, height: int, fps: float, fourcc: int, device: str | None
    ) -> None:
        self.seen |= {"size": [width, height], "device": device}

    def send(self, _frame: object) -> None:
        self.seen["pictures"] += 1

    def close(self) -> None:
        self.seen["closed"] += 1

    def device(self) -> str:
        return "a camera"

    def native_fourcc(self) -> None:
        return None


def become_windows() -> None:
    """A registry with Unity Capture's camera under our name, and nothing else."""

    def opened(_hive: str, key: str) -> nullcontext[str]:
        if key != UNITY:
            raise FileNotFoundError(2, key)
        return nullcontext(key)

    registry = SimpleNamespace(
        HKEY_CLASSES_ROOT="HKCR",
        HKEY_LOCAL_MACHINE="HKLM",
        HKEY_CURRENT_USER="HKCU",
        OpenKey=opened,
        QueryValueEx=lambda _key, _name: ("LiveTrack Camera", 1),
    )
    modules: dict[str, Any] = sys.modules
    modules["winreg"] = registry
    for name in NOT_ON_WINDOWS:
        modules[name] = None
    for name in NOT_IN_OS_ON_WINDOWS:
        delattr(os, name)


def become_macos(folder: Path) -> None:
    """macOS 15 with OBS's extension switched on."""
    program = folder / "systemextensionsctl"
    program.write_text(f"#!/bin/sh\necho '*  *  2MMRE5MTB8  {EXTENSION}  [activated enabled]'\n")
    program.chmod(0o755)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
    platform.mac_ver = lambda *_any: ("15.1.1", ("", "", ""), "arm64")


def become(system: str, folder: Path) -> None:
    for name in LOADED_BEFORE:
        importlib.import_module(name)
    pyvirtualcam: Any = sys.modules["pyvirtualcam"]
    pyvirtualcam.camera.BACKENDS.clear()
    name = "unitycapture" if system == "win32" else "obs"
    pyvirtualcam.register_backend(name, Driver)
    sys.platform = system
    if system == "win32":
        become_windows()
    else:
        become_macos(folder)


def all_modules() -> list[ModuleType]:
    import livetrack_vcam

    found = pkgutil.walk_packages(livetrack_vcam.__path__, "livetrack_vcam.")
    names = [each.name for each in found if not each.name.endswith("__main__")]
    return [importlib.import_module(name) for name in names]


def run(folder: Path) -> int:
    """The program itself, from the demo's camera to a virtual camera and a file."""
    from livetrack_vcam.cli import run_cli

    clip = folder / "clip.mp4"
    words = ["run", "--source", "demo", "--duration", "1", "--no-web"]
    return run_cli([*words, "--sink", "vcam", "--sink", f"file:{clip}"])


def reframe(folder: Path) -> int:
    """That file in another shape."""
    from livetrack_vcam.cli import run_cli

    words = ["reframe", str(folder / "clip.mp4"), str(folder / "tall.mp4"), "--to", "0.3"]
    return run_cli([*words, "--aspect", "9:16", "--size", "180x320"])


def advice(folder: Path) -> str:
    """For a device node that this user may not open, in words of a system that has some."""
    from livetrack_vcam.node_access import permission_advice

    return permission_advice(folder / "video0")


def main(system: str, folder: Path) -> None:
    become(system, folder)
    modules = len(all_modules())
    from livetrack_vcam.devices import list_devices
    from livetrack_vcam.doctor import diagnose

    findings = {each.name: each.what for each in diagnose(0).findings}
    devices = list_devices().to_json()
    status = run(folder)
    told = {"modules": modules, "findings": findings, "devices": devices, "status": status}
    told |= {"reframe": reframe(folder), "advice": advice(folder), "driver": Driver.seen}
    (folder / "told.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
