"""The document that describes the control API is valid, whole and true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from livetrack_vcam.control import REQUEST_NAMES, request_from_json
from livetrack_vcam.web.openapi import REFUSALS, document
from livetrack_vcam.web.schemas import command_examples, command_schemas, settings_example
from livetrack_vcam.web.server import WebServer
from tests.json_schema import complaints, resolve
from tests.web_program import Program, ask, serving

DOCUMENT = document()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    (method, path): operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
PRINTABLE = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs"))


def every(value: Any, key: str) -> Iterator[Any]:
    """What stands under `key`, however deep."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == key:
                yield inner
            yield from every(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from every(inner, key)


def routes() -> set[tuple[str, str]]:
    """Method and path of everything the server answers, in the document's spelling."""
    app = WebServer(Program())._app()
    found = set()
    for route in app.router.routes():
        assert route.resource is not None
        path = route.resource.canonical
        if isinstance(route.resource, web.StaticResource):
            path += "/{path}"
        found.add((route.method.lower(), path))
    # HEAD answers wherever GET does, as HTTP has it.
    return {(method, path) for method, path in found if method != "head"}


def test_every_route_is_described_and_nothing_else() -> None:
    assert set(OPERATIONS) == routes()


def test_every_reference_leads_somewhere() -> None:
    references = list(every(DOCUMENT, "$ref"))
    assert len(references) > 50
    for reference in references:
        assert resolve(reference, DOCUMENT)
    for reference in every(DOCUMENT["components"], "mapping"):
        assert all(resolve(each, DOCUMENT) for each in reference.values())


def test_the_document_has_the_form_of_openapi_3_1() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    for scheme in DOCUMENT["components"]["securitySchemes"].values():
        needed = {"http": {"scheme"}, "apiKey": {"in", "name"}}[scheme["type"]]
        assert needed <= scheme.keys()
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("key", OPERATIONS, ids=lambda key: " ".join(key))
def test_an_operation_is_complete(key: tuple[str, str]) -> None:
    operation = OPERATIONS[key]
    assert operation["summary"].endswith(".")
    assert any(code[0] in "23" for code in operation["responses"])
    assert {"403", "500"} <= operation["responses"].keys()
    for response in operation["responses"].values():
        told = resolve(response["$ref"], DOCUMENT) if "$ref" in response else response
        assert told["description"]
    in_path = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
    assert in_path == {part[1:].partition("}")[0] for part in key[1].split("/") if part[:1] == "{"}
    schemes = DOCUMENT["components"]["securitySchemes"].keys()
    for way in operation.get("security", ()):
        assert way.keys() <= schemes
    if key[0] != "get" and "{viewer}" not in key[1]:  # a viewer's own address is its secret
        assert operation["security"]
        assert "401" in operation["responses"]


def test_every_command_has_an_example_that_is_accepted() -> None:
    examples = command_examples()
    assert tuple(examples) == REQUEST_NAMES
    for example in examples.values():
        request_from_json(example)
        assert not list(complaints(example, SCHEMAS["Command"], DOCUMENT))
    assert not list(complaints(settings_example(), SCHEMAS["SettingsChange"], DOCUMENT))


def values_of(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Anything the schema allows; texts without spaces, which names are freed of."""
    if "anyOf" in schema:
        return st.one_of(*(values_of(each) for each in schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "const" in schema:
        return st.just(schema["const"])
    kind = schema["type"]
    if isinstance(kind, list):
        return st.one_of(*(values_of({**schema, "type": each}) for each in kind))
    match kind:
        case "object":
            required = set(schema.get("required", ()))
            fields = {name: values_of(each) for name, each in schema["properties"].items()}
            must = {name: each for name, each in fields.items() if name in required}
            may = {name: each for name, each in fields.items() if name not in required}
            least = schema.get("minProperties", 0)
            made = st.fixed_dictionaries(must, optional=may)
            return made.filter(lambda made: len(made) >= least)
        case "array":
            return st.tuples(*(values_of(each) for each in schema["prefixItems"])).map(list)
        case "string":
            return texts_of(schema)
        case "number":
            return numbers_of(schema)
        case "integer":
            return st.integers(schema.get("minimum"), 2**40)
        case "boolean":
            return st.booleans()
    return st.none()


def texts_of(schema: Mapping[str, Any]) -> st.SearchStrategy[str]:
    if schema.get("description") == "W:H from 1:4 to 4:1":
        # A pattern cannot say how long the sides may be, only the description does.
        heights = st.integers(1, 10**8)
        return heights.flatmap(
            lambda height: st.integers(-(-height // 4), 4 * height).map(
                lambda width: f"{width}:{height}"
            )
        )
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True).map(str.strip)
    return st.text(PRINTABLE, min_size=1, max_size=schema.get("maxLength", 20))


def numbers_of(schema: Mapping[str, Any]) -> st.SearchStrategy[float]:
    low, high = schema["minimum"], schema["maximum"]
    floats = st.floats(low, high)
    return floats if high < 1 else floats | st.integers(int(low), int(high))


@pytest.mark.parametrize("name", REQUEST_NAMES)
@settings(max_examples=20)
@given(st.data())
def test_what_the_schema_allows_is_accepted(name: str, data: st.DataObject) -> None:
    schema = command_schemas()[name]
    body = data.draw(values_of(schema))
    assert not list(complaints(body, schema, DOCUMENT))
    body.pop("target", None)
    request_from_json(body)


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(PRINTABLE, max_size=9),
    st.lists(st.integers(), max_size=5),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)  # fmt: skip


@pytest.mark.parametrize("name", REQUEST_NAMES)
@settings(max_examples=20)
@given(st.data())
def test_what_the_schema_does_not_allow_is_refused(name: str, data: st.DataObject) -> None:
    schema = command_schemas()[name]
    body = data.draw(values_of(schema))
    body.pop("target", None)
    field = data.draw(
        st.sampled_from([*schema["properties"], "other"]).filter(lambda it: it != "target")
    )
    body[field] = data.draw(ODD)
    if any(complaints(body, schema, DOCUMENT)):
        with pytest.raises(ValueError, match=r"\w"):
            request_from_json(body)


def test_the_answers_over_http_are_what_the_document_says() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        for (method, path), operation in OPERATIONS.items():
            answer = operation["responses"].get("200", {}).get("content", {})
            schema = answer.get("application/json", {}).get("schema")
            if schema is None or path == "/api/status" or "{" in path:
                continue
            example = {"/api/command": command_examples()["pause"]}.get(path, settings_example())
            async with session.request(
                method, root + path, json=example if "requestBody" in operation else None,
                headers={"Authorization": "Bearer 0123456789abcdef0123456789abcdef"},
            ) as response:  # fmt: skip
                assert response.status == 200, path
                assert not list(complaints(await response.json(), schema, DOCUMENT)), path
            status, error = await ask(session, method, root + path, "[]", Host="evil.example")
            assert status == 403
            assert not list(complaints(error, SCHEMAS["Error"], DOCUMENT))

    serving(body, pictures=False)


def test_every_refusal_is_told() -> None:
    told = {code for operation in OPERATIONS.values() for code in operation["responses"]}
    assert {str(code) for code in REFUSALS} <= told
