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
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.e2e.vm.guest_program import warm_up

ONLY = "LIVETRACK_VM_ONLY"
"""Names the files to run, with commas between; on the host and in the guest."""
FILES = (
    "device_checks",
    "clip_checks",
    "recovery_checks",
    "restart_checks",
    "endurance_checks",
    "refusal_checks",
    "browser_checks",
    "doctor_checks",
    "product_checks",
)
RESULTS = Path("/out/results.jsonl")


def chosen() -> list[ModuleType]:
    """The files of checks that are asked for, in the order in which they run."""
    asked = [name for name in os.environ.get(ONLY, "").split(",") if name]
    unknown = set(asked) - set(FILES)
    if unknown:
        raise SystemExit(f"{ONLY} knows {', '.join(FILES)}, not {', '.join(sorted(unknown))}")
    files = [f"tests.e2e.vm.{name}" for name in FILES if not asked or name in asked]
    return [import_module(name) for name in files if find_spec(name) is not None]


def names() -> list[str]:
    """The checks' names, in the order in which they run."""
    return [check.__name__ for file in chosen() for check in file.CHECKS]


def main() -> None:
    warm_up()
    for file in chosen():
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
