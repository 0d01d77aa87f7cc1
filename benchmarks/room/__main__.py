"""What the viewer room costs, and how soon its picture is seen: python -m benchmarks.room

    python -m benchmarks.room viewers   [--rounds 1] [--seconds 6]
    python -m benchmarks.room latency   [--seconds 10]
    python -m benchmarks.room join      [--times 20]
    python -m benchmarks.room switch    [--times 12]
    python -m benchmarks.room storm
    python -m benchmarks.room impaired  [--seconds 30]
    python -m benchmarks.room phone     [--rounds 3]
    python -m benchmarks.room upload    [--seconds 10]

Each ends within three minutes, prints a table, and with --out writes it to a folder, too. The
programs that are measured, and those who watch, are processes of their own on this machine.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from benchmarks.room import impaired, joining, latency, phone, storm, switching, upload, viewers
from benchmarks.room.report import Report


def main() -> None:
    options = _options()
    work: Coroutine[Any, Any, Report]
    if options.mode == "viewers":
        work = viewers.run(options.rounds, options.seconds)
    elif options.mode == "latency":
        work = latency.run(options.seconds)
    elif options.mode == "join":
        work = joining.run(options.times)
    elif options.mode == "switch":
        work = switching.run(options.times)
    elif options.mode == "storm":
        work = storm.run()
    elif options.mode == "upload":
        work = upload.run(options.seconds)
    elif options.mode == "phone":
        work = phone.run(options.rounds)
    else:
        work = impaired.run(options.seconds)
    report = asyncio.run(work)
    print(report.table)
    if options.out is not None:
        report.write(options.out)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    modes = parser.add_subparsers(dest="mode", required=True)
    cost = modes.add_parser("viewers", help="CPU of a viewer more, fifty, a hundred")
    cost.add_argument("--rounds", type=int, default=1)
    cost.add_argument("--seconds", type=float, default=6.0)
    late = modes.add_parser("latency", help="from capture to the browser's compositor")
    late.add_argument("--seconds", type=float, default=10.0)
    join = modes.add_parser("join", help="from the wish to join to the first picture")
    join.add_argument("--times", type=int, default=20)
    switch = modes.add_parser("switch", help="to another size and back")
    switch.add_argument("--times", type=int, default=12)
    modes.add_parser("storm", help="a hundred join within five seconds; 160 come and go")
    worse = modes.add_parser("impaired", help="2 %% loss, 20 ms jitter")
    worse.add_argument("--seconds", type=float, default=30.0)
    once = modes.add_parser("upload", help="to a media server, and twenty viewers there")
    once.add_argument("--seconds", type=float, default=10.0)
    camera = modes.add_parser("phone", help="a browser is the camera")
    camera.add_argument("--rounds", type=int, default=3)
    for mode in modes.choices.values():
        mode.add_argument("--out", type=Path, help="a folder for NAME.md and NAME.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
