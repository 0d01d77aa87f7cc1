"""What OBS gives a Python script: enough of its `obspython` to load one and press its buttons.

Like OBS it takes plain functions only as callbacks, keeps values apart from defaults, writes the
first choice of a list over a value the list lacks, and knows what a script has yet to release.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import util
from pathlib import Path
from typing import Any

from tests.waiting import until

SCRIPT = Path(__file__).resolve().parents[1] / "obs_scripts" / "livetrack.py"


@dataclass(eq=False)
class Data:
    """obs_data_t: values over defaults; one of another type reads as nothing."""

    values: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str, kind: type) -> Any:
        value = self.values.get(name, self.defaults.get(name))
        number = kind in (int, float) and isinstance(value, (int, float))
        return kind(value) if number or isinstance(value, kind) else kind()


@dataclass(eq=False)
class Array:
    """obs_data_array_t: the keys of a hotkey."""

    keys: tuple[str, ...] = ()


@dataclass(eq=False)
class Property:
    name: str
    label: str
    kind: str
    tip: str = ""
    items: list[tuple[str, str]] = field(default_factory=list)
    span: tuple[float, ...] = ()
    callback: Callable[..., Any] | None = None
    group: Properties | None = None


@dataclass(eq=False)
class Properties:
    """obs_properties_t; whatever is looked for may be in a group."""

    own: list[Property] = field(default_factory=list)

    def every(self) -> Iterator[Property]:
        for each in self.own:
            yield each
            if each.group is not None:
                yield from each.group.every()

    def named(self, name: str) -> Property | None:
        return next((each for each in self.every() if each.name == name), None)


@dataclass(eq=False)
class Hotkey:
    name: str
    description: str
    callback: Callable[[bool], None]
    keys: tuple[str, ...] = ()


class Obs:
    """The module's functions, and what they were called with."""

    OBS_COMBO_TYPE_EDITABLE, OBS_COMBO_TYPE_LIST = "editable", "list"
    OBS_COMBO_FORMAT_STRING = "string"
    OBS_TEXT_DEFAULT, OBS_TEXT_INFO = "text", "info"
    OBS_GROUP_NORMAL = "group"
    LOG_WARNING, LOG_INFO = 200, 300

    def __init__(self) -> None:
        self.log: list[tuple[int, str]] = []
        self.timers: dict[Callable[[], None], int] = {}
        self.hotkeys: dict[int, Hotkey] = {}
        self.arrays: set[Array] = set()
        self._last_key = 0

    def as_module(self) -> types.ModuleType:
        module = types.ModuleType("obspython")
        for name in dir(self):
            if name.startswith(("obs_", "OBS_", "LOG_", "timer_", "script_")):
                setattr(module, name, getattr(self, name))
        return module

    def script_log(self, level: int, text: str) -> None:
        self.log.append((level, text))

    def timer_add(self, callback: Callable[[], None], interval_ms: int) -> None:
        self.timers[_function(callback)] = interval_ms

    def timer_remove(self, callback: Callable[[], None]) -> None:
        self.timers.pop(_function(callback), None)

    # Values.
    def obs_data_get_string(self, data: Data, name: str) -> str:
        return str(data.get(name, str))

    def obs_data_get_bool(self, data: Data, name: str) -> bool:
        return bool(data.get(name, bool))

    def obs_data_get_int(self, data: Data, name: str) -> int:
        return int(data.get(name, int))

    def obs_data_get_double(self, data: Data, name: str) -> float:
        return float(data.get(name, float))

    def obs_data_set_string(self, data: Data, name: str, value: str) -> None:
        assert isinstance(value, str)
        data.values[name] = value

    def obs_data_set_bool(self, data: Data, name: str, value: bool) -> None:
        assert isinstance(value, bool)
        data.values[name] = value

    def obs_data_set_int(self, data: Data, name: str, value: int) -> None:
        assert isinstance(value, int)
        data.values[name] = value

    def obs_data_set_double(self, data: Data, name: str, value: float) -> None:
        data.values[name] = float(value)

    def obs_data_set_default_string(self, data: Data, name: str, value: str) -> None:
        data.defaults[name] = value

    obs_data_set_default_bool = obs_data_set_default_string
    obs_data_set_default_int = obs_data_set_default_string
    obs_data_set_default_double = obs_data_set_default_string

    def obs_data_get_array(self, data: Data, name: str) -> Array | None:
        return self._own(data.values[name]) if name in data.values else None

    def obs_data_set_array(self, data: Data, name: str, array: Array) -> None:
        data.values[name] = array.keys

    def obs_data_array_release(self, array: Array | None) -> None:
        if array is not None:
            self.arrays.remove(array)

    def _own(self, keys: tuple[str, ...]) -> Array:
        array = Array(keys)
        self.arrays.add(array)
        return array

    # Hotkeys.
    def obs_hotkey_register_frontend(
        self, name: str, description: str, callback: Callable[[bool], None]
    ) -> int:
        self._last_key += 1
        self.hotkeys[self._last_key] = Hotkey(name, description, _function(callback))
        return self._last_key

    def obs_hotkey_unregister(self, callback: Callable[[bool], None]) -> None:
        found = [key for key, each in self.hotkeys.items() if each.callback is callback]
        for key in found:
            del self.hotkeys[key]

    def obs_hotkey_load(self, key: int, array: Array | None) -> None:
        self.hotkeys[key].keys = array.keys if array else ()

    def obs_hotkey_save(self, key: int) -> Array:
        return self._own(self.hotkeys[key].keys)

    # The panel.
    def obs_properties_create(self) -> Properties:
        return Properties()

    def obs_properties_get(self, props: Properties, name: str) -> Property | None:
        return props.named(name)

    def obs_properties_add_bool(self, props: Properties, name: str, label: str) -> Property:
        return _add(props, Property(name, label, "switch"))

    def obs_properties_add_text(
        self, props: Properties, name: str, label: str, kind: str
    ) -> Property:
        return _add(props, Property(name, label, kind))

    def obs_properties_add_list(
        self, props: Properties, name: str, label: str, kind: str, _form: str
    ) -> Property:
        return _add(props, Property(name, label, kind))

    def obs_properties_add_int(
        self, props: Properties, name: str, label: str, low: int, high: int, step: int
    ) -> Property:
        return _add(props, Property(name, label, "integer", span=(low, high, step)))

    def obs_properties_add_float(
        self, props: Properties, name: str, label: str, low: float, high: float, step: float
    ) -> Property:
        return _add(props, Property(name, label, "number", span=(low, high, step)))

    obs_properties_add_float_slider = obs_properties_add_float

    def obs_properties_add_group(
        self, props: Properties, name: str, label: str, kind: str, group: Properties
    ) -> Property:
        return _add(props, Property(name, label, kind, group=group))

    def obs_properties_add_button(
        self, props: Properties, name: str, label: str, callback: Callable[..., Any]
    ) -> Property:
        return _add(props, Property(name, label, "button", callback=_function(callback)))

    def obs_property_set_modified_callback(
        self, prop: Property, callback: Callable[..., Any]
    ) -> None:
        prop.callback = _function(callback)

    def obs_property_set_description(self, prop: Property, label: str) -> None:
        prop.label = label

    def obs_property_set_long_description(self, prop: Property, tip: str) -> None:
        prop.tip = tip

    def obs_property_list_clear(self, prop: Property) -> None:
        prop.items.clear()

    def obs_property_list_add_string(self, prop: Property, label: str, value: str) -> None:
        prop.items.append((label, value))


def _function(callback: Any) -> Any:
    assert isinstance(callback, types.FunctionType), "OBS ignores anything else without a word"
    return callback


def _add(props: Properties, prop: Property) -> Property:
    props.own.append(prop)
    return prop


class Studio:
    """OBS with the script: what its user does, in the order in which OBS calls the script.

    `patient` gives a server of the test's own time to answer on a machine that is busy.
    """

    def __init__(self, values: dict[str, Any] | None = None, patient: bool = True) -> None:
        self.obs = Obs()
        self.settings = Data(dict(values or {}))
        self.props = Properties()
        self._patient = patient
        self.script: Any = None

    def load(self) -> None:
        spec = util.spec_from_file_location("livetrack_obs_script", SCRIPT)
        assert spec is not None
        assert spec.loader is not None
        self.script = util.module_from_spec(spec)
        sys.modules["obspython"] = self.obs.as_module()
        try:
            spec.loader.exec_module(self.script)
        finally:
            del sys.modules["obspython"]
        if self._patient:
            self.script.CONNECT_S = self.script.READ_S = 60.0
        self.script.script_defaults(self.settings)
        self.script.script_load(self.settings)
        self.script.script_update(self.settings)

    def open_panel(self) -> None:
        self.props = self.script.script_properties()
        self._redraw()

    def unload(self) -> None:
        self.script.script_unload()

    def press(self, label: str) -> None:
        """Press the button with this label."""
        button = next(each for each in self.props.every() if each.label == label)
        assert button.kind == "button"
        assert button.callback is not None
        if button.callback(self.props, button) is True:
            self._redraw()

    def set(self, name: str, value: Any) -> None:
        """Change a value in the panel."""
        self.settings.values[name] = value
        self.script.script_update(self.settings)
        prop = self.props.named(name)
        callback = prop.callback if prop is not None else None
        if callback is not None and callback(self.props, prop, self.settings) is True:
            self._redraw()

    def hotkey(self, name: str) -> None:
        """Press and let go."""
        key = next(each for each in self.obs.hotkeys.values() if each.name == name)
        key.callback(True)
        key.callback(False)

    def refreshed(self) -> str:
        """The panel's text after a press on the button for it."""
        self.press("Refresh status")
        return self.status

    def says(self, text: str) -> str:
        """The panel's text once it contains this."""
        until(lambda: text in self.refreshed(), lambda: self.status)
        return self.status

    def tick(self) -> None:
        for callback in list(self.obs.timers):
            callback()

    def get(self, name: str) -> Any:
        return self.settings.values.get(name, self.settings.defaults.get(name))

    @property
    def status(self) -> str:
        prop = self.props.named("status")
        assert prop is not None
        return prop.label

    def _redraw(self) -> None:
        """OBS calls every modified callback, and gives a list its first choice if it must."""
        for prop in self.props.every():
            if prop.kind == "list" and prop.items:
                choices = [value for _, value in prop.items]
                if self.get(prop.name) not in choices:
                    self.settings.values[prop.name] = choices[0]
                    self.script.script_update(self.settings)
        for prop in self.props.every():
            if prop.callback is not None and prop.kind != "button":
                prop.callback(self.props, prop, Data())


@contextmanager
def running_studio(patient: bool = True, **values: Any) -> Iterator[Studio]:
    """OBS with the script loaded and its panel open, until the end."""
    studio = Studio(values, patient)
    studio.load()
    try:
        studio.open_panel()
        yield studio
    finally:
        studio.unload()
