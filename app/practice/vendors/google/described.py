"""Google's own descriptions of its interfaces, which lie in the package of its SDK, and whether a request fits them.

https://developers.google.com/discovery/v1/reference/apis
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

JSON = Any
NAMES = ("calendar.v3", "gmail.v1", "sheets.v4", "drive.v3", "docs.v1", "oauth2.v2")
_WIDE = ("int64", "uint64")  # written as text, and taken as a number, too


class Unfit(Exception):
    """The request is not one that is described; the text says what is wrong with it."""


@dataclass(frozen=True)
class Operation:
    """One method of one interface. `api`: its name, "calendar"; `id`: "calendar.events.list"; `values`: of its path."""

    api: str
    id: str
    scopes: tuple[str, ...]
    values: Mapping[str, str]


@dataclass(frozen=True)
class _Known:
    name: str
    verb: str
    path: re.Pattern[str]
    literal: int
    method: Mapping[str, JSON]


@cache
def document(name: str) -> JSON:
    """`name` as in `NAMES`."""
    place = files("googleapiclient") / "discovery_cache" / "documents" / f"{name}.json"
    return json.loads(place.read_text())


def check(verb: str, path: str, query: Mapping[str, list[str]], body: bytes) -> Operation:
    """What is asked for. `path` is decoded. Raises `Unfit`."""
    known, values = _find(verb, path)
    given, parameters = document(known.name), known.method.get("parameters", {})
    allowed = {**given["parameters"], **{n: p for n, p in parameters.items() if p["location"] == "query"}}
    _check_query(known.method["id"], allowed, query)
    for name, value in values.items():
        _check_value(name, parameters[name], value)
    _check_body(given, known.method, body)
    scopes = tuple(known.method.get("scopes", ()))
    return Operation(known.name.partition(".")[0], known.method["id"], scopes, values)


def _find(verb: str, path: str) -> tuple[_Known, dict[str, str]]:
    """The one whose path says most in words; "/values/A1:append" is also a value that is called so."""
    for known in _all():
        if known.verb == verb and (found := known.path.fullmatch(path)):
            return known, found.groupdict()
    raise Unfit(f"{verb} {path} is not described")


@cache
def _all() -> tuple[_Known, ...]:
    found = [one for name in NAMES for one in _of(name, document(name))]
    return tuple(sorted(found, key=lambda one: -one.literal))


def _of(name: str, part: JSON) -> Iterator[_Known]:
    for method in part.get("methods", {}).values():
        whole = "/" + document(name)["servicePath"] + method["path"]
        pieces = re.split(r"{\+?(\w+)}", whole)
        pattern = "".join(f"(?P<{one}>[^/]+)" if i % 2 else re.escape(one) for i, one in enumerate(pieces))
        yield _Known(name, method["httpMethod"], re.compile(pattern), sum(map(len, pieces[::2])), method)
    for below in part.get("resources", {}).values():
        yield from _of(name, below)


def _check_query(id: str, allowed: Mapping[str, JSON], query: Mapping[str, list[str]]) -> None:
    for name, values in query.items():
        if name not in allowed:
            raise Unfit(f"{id} has no parameter {name}")
        if len(values) > 1 and not allowed[name].get("repeated"):
            raise Unfit(f"{name} was given twice")
        for value in values:
            _check_value(name, allowed[name], value)
    if missing := [name for name, one in allowed.items() if one.get("required") and name not in query]:
        raise Unfit(f"{id} needs {missing[0]}")


def _check_value(name: str, how: Mapping[str, JSON], text: str) -> None:
    kind = how.get("type")
    if "enum" in how and text not in how["enum"]:
        raise Unfit(f"{name} is one of {', '.join(how['enum'])}")
    if kind == "boolean" and text not in ("true", "false"):
        raise Unfit(f"{name} is true or false")
    if kind == "integer":
        low, high = int(how.get("minimum", -(2**63))), int(how.get("maximum", 2**63))
        if not re.fullmatch(r"-?\d+", text) or not low <= int(text) <= high:
            raise Unfit(f"{name} is a whole number from {low} to {high}")


def _check_body(given: JSON, method: Mapping[str, JSON], body: bytes) -> None:
    if "request" not in method:
        if body:
            raise Unfit(f"{method['id']} takes no body")
        return
    try:
        said = json.loads(body or b"{}")
    except ValueError as problem:
        raise Unfit("the body is not JSON") from problem
    _check(given["schemas"], given["schemas"][method["request"]["$ref"]], said, "body")


def _check(schemas: Mapping[str, JSON], how: Mapping[str, JSON], value: JSON, place: str) -> None:
    """Whether a value has the shape that is described. null takes a value away, and is taken everywhere."""
    how = schemas[how["$ref"]] if "$ref" in how else how
    kind = how.get("type", "any")
    if value is None or kind == "any":
        return
    if kind == "object":
        _check_object(schemas, how, value, place)
    elif kind == "array":
        if not isinstance(value, list):
            raise Unfit(f"{place} is a list")
        for number, one in enumerate(value):
            _check(schemas, how["items"], one, f"{place}[{number}]")
    elif not _is(kind, how.get("format", ""), value):
        raise Unfit(f"{place} is a {how.get('format') or kind}")
    elif "enum" in how and value not in how["enum"]:
        raise Unfit(f"{place} is one of {', '.join(how['enum'])}")


def _check_object(schemas: Mapping[str, JSON], how: Mapping[str, JSON], value: JSON, place: str) -> None:
    if not isinstance(value, dict):
        raise Unfit(f"{place} is an object")
    for name, one in value.items():
        part = how.get("properties", {}).get(name, how.get("additionalProperties"))
        if part is None:
            raise Unfit(f"{place} has nothing called {name}")
        _check(schemas, part, one, f"{place}.{name}")


def _is(kind: str, form: str, value: JSON) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in ("integer", "number"):
        return isinstance(value, int if kind == "integer" else int | float) and not isinstance(value, bool)
    if form in _WIDE:
        return re.fullmatch(r"-?\d+", str(value)) is not None
    return isinstance(value, str) and _is_time(form, value)


def _is_time(form: str, text: str) -> bool:
    try:
        if form == "date":
            date.fromisoformat(text)
        if form == "date-time":
            datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
