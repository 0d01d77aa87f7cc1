"""The OBS script's panel, each control pressed by name in a real OBS beside a real daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.obs_desk import NEEDS, Desk, desk_at
from tests.e2e.obs_goals import (
    ASPECTS,
    AT_REST_ELSEWHERE,
    HOME_UNSEEN,
    ON_THE_WAY,
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
from tests.e2e.obs_panel import Panel
from tests.waiting import until

pytestmark = [*NEEDS, pytest.mark.slow]


@dataclass(frozen=True, slots=True)
class Case:
    """What is done to a widget, and what must then hold for the shot, and did not before."""

    label: str
    do: Callable[[Panel], None]
    goal: Goal
    first: Commands = ()


def chosen(label: str, item: str, goal: Goal) -> Case:
    return Case(label, lambda panel: panel.choose(label, item), goal)


def items(label: str, field: str, values: dict[str, str]) -> list[Case]:
    """Every item of a list, by its text; the one that is there at first is not the first."""
    return [chosen(label, item, has(field, value)) for item, value in values.items()]


def set_to(label: str, field: str, value: float) -> Case:
    return Case(label, lambda panel: panel.number(label, value), near(field, value))


def switched(label: str, on: bool, goal: Goal) -> Case:
    return Case(label, lambda panel: panel.check(label, on), goal)


def pressed(label: str, goal: Goal, first: Commands) -> Case:
    return Case(label, lambda panel: panel.press(label), goal, first)


LISTS = [
    *(chosen("Aspect ratio", aspect, shaped(aspect)) for aspect in ASPECTS),
    Case("Aspect ratio", lambda panel: panel.write("Aspect ratio", "3:2"), shaped("3:2")),
    *items(
        "Shot size",
        "shot",
        {
            "Face": "face",
            "Head and shoulders": "head",
            "Full body": "full",
            "Surroundings": "wide",
            "Automatic": "auto",
            "Upper body": "upper",
        },
    ),
    *items(
        "Subject",
        "subject",
        {
            "Largest person": "largest",
            "Person in the center": "center",
            "Whole group": "group",
            "Ball": "ball",
            "Automatic choice": "auto",
        },
    ),
    *items(
        "Speed",
        "speed",
        {
            "Cinema (slowest)": "cinema",
            "Calm": "calm",
            "Fast": "fast",
            "Normal": "normal",
            "Sport (fastest)": "sport",
        },
    ),
    *items(
        "When lost",
        "when_lost",
        {
            "Stay where it is": "hold",
            "Go home": "home",
            "Go to the middle": "center",
            "Show everything": "full",
            "Widen": "widen",
        },
    ),
    *items(
        "Too wide",
        "fill",
        {
            "Black bars": "letterbox",
            "Blurred bars": "blur",
            "Two halves": "split",
            "Crop": "crop",
        },
    ),
]
NUMBERS = [
    set_to("Maximum zoom", "max_zoom", 3.5),
    Case(  # a slider counts steps of 0.1 from 1.0
        "Maximum zoom",
        lambda panel: panel.number("Maximum zoom", 10, "slider"),
        near("max_zoom", 2.0),
    ),
    switched("Auto headroom", False, lambda shot: shot["settings"]["headroom"] is not None),
    set_to("Headroom", "headroom", 0.2),
    switched("Auto headroom", True, has("headroom", None)),
    switched("Auto dead zone", False, lambda shot: shot["settings"]["dead_zone"] is not None),
    set_to("Dead zone", "dead_zone", 0.25),
    switched("Auto dead zone", True, has("dead_zone", None)),
    set_to("Lead room", "lead_room", 0.07),
    switched("Eyes on a third", True, has("eyes_on_third", True)),
    switched("Eyes on a third", False, has("eyes_on_third", False)),
    set_to("Predict (s)", "lost_predict", 2.5),
    set_to("Then wait (s)", "lost_hold", 3.5),
    set_to("Then move (s)", "lost_widen", 4.5),
    switched("Allow cuts", True, has("cuts", True)),
    switched("Allow cuts", False, has("cuts", False)),
    switched("Tracking", False, paused),
    switched("Tracking", True, moving),
]
BUTTONS = [
    pressed("Next subject", locked, (("release", {}),)),
    pressed("Release subject", released, (("next", {}),)),
    pressed("Previous subject", locked, (("release", {}),)),
    pressed("Wide view", shows_everything, ON_THE_WAY),
    pressed("Re-center now", shows_less, (("wide", {}),)),
    pressed("Set home framing", home_is_here, AT_REST_ELSEWHERE),
    pressed("Go to home framing", shows_less, HOME_UNSEEN),
    pressed("Reframe once", paused, ON_THE_WAY),
]
ELSEWHERE = {
    *("Refresh status", "Start daemon", "Stop daemon", "For shot"),
    *("Preset", "Load preset", "Save preset", "Delete preset"),
    *("Host", "Port", "Token file", "Program file", "Arguments"),
    *("Start with OBS", "Stop with OBS"),
}
"""What the tests below press, and those of test_obs_script_daemon."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_at(tmp_path_factory.mktemp("panel")) as desk:
        desk.daemon.start("main=640x360", "vertical=360x640")
        yield desk


@pytest.mark.parametrize("case", [*LISTS, *NUMBERS, *BUTTONS], ids=lambda case: case.label)
def test_what_is_done_in_the_panel_happens_in_the_daemon(desk: Desk, case: Case) -> None:
    desk.daemon.be_before(case.goal, case.first)
    case.do(desk.panel)
    desk.daemon.reaches(case.goal)


def test_every_control_of_the_panel_is_tried_and_has_a_tooltip(desk: Desk) -> None:
    tried = {case.label for case in (*LISTS, *NUMBERS, *BUTTONS)}
    controls = [row for row in desk.panel.rows() if row.role != "label"]
    assert {row.label for row in controls} - tried == ELSEWHERE
    told = {row.label for row in controls if row.about}
    assert {row.label for row in controls} - told <= {"Refresh status"}


def test_nothing_of_the_panel_is_cut_off_in_the_window_as_obs_opens_it(desk: Desk) -> None:
    desk.says("fps")
    edge = desk.panel.right_edge()
    assert [row.label for row in desk.panel.rows()[1:] if row.right > edge] == []


def test_a_preset_is_saved_chosen_loaded_and_deleted(desk: Desk) -> None:
    daemon, panel = desk.daemon, desk.panel
    daemon.command("set_speed", speed="sport")
    panel.write("Preset", "Fast talk")
    panel.press("Save preset")
    until(lambda: "Fast talk" in daemon.status()["presets"], daemon.status)
    daemon.command("set_speed", speed="calm")
    daemon.reaches(has("speed", "calm"))
    panel.write("Preset", "")
    desk.shows(lambda rows: any(r.label == "Preset" and "Fast talk" in r.items for r in rows))
    panel.choose("Preset", "Fast talk")
    panel.press("Load preset")
    daemon.reaches(has("speed", "sport"))
    panel.press("Delete preset")
    until(lambda: "Fast talk" not in daemon.status()["presets"], daemon.status)


def test_a_person_is_chosen_by_number(desk: Desk) -> None:
    desk.daemon.command("resume")
    desk.daemon.command("release")

    def people() -> list[str]:
        return [item for item in desk.panel.row("Subject").items if item[-1:].isdigit()]

    desk.shows(lambda rows: len(people()) > 1)
    for person in people()[:2]:
        number = int(person.rsplit(" ", 1)[1])
        desk.panel.choose("Subject", person)
        desk.daemon.reaches(lambda shot, n=number: locked(shot) and shot["subject"] == [n])
    desk.daemon.command("release")


def test_a_command_reaches_the_chosen_shot_only(desk: Desk) -> None:
    daemon, panel = desk.daemon, desk.panel
    daemon.command("configure", settings={"speed": "normal", "shot": "auto"})
    desk.shows(lambda rows: panel.row("Speed").value == "Normal")
    assert panel.row("For shot").items == ("Every shot", "main", "vertical")
    panel.choose("For shot", "vertical")
    panel.choose("Speed", "Calm")
    daemon.reaches(has("speed", "calm"), "vertical")
    desk.hit("livetrack.shot_face")
    daemon.reaches(has("shot", "face"), "vertical")
    main = daemon.shot("main")["settings"]
    assert (main["speed"], main["shot"]) == ("normal", "auto")
    panel.choose("For shot", "main")
    desk.shows(lambda rows: panel.row("Speed").value == "Normal")
    panel.choose("For shot", "Every shot")
    desk.hit("livetrack.speed_fast")
    for name in ("main", "vertical"):
        daemon.reaches(has("speed", "fast"), name)


def test_what_another_operator_changes_is_shown(desk: Desk) -> None:
    desk.daemon.command("configure", settings={"speed": "sport", "max_zoom": 4.2, "fill": "blur"})
    desk.daemon.command("pause")
    panel = desk.panel
    desk.shows(lambda rows: panel.row("Speed").value == "Sport (fastest)")
    assert panel.row("Maximum zoom", "spin button").value == pytest.approx(4.2)
    assert panel.row("Too wide").value == "Blurred bars"
    assert panel.row("Tracking").value is False
    desk.daemon.command("resume")
    desk.shows(lambda rows: panel.row("Tracking").value is True)


def test_another_address_or_token_is_taken_at_once(desk: Desk) -> None:
    panel, port = desk.panel, desk.daemon.port
    desk.says("fps")
    panel.number("Port", port + 1 if port < 65535 else port - 1)
    desk.says("not running")
    panel.number("Port", port)
    desk.says("fps")
    panel.write("Host", "localhost")
    desk.says("fps")
    panel.write("Token file", "/nowhere/token")
    panel.press("Re-center now")
    desk.says("/nowhere/token")
    panel.write("Token file", "")
    desk.daemon.be_before(shows_everything, ON_THE_WAY)
    until(lambda: panel.press("Wide view") or shows_everything(desk.daemon.shot()), panel.text)


def test_the_script_complained_of_nothing(desk: Desk) -> None:
    said = desk.studio.said()
    assert "Loaded python script: livetrack.py" in said
    assert "Traceback" not in said
    assert (Path(desk.daemon.home) / ".local/share/livetrack-vcam/token").read_text() not in said
