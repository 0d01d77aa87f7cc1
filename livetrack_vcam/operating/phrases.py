"""What is typed after `livetrack-vcam ctl`, as the JSON commands it stands for.

The words come from the tables of commands and settings: what those gain, can be typed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from livetrack_vcam.core.command_json import COMMAND_NAMES, ENTRIES, Entry, command_from_json
from livetrack_vcam.core.fields import LIVE_FIELDS, Schema
from livetrack_vcam.errors import SettingsError

SWITCHES = {"on": True, "off": False, "true": True, "false": False, "yes": True, "no": False}
NOTHING = ("auto", "none", "null")
"""What is typed for a number left to the program."""
BEYOND = 10**18
"""No track has a number of so many digits, and nothing else of ours comes near it."""
SHOWN = 20
"""Letters of what was typed wrongly that tell it from others."""

# Where another word says it better than the command's own name.
_SPELLED = {"configure": ("set",), "assign_scene": ("scene",)}


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand for one command, and the schema of each argument after them, by name."""

    words: tuple[str, ...]
    command: str
    arguments: Mapping[str, Schema]
    optional: bool = False
    setting: str | None = None
    about: str = ""

    @property
    def usage(self) -> str:
        """As help shows it: "lock TRACK_ID", "speed calm|normal|fast"."""
        if self.command == "configure" and self.setting is None:
            return "set SETTING=VALUE…"
        hints = [_hint(name, schema) for name, schema in self.arguments.items()]
        hint = " ".join(hints)
        return " ".join([*self.words, f"[{hint}]" if self.optional else hint]).strip()

    @property
    def meaning(self) -> str:
        """What the command says of itself, or else the schemas of its arguments."""
        told = [str(s["description"]) for s in self.arguments.values() if "description" in s]
        return self.about or "; ".join(told)


def phrases(programs: Mapping[str, Schema]) -> list[Phrase]:
    """Everything that can be typed. `programs`: the program's own commands with their schemas."""
    spoken = [_of_entry(entry) for entry in ENTRIES]
    alone = {entry.field for entry in ENTRIES}
    spoken += [
        Phrase((_dashed(name),), "configure", {name: field.schema}, setting=name)
        for name, field in LIVE_FIELDS.items()
        if name not in alone
    ]
    return spoken + [_of_program(name, schema) for name, schema in programs.items()]


def to_body(
    typed: Sequence[str], programs: Callable[[], Mapping[str, Schema]], none: bool = False
) -> dict[str, object]:
    """The JSON command for what was typed; `none` stands for an argument that may be null.

    `programs` is called only for what is no command of the director. Raises SettingsError with
    what to type.
    """
    phrase = _found(typed, phrases({})) or _found(typed, phrases(programs()))
    if phrase is None:
        raise SettingsError(_unknown(" ".join(typed), phrases(programs())))
    rest = list(typed[len(phrase.words) :])
    if phrase.command == "configure" and phrase.setting is None:
        body: dict[str, object] = {"command": "configure", "settings": _assignments(rest)}
    else:
        values = _values(phrase, rest, none)
        if phrase.setting is not None:
            values = {"settings": values}
        body = {"command": phrase.command, **values}
    if phrase.command in COMMAND_NAMES:
        try:
            command_from_json(body)
        except ValueError as error:
            raise SettingsError(str(error)) from None
    return body


def _found(typed: Sequence[str], known: list[Phrase]) -> Phrase | None:
    return next((each for each in known if tuple(typed[: len(each.words)]) == each.words), None)


def _of_entry(entry: Entry) -> Phrase:
    if entry.field is None or entry.schema is None:
        return Phrase((_dashed(entry.name),), entry.name, {}, about=entry.meaning)
    own = _SPELLED.get(entry.name, (_dashed(entry.name),))
    words = (_dashed(entry.field),) if entry.field in LIVE_FIELDS else own
    arguments = {entry.field: entry.schema}
    return Phrase(words, entry.name, arguments, entry.optional, about=entry.meaning)


def _of_program(name: str, schema: Schema) -> Phrase:
    """`save_preset` is typed "preset save"."""
    properties, needed = schema.get("properties", {}), schema.get("required", ())
    assert isinstance(properties, Mapping)
    assert isinstance(needed, Sequence)
    arguments = {each: properties[each] for each in needed}
    verb, _, noun = name.partition("_")
    words = _SPELLED.get(name, (noun, verb) if noun else (verb,))
    return Phrase(words, name, arguments, about=str(schema.get("description", "")))


def _values(phrase: Phrase, rest: list[str], none: bool) -> dict[str, object]:
    """The arguments' values, which take all that was typed."""
    if phrase.optional and not rest and not none:
        return {}
    values: dict[str, object] = {}
    left = list(rest)
    for name, schema in phrase.arguments.items():
        if none and not left and "null" in _kinds(schema):
            values[name], none = None, False
        elif "array" in _kinds(schema):
            values[name], left = [_number(phrase, text) for text in left], []
        elif left:
            values[name] = _value(phrase.usage, schema, left.pop(0))
        else:
            raise SettingsError(f"something is missing: `ctl {phrase.usage}`")
    if left or none:
        said = f"{left[0]!r} is" if left else "--none is"
        raise SettingsError(f"{said} too much here: `ctl {phrase.usage}`")
    return values


def _assignments(rest: list[str]) -> dict[str, object]:
    """["speed=sport", "max-zoom=2"] as settings."""
    values: dict[str, object] = {}
    for text in rest or [""]:
        name, equals, value = text.partition("=")
        field = LIVE_FIELDS.get(name.replace("-", "_"))
        if field is None or not equals:
            names = ", ".join(map(_dashed, LIVE_FIELDS))
            raise SettingsError(f"`ctl set` takes SETTING=VALUE, not {text!r}; settings: {names}")
        if field.name in values:
            raise SettingsError(f"`ctl set` takes each setting once; {name} is there twice")
        values[field.name] = _value(f"set {name}=…", field.schema, value)
    return values


def _value(usage: str, schema: Schema, text: str) -> object:
    """`text` as the type the schema asks for; what is allowed is found out by who reads it."""
    kinds = _kinds(schema)
    if "string" in kinds:
        return text
    if "null" in kinds and text in NOTHING:
        return None
    if "boolean" in kinds:
        if text not in SWITCHES:
            raise SettingsError(f"`ctl {usage}` takes on or off, not {text!r}")
        return SWITCHES[text]
    return _read_number(usage, text, whole="integer" in kinds)


def _read_number(usage: str, text: str, whole: bool) -> float:
    """Of a whole number only the size is asked first: Python reads none of 4300 digits."""
    shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    try:
        number = float(text)
        if whole and abs(number) <= BEYOND:
            number = int(text)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise SettingsError(f"`ctl {usage}` takes a number, not {shown!r}")
    if abs(number) >= BEYOND:
        raise SettingsError(f"`ctl {usage}` takes no number as large as {shown}")
    return number


def _number(phrase: Phrase, text: str) -> object:
    return _value(phrase.usage, {"type": "number"}, text)


def _kinds(schema: Schema) -> set[str]:
    """The JSON types a schema allows."""
    alternatives = schema.get("anyOf")
    if isinstance(alternatives, Sequence):
        return {kind for each in alternatives for kind in _kinds(each)}
    kind = schema.get("type", "string")
    return {kind} if isinstance(kind, str) else set(kind) if isinstance(kind, Sequence) else set()


def _hint(name: str, schema: Schema) -> str:
    choices, examples = schema.get("enum"), schema.get("examples")
    kinds = _kinds(schema)
    if isinstance(choices, Sequence):
        return "|".join(map(str, choices))
    if "array" in kinds:
        return "X Y WIDTH HEIGHT"
    if isinstance(examples, Sequence) and examples:
        return str(examples[0])
    hint = "on|off" if "boolean" in kinds else name.upper()
    if "number" in kinds and "maximum" in schema:
        hint = f"{schema.get('minimum', 0):g}…{schema['maximum']:g}"
    if "null" not in kinds:
        return hint
    return f"{hint}|--none" if "string" in kinds else f"{hint}|auto"


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _unknown(typed: str, known: list[Phrase]) -> str:
    words = [" ".join(phrase.words) for phrase in known]
    alike = get_close_matches(typed, words, n=1)
    meant = f"did you mean {alike[0]!r}? " if alike else ""
    return f"ctl knows no {typed!r}; {meant}`livetrack-vcam ctl --help` lists what it knows"
