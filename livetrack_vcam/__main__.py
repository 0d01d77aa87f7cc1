"""`python -m livetrack_vcam` is the command `livetrack-vcam`."""

from __future__ import annotations

from livetrack_vcam.cli import main

if __name__ == "__main__":
    main()
