"""Facts as JSON and back: what a bug report carries, and how machines are recorded for tests."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from livetrack_vcam.doctor.facts import Facts
from livetrack_vcam.errors import SettingsError
from livetrack_vcam.user_folders import home_folder

HOME = "~"


@cache
def _adapter() -> TypeAdapter[Facts]:
    return TypeAdapter(Facts)


def facts_to_json(facts: Facts, home: Path | None = None) -> dict[str, Any]:
    """Plain JSON data of every field, the folder `home` (None: this user's) written as "~"."""
    data = _adapter().dump_python(facts, mode="json")
    hidden: dict[str, Any] = _without_home(data, str(home or home_folder() or ""))
    return hidden


def facts_from_json(data: object) -> tuple[Facts, tuple[str, ...]]:
    """The facts, and the dotted names of the fields that today's facts do not have.

    Those are ignored and missing ones have their defaults, so that recordings of other versions
    load. Raises SettingsError where a value is no such thing as its field holds.
    """
    try:
        facts = _adapter().validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise SettingsError(
            f"these are no facts of a machine: {place}: {first['msg']}; "
            "make them with: livetrack-vcam doctor --facts"
        ) from error
    known = _adapter().dump_python(facts, mode="json")
    return facts, tuple(_unknown(data, known))


def _unknown(data: object, known: object, place: str = "") -> list[str]:
    """Names that stand in `data` and were not taken over into `known`."""
    if isinstance(data, dict) and isinstance(known, dict):
        return [
            name
            for key, value in data.items()
            for name in (
                _unknown(value, known[key], f"{place}{key}.") if key in known else [place + key]
            )
        ]
    if isinstance(data, list) and isinstance(known, list):
        pairs = zip(data, known, strict=True)
        found = [name for a, b in pairs for name in _unknown(a, b, place)]
        return list(dict.fromkeys(found))
    return []


def _without_home(data: Any, home: str) -> Any:
    if isinstance(data, str):
        # Whoever has no home of their own ("/") hides nothing by it.
        return data.replace(home, HOME) if len(home) > 1 else data
    if isinstance(data, list):
        return [_without_home(each, home) for each in data]
    if isinstance(data, dict):
        return {_without_home(k, home): _without_home(v, home) for k, v in data.items()}
    return data
