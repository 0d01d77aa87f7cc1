"""Runs every check inside the guest, as root, and writes /out/results.jsonl, a line a check."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

from tests.e2e.vm import device_checks, product_checks

RESULTS = Path("/out/results.jsonl")
NAMES = [check.__name__ for check in (*device_checks.CHECKS, *product_checks.CHECKS)]


def main() -> None:
    # Here once, so that no forked feeder has to load it.
    import_module("pyvirtualcam")
    for check in device_checks.CHECKS:
        _judge(check.__name__, check)
    _judge_product()


def _judge_product() -> None:
    """Where the program and OBS do not get going, the first check carries the reason."""
    first = product_checks.CHECKS[0].__name__
    try:
        with product_checks.on_stage() as stage:
            for check in product_checks.CHECKS:
                _judge(check.__name__, partial(check, stage))
    except Exception:
        _note(first, traceback.format_exc(), 0.0)


def _judge(name: str, check: Callable[[], None]) -> None:
    start = time.monotonic()
    try:
        check()
        problem = ""
    except Exception:
        problem = traceback.format_exc()
    _note(name, problem, time.monotonic() - start)


def _note(name: str, problem: str, seconds: float) -> None:
    with RESULTS.open("a") as results:
        results.write(json.dumps({"check": name, "problem": problem, "s": seconds}) + "\n")


if __name__ == "__main__":
    main()
