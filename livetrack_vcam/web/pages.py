"""The viewer's pages and where their files lie."""

from __future__ import annotations

from pathlib import Path

import livetrack_vcam


def viewer_root() -> Path:
    """The folder of web_viewer: inside the installed package, or beside it in a checkout.

    Raises FileNotFoundError when the installation is incomplete.
    """
    package = Path(livetrack_vcam.__file__).resolve().parent
    for folder in (package / "web_viewer", package.parent / "web_viewer"):
        if (folder / "room.html").is_file():
            return folder
    raise FileNotFoundError("the web_viewer files are missing; install livetrack-vcam again")
