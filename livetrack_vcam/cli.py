"""argv to a subcommand and its exit status."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from contextlib import suppress
from importlib import import_module
from itertools import pairwise
from typing import Any, NoReturn

import click

from livetrack_vcam import __version__
from livetrack_vcam.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE, LiveTrackError
from livetrack_vcam.progress import say

# Subcommand to (module, what the list in --help says). A module is imported only when it is used.
COMMANDS = {
    "run": "Camera in, tracked crop out: the default subcommand.",
    "reframe": "Re-frame a video file.",
    "replay": "Decide again from a session log: the same crops, bit for bit.",
    "devices": "List cameras, microphones and virtual cameras.",
    "doctor": "Say what works here, what does not, and what mends it.",
    "models": "List, fetch, import and verify the detection models.",
    "eval": "Measure detection, tracking and framing against annotations.",
    "bench": "Measure the speed of each stage and of the whole.",
    "ctl": "Talk to the running daemon.",
    "obs": "Put our picture into OBS Studio, and follow what OBS shows.",
    "demo": "Try it: a moving scene instead of a camera, shown in the browser.",
}


class Commands(click.Group):
    """The subcommands; without one, `run` is meant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = import_module(f"livetrack_vcam.commands.{name}")
        command: click.Command = module.command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = args[0] if args else ""
        if first not in ("--help", "-h", "--version") and (not first or first.startswith("-")):
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """An interrupt ends with its own status: click would first write to a terminal that may be
        the one whose closing was the interrupt, and fail."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            say("")  # the shell's prompt begins a line, and not behind a ^C
            raise click.exceptions.Exit(EXIT_INTERRUPTED) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`livetrack-vcam run --help` lists the options of the default subcommand; "
    "`livetrack-vcam --aspect 1:1` is all it takes.",
)
@click.version_option(__version__, prog_name="livetrack-vcam")
def livetrack_vcam() -> None:
    """Turn one fixed wide-angle camera into a camera operator."""


def main(args: list[str] | None = None) -> None:
    """Run the command line and end the process with its status."""
    _have_streams()
    status = EXIT_INTERRUPTED
    try:
        status = run_cli(sys.argv[1:] if args is None else args)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        # A second, hurried Ctrl-C came when nothing was left to stop.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end(status)


def _end(status: int) -> NoReturn:
    """End at once where a thread was left behind, as an interrupt at the start leaves one.

    Python would end that thread as it comes back from OpenCV, which is C++ and takes this for an
    error of its own: the process then ends with SIGABRT and not with its status.
    """
    if any(thread.daemon for thread in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)
    sys.exit(status)


def _have_streams() -> None:
    """Give a program started without some of stdin, stdout and stderr a silent one.

    Otherwise the next file opened would get that number, and a library's messages with it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def run_cli(args: list[str]) -> int:
    """Run the command line; returns the exit status. Errors are one line on stderr."""
    try:
        result: Any = livetrack_vcam.main(args, "livetrack-vcam", standalone_mode=False)
    except LiveTrackError as error:
        return _fail(str(error), error.exit_code, args)
    except click.exceptions.Abort:
        return EXIT_INTERRUPTED
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "livetrack-vcam"
        sentence = error.format_message().rstrip(".")
        return _fail(f"{sentence}; `{where} --help` lists what it takes", EXIT_USAGE, args)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return EXIT_FAILED
    except OSError as error:
        if error.errno != errno.ENOSPC:
            return _fault(error, args)
        _forget_output()
        return _fail("the disk is full; free some space and start again", EXIT_FAILED, args)
    except Exception as error:
        return _fault(error, args)
    return result if isinstance(result, int) else 0


def _forget_output() -> None:
    """Nobody takes what is still in stdout's buffer; flushing it at the end would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _fault(error: Exception, args: list[str]) -> int:
    sentence = f"{type(error).__name__}: {error}; this is a fault of ours"
    return _fail(f"{sentence}, `--log-level debug` shows where", EXIT_FAILED, args)


def _fail(sentence: str, code: int, args: list[str]) -> int:
    if _wants_traceback(args):
        import traceback

        traceback.print_exc()
    with suppress(OSError):
        sys.stderr.write(f"livetrack-vcam: {sentence}\n")
    return code


def _wants_traceback(args: list[str]) -> bool:
    return "--log-level=debug" in args or ("--log-level", "debug") in pairwise(args)
