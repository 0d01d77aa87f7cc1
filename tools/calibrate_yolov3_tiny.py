"""Writes livetrack_vcam/detectors/convert/yolov3-tiny-ranges.json: how large activations become.

    python -m tools.calibrate_yolov3_tiny yolov3-tiny.weights ../shared/corpus/images

Of the pictures only two numbers for each activation remain. See tools/make_yolov4_tiny.py for how
they are chosen; evening out the channels, which that network needs, gains nothing here.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from livetrack_vcam.detectors.darknet import RANGES, read_yolov3_tiny
from tools.make_yolov4_tiny import calibrate

# Significant: a thousandth of a range is a fourth of an int8 step.
DIGITS = 4


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weights", type=Path)
    parser.add_argument("pictures", type=Path, help="folder of *.jpg pictures")
    arguments = parser.parse_args()
    network = read_yolov3_tiny(arguments.weights.read_bytes())
    ranges = {
        name: [float(f"{side:.{DIGITS}g}") for side in sides]
        for name, sides in calibrate(network, arguments.pictures).items()
    }
    RANGES.write_text(json.dumps(ranges, indent=1) + "\n")
    print(f"{RANGES}: {len(ranges)} activations")


if __name__ == "__main__":
    main()
