"""The user's web browser."""

from __future__ import annotations

import os
import sys


def open_in_browser(address: str) -> bool:
    """Show the address; whether there was a screen for it.

    A browser in the terminal would take it over, so without a screen none is started.
    """
    import webbrowser

    on_linux = sys.platform.startswith("linux")
    if on_linux and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    return webbrowser.open(address)
