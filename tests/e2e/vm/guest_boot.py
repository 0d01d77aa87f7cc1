"""Boots a guest and hands on what its checks found as they end; runs on the host."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.e2e import obs_studio
from tests.e2e.vm.guest_checks import ONLY, SHARES
from tests.e2e.vm.guest_program import IN_MEMORY

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
TOOLS = ("qemu-system-x86_64", "busybox", "cpio", "v4l2-ctl", "ffmpeg", *obs_studio.NEEDED)
# The longer share takes six minutes on two free cores; a busy machine is no failure.
LIMIT_S = 1200
LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a check: `problem` is empty when it passed. `said`: what it measured."""

    check: str
    problem: str
    s: float
    said: str = ""

    def __str__(self) -> str:
        verdict = "FAIL" if self.problem else "PASS"
        measured = f" ({self.said})" if self.said else ""
        return f"{verdict} {self.s:5.1f} s  {self.check.replace('_', ' ')}{measured}"


def missing() -> str:
    """Why the guest cannot be booted here, in a sentence; empty when it can."""
    tools = [tool for tool in TOOLS if shutil.which(tool) is None]
    if tools:
        return f"needs {', '.join(tools)}; see tests/e2e/vm/README.md"
    if _kernel() is None:
        return "needs a kernel with v4l2loopback; see tests/e2e/vm/README.md"
    return ""


def _kernel() -> str | None:
    """The newest installed kernel that has v4l2loopback and whose image we may read."""
    modules = [
        path
        for release in Path("/lib/modules").glob("*")
        for path in release.glob("updates/dkms/v4l2loopback.ko*")
    ]
    releases = sorted(path.parents[2].name for path in modules)
    readable = [r for r in releases if Path(f"/boot/vmlinuz-{r}").is_file()]
    return readable[-1] if readable else None


def boot(out: Path, files: tuple[str, ...]) -> Iterator[Result]:
    """Each check's result when it ends; what the guest leaves behind is in `out`.

    Raises RuntimeError with the guest's last words where it did not get as far as a check.
    """
    kernel = _kernel()
    assert kernel is not None
    initramfs = out / "initramfs.gz"
    subprocess.run([str(HERE / "initramfs.sh"), kernel, str(initramfs)], check=True, timeout=60)
    (out / "job").write_text(_job(files), encoding="utf-8")
    command = [str(HERE / "boot.sh"), kernel, str(initramfs), str(out), str(LIMIT_S)]
    guest = subprocess.Popen(command)
    count = 0
    try:
        while guest.poll() is None:
            time.sleep(LOOK_S)
            for result in _results(out)[count:]:
                count += 1
                yield result
    finally:
        guest.terminate()  # `timeout` hands it on to QEMU
        guest.wait()
    yield from _results(out)[count:]
    if not _results(out):
        log = out / "log" if (out / "log").exists() else out / "console"
        last_words = log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise RuntimeError(f"the guest did not get as far as its first check:\n{last_words}")


def _results(out: Path) -> list[Result]:
    file = out / "results.jsonl"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    return [
        Result(**json.loads(line)) for line in text.splitlines(keepends=True) if line[-1] == "\n"
    ]


def _job(files: tuple[str, ...]) -> str:
    return (
        f"export PYTHONPATH={shlex.quote(str(PROJECT))}\n"
        f"export {ONLY}={','.join(files)}\n"
        f"{f'export {IN_MEMORY}=1' if files == SHARES['sleep'] else ''}\n"
        f"{shlex.quote(sys.executable)} -m tests.e2e.vm.guest_checks >/out/log 2>&1 </dev/null\n"
        "sync\necho o >/proc/sysrq-trigger\nsleep 60\n"
    )
