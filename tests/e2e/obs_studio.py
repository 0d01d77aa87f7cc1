"""A real OBS without a screen: its own home, no wizard, obs-websocket on, inputs and scripts.

With `desktop` it also has a window manager and an accessibility bus, so that a test can press its
buttons by name: see obs_panel.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "a-password-no-log-may-show"
NEEDED = ("obs", "Xvfb")
NEEDED_TO_PRESS = (*NEEDED, "openbox", "dbus-daemon", "xdotool", "ffmpeg")
PYTHON_WITH_GI = "/usr/bin/python3"
ACCESSIBILITY_BUS = Path("/usr/share/dbus-1/services/org.a11y.Bus.service")
START_S, STOP_S = 40.0, 40.0

GLOBAL_INI = """[General]
FirstRun=true
LastVersion=486539266
Pre19Defaults=false
Pre21Defaults=false
Pre23Defaults=false
Pre24.1Defaults=false
ConfirmOnExit=false
EnableAutoUpdates=false
[Basic]
Profile=Test
ProfileDir=Test
SceneCollection=Test
SceneCollectionFile=Test
ConfigOnNewProfile=false
[BasicWindow]
SysTrayEnabled=false
[Python]
Path64bit=/usr
[OBSWebSocket]
FirstLoad=false
ServerEnabled=true
ServerPort={port}
AlertsEnabled=false
AuthRequired=true
ServerPassword={password}
"""
PROFILE_INI = """[General]
Name=Test
[Video]
BaseCX=640
BaseCY=360
OutputCX=640
OutputCY=360
FPSType=0
FPSCommon={fps}
[Audio]
SampleRate=48000
"""


@dataclass(frozen=True, slots=True)
class Studio:
    """An OBS that runs: its process, where it says what, and what a program beside it needs."""

    process: subprocess.Popen[bytes]
    log: Path
    env: Mapping[str, str]

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def photograph(self, path: Path) -> None:
        """The whole screen as a PNG file."""
        screen = ("-f", "x11grab", "-draw_mouse", "0", "-i", self.env["DISPLAY"])
        command = ["ffmpeg", "-loglevel", "error", "-y", *screen, "-frames:v", "1", str(path)]
        subprocess.run(command, check=True)

    def stop(self) -> str:
        """End it as the user would, and give all it said. Harmless when it has ended."""
        _stop(self.process)
        return self.said()


def needs(absent: str) -> list[pytest.MarkDecorator]:
    """The marks of tests that need OBS, of which `absent` is not installed."""
    reason = f"not installed: {absent}; `make system-packages` does it"
    return [pytest.mark.obs, pytest.mark.skipif(bool(absent), reason=reason)]


def missing(programs: tuple[str, ...] = NEEDED) -> str:
    """The programs that are not installed, or nothing."""
    return " ".join(program for program in programs if shutil.which(program) is None)


def missing_to_press() -> str:
    """What is not installed of all that obs_panel needs, or nothing."""
    names = missing(NEEDED_TO_PRESS).split()
    if not ACCESSIBILITY_BUS.exists():
        names.append("at-spi2-core")
    asked = [PYTHON_WITH_GI, "-c", "import gi; gi.require_version('Atspi', '2.0')"]
    if (
        not Path(PYTHON_WITH_GI).exists()
        or subprocess.run(asked, stderr=subprocess.DEVNULL, check=False).returncode
    ):
        names.append("gir1.2-atspi-2.0 python3-gi")
    return " ".join(names)


def prepare(
    home: Path,
    port: int,
    sounds: dict[str, int],
    scripts: Mapping[Path, Mapping[str, Any]] | None = None,
    fps: int = 10,
) -> None:
    """Write a configuration whose scene has inputs with sound, by name with offset in ms.

    `scripts`: the settings of each Python script that OBS loads. `fps`: 10, 20, 30, 48 or 60.
    """
    config = home / ".config" / "obs-studio"
    for folder in ("basic/profiles/Test", "basic/scenes", "plugin_config/obs-websocket"):
        (config / folder).mkdir(parents=True, exist_ok=True)
    text = GLOBAL_INI.format(port=port, password=PASSWORD)
    (config / "global.ini").write_text(text, encoding="utf-8")
    profile = PROFILE_INI.format(fps=fps)
    (config / "basic/profiles/Test/basic.ini").write_text(profile, encoding="utf-8")
    inputs = [
        {
            "id": "ffmpeg_source",
            "versioned_id": "ffmpeg_source",
            "name": name,
            "sync": offset_ms * 1_000_000,
            "settings": {},
        }
        for name, offset_ms in sounds.items()
    ]
    items = [{"name": name, "id": number} for number, name in enumerate(sounds, 1)]
    scene = {
        "id": "scene",
        "versioned_id": "scene",
        "name": "Main",
        "settings": {"id_counter": len(items), "items": items},
    }
    collection = {
        "name": "Test",
        "current_scene": "Main",
        "current_program_scene": "Main",
        "scene_order": [{"name": "Main"}],
        "sources": [*inputs, scene],
        "modules": {
            "scripts-tool": [
                {"path": str(path), "settings": dict(settings)}
                for path, settings in (scripts or {}).items()
            ]
        },
    }
    path = config / "basic/scenes/Test.json"
    path.write_text(json.dumps(collection), encoding="utf-8")


@contextmanager
def running(
    home: Path,
    port: int,
    desktop: bool = False,
    screen: str = "1280x800",
    start_s: float = START_S,
) -> Iterator[Studio]:
    """OBS under a screen of its own, from when it answers on `port`; stopped at the end."""
    runtime = home / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    with ExitStack() as stack:
        log = stack.enter_context((home / "obs.log").open("ab"))
        display = stack.enter_context(_screen(home, screen))
        env = {
            "PATH": "/usr/bin:/bin:/usr/sbin",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_RUNTIME_DIR": str(runtime),
            "DISPLAY": display,
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "QT_QPA_PLATFORM": "xcb",
            "LANG": "C.UTF-8",
        }
        if desktop:
            env |= {"QT_ACCESSIBILITY": "1", "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"}
            env |= {"DBUS_SESSION_BUS_ADDRESS": stack.enter_context(_bus(home, env))}
            stack.enter_context(_background(["openbox"], env, home / "openbox.log"))
        command = ["obs", "--multi", "--disable-updater", "--disable-missing-files-check"]
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        stack.callback(_stop, process)
        _wait_for(port, process, home / "obs.log", start_s)
        yield Studio(process, home / "obs.log", env)


@contextmanager
def _bus(home: Path, env: Mapping[str, str]) -> Iterator[str]:
    """A message bus of its own, on which the accessibility registry starts itself; its address."""
    reading, writing = os.pipe()
    command = ["dbus-daemon", "--session", "--nofork", f"--print-address={writing}"]
    with _background(command, env, home / "bus.log", (writing,)), os.fdopen(reading) as pipe:
        os.close(writing)
        yield pipe.readline().strip()


@contextmanager
def _background(
    command: list[str], env: Mapping[str, str], log: Path, pass_fds: tuple[int, ...] = ()
) -> Iterator[None]:
    with log.open("ab") as file:
        process = subprocess.Popen(command, env=env, stdout=file, stderr=file, pass_fds=pass_fds)
    try:
        yield
    finally:
        _stop(process)


@contextmanager
def _screen(home: Path, size: str) -> Iterator[str]:
    reading, writing = os.pipe()
    with (home / "xvfb.log").open("ab") as log:
        process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
            pass_fds=(writing,),
            stdout=log,
            stderr=log,
        )
        os.close(writing)
        try:
            with os.fdopen(reading) as pipe:
                yield f":{pipe.readline().strip()}"
        finally:
            _stop(process)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise AssertionError(f"OBS did not answer on port {port}:\n{tail}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """SIGINT lets OBS save its scenes and unload its scripts; SIGTERM would skip that."""
    if process.poll() is None:
        process.send_signal(2)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
