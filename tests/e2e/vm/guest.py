"""What the guest's checks share: running programs, looking at devices, waiting."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol
from urllib.error import URLError
from urllib.request import urlopen

from livetrack_vcam.sinks.modprobe import BUFFERS

DEVICES = ("OBS Virtual Camera", "LiveTrack Camera", "Open Camera", "LiveTrack Vertical", "Wide")
"""Labels of /dev/video10 and on, as most checks want them; the open one has no exclusive_caps."""
FIRST_DEVICE = 10


def load_devices(buffers: int = BUFFERS) -> None:
    """Load v4l2loopback anew with DEVICES; nobody may have one open."""
    numbers = range(FIRST_DEVICE, FIRST_DEVICE + len(DEVICES))
    exclusive = ("0" if label == "Open Camera" else "1" for label in DEVICES)
    subprocess.run(("modprobe", "-r", "v4l2loopback"), check=False)
    output(
        *("modprobe", "v4l2loopback", f"devices={len(DEVICES)}"),
        f"video_nr={','.join(map(str, numbers))}",
        f"card_label={','.join(DEVICES)}",
        f"exclusive_caps={','.join(exclusive)}",
        f"max_buffers={buffers}",
    )


def output(*command: str, env: dict[str, str] | None = None) -> str:
    """What the program printed; it must end within two minutes."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=env
    )
    assert done.returncode == 0, f"{command}: {done.stderr[-800:]}"
    return done.stdout


def capabilities(device: str) -> str:
    return output("v4l2-ctl", "-d", device, "--info").partition("Device Caps")[2]


def is_camera(device: str) -> bool:
    """Whether others may read it: one with exclusive_caps only while somebody feeds it."""
    return "Video Capture" in capabilities(device)


def labels() -> dict[str, str]:
    """The name of each video device, by path."""
    files = sorted(Path("/sys/class/video4linux").glob("video*/name"))
    return {f"/dev/{file.parent.name}": file.read_text().strip() for file in files}


def read_raw(device: str) -> bytes:
    """The third picture that v4l2-ctl, an ordinary streaming reader, receives."""
    file = Path("/tmp/raw")
    stream = ("--stream-mmap", "--stream-skip=2", "--stream-count=1", f"--stream-to={file}")
    output("timeout", "30", "v4l2-ctl", "-d", device, *stream)
    return file.read_bytes()


def status(port: int) -> dict[str, Any]:
    """What the program that listens on `port` says of itself."""
    with urlopen(f"http://127.0.0.1:{port}/api/status", timeout=60) as answer:
        said: dict[str, Any] = json.load(answer)
    return said


def answers(port: int) -> bool:
    """Whether the program that listens on `port` does so yet."""
    try:
        status(port)
    except URLError:
        return False
    return True


class Running(Protocol):
    """A program of which one can ask whether it still runs."""

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""
        ...


def wait_until(
    done: Callable[[], object], program: Running, seconds: float = 150.0, every_s: float = 0.5
) -> None:
    """Fails when it does not come, or `program` ends before."""
    deadline = time.monotonic() + seconds
    while not done():
        assert program.poll() is None, f"the program ended with {program.poll()}"
        assert time.monotonic() < deadline, f"it did not come in {seconds:.0f} s"
        time.sleep(every_s)
