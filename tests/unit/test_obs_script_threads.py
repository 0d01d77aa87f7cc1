"""The script for OBS beside daemons that are absent, slow, broken or none of ours."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.obs_stub import Studio, running_studio
from tests.obs_wire import TOKEN, Answer, Request, Wire, daemon, reply, status
from tests.waiting import until

BLOCKING = ("socket.", "open", "subprocess.", "os.", "shutil.", "glob.", "time.sleep")
NEVER_SENT = b""


def threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "livetrack"]


class Watched:
    """What the threads in `idents` do that can take time, by Python's own audit events."""

    def __init__(self) -> None:
        self.idents: set[int] = set()
        self.done: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _arguments: object) -> None:
        if event.startswith(BLOCKING) and threading.get_ident() in self.idents:
            self.done.append(event)

    @contextmanager
    def here(self) -> Iterator[list[str]]:
        """What this thread does meanwhile."""
        self.done = []
        self.idents = {threading.get_ident()}
        try:
            yield self.done
        finally:
            self.idents = set()


@pytest.fixture(scope="module")
def watched() -> Watched:
    """There is one, for an audit hook stays for good."""
    return Watched()


def use_everything(studio: Studio) -> None:
    """Every callback that OBS has, as fast as it can."""
    studio.open_panel()
    for each in list(studio.props.every()):
        if each.kind == "button" and each.name != "start":
            studio.press(each.label)
    for setting in studio.script.SETTINGS.values():
        if setting.kind == "slider":
            studio.set(setting.name, setting.among[1])
    for key in list(studio.obs.hotkeys.values()):
        if not key.name.endswith("start"):
            studio.hotkey(key.name)
    studio.tick()
    studio.script.script_save(studio.settings)


def hanging(wire: list[Wire]) -> Answer:
    def answer(_request: Request) -> bytes:
        wire[0].closing.wait(30)
        return NEVER_SENT

    return answer


def late(wire: list[Wire]) -> Answer:
    def answer(request: Request) -> bytes:
        wire[0].closing.wait(5)
        return daemon()(request)

    return answer


WHOLE = reply(status())
SERVERS = {
    "absent": ("Daemon not running", None),
    "silent": ("too slow", hanging),
    "late by 5 s": ("too slow", late),
    "dead before its answer": ("broke off", lambda _: lambda _r: NEVER_SENT),
    "dead in mid-answer": ("broke off", lambda _: lambda _r: WHOLE[: len(WHOLE) // 2]),
    "speaking another language": ("Another program", lambda _: lambda _r: b"220 ftp\r\n" * 9),
    "a web page": ("Another program", lambda _: lambda _r: b"HTTP/1.1 200 OK\r\n\r\n<html>"),
    "another api": ("Another program", lambda _: lambda _r: reply({"status": "fine"})),
    "an odd status": (
        "Another program",
        lambda _: lambda _r: reply({**status(), "shots": [{"name": "main", "subject": 3}]}),
    ),
    "a list": ("Another program", lambda _: lambda _r: reply([1, 2, 3])),
    "deep": ("Another program", lambda _: lambda _r: _http(b"[" * 100_000)),
    "lengthy in its head": (
        "Another program",
        lambda _: lambda _r: b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n{}",
    ),
    "huge": ("Another program", lambda _: lambda _r: _http(b" " * 3_000_000)),
    "failing": ("Another program", lambda _: lambda _r: reply({"error": "no"}, 500)),
}


def _http(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


@contextmanager
def server(name: str) -> Iterator[tuple[str, int]]:
    """What the panel must say of it, and its port."""
    text, make = SERVERS[name]
    if make is None:
        with Wire(daemon()) as wire:
            port = wire.port
        yield text, port
        return
    wires: list[Wire] = []
    with Wire(make(wires)) as wire:
        wires.append(wire)
        yield text, wire.port


@pytest.mark.parametrize("name", SERVERS)
def test_obs_never_waits_for_it_and_is_told(name: str, watched: Watched) -> None:
    with server(name) as (text, port):
        with watched.here() as done:
            studio = Studio({"port": port}, patient=False)
            studio.load()
            done.clear()  # the file itself is read by OBS
            for _ in range(3):
                use_everything(studio)
        assert done == []
        studio.says(text)
        with watched.here() as done:
            use_everything(studio)
            studio.unload()
        assert done == []
        until(lambda: not threads(), threads)
        assert "mistake" not in str(studio.obs.log)
        assert {level for level, _ in studio.obs.log} == {studio.obs.LOG_INFO}


def test_a_watched_thread_is_really_watched(watched: Watched) -> None:
    with watched.here() as done:
        Path(__file__).read_text()
        assert "open" in done


def test_what_waits_is_bounded_and_the_rest_is_refused_aloud() -> None:
    with server("silent") as (_, port), running_studio(patient=False, port=port) as studio:
        for _ in range(1000):
            studio.hotkey("livetrack.next")
            studio.set("max_zoom", 1.0 + (studio.get("max_zoom") or 1.0) % 3)
        worker = studio.script.panel.worker
        assert worker._jobs.qsize() <= 32
        assert len(worker.wished()) == 1
        assert "too much is waiting" in worker.last


def test_a_press_that_found_no_daemon_is_not_made_up_for_later(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    with running_studio(port=1, token_file=str(tmp_path / "token")) as studio:
        studio.press("Next subject")
        studio.says("Next subject: not done")
        with Wire(daemon()) as wire:
            studio.set("port", wire.port)
            studio.says("runs")
            until(lambda: len(wire.requests) > 4)
            assert wire.sent() == []


def test_a_press_goes_to_the_address_that_was_just_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text(TOKEN)
    with (
        Wire(daemon()) as old,
        Wire(daemon()) as new,
        running_studio(port=old.port, token_file=str(tmp_path / "token")) as studio,
    ):
        studio.says("runs")
        monkeypatch.setattr(studio.script, "TYPING_S", 1e6)
        studio.set("port", new.port)
        studio.press("Next subject")
        until(lambda: new.sent("next"))
        assert not old.sent()


def test_a_setting_changed_without_a_daemon_reaches_the_next_one(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    with running_studio(port=1, token_file=str(tmp_path / "token")) as studio:
        studio.says("not running")
        studio.set("speed", "sport")
        studio.refreshed()
        assert studio.get("speed") == "sport"
        with Wire(daemon()) as wire:
            studio.set("port", wire.port)
            until(lambda: wire.sent())
            assert wire.sent() == [{"command": "configure", "settings": {"speed": "sport"}}]


def test_a_wrong_token_is_said_before_anything_is_pressed(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("another-token")
    with (
        Wire(daemon()) as wire,
        running_studio(port=wire.port, token_file=str(tmp_path / "token")) as studio,
    ):
        studio.says("does not take this token")
        studio.press("Next subject")
        studio.says("Next subject: The daemon does not take this token")
        (tmp_path / "token").write_text(TOKEN)
        until(lambda: "token" not in studio.refreshed().split("Next subject")[0])
        studio.press("Next subject")
        studio.says("Next subject: done.")
        assert wire.sent("next")


def test_the_token_is_shown_to_nobody_but_a_daemon_of_ours(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    with Wire(lambda _: reply({"status": "fine"})) as wire:
        file = str(tmp_path / "token")
        with running_studio(port=wire.port, token_file=file, stop_with_obs=True) as studio:
            studio.says("Another program")
            studio.press("Next subject")
            studio.press("Stop daemon")
            studio.says("not done")
            studio.tick()
            assert TOKEN not in studio.status + str(studio.obs.log)
        until(lambda: not threads(), threads)
        assert wire.requests
        assert not [each for each in wire.requests if "authorization" in each.headers]


def test_no_token_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with (
        Wire(daemon()) as wire,
        running_studio(port=wire.port, token_file=str(tmp_path / "none")) as studio,
    ):
        studio.says(f"No control token at {tmp_path / 'none'}")


@pytest.mark.parametrize("name", ["absent", "silent", "dead in mid-answer"])
def test_twenty_loads_and_unloads_leave_nothing(name: str) -> None:
    with server(name) as (_, port):
        studio = Studio({"port": port}, patient=False)
        for _ in range(20):
            studio.load()
            use_everything(studio)
            studio.unload()
            assert not studio.obs.arrays
            assert not studio.obs.timers
            assert not studio.obs.hotkeys
        until(lambda: not threads(), threads)
    script = studio.script
    del studio.script
    gc.collect()
    assert script.panel.worker is None


def test_unloading_does_not_wait_for_an_answer_that_hangs() -> None:
    with server("silent") as (_, port):
        studio = Studio({"port": port})
        studio.load()
        until(lambda: threads() and studio.script.panel.worker._daemon._connection)
        worker = threads()[0]
        studio.unload()
        # Without an answer the request would end after the 60 s of a patient one.
        worker.join(20)
        assert not worker.is_alive()


def test_callbacks_after_the_unloading_do_nothing() -> None:
    studio = Studio({"port": 1})
    studio.load()
    studio.open_panel()
    callbacks = list(studio.script.HOTKEY_CALLBACKS.values())
    studio.unload()
    for callback in callbacks:
        callback(True)
    studio.press("Refresh status")
    studio.script.script_update(studio.settings)
    studio.script.on_timer()
    studio.script.script_unload()
    assert not studio.obs.log
