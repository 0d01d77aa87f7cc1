"""The sound in OBS follows the picture's delay: through losses of OBS, and back at the end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from threading import Event, Thread

import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SettingsError
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.obs import sound as obs_audio
from livetrack_vcam.obs.config import given_password as obs_password
from livetrack_vcam.obs.connection import NOT_FOUND, ObsAddress, ObsError, ObsRefusal
from livetrack_vcam.obs.sound import ObsAudio, picture_delay_ms
from livetrack_vcam.outlet import Outlet
from livetrack_vcam.testing import MemorySink

CANVAS = Canvas(Size(90, 160), Fraction(30))


class Desk:
    """An OBS in memory that can go away; its offsets outlive a connection, as OBS's do."""

    def __init__(self, **offsets: int) -> None:
        self.offsets = dict(offsets)
        self.connections = 0
        self.away = Event()

    def connect(self) -> Desk:
        self._answer()
        self.connections += 1
        return self

    def input_names(self) -> list[str]:
        self._answer()
        return list(self.offsets)

    def audio_offset_ms(self, name: str) -> int:
        self._answer()
        if name not in self.offsets:
            raise ObsRefusal("OBS refused GetInputAudioSyncOffset: No source was found", NOT_FOUND)
        return self.offsets[name]

    def set_audio_offset_ms(self, name: str, offset_ms: int) -> None:
        self.audio_offset_ms(name)
        self.offsets[name] = offset_ms

    def close(self) -> None:
        pass

    def _answer(self) -> None:
        if self.away.is_set():
            raise ObsError("OBS does not answer at 127.0.0.1:4455 (Connection refused); start OBS")


@contextmanager
def running(audio: ObsAudio) -> Iterator[None]:
    thread = Thread(target=audio.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        audio.stop()
        thread.join(10)
    assert not thread.is_alive()


def eventually(goal: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not goal() and time.monotonic() < deadline:
        time.sleep(0.005)
    return goal()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for pause in ("CHECK_S", "FIRST_PAUSE_S", "LONGEST_PAUSE_S"):
        monkeypatch.setattr(obs_audio, pause, 0.01)


def test_the_offset_follows_the_delay_and_the_former_one_comes_back() -> None:
    desk, delay = Desk(Mic=120, Music=0), [355.0]
    with running(ObsAudio(["Mic"], desk.connect, lambda: delay[0])):
        assert eventually(lambda: desk.offsets["Mic"] == 355)
        delay[0] = 402.4
        assert eventually(lambda: desk.offsets["Mic"] == 402)
    assert desk.offsets == {"Mic": 120, "Music": 0}


def test_nothing_is_set_while_the_delay_is_not_known_or_for_a_change_nobody_hears() -> None:
    desk = Desk(Mic=120)
    delay: list[float | None] = [None]
    with running(ObsAudio(["Mic"], desk.connect, lambda: delay[0])):
        assert eventually(lambda: desk.connections == 1)
        time.sleep(0.05)
        assert desk.offsets["Mic"] == 120
        delay[0] = 350.0
        assert eventually(lambda: desk.offsets["Mic"] == 350)
        delay[0] = 356.0
        time.sleep(0.05)
        assert desk.offsets["Mic"] == 350


def test_an_obs_that_comes_back_is_set_again_and_still_gets_its_first_offset_back() -> None:
    desk = Desk(Mic=120)
    audio = ObsAudio(["Mic"], desk.connect, lambda: 350.0)
    with running(audio):
        assert eventually(lambda: desk.offsets["Mic"] == 350)
        desk.away.set()
        desk.offsets["Mic"] = 777
        assert eventually(lambda: not audio.connected)
        desk.away.clear()
        assert eventually(lambda: desk.offsets["Mic"] == 350)
    assert desk.connections == 2
    assert desk.offsets["Mic"] == 120


def test_what_is_missing_is_said_once_with_what_to_type(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(Music=0, Desktop=0)
    desk.away.set()
    caplog.set_level(logging.WARNING)
    with running(ObsAudio(["Mic"], desk.connect, lambda: 350.0)):
        time.sleep(0.1)
        desk.away.clear()
        assert eventually(lambda: "no input 'Mic'" in caplog.text)
        time.sleep(0.1)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert "start OBS" in said[0]
    assert "it has 'Desktop', 'Music': name one of them with --obs-audio" in said[1]


def test_the_delay_is_that_of_the_slowest_open_output_which_is_no_recording() -> None:
    def outlet(name: str, shot: str, late_ms: int, state: str = "open") -> Outlet:
        made = Outlet(shot, MemorySink(name), CANVAS, lambda _: None, lambda: 0)
        made.state = state
        made.flow.add(0, late_ms * 1_000_000)
        return made

    outlets = [
        outlet("vcam", "main", 345),
        outlet("mjpeg", "main", 350),
        outlet("file", "main", 900),
        outlet("room", "main", 800, "failed"),
        outlet("vcam", "tall", 20),
    ]
    assert picture_delay_ms(outlets, "main", 10**9) == 350
    assert picture_delay_ms(outlets, "tall", 10**9) == 20
    assert picture_delay_ms([], "main", 10**9) is None


def test_the_password_comes_from_a_file_or_the_environment_and_is_never_shown(
    tmp_path: Path,
) -> None:
    file = tmp_path / "password"
    file.write_text("sesame\n", encoding="utf-8")
    environment = {"LIVETRACK_OBS_PASSWORD": "other"}
    assert obs_password(file, environment) == "sesame"
    assert obs_password(None, environment) == "other"
    assert obs_password(None, {}) is None
    address = ObsAddress(password="sesame")
    assert "sesame" not in f"{address} {address!r}"
    with pytest.raises(SettingsError, match="set LIVETRACK_OBS_PASSWORD instead"):
        obs_password(tmp_path / "missing")
