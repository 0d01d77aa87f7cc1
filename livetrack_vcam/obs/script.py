"""Where the script for OBS's own Python lies; it is never imported from here."""

from __future__ import annotations

from pathlib import Path

import livetrack_vcam


def script_path() -> Path:
    """obs_scripts/livetrack.py: inside the installed package, or beside it in a checkout.

    Raises FileNotFoundError when the installation is incomplete.
    """
    package = Path(livetrack_vcam.__file__).resolve().parent
    for folder in (package, package.parent):
        path = folder / "obs_scripts" / "livetrack.py"
        if path.is_file():
            return path
    raise FileNotFoundError("the script for OBS is missing; install livetrack-vcam again")
