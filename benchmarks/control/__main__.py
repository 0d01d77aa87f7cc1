"""What operating the running program costs, and how soon it obeys: python -m benchmarks.control

    python -m benchmarks.control preview [--source FILE] [--rounds 5] [--seconds 6]
    python -m benchmarks.control latency [--source FILE] [--commands 120]
    python -m benchmarks.control crowd [--source FILE] [--watchers 8] [--rounds 3] [--seconds 6]
    python -m benchmarks.control sizes
    python -m benchmarks.control status [--source FILE] [--rounds 3] [--seconds 6]

The program runs in this process as `livetrack-vcam run` does, with the demo or a looped file as
its camera; those who watch it are a process of their own.
"""

from __future__ import annotations

import argparse
import asyncio

from benchmarks.control import crowd, latency, preview, sizes, status


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    modes = parser.add_subparsers(dest="mode", required=True)
    cost = modes.add_parser("preview", help="what a watched preview costs")
    cost.add_argument("--rounds", type=int, default=5)
    cost.add_argument("--seconds", type=float, default=6.0)
    obedience = modes.add_parser("latency", help="from a command to the picture that shows it")
    obedience.add_argument("--commands", type=int, default=120)
    modes.add_parser("sizes", help="what one preview picture costs by its size")
    many = modes.add_parser("crowd", help="whether the outputs notice many watchers")
    many.add_argument("--watchers", type=int, default=8)
    many.add_argument("--rounds", type=int, default=3)
    many.add_argument("--seconds", type=float, default=6.0)
    told = modes.add_parser("status", help="what a status costs, and what standby saves")
    told.add_argument("--rounds", type=int, default=3)
    told.add_argument("--seconds", type=float, default=6.0)
    for mode in (cost, obedience, many, told):
        mode.add_argument("--source", default="demo")
    options = parser.parse_args()
    if options.mode == "latency":
        asyncio.run(latency.run(options.source, options.commands))
    elif options.mode == "crowd":
        asyncio.run(crowd.run(options.source, options.rounds, options.seconds, options.watchers))
    elif options.mode == "status":
        asyncio.run(status.run(options.source, options.rounds, options.seconds))
    elif options.mode == "sizes":
        sizes.run()
    else:
        asyncio.run(preview.run(options.source, options.rounds, options.seconds))


if __name__ == "__main__":
    main()
