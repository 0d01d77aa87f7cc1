"""Presses OBS's buttons by name: the hand of obs_panel, under Debian's own Python, which has gi.

One JSON object a line comes in, {"do": NAME, …}; one goes out, {"ok": answer} or {"error": why}.
Widgets are looked up anew each time, since a script's panel is rebuilt whenever it refreshes.
"""

import json
import subprocess
import sys
import time
import warnings

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

warnings.simplefilter("ignore", DeprecationWarning)

PATIENCE_S = 20.0
ANSWER_MS = 30_000
"""For OBS's window thread on a busy machine, or behind a script that blocks it."""
FIELDS = ("combo box", "slider", "spin button", "text")
ICON = "\N{OBJECT REPLACEMENT CHARACTER}"
"""The little question mark that OBS puts behind a label with a tooltip."""
NAMED = ("push button", "check box")


def walk(node):
    """The node and all below it, in the order in which they were made; nothing for None."""
    if node is None:
        return
    yield node
    for index in range(node.get_child_count()):
        child = node.get_child_at_index(index)
        yield from walk(child)


def until(look, what, seconds=PATIENCE_S):
    """The first true answer of `look`; widgets that vanish while it looks are no answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            found = look()
        except GLib.Error:
            found = None
        if found:
            return found
        time.sleep(0.05)
    raise LookupError(what)


def application():
    """OBS, whose widgets are asked for anew each time instead of remembered."""
    Atspi.set_timeout(ANSWER_MS, ANSWER_MS)
    desktop = Atspi.get_desktop(0)
    app = until(lambda: desktop.get_child_count() and desktop.get_child_at_index(0), "OBS")
    app.set_cache_mask(Atspi.Cache.NONE)
    return app


def windows(app):
    return [app.get_child_at_index(index) for index in range(app.get_child_count())]


def dialog(app, name="Scripts"):
    return next((each for each in windows(app) if each.get_name() == name), None)


def act(node):
    """What a click does, or the focus for a text field: the first of a widget's actions."""
    Atspi.Action.do_action(node, 0)


def place(node):
    """On the screen, in pixels."""
    return Atspi.Component.get_extents(node, Atspi.CoordType.SCREEN)


def keys(*names):
    subprocess.run(["xdotool", "key", "--clearmodifiers", *names], check=True)


def activate(title):
    subprocess.run(["xdotool", "search", "--name", f"^{title}$", "windowactivate"], check=True)


def rows(app):
    """The panel from top to bottom as (label, role, widget); a text has itself for a label."""
    nodes = walk(dialog(app))
    next((node for node in nodes if node.get_name() == "Description"), None)
    label, found, used = None, [], False
    for node in nodes:
        role, name = node.get_role_name(), node.get_name().replace(ICON, "").strip()
        if role == "label" and name:
            label, used = name, False
            found.append((name, "label", node))
        elif role in NAMED and name not in ("", "Close"):
            found.append((name, role, node))
        elif role in FIELDS and label is not None:
            if not used:
                found.pop()
            used = True
            found.append((label, role, node))
        elif role == "page tab list":
            break
    return found


def use(app, name, roles, what):
    """Do `what` to the panel's last widget of that name; again if it was just being rebuilt."""

    def attempt():
        fits = [node for label, role, node in rows(app) if label == name and role in roles]
        return bool(fits) and what(fits[-1]) is not False

    until(attempt, f"no {' or '.join(roles)} is called {name!r} and can be used")


def items(combo):
    return [node for node in walk(combo) if node.get_role_name() == "list item"]


def menu(app, path):
    """Choose an entry of the menu bar, such as ["Tools", "Scripts"]."""

    def named(name):
        nodes = (node for window in windows(app) for node in walk(window))
        fits = (node for node in nodes if node.get_role_name() == "menu item")
        return next((node for node in fits if node.get_name() == name), None)

    for name in path:
        act(until(lambda name=name: named(name), f"no menu has {name!r}"))


def opened(app, path, name):
    if dialog(app, name) is None:
        menu(app, path)
        until(lambda: dialog(app, name), f"no dialog {name!r} opened")


def press(app, name, dialog_name=None):
    """Press a button of the panel, or of the dialog around it."""
    if dialog_name is None:
        use(app, name, ("push button",), act)
        return

    def attempt():
        nodes = (n for n in walk(dialog(app, dialog_name)) if n.get_role_name() == "push button")
        fits = [node for node in nodes if node.get_name() == name]
        return bool(fits) and act(fits[0]) is None

    until(attempt, f"no button {name!r} in {dialog_name!r}")


def check(app, name, on):
    def switch(box):
        if box.get_state_set().contains(Atspi.StateType.CHECKED) != on:
            act(box)

    use(app, name, ("check box",), switch)


def choose(app, name, item):
    """Open the list called `name` and choose an item with the keyboard, as a user may."""

    def pick(combo):
        names = [node.get_name() for node in items(combo)]
        if item not in names:
            raise LookupError(f"{name!r} has no {item!r}, only {names}")
        act(combo)
        until(
            lambda: place(combo.get_child_at_index(0)).height,
            f"the list of {name!r} does not open",
            2,
        )
        keys("Home", *(["Down"] * names.index(item)), "Return")

    use(app, name, ("combo box",), pick)


def number(app, name, value, role="spin button"):
    use(app, name, (role,), lambda node: Atspi.Value.set_current_value(node, value))


def write(app, name, text):
    """Type into the text field called `name`, or into an editable list."""

    def focus(field):
        # OBS's main window, when it comes late, takes the keyboard from the dialog.
        activate("Scripts")
        act(field)
        try:
            return until(
                lambda: field.get_state_set().contains(Atspi.StateType.FOCUSED), "no focus", 2
            )
        except LookupError:  # a panel that is rebuilt meanwhile has another field there now
            return False

    use(app, name, ("text",), focus)
    keys("ctrl+a", "Delete")
    if text:
        subprocess.run(["xdotool", "type", "--clearmodifiers", "--", text], check=True)

    def typed(field):
        return Atspi.Text.get_text(field, 0, -1) == text

    use(app, name, ("text",), typed)


def value_of(role, node):
    if role == "check box":
        return node.get_state_set().contains(Atspi.StateType.CHECKED)
    if role in ("slider", "spin button"):
        return Atspi.Value.get_current_value(node)
    if role == "text":
        return Atspi.Text.get_text(node, 0, -1)
    return node.get_name()


def read(app):
    """Everything in the panel: label, role, value, whether it can be used, and a list's items."""

    def look():
        return [
            {
                "label": label,
                "role": role,
                "value": value_of(role, node),
                "enabled": node.get_state_set().contains(Atspi.StateType.ENABLED),
                "items": [each.get_name() for each in items(node)] if role == "combo box" else [],
                "about": node.get_description(),
                "right": place(node).x + place(node).width,
            }
            for label, role, node in rows(app)
        ]

    return until(look, "the panel is empty")


def right_edge(app):
    """Of the part of the panel that can be seen, in pixels of the screen."""
    bars = [node for node in walk(dialog(app)) if node.get_role_name() == "scroll bar"]
    return place(bars[-1]).x


DOINGS = {
    "open": opened,
    "menu": menu,
    "press": press,
    "check": check,
    "choose": choose,
    "number": number,
    "write": write,
    "read": read,
    "right edge": right_edge,
}


def main():
    app = application()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"ok": DOINGS[request.pop("do")](app, **request)}
        except (LookupError, ValueError, GLib.Error, subprocess.CalledProcessError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
