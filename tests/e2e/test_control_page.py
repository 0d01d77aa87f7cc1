"""The operator's page against a real daemon: what is pressed, typed or chosen is what happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.operating import TWO_SHOTS, Desk, Status, at_the_desk

pytestmark = pytest.mark.browser


def shot_of(status: Status, name: str = "main") -> dict[str, Any]:
    return next(shot for shot in status["shots"] if shot["name"] == name)


def is_locked(status: Status) -> bool:
    return bool(shot_of(status)["locked"])


def is_paused(status: Status) -> bool:
    return bool(shot_of(status)["state"] == "paused")


def shows_everything(status: Status) -> bool:
    return bool(shot_of(status)["zoom"] < 1.01)


def has_home(status: Status) -> bool:
    return shot_of(status)["home"] is not None


def is_home(status: Status) -> bool:
    """Near the top left corner, where the test's home is and nobody walks."""
    x, y, width, height = shot_of(status)["crop"]
    return bool(abs(x) < 3 and abs(y) < 3 and abs(width - 640) < 6 and abs(height - 360) < 4)


Case = tuple[str, tuple[str, str, bool], list[dict[str, Any]], str, Callable[[Status], bool]]
LOCK = {"command": "next"}
FREE = {"command": "release"}
WIDE = {"command": "wide"}
HOME = {"command": "set_home", "box": [0, 0, 640, 360]}
CASES: list[Case] = [
    ("tracking", (" ", "Space", False), [{"command": "resume"}], "paused", is_paused),
    ("next", ("n", "KeyN", False), [FREE], "locked", is_locked),
    ("previous", ("p", "KeyP", False), [FREE], "locked", is_locked),
    ("release", ("r", "KeyR", False), [LOCK], "released", lambda s: not is_locked(s)),
    ("release", ("Escape", "Escape", False), [LOCK], "released", lambda s: not is_locked(s)),
    ("wide", ("w", "KeyW", False), [FREE], "everything shown", shows_everything),
    ("recenter", ("c", "KeyC", False), [WIDE], "close again", lambda s: not shows_everything(s)),
    ("home", ("h", "KeyH", False), [FREE, HOME], "at home", is_home),
    ("standby", ("b", "KeyB", False), [], "standby", lambda s: bool(s["standby"])),
]
AGAIN = {"tracking": is_paused, "standby": lambda status: bool(status["standby"])}


async def check(desk: Desk, case: Case, press: Callable[[], Any]) -> None:
    name, _, before, what, holds = case
    for command in before:
        await desk.command(**command)
    if name not in ("tracking", "standby"):
        await desk.until(f"not yet {what}", lambda status: not holds(status))
    await press()
    await desk.until(f"{what} by {name}", holds)
    if name in AGAIN:
        # The page knows as much as its last event.
        pressed = "true" if name == "standby" else "false"
        await desk.page.until(f"document.getElementById('do-{name}').ariaPressed === '{pressed}'")
        await press()
        await desk.until(f"not {what} any more", lambda status: not AGAIN[name](status))


def test_every_button_does_what_it_says(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        for case in CASES:
            await check(desk, case, lambda name=case[0]: desk.click(f"#do-{name}"))  # type: ignore[misc]
        buttons = await desk.page.run("[...document.querySelectorAll('.command')].map(e => e.id)")
        tested = {f"do-{case[0]}" for case in CASES} | {"do-set_home", "do-draw_home"}
        assert set(buttons) == tested

    at_the_desk(tmp_path, body)


def test_every_key_does_what_the_list_says(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        for case in CASES:
            await check(desk, case, lambda key=case[1]: desk.page.press(*key))  # type: ignore[misc]

    at_the_desk(tmp_path, body)


@pytest.mark.parametrize("way", ["button", "key"])
def test_the_present_picture_becomes_home(tmp_path: Path, way: str) -> None:
    async def body(desk: Desk) -> None:
        if way == "button":
            await desk.click("#do-set_home")
        else:
            await desk.page.press("H", "KeyH", shift=True)
        await desk.until("a home", has_home)

    at_the_desk(tmp_path, body)


CHOICES = """[...document.querySelectorAll('.segments')].map(group => [group.dataset.field,
  [...group.querySelectorAll('input')].map(radio => radio.value)])"""


def test_every_choice_sets_every_shot(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        fields = dict(await desk.page.run(CHOICES))
        assert set(fields) == {"speed", "shot", "subject", "aspect", "fill", "when_lost"}
        for field, values in fields.items():
            for value in [*values[1:], values[0]]:
                await desk.click(f'.segments[data-field="{field}"] input[value="{value}"]')
                await desk.until(
                    f"{field} {value}",
                    lambda status, field=field, value=value: all(  # type: ignore[misc]
                        shot["settings"][field] == value for shot in status["shots"]
                    ),
                )

    at_the_desk(tmp_path, body, TWO_SHOTS)


SLIDE = """(([field, share]) => {
  const slider = document.querySelector(`.range[data-field="${field}"] input[type=range]`);
  const [low, high] = [Number(slider.min), Number(slider.max)];
  slider.value = String(low + (high - low) * share);
  slider.dispatchEvent(new Event('input', {bubbles: true}));
  return Number(slider.value);
})"""


def test_every_further_setting_is_there_and_works(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        page = desk.page
        await page.run("document.getElementById('advanced-group').open = true")
        known = set(shot_of(await desk.status())["settings"])
        shown = set(
            await page.run(
                "[...document.querySelectorAll('[data-field]')].map(e => e.dataset.field)"
            )
        )
        assert shown == known
        sliders = await page.run(
            "[...document.querySelectorAll('.range')].map(e => e.dataset.field)"
        )
        for field in sliders:
            value = await page.run(f"{SLIDE}({json.dumps([field, 0.37])})")
            await desk.until(
                f"{field} {value}",
                lambda status, field=field, value=value: (  # type: ignore[misc]
                    abs((shot_of(status)["settings"][field] or 0) - value) < 1e-9
                ),
            )
        for field in ("headroom", "dead_zone"):
            await desk.click(f'.range[data-field="{field}"] input[type=checkbox]')
            await desk.until(
                f"{field} automatic",
                lambda status, field=field: shot_of(status)["settings"][field] is None,  # type: ignore[misc]
            )
        for field in ("eyes_on_third", "cuts"):
            await desk.click(f'.switch[data-field="{field}"] input')
            await desk.until(
                f"{field} on",
                lambda status, field=field: shot_of(status)["settings"][field] is True,  # type: ignore[misc]
            )

    at_the_desk(tmp_path, body)


def test_keys_step_through_settings_both_ways(tmp_path: Path) -> None:
    def is_set(field: str, value: str) -> Callable[[Status], bool]:
        return lambda status: shot_of(status)["settings"][field] == value

    steps = [
        ("s", False, "shot", "face"), ("S", True, "shot", "auto"),
        ("a", False, "aspect", "9:16"), ("A", True, "aspect", "16:9"),
        ("u", False, "subject", "largest"), ("U", True, "subject", "auto"),
        ("f", False, "fill", "letterbox"), ("F", True, "fill", "crop"),
        ("l", False, "when_lost", "hold"), ("L", True, "when_lost", "widen"),
    ]  # fmt: skip

    async def body(desk: Desk) -> None:
        for key, shift, field, value in steps:
            await desk.page.press(key, f"Key{key.upper()}", shift)
            await desk.until(f"{field} {value} by {key}", is_set(field, value))
            chosen = f'.segments[data-field="{field}"] input[value="{value}"]'
            await desk.page.until(f"document.querySelector({chosen!r}).checked")
        for digit, speed in enumerate(("calm", "normal", "fast", "sport", "cinema"), 1):
            await desk.page.press(str(digit), f"Digit{digit}")
            await desk.until(speed, is_set("speed", speed))
        # A Korean keyboard writes another letter with the same key.
        await desk.page.press("ㄴ", "KeyS")
        await desk.until("shot face by a Korean key", is_set("shot", "face"))

    at_the_desk(tmp_path, body)


def test_keys_raise_and_lower_numbers_of_each_shot_from_where_it_is(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        await desk.command(command="set_max_zoom", max_zoom=4.0, target="vertical")
        slider = '.range[data-field="max_zoom"] .mixed'
        await desk.page.until(f"document.querySelector({slider!r}).textContent === 'differs'")
        for key, shift, field, main, vertical in (
            ("z", False, "max_zoom", 2.6, 4.2),
            ("Z", True, "max_zoom", 2.4, 4.0),
            ("e", False, "headroom", 0.12, 0.12),
            ("E", True, "headroom", 0.1, 0.1),
            ("x", False, "dead_zone", 0.11, 0.11),
            ("X", True, "dead_zone", 0.09, 0.09),
        ):
            await desk.page.press(key, f"Key{key.upper()}", shift)
            await desk.until(
                f"{field} by {key}",
                lambda status, field=field, values=(main, vertical): (  # type: ignore[misc]
                    tuple(shot["settings"][field] for shot in status["shots"]) == values
                ),
            )
            # The next key counts from what the page has heard.
            await asyncio.sleep(0.3)

    at_the_desk(tmp_path, body, TWO_SHOTS)


TYPE = """(([id, words]) => {
  const field = document.getElementById(id);
  field.value = words;
  field.form.requestSubmit();
})"""


def test_a_shape_and_a_label_can_be_typed(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        typed = (("aspect", "21:10", "21:10"), ("subject", "dog", "label:dog"))
        for field, words, value in typed:
            await desk.page.run(f"{TYPE}({json.dumps([f'free-{field}', words])})")
            await desk.until(
                value,
                lambda status, field=field, value=value: (
                    shot_of(status)["settings"][field] == value
                ),  # type: ignore[misc]
            )
            await desk.page.until(f"document.getElementById('free-{field}').value === {words!r}")

    at_the_desk(tmp_path, body)


def test_a_refusal_is_shown_in_the_programs_words(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        await desk.page.run(f"{TYPE}({json.dumps(['free-aspect', '9:1'])})")
        await desk.page.until("document.getElementById('toast').textContent.includes('4:1')")
        assert shot_of(await desk.status())["aspect"] == "16:9"
        # The browser itself notes every answer of 400.
        assert all("400" in line for line in desk.page.console)
        desk.page.console.clear()

    at_the_desk(tmp_path, body)


def test_commands_go_to_the_chosen_shot_alone(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        await desk.page.press("t", "KeyT")
        await desk.page.press("t", "KeyT")
        chosen = "document.querySelectorAll('.shot input')[1].checked"
        await desk.page.until(chosen)
        await desk.click('.segments[data-field="speed"] input[value="sport"]')
        await desk.click("#do-tracking")
        status = await desk.until(
            "vertical paused", lambda s: shot_of(s, "vertical")["state"] == "paused"
        )
        assert shot_of(status, "vertical")["speed"] == "sport"
        assert shot_of(status)["speed"] == "normal"
        assert not is_paused(status)
        # Shots that differ are paused together instead of swapping.
        await desk.click(".every input")
        await desk.click("#do-tracking")
        await desk.until("both paused", lambda s: all(x["state"] == "paused" for x in s["shots"]))
        mixed = ".field:has([data-field=speed]) .mixed"
        await desk.page.until(f"document.querySelector('{mixed}').textContent === 'differs'")

    at_the_desk(tmp_path, body, TWO_SHOTS)


def test_presets_are_saved_loaded_and_deleted(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        page = desk.page
        await page.press("k", "KeyK")
        await page.until("document.activeElement.id === 'preset-name'")
        await page.call("Input.insertText", text="밤 show 🎭")
        await page.press("Enter")
        await desk.until("saved", lambda status: status["presets"] == ["밤 show 🎭"])
        await page.until("document.querySelectorAll('.preset').length === 1")
        await desk.command(command="set_speed", speed="sport")
        await desk.click(".preset")
        await desk.until("loaded", lambda status: shot_of(status)["speed"] == "normal")
        await page.until("document.querySelector('.preset').ariaPressed === 'true'")
        await desk.command(command="set_speed", speed="calm")
        await page.run("document.activeElement.blur()")
        await page.press("!", "Digit1", shift=True)
        await desk.until("loaded by key", lambda status: shot_of(status)["speed"] == "normal")
        await desk.command(command="assign_scene", scene="Talk", preset="밤 show 🎭")
        await page.until("document.querySelector('#scenes select')?.value === '밤 show 🎭'")
        await page.run(
            "(e => { e.value = ''; e.dispatchEvent(new Event('change')) })"
            "(document.querySelector('#scenes select'))"
        )
        await desk.until("no scene", lambda status: status["scenes"] == {})
        await desk.click(".remove")
        assert (await desk.status())["presets"] == ["밤 show 🎭"]
        await desk.click(".remove[data-sure]")
        await desk.until("deleted", lambda status: status["presets"] == [])
        await page.until("document.querySelectorAll('.preset').length === 0")

    at_the_desk(tmp_path, body)
