"""OBS keeps its frames whatever becomes of the daemon: away, slow, or dead in mid-sentence."""

from __future__ import annotations

import itertools
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

import pytest

from tests.e2e.obs_desk import NEEDS, Desk, desk_at

pytestmark = [*NEEDS, pytest.mark.slow]

FPS = 20
WINDOW_S = 6.0
WINDOWS = 4
KEPT = 0.99
SLOW_S = 5.0
SLEEPER = """
import os
import time

import obspython as obs


def block():
    if os.path.exists(script_path() + "block"):
        time.sleep(0.3)


def script_load(settings):
    obs.timer_add(block, 100)
"""
BUTTONS = ("Refresh status", "Re-center now", "Wide view", "Next subject", "Start daemon")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("frames")
    sleeper = home / "sleeper.py"
    sleeper.write_text(SLEEPER, encoding="utf-8")
    with desk_at(home, {sleeper: {}}, {"executable": "/bin/false"}, FPS) as desk:
        yield desk


def rest(desk: Desk) -> None:
    time.sleep(0.2)


def pressing(desk: Desk) -> Callable[[Desk], None]:
    """Presses the next button or hotkey each time, and again from the start after the last."""
    buttons = [lambda name=name: desk.panel.press(name) for name in BUTTONS]
    hotkeys = [lambda name=name: desk.hit(name) for name in desk.hotkeys()]
    mixed = itertools.chain.from_iterable(itertools.zip_longest(buttons, hotkeys))
    actions = itertools.cycle([action for action in mixed if action is not None])

    def press(desk: Desk) -> None:
        next(actions)()
        time.sleep(0.2)

    return press


@dataclass(frozen=True, slots=True)
class Window:
    """`kept`: of the frames that OBS should have drawn, 0 to 1. `acts`: what was done meanwhile."""

    kept: float
    acts: int


def watch(desk: Desk, act: Callable[[Desk], None]) -> Window:
    """What OBS draws while `act` is done over and over."""
    total, skipped = desk.frames()
    acts, end = 0, time.monotonic() + WINDOW_S
    while time.monotonic() < end:
        act(desk)
        acts += 1
    total_after, skipped_after = desk.frames()
    assert total_after - total > WINDOW_S, "OBS hardly draws at all"
    return Window(1 - (skipped_after - skipped) / (total_after - total), acts)


def keeps_its_frames(desk: Desk) -> Window:
    """While everything is pressed, at least 99 % of all frames, or of what OBS keeps at rest.

    Any of a few windows will do, since others may load the machine, and then the worst at rest
    counts; a script that blocks loses half of the frames in every window.
    """
    pressed, at_rest = [], []
    press = pressing(desk)
    for _ in range(WINDOWS):
        pressed.append(watch(desk, press))
        if pressed[-1].kept >= KEPT:
            return pressed[-1]
        at_rest.append(watch(desk, rest))
        if pressed[-1].kept >= KEPT * min(window.kept for window in at_rest):
            return pressed[-1]
    raise AssertionError((pressed, at_rest))


@contextmanager
def answering(port: int, answer: Callable[[socket.socket], object]) -> Iterator[list[float]]:
    """A server on the daemon's port that treats every request with `answer`; when each came."""
    asked: list[float] = []

    def serve(connection: socket.socket) -> None:
        with connection:
            connection.recv(4096)
            asked.append(time.monotonic())
            answer(connection)

    def listen() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", port)) as server:
        listener = Thread(target=listen)
        listener.start()
        yield asked
        server.shutdown(socket.SHUT_RDWR)
    listener.join()


def test_obs_keeps_its_frames_and_its_panel_whatever_becomes_of_the_daemon(
    desk: Desk, record_property: Callable[[str, object], None]
) -> None:
    absent = keeps_its_frames(desk)
    over = Event()
    with answering(desk.daemon.port, lambda _: over.wait(SLOW_S)) as asked:
        slow = keeps_its_frames(desk)
        over.set()
    assert asked, "the script never asked the slow daemon"
    assert slow.acts > absent.acts / 2, "the panel waits for the daemon"
    with answering(desk.daemon.port, die) as asked:
        dying = keeps_its_frames(desk)
    assert len(asked) > 1, "the script did not ask again"
    assert dying.acts > absent.acts / 2, "the panel waits for the daemon"
    assert "Traceback" not in desk.studio.said()
    for name, window in (("absent", absent), ("slow", slow), ("dying", dying)):
        record_property(f"frames kept with a daemon that is {name}", window)


def die(connection: socket.socket) -> None:
    """In mid-answer, as a process that is killed."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"shots": [')
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_a_script_that_blocks_fails_this_check(desk: Desk) -> None:
    flag = desk.daemon.home / "block"
    flag.touch()
    try:
        window = watch(desk, rest)
    finally:
        flag.unlink()
    assert window.kept < 0.7, window
