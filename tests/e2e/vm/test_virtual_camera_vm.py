"""The virtual camera against the real kernel module, in a guest; see README.md here."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e import obs_studio
from tests.e2e.vm.guest_checks import NAMES

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
TOOLS = ("qemu-system-x86_64", "busybox", "cpio", "v4l2-ctl", "ffmpeg", *obs_studio.NEEDED)
# Four minutes on two free cores; a busy machine is no failure.
LIMIT_S = 900

pytestmark = [pytest.mark.vm, pytest.mark.timeout(LIMIT_S + 60)]


def _kernel() -> str | None:
    """The newest installed kernel that has v4l2loopback and whose image we may read."""
    releases = sorted(path.parents[2].name for path in _modules() if len(path.parents) > 3)
    readable = [r for r in releases if Path(f"/boot/vmlinuz-{r}").is_file()]
    return readable[-1] if readable else None


def _modules() -> list[Path]:
    return [
        path
        for release in Path("/lib/modules").glob("*")
        for path in release.glob("updates/dkms/v4l2loopback.ko*")
    ]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the guest found: the problem of each check, empty when there was none."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}; see tests/e2e/vm/README.md")
    kernel = _kernel()
    if kernel is None:
        pytest.skip("needs a kernel with v4l2loopback; see tests/e2e/vm/README.md")
    out = tmp_path_factory.mktemp("vm")
    initramfs = out / "initramfs.gz"
    subprocess.run([str(HERE / "initramfs.sh"), kernel, str(initramfs)], check=True, timeout=60)
    (out / "job").write_text(_job())
    boot = [str(HERE / "boot.sh"), kernel, str(initramfs), str(out), str(LIMIT_S)]
    subprocess.run(boot, check=False, timeout=LIMIT_S + 30)
    return _collect(out)


def _job() -> str:
    return (
        f"export PYTHONPATH={shlex.quote(str(PROJECT))}\n"
        f"{shlex.quote(sys.executable)} -m tests.e2e.vm.guest_checks >/out/log 2>&1 </dev/null\n"
        "sync\necho o >/proc/sysrq-trigger\nsleep 60\n"
    )


def _collect(out: Path) -> dict[str, str]:
    file = out / "results.jsonl"
    if not file.exists():
        log = out / "log" if (out / "log").exists() else out / "console"
        pytest.fail(f"the guest did not get as far as its first check:\n{log.read_text()[-3000:]}")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    for row in rows:
        result = "FAIL" if row["problem"] else "PASS"
        sys.stdout.write(f"{result} {row['s']:5.1f} s  {row['check']}\n")
    return {row["check"]: row["problem"] for row in rows}


@pytest.mark.parametrize("check", NAMES)
def test_in_the_guest(check: str, results: dict[str, str]) -> None:
    assert check in results, "the guest ended before this check"
    assert not results[check], results[check]
