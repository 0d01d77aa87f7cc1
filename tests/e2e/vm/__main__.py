"""`python -m tests.e2e.vm [SHARE]`: the checks in the guest, one line each and a closing line."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.vm.guest_boot import boot, missing
from tests.e2e.vm.guest_checks import SHARES, files_of, names


def main(share: str) -> int:
    """0 when every check passed, 1 when one failed or did not run, 2 when nothing can run here."""
    if share not in SHARES:
        sys.stderr.write(f"e2e-vm has {', '.join(SHARES)}, not {share}\n")
        return 2
    absent = missing()
    if absent:
        sys.stderr.write(f"e2e-vm {absent}\n")
        return 2
    start = time.monotonic()
    expected, out = names(share), Path(tempfile.mkdtemp(prefix="livetrack-vm-"))
    sys.stdout.write(f"{len(expected)} checks; the guest's files are in {out}\n")
    passed: set[str] = set()
    for result in boot(out, files_of(share)):
        sys.stdout.write(f"{result}\n{result.problem}")
        sys.stdout.flush()
        if not result.problem:
            passed.add(result.check)
    failed = [name for name in expected if name not in passed]
    for name in failed:
        sys.stdout.write(f"failed, or was not reached: {name}\n")
    sys.stdout.write(f"{time.monotonic() - start:.0f} s\n")
    sys.stdout.write(f"{len(expected) - len(failed)} passed, {len(failed)} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["product"])))
