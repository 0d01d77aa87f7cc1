"""Runs the checks inside the guest, as root, and writes results.jsonl, a line a check.

A file of checks exports CHECKS, functions whose names are sentences and which raise
AssertionError; what one returns is shown beside its verdict. A file that also exports `on_stage`,
a context manager, has each check called with what that yields; where it does not get going, the
first check carries the reason.
"""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.e2e.vm.guest_program import warm_up

ONLY = "LIVETRACK_VM_ONLY"
"""Names the files to run, with commas between; on the host and in the guest."""
SHARES = {
    "product": (
        "device_checks",
        "clip_checks",
        "recovery_checks",
        "refusal_checks",
        "browser_checks",
        "product_checks",
    ),
    "doctor": ("doctor_checks", "endurance_checks", "restart_checks"),
    "sleep": ("sleep_checks",),
}
"""The files that each guest runs, in this order."""
# The host's file results.jsonl; it is there, too, when the guest has slept.
RESULTS = Path("/dev/ttyS1")


def files_of(share: str) -> tuple[str, ...]:
    """Those of the share, or of all with "", that are asked for."""
    known = [name for files in SHARES.values() for name in files]
    asked = [name for name in os.environ.get(ONLY, "").split(",") if name] or known
    unknown = set(asked) - set(known)
    if unknown:
        raise SystemExit(f"{ONLY} knows {', '.join(known)}, not {', '.join(sorted(unknown))}")
    return tuple(name for name in SHARES.get(share, known) if name in asked)


def modules(share: str = "") -> list[ModuleType]:
    return [import_module(f"tests.e2e.vm.{name}") for name in files_of(share)]


def names(share: str) -> list[str]:
    """The checks' names, in the order in which they run."""
    return [check.__name__ for file in modules(share) for check in file.CHECKS]


def main() -> None:
    warm_up()
    for file in modules():
        stage: Callable[[], AbstractContextManager[Any]] | None = getattr(file, "on_stage", None)
        if stage is None:
            for check in file.CHECKS:
                _judge(check.__name__, check)
        else:
            _judge_on_stage(stage, file.CHECKS)


def _judge_on_stage(
    on_stage: Callable[[], AbstractContextManager[Any]],
    checks: tuple[Callable[..., str | None], ...],
) -> None:
    start = time.monotonic()
    try:
        with on_stage() as stage:
            for check in checks:
                _judge(check.__name__, partial(check, stage))
    except Exception:
        _note(checks[0].__name__, traceback.format_exc(), time.monotonic() - start)


def _judge(name: str, check: Callable[[], str | None]) -> None:
    start = time.monotonic()
    said, problem = None, ""
    try:
        said = check()
    except Exception:
        problem = traceback.format_exc()
    _note(name, problem, time.monotonic() - start, said)


def _note(name: str, problem: str, seconds: float, said: str | None = None) -> None:
    row = {"check": name, "problem": problem, "s": seconds, "said": said or ""}
    with RESULTS.open("w") as results:
        results.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
