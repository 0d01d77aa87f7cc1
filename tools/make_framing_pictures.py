"""Draws the pictures of docs/how-framing-works.md: python -m tools.make_framing_pictures [NAME …].

It writes the page's table of speeds, too. Curves are runs of the core in small scenes; photographs
are the demo scene through the real detectors, director and renderer. Needs matplotlib, which is in
the development dependencies.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.framing_curves import CURVES
from tools.framing_photos import PHOTOS
from tools.framing_speeds import write
from tools.framing_stories import STORIES
from tools.framing_style import FOLDER, save

PICTURES = {**PHOTOS, **CURVES, **STORIES}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PICTURES))
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="DIR")
    args = parser.parse_args()
    write()
    for name in args.names or PICTURES:
        file = save(PICTURES[name](), name, args.out)
        print(f"{file}: {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
