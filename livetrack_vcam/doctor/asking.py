"""Asks other programs what they know of this system; nothing is changed by it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

TIMEOUT_S = 3.0

Ask = Callable[..., str]
"""Words of a command to what it prints; empty when it is missing, fails or takes too long."""


def ask(*words: str) -> str:
    """The `Ask` of this machine. Programs speak English here, whatever the user's language."""
    environment = os.environ | {"LC_ALL": "C.UTF-8", "LANGUAGE": "C"}
    try:
        done = subprocess.run(
            words,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=True,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace")
