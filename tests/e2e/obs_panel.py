"""A script's panel in OBS, pressed and read by the names that its user sees."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.obs_studio import PYTHON_WITH_GI

DRIVER = Path(__file__).with_name("atspi_driver.py")
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Row:
    """One widget; `value` is a text, a number or on/off, `about` its tooltip if Qt tells it.

    `right`: its right edge in pixels of the screen, whether it can be seen or not.
    """

    label: str
    role: str
    value: str | float | bool
    enabled: bool
    items: tuple[str, ...]
    about: str
    right: int


class Panel:
    """Raises AssertionError, naming the widget, for what cannot be found or used."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def _do(self, doing: str, **what: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": doing} | what) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the accessibility driver ended"
        answer = json.loads(line)
        assert "ok" in answer, f"{doing} {what}: {answer['error']}"
        return answer["ok"]

    def open(self) -> None:
        self._do("open", path=["Tools", "Scripts"], name="Scripts")

    def close(self) -> None:
        """Close the window, and look no more.

        Qt 5 crashes, seldom, when widgets go while an accessibility client listens.
        """
        self.press_in_dialog("Close")
        self._process.terminate()
        self._process.wait()

    def menu(self, *path: str) -> None:
        self._do("menu", path=path)

    def press(self, name: str) -> None:
        self._do("press", name=name)

    def press_in_dialog(self, name: str, dialog: str = "Scripts") -> None:
        self._do("press", name=name, dialog_name=dialog)

    def check(self, name: str, on: bool) -> None:
        self._do("check", name=name, on=on)

    def choose(self, name: str, item: str) -> None:
        self._do("choose", name=name, item=item)

    def number(self, name: str, value: float, role: str = "spin button") -> None:
        self._do("number", name=name, value=value, role=role)

    def write(self, name: str, text: str) -> None:
        self._do("write", name=name, text=text)

    def rows(self) -> list[Row]:
        return [Row(**row | {"items": tuple(row["items"])}) for row in self._do("read")]

    def row(self, label: str, *roles: str) -> Row:
        """The last widget with that label, and of those roles if any are named."""
        fits = [r for r in self.rows() if r.label == label and (not roles or r.role in roles)]
        assert fits, f"nothing is called {label!r}"
        return fits[-1]

    def right_edge(self) -> int:
        """Of what can be seen of the panel, in pixels of the screen."""
        edge: int = self._do("right edge")
        return edge

    def text(self) -> str:
        """The panel's texts from top to bottom."""
        return "\n".join(row.label for row in self.rows() if row.role == "label")

    def wait_for(self, goal: Callable[[list[Row]], object]) -> list[Row]:
        """The panel once `goal` holds."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            rows = self.rows()
            if goal(rows):
                return rows
            assert time.monotonic() < deadline, [(row.label, row.value) for row in rows]
            time.sleep(0.1)


@contextmanager
def panel_of(env: Mapping[str, str]) -> Iterator[Panel]:
    """The hand on the panel of the OBS that runs with `env`; see obs_studio.Studio."""
    with subprocess.Popen(
        [PYTHON_WITH_GI, str(DRIVER)],
        env=dict(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Panel(process)
        finally:
            process.terminate()
