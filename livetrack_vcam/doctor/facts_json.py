"""Facts as JSON and back: what a bug report carries, and how machines are recorded for tests."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from livetrack_vcam.doctor.facts import Facts
from livetrack_vcam.doctor.privacy import Private, gather_private, without_private
from livetrack_vcam.errors import SettingsError


@cache
def _adapter() -> TypeAdapter[Facts]:
    return TypeAdapter(Facts)


def facts_to_json(facts: Facts, private: Private | None = None) -> dict[str, Any]:
    """Plain JSON data of every field, without what is `private` (None: to this user)."""
    data = _adapter().dump_python(facts, mode="json")
    shown: dict[str, Any] = without_private(data, private or gather_private())
    return shown


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
