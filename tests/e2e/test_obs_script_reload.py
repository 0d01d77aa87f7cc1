"""Loading and unloading the OBS script over and over leaves nothing behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e import obs_studio
from tests.e2e.obs_desk import NEEDS, Desk, desk_at
from tests.e2e.obs_panel import panel_of
from tests.waiting import free_port, until

pytestmark = [*NEEDS, pytest.mark.slow]

TIMES = 20
UNUSUAL = {"speed": "sport", "shot": "full", "aspect": "4:5", "max_zoom": 3.3, "fill": "blur"}
UNLOADED = "Unloaded python script: livetrack.py"
LOADED = "Loaded python script: livetrack.py"


def leaks(said: str) -> int:
    """What OBS counts when it ends."""
    counts = re.findall(r"Number of memory leaks: (\d+)", said)
    assert len(counts) == 1, said[-2000:]
    return int(counts[0])


def leaks_without_scripts(home: Path) -> int:
    port = free_port()
    obs_studio.prepare(home, port, {})
    with obs_studio.running(home, port, desktop=True) as studio, panel_of(studio.env) as panel:
        panel.open()
        panel.close()
        return leaks(studio.stop())


def reload(desk: Desk, times: int) -> None:
    for _ in range(times):
        before = desk.studio.said().count(LOADED)
        desk.panel.press_in_dialog("Reload Scripts")
        until(lambda before=before: desk.studio.said().count(LOADED) > before, desk.studio.said)
        desk.panel.wait_for(lambda rows: any(row.role == "combo box" for row in rows))


def test_twenty_reloads_leave_no_memory_and_no_thread_and_change_nothing(tmp_path: Path) -> None:
    empty, full = tmp_path / "empty", tmp_path / "full"
    empty.mkdir()
    full.mkdir()
    with desk_at(full) as desk:
        desk.daemon.start("main=640x360")
        desk.daemon.command("configure", settings=UNUSUAL)
        desk.says("fps")
        reload(desk, 1)
        loaded = desk.studio.threads()
        reload(desk, TIMES)
        until(lambda: desk.studio.threads() <= loaded, desk.studio.threads)
        settings = desk.daemon.shot()["settings"]
        assert {name: settings[name] for name in UNUSUAL} == UNUSUAL
        desk.panel.press_in_dialog("Remove Scripts")
        until(lambda: desk.studio.said().count(UNLOADED) == TIMES + 2, desk.studio.said)
        until(lambda: desk.studio.threads() <= loaded - 1, desk.studio.threads)
        said = desk.leave()
    assert leaks(said) <= leaks_without_scripts(empty)
    assert "Traceback" not in said


def test_the_daemon_comes_and_goes_with_obs_if_asked_to(tmp_path: Path) -> None:
    with desk_at(tmp_path, settings={"arguments": "run --source demo --sink none"}) as desk:
        desk.says("not running")
        desk.panel.check("Start with OBS", True)
        desk.panel.check("Stop with OBS", True)
        reload(desk, 1)
        pid = until(lambda: desk.daemon.status().get("pid"), desk.panel.text)
        desk.says("fps")
        desk.hit("livetrack.speed_sport")
        said = desk.leave()
        assert desk.studio.process.returncode == 0, said[-2000:]
        until(lambda: not Path(f"/proc/{pid}").exists())
    assert UNLOADED in said
    assert leaks(said) <= 1
