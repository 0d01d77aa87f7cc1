"""Ctrl-C, SIGTERM and a closed terminal, kept out of what must not be torn apart."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
# One press of Ctrl-C may arrive twice (the terminal's and a parent's); the third is impatience.
PATIENCE = 3


def ending_signals() -> tuple[int, ...]:
    """SIGTERM and SIGHUP, which end the program; SIGHUP not where `nohup` had it ignored."""
    return tuple(
        number
        for number in SIGNALS
        if number == signal.SIGTERM
        or (number != signal.SIGINT and signal.getsignal(number) != signal.SIG_IGN)
    )


class Interrupts:
    """Turns the signals into KeyboardInterrupt, once, and never inside `held`.

    Inside `held` a signal waits until its end. While the first KeyboardInterrupt is dealt with,
    further signals are ignored up to PATIENCE. Does nothing outside the main thread.
    """

    def __init__(self) -> None:
        self._held = False
        self._count = 0
        self._raised = False

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Have the signals until the end of the block.

        After an interrupt the process is on its way out and has its exit status to tell: a SIGTERM
        or SIGHUP that says so once more is then ignored for good.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, *ending_signals())
        before = {number: signal.signal(number, self._arrive) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                deadly = number != signal.SIGINT and handler == signal.SIG_DFL
                signal.signal(number, signal.SIG_IGN if self._count and deadly else handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """A block that is done as a whole; not begun after a signal.

        A KeyboardInterrupt is lost when it falls into a callback from C or into `__del__`: so
        begin and end of a block ask again.
        """
        self._ask()
        self._held = True
        try:
            yield
        finally:
            self._held = False
        self._ask()

    def _ask(self) -> None:
        if self._count:
            self._raise()

    def _arrive(self, _number: int, _frame: FrameType | None) -> None:
        self._count += 1
        if self._count >= PATIENCE or not (self._held or self._raised):
            self._raise()

    def _raise(self) -> None:
        self._raised = True
        raise KeyboardInterrupt
