"""Signals, kept out of what must not be torn apart."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest

from livetrack_vcam.interrupts import SIGNALS, Interrupts, ending_signals


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    """The test runner outlives an interrupt, as no program of ours does."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupt_outside_a_held_block_is_raised_at_once() -> None:
    interrupts = Interrupts()
    with interrupts.caught(), pytest.raises(KeyboardInterrupt):
        press()


def test_a_held_block_is_done_as_a_whole_and_interrupted_at_its_end() -> None:
    done: list[str] = []

    def work(interrupts: Interrupts) -> None:
        with interrupts.held():
            press()
            done.append("whole")
        done.append("after")

    interrupts = Interrupts()
    with interrupts.caught(), pytest.raises(KeyboardInterrupt):
        work(interrupts)
    assert done == ["whole"]


def test_sigterm_is_an_interrupt_too() -> None:
    interrupts = Interrupts()
    with interrupts.caught(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)


def test_a_closed_terminal_is_an_interrupt_unless_nohup_says_otherwise() -> None:
    interrupts = Interrupts()
    with interrupts.caught(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGHUP)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert ending_signals() == (signal.SIGTERM,)
    with Interrupts().caught():
        os.kill(os.getpid(), signal.SIGHUP)


def test_a_second_press_does_not_disturb_the_cleaning_up_but_a_third_does() -> None:
    interrupts = Interrupts()
    with interrupts.caught():
        with pytest.raises(KeyboardInterrupt):
            press()
        press()
        with pytest.raises(KeyboardInterrupt):
            press()


def test_an_interrupt_that_was_swallowed_is_asked_about_again() -> None:
    interrupts = Interrupts()
    with interrupts.caught():
        with suppress(KeyboardInterrupt):  # as C does with what a callback raises
            press()
        with pytest.raises(KeyboardInterrupt), interrupts.held():
            raise AssertionError("the next block must not begin")


def test_the_handlers_of_before_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupts().caught():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_a_sigterm_that_comes_once_more_after_the_end_leaves_the_exit_status_alone() -> None:
    interrupts = Interrupts()
    with suppress(KeyboardInterrupt), interrupts.caught():
        os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)  # the default of the system would end this very test
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


HURRIED = """
import os, signal, sys
from livetrack_vcam.cli import main

really_set = signal.signal

def set_while_the_user_presses(number, handler):
    signal.signal = really_set
    os.kill(os.getpid(), signal.SIGINT)
    return really_set(number, handler)

signal.signal = set_while_the_user_presses
main(["--version"])
"""


LEFT_BEHIND = """
import threading
import cv2
import numpy as np
from livetrack_vcam.cli import main

begun = threading.Event()

def enlarge_for_ever():
    while True:
        cv2.resize(np.zeros((90, 160, 3), np.uint8), (320, 180))
        begun.set()

for _ in range(4):
    threading.Thread(target=enlarge_for_ever, daemon=True).start()
begun.wait()
main(["--version"])
"""


def test_a_thread_that_is_left_behind_in_opencv_changes_neither_the_status_nor_the_words() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEFT_BEHIND], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "livetrack-vcam" in done.stdout


def test_a_press_in_the_very_last_moment_changes_neither_the_status_nor_the_words() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HURRIED], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "livetrack-vcam" in done.stdout
