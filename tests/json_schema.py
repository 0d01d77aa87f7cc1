"""Checks a value against the part of JSON Schema 2020-12 that the control API's document uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list, tuple),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
# What says something about a value without limiting it.
NOTES = {"title", "description", "examples", "default", "discriminator", "format"}


def complaints(value: Any, schema: Json, document: Json, path: str = "$") -> Iterator[str]:
    """Why the value is not what the schema allows; nothing when it is.

    An unknown keyword fails: a check that is skipped would pass for one that holds.
    """
    for keyword, wanted in schema.items():
        if keyword in NOTES:
            continue
        yield from _keyword(value, keyword, wanted, schema, document, path)


def resolve(reference: str, document: Json) -> Json:
    """What a `$ref` of the document points to. Raises KeyError when there is nothing."""
    found: Any = document
    assert reference.startswith("#/"), reference
    for part in reference[2:].split("/"):
        found = found[part]
    return dict(found)


def _keyword(
    value: Any, keyword: str, wanted: Any, schema: Json, document: Json, path: str
) -> Iterator[str]:
    match keyword:
        case "$ref":
            yield from complaints(value, resolve(wanted, document), document, path)
        case "anyOf" | "oneOf":
            fits = [not any(complaints(value, each, document, path)) for each in wanted]
            if not any(fits) or (keyword == "oneOf" and sum(fits) != 1):
                yield f"{path}: fits {sum(fits)} of {keyword}"
        case "type":
            if not any(
                _is_of(value, kind) for kind in ([wanted] if isinstance(wanted, str) else wanted)
            ):
                yield f"{path}: {value!r} is no {wanted}"
        case "properties" | "required" | "additionalProperties" | "minProperties":
            if isinstance(value, Mapping):
                yield from _object(value, keyword, wanted, schema, document, path)
        case "items" | "prefixItems" | "minItems" | "maxItems":
            if isinstance(value, (list, tuple)):
                yield from _array(value, keyword, wanted, document, path)
        case _:
            if not _simple(value, keyword, wanted):
                yield f"{path}: {value!r} against {keyword} {wanted!r}"


def _is_of(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, TYPES[kind])


def _simple(value: Any, keyword: str, wanted: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    text = isinstance(value, str)
    checks = {
        "enum": lambda: value in wanted,
        "const": lambda: value == wanted and type(value) is type(wanted),
        "minimum": lambda: not number or value >= wanted,
        "maximum": lambda: not number or value <= wanted,
        "pattern": lambda: not text or re.search(wanted, value) is not None,
        "minLength": lambda: not text or len(value) >= wanted,
        "maxLength": lambda: not text or len(value) <= wanted,
    }
    return bool(checks[keyword]())


def _object(
    value: Json, keyword: str, wanted: Any, schema: Json, document: Json, path: str
) -> Iterator[str]:
    match keyword:
        case "required":
            yield from (f"{path}: {name} is missing" for name in wanted if name not in value)
        case "minProperties":
            if len(value) < wanted:
                yield f"{path}: fewer than {wanted} properties"
        case "properties":
            for name in wanted.keys() & value.keys():
                yield from complaints(value[name], wanted[name], document, f"{path}.{name}")
        case "additionalProperties":
            for name in value.keys() - schema.get("properties", {}).keys():
                if wanted is False:
                    yield f"{path}: {name} is unknown"
                elif wanted is not True:
                    yield from complaints(value[name], wanted, document, f"{path}.{name}")


def _array(value: list[Any], keyword: str, wanted: Any, document: Json, path: str) -> Iterator[str]:
    match keyword:
        case "minItems" | "maxItems":
            if (len(value) < wanted) if keyword == "minItems" else (len(value) > wanted):
                yield f"{path}: {len(value)} items against {keyword} {wanted}"
        case "items":
            for at, item in enumerate(value):
                yield from complaints(item, wanted, document, f"{path}[{at}]")
        case "prefixItems":
            for at, (item, shape) in enumerate(zip(value, wanted, strict=False)):
                yield from complaints(item, shape, document, f"{path}[{at}]")
