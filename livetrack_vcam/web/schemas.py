"""The shapes of what the control API takes and gives, as JSON Schema 2020-12."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter

from livetrack_vcam.control import PROGRAM_COMMANDS, Status
from livetrack_vcam.core.command_json import ENTRIES, Entry
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.fields import LIVE_FIELDS, Schema, live_settings
from livetrack_vcam.devices import Devices

Json = dict[str, Any]
_TARGET = {"type": "string", "description": "The name of a shot; without it, every one."}
REFERENCE = "#/components/schemas/{model}"


def ref(name: str) -> Json:
    """A reference to one of `component_schemas`."""
    return {"$ref": REFERENCE.format(model=name)}


def component_schemas() -> Json:
    """Every named shape of the document."""
    live = {name: dict(field.schema) for name, field in LIVE_FIELDS.items()}
    commands = {f"command_{name}": schema for name, schema in command_schemas().items()}
    return {
        "Command": {
            "oneOf": [ref(name) for name in commands],
            "discriminator": {
                "propertyName": "command",
                "mapping": {name.removeprefix("command_"): ref(name)["$ref"] for name in commands},
            },
        },
        **commands,
        "LiveSettings": _object(live),
        "SettingsChange": _object(
            {"shots": _by_shot(ref("LiveSettings") | {"minProperties": 1}) | {"minProperties": 1}},
            required=("shots",),
        ),
        "Settings": {
            "type": "object",
            "required": ["shots", "fixed"],
            "properties": {
                "shots": _by_shot(ref("LiveSettings") | {"required": list(live)}),
                "fixed": {"type": "object", "description": "What only a restart changes."},
            },
        },
        **_status(live),
        **_of_type("Devices", Devices),
        "Done": _object(
            {
                "ok": {"const": True},
                "queued": {"const": True, "description": "It waits for the next picture."},
            },
            required=("ok",),
        ),
        "Session": _object({"operator": {"type": "boolean"}}, required=("operator",)),
        "SignIn": _object({"url": {"type": "string", "format": "uri-reference"}}, ("url",)),
        "Error": _object({"error": {"type": "string"}}, ("error",)),
    }


def command_schemas() -> dict[str, Json]:
    """The JSON of each command by its name."""
    director = {entry.name: _director(entry) for entry in ENTRIES}
    return director | {name: _program(name, kind) for name, kind in PROGRAM_COMMANDS.items()}


def command_examples() -> dict[str, Json]:
    """One good command of each kind, by its name."""
    return {
        name: {
            field: schema["const"] if field == "command" else example(field, schema)
            for field, schema in command["properties"].items()
            if field != "target"
        }
        for name, command in command_schemas().items()
    }


def settings_example() -> Json:
    """What PUT /api/settings takes."""
    return {
        "shots": {
            "main": {name: example(name, LIVE_FIELDS[name].schema) for name in ("speed", "aspect")}
        }
    }


def example(name: str, schema: Schema) -> Any:
    """A value the schema allows; of those it lists, one that is not the default anyway."""
    usual = live_settings(DirectorSettings()).get(name)
    match schema:
        case {"examples": [*values]} | {"enum": [*values]}:
            return next(value for value in values if value != usual)
        case _ if usual is not None:
            return usual
        case {"maximum": int() | float() as most}:
            return most / 5
        case {"minimum": least}:
            return least
        case {"properties": Mapping() as fields}:
            return {field: example(field, fields[field]) for field in ("speed", "aspect")}
        case {"type": "boolean"}:
            return True
    return name


def _director(entry: Entry) -> Json:
    fields = {} if entry.field is None or entry.schema is None else {entry.field: entry.schema}
    needed = () if entry.optional else tuple(fields)
    properties = {"command": {"const": entry.name}, **fields, "target": _TARGET}
    described = {"description": entry.meaning} if entry.meaning else {}
    return described | _object(properties, ("command", *needed))


def _program(name: str, kind: type[BaseModel]) -> Json:
    shape = kind.model_json_schema()
    properties = {"command": {"const": name}} | {
        field: schema for field, schema in shape["properties"].items() if field != "command"
    }
    needed = ("command", *shape.get("required", ()))
    if name == "load_preset":
        properties["target"] = _TARGET
    return {"description": shape["description"]} | _object(properties, needed)


def _status(live: Json) -> Json:
    """Status, whose shots hold every live setting."""
    shapes = _of_type("Status", Status)
    shapes["ShotStatus"]["properties"]["settings"] = ref("LiveSettings") | {"required": list(live)}
    return shapes


def _object(properties: Mapping[str, Schema], required: Sequence[str] = ()) -> Json:
    shape: Json = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return shape | ({"required": list(required)} if required else {})


def _by_shot(schema: Json) -> Json:
    return {"type": "object", "additionalProperties": schema}


def _of_type(name: str, kind: type) -> Json:
    """The shape of a dataclass as it is sent, and of those in it."""
    shape = TypeAdapter(kind).json_schema(mode="serialization", ref_template=REFERENCE)
    inner: Json = shape.pop("$defs", {})
    return {each: _plain(found) for each, found in {name: shape, **inner}.items()}


def _plain(shape: Json) -> Json:
    """Without pydantic's titles, which repeat the names; the docstring as it reads in JSON."""
    fields = {
        name: {key: value for key, value in field.items() if key != "title"}
        for name, field in shape["properties"].items()
    }
    text = re.sub(r"\bNone\b", "null", shape["description"])
    return {**shape, "description": re.sub(r"(?<!\n)\n(?!\n)", " ", text), "properties": fields}
