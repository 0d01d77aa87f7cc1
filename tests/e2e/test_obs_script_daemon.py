"""The OBS script's hotkeys, and how it starts, stops and outlives the daemon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.obs_desk import NEEDS, Desk, desk_at
from tests.e2e.obs_goals import (
    ASPECTS,
    AT_REST_ELSEWHERE,
    FILLS,
    HOME_UNSEEN,
    ON_THE_WAY,
    SHOT_SIZES,
    SPEEDS,
    SUBJECTS,
    WHEN_LOST,
    Commands,
    Goal,
    has,
    home_is_here,
    locked,
    moving,
    near,
    paused,
    released,
    shaped,
    shows_everything,
    shows_less,
)
from tests.waiting import until

pytestmark = [*NEEDS, pytest.mark.slow]

PRESETS = range(1, 10)
HOTKEYS: dict[str, tuple[Goal, Commands]] = {
    "toggle": (paused, (("resume", {}),)),
    "pause": (paused, (("resume", {}),)),
    "resume": (moving, (("pause", {}),)),
    "next": (locked, (("release", {}),)),
    "previous": (locked, (("release", {}),)),
    "release": (released, (("next", {}),)),
    "recenter": (shows_less, (("wide", {}),)),
    "wide": (shows_everything, ON_THE_WAY),
    "set_home": (home_is_here, AT_REST_ELSEWHERE),
    "home": (shows_less, HOME_UNSEEN),
    "reframe": (paused, ON_THE_WAY),
    **{f"speed_{each}": (has("speed", each), ()) for each in SPEEDS},
    **{f"shot_{each}": (has("shot", each), ()) for each in SHOT_SIZES},
    **{f"subject_{each}": (has("subject", each), ()) for each in SUBJECTS},
    **{f"aspect_{each.replace(':', '_')}": (shaped(each), ()) for each in ASPECTS},
    **{f"when_lost_{each}": (has("when_lost", each), ()) for each in WHEN_LOST},
    **{f"fill_{each}": (has("fill", each), ()) for each in FILLS},
    "max_zoom_more": (near("max_zoom", 3.2), (("set_max_zoom", {"max_zoom": 3.0}),)),
    "max_zoom_less": (near("max_zoom", 2.8), (("set_max_zoom", {"max_zoom": 3.0}),)),
    "headroom_more": (near("headroom", 0.22), (("set_headroom", {"headroom": 0.2}),)),
    "headroom_less": (near("headroom", 0.18), (("set_headroom", {"headroom": 0.2}),)),
    "standby_on": (paused, (("resume", {}), ("standby", {"on": False}))),
    "standby_off": (moving, (("resume", {}), ("standby", {"on": True}))),
    **{f"preset_{n}": (lambda shot, n=n: shot["preset"] == f"P{n}", ()) for n in PRESETS},
}
START, STOP = "livetrack.start", "livetrack.stop"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_at(tmp_path_factory.mktemp("hotkeys")) as desk:
        desk.daemon.start("main=640x360")
        for number in PRESETS:
            desk.daemon.command("set_max_zoom", max_zoom=1 + number / 10)
            desk.daemon.command("save_preset", preset=f"P{number}")
        desk.shows(lambda rows: any("P9" in row.items for row in rows))
        yield desk


def test_every_hotkey_is_known_here(desk: Desk) -> None:
    assert desk.hotkeys() == sorted([*(f"livetrack.{name}" for name in HOTKEYS), START, STOP])


@pytest.mark.parametrize("name", HOTKEYS)
def test_a_hotkey_does_what_it_says(desk: Desk, name: str) -> None:
    goal, first = HOTKEYS[name]
    desk.daemon.be_before(goal, first)
    desk.hit(f"livetrack.{name}")
    desk.daemon.reaches(goal)


def test_the_panel_and_the_hotkeys_recover_when_the_daemon_was_away(desk: Desk) -> None:
    desk.daemon.stop()
    desk.says("not running")
    desk.daemon.start("main=640x360")
    desk.says("fps")
    desk.hit("livetrack.speed_sport")
    desk.daemon.reaches(has("speed", "sport"))


@pytest.mark.parametrize("by_hotkey", [False, True], ids=["buttons", "hotkeys"])
def test_the_daemon_is_started_and_stopped_from_obs(desk: Desk, by_hotkey: bool) -> None:
    def do(button: str, hotkey: str) -> None:
        desk.hit(hotkey) if by_hotkey else desk.panel.press(button)

    desk.daemon.stop()
    desk.panel.write("Arguments", "run --source demo --sink none --aspect 1:1")
    do("Start daemon", START)
    pid = until(lambda: desk.daemon.status().get("pid"), desk.panel.text)
    desk.says("fps")
    assert desk.daemon.shot()["aspect"] == "1:1"
    do("Stop daemon", STOP)
    until(lambda: not Path(f"/proc/{pid}").exists(), desk.panel.text)
    desk.says("not running")


def test_a_program_that_cannot_start_is_told(desk: Desk) -> None:
    desk.daemon.stop()
    for program, told in {
        "/nowhere/program": "/nowhere/program",
        "/bin/false": "ended (1)",
    }.items():
        desk.panel.write("Program file", program)
        desk.panel.press("Start daemon")
        desk.says(told)
    assert "Traceback" not in desk.studio.said()
