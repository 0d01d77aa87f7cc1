"""The page about the control API, from the same document that the program serves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.fields import LIVE_FIELDS, live_settings
from livetrack_vcam.web.openapi import document
from livetrack_vcam.web.operation import REFUSALS
from livetrack_vcam.web.schemas import command_examples, command_schemas, settings_example

Json = Mapping[str, Any]

INTRODUCTION = """# Control API

The running program listens on `http://127.0.0.1:8787` (`--host`, `--port`; `--no-web` for none).
`livetrack-vcam ctl`, the operator's page and the panel in OBS use this API and nothing else, so
whatever they do, a script of yours can do. [openapi.json](openapi.json) describes it for machines;
the program serves it at `/api/openapi.json`. This page is generated from it.

Looking needs nothing. Changing something needs the bearer token, which lies in a file that only
its owner can read: `~/.local/share/livetrack-vcam/token` on Linux (or under `$XDG_DATA_HOME`),
`~/Library/Application Support/livetrack-vcam/token` on macOS,
`%LOCALAPPDATA%\\livetrack-vcam\\token` on Windows.

## With curl

```sh
API=http://127.0.0.1:8787
TOKEN=$(cat ~/.local/share/livetrack-vcam/token)

# Who is seen, how each shot is framed, how late the picture is
curl -s $API/api/status

# The same again whenever something changed, at most 5 times a second
curl -sN "$API/api/events?hz=5"

# A command; "target" names one shot, without it every shot obeys
curl -s $API/api/command -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" -d '{command}'

# The live settings of every shot, and what only a restart changes
curl -s $API/api/settings

# Change some of them, all at once or none
curl -s -X PUT $API/api/settings -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" -d '{settings}'
```

A command is answered once it has been carried out, between two pictures; the next one obeys it:
`{{"ok": true}}`, or 400 with a sentence that says why not. When the thread that draws is busy for
more than a second, the answer is `{{"ok": true, "queued": true}}`, and the command waits.
"""

SECURITY = """## Who may ask

- The server answers to addresses and to this machine's own names only, and refuses pages of other
  web sites, so that no page you visit can look through your camera or direct it.
- A browser signs in with a link that is good once and for a minute: `livetrack-vcam ctl open` asks
  for one with the token (`POST /api/sign-in`) and opens it. The page gets a cookie made from the
  token, good for 30 days; scripts cannot read it, and it counts only with an `Origin` of the
  server. Deleting the token's file ends every sign-in at the next start.
- Browsers send a cookie to every port of a host. If you let other people run web servers on this
  very machine, do not visit them at `127.0.0.1` with the browser you operate with.
- With `--host 0.0.0.0` everybody in the network can look; directing still needs the token, which
  then travels unencrypted.
"""


def api_json() -> str:
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def api_page() -> str:
    examples = command_examples()
    told = {
        "command": json.dumps(examples["set_aspect"] | {"aspect": "9:16"}),
        "settings": json.dumps(settings_example()),
    }
    parts = [
        INTRODUCTION.format(**told),
        "## Routes\n",
        *_routes(),
        "## Commands\n",
        "Everything `POST /api/command` takes. `target` names the one shot that is meant; without",
        f"it every shot obeys. {_without_target()} take none.\n",
        *_commands(),
        "## Live settings\n",
        *_settings(),
        "## Status\n",
        "Boxes are [x, y, width, height] in pixels of the source, times and shares are numbers as",
        "their names say; what is not known yet is null.\n",
        *_status(),
        "## Refusals\n",
        'Each is `{"error": "one sentence"}`; a wrong address gets a browser a page.\n',
        *_table("status", "meaning", REFUSALS.items()),
        SECURITY,
    ]
    return "\n".join(parts)


def _routes() -> list[str]:
    rows = [
        (f"`{method.upper()} {path}`", operation["summary"], _who(operation))
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    ]
    return _table("route", "what for", "who", rows)


def _who(operation: Json) -> str:
    ways = [" or ".join(way) for way in operation.get("security", ({},))]
    return "anybody" if "" in ways else " or ".join(ways)


def _commands() -> list[str]:
    examples = command_examples()
    rows = [
        (f"`{json.dumps(examples[name], ensure_ascii=False)}`", _fields(schema), _about(schema))
        for name, schema in command_schemas().items()
    ]
    return _table("example", "values", "meaning", rows)


def _without_target() -> str:
    names = [
        f"`{name}`"
        for name, schema in command_schemas().items()
        if "target" not in schema["properties"]
    ]
    return ", ".join(names[:-1]) + f" and {names[-1]}"


def _fields(schema: Json) -> str:
    fields = {n: s for n, s in schema["properties"].items() if n not in ("command", "target")}
    return "; ".join(
        _values(field) if "properties" not in field else "any live settings"
        for field in fields.values()
    )


def _about(schema: Json) -> str:
    return str(schema.get("description", ""))


def _settings() -> list[str]:
    usual = live_settings(DirectorSettings())
    rows = [
        (f"`{name}`", _values(field.schema), f"`{json.dumps(usual[name])}`")
        for name, field in LIVE_FIELDS.items()
    ]
    return _table("setting", "values", "default", rows)


def _status() -> list[str]:
    schemas: Json = document()["components"]["schemas"]
    lines: list[str] = []
    names = ["Status"]
    for name in names:
        schema = schemas[name]
        names += [each for each in _references(schema) if each not in (*names, "LiveSettings")]
        rows = [(f"`{field}`", _values(shape)) for field, shape in schema["properties"].items()]
        lines += [f"### {name}\n", schema["description"] + "\n", *_table("field", "value", rows)]
    return lines


def _references(schema: Json) -> list[str]:
    """The dataclasses a schema refers to, in order."""
    text = json.dumps(schema)
    return list(dict.fromkeys(part.partition('"')[0] for part in text.split("/schemas/")[1:]))


def _values(schema: Json) -> str:
    """What a schema allows, for people."""
    match schema:
        case {"$ref": str() as reference}:
            return reference.rpartition("/")[2]
        case {"anyOf": list() as choices}:
            return " or ".join(map(_values, choices))
        case {"enum": list() as choices}:
            return ", ".join(f"`{choice}`" for choice in choices)
        case {"pattern": _, "description": str() as text}:
            return text
        case {"type": "array", "items": Mapping() as item}:
            return f"list of {_values(item)}"
        case {"type": "array"}:
            return "[x, y, width, height]"
        case {"type": "object", "additionalProperties": Mapping() as item}:
            return f"{_values(item)} by name"
    kinds: list[str] = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    words = {"string": "text", "boolean": "true or false", "integer": "whole number"}
    told = " or ".join(words.get(kind, kind) for kind in kinds)
    if "maximum" not in schema:
        return told
    return told.replace("number", f"{schema['minimum']:g} to {schema['maximum']:g}")


def _table(*columns: Any) -> list[str]:
    """A Markdown table: the titles, then the rows."""
    *titles, rows = columns
    lines = ["| " + " | ".join(titles) + " |", "| --- " * len(titles) + "|"]
    lines += [
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows
    ]
    return [*lines, ""]
