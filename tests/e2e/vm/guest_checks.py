"""Runs the checks inside the guest, as root, and writes /out/results.jsonl, a line a check.

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
SHARES = (
    (
        "device_checks",
        "clip_checks",
        "recovery_checks",
        "restart_checks",
        "endurance_checks",
        "refusal_checks",
        "browser_checks",
    ),
    ("doctor_checks", "product_checks"),
)
"""What each of two guests does: side by side they need half the time, for one seldom has work for
two processors."""
RESULTS = Path("/out/results.jsonl")


def shares() -> list[tuple[str, ...]]:
    """The files of checks that are asked for, in the order in which they run, a guest each."""
    known = [name for share in SHARES for name in share]
    asked = [name for name in os.environ.get(ONLY, "").split(",") if name] or known
    unknown = set(asked) - set(known)
    if unknown:
        raise SystemExit(f"{ONLY} knows {', '.join(known)}, not {', '.join(sorted(unknown))}")
    chosen = (tuple(name for name in share if name in asked) for share in SHARES)
    return [share for share in chosen if share]


def files() -> list[ModuleType]:
    return [import_module(f"tests.e2e.vm.{name}") for share in shares() for name in share]


def names() -> list[str]:
    """The checks' names, in the order in which they run."""
    return [check.__name__ for file in files() for check in file.CHECKS]


def main() -> None:
    warm_up()
    for file in files():
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
    with RESULTS.open("a") as results:
        results.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
