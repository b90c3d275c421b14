"""Strict JSON schemas as OpenAI checks them, and answers fitted to one.

https://developers.openai.com/api/docs/guides/structured-outputs#supported-schemas
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

KEYWORDS = {"type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf"}
KEYWORDS |= {"$ref", "$defs", "description", "title"}
DEPTH, PROPERTIES, ENUMS, LONG_ENUM, CHARACTERS = 10, 5000, 1000, 15_000, 120_000

Schema = dict[str, Any]
Place = tuple[str, ...]


def problem(schema: Any) -> str:
    """What OpenAI would say is wrong with a strict schema; empty if nothing."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'."
    return next(_problems(schema, (), 1), "") or _too_big(schema)


def fit(value: Any, schema: Schema, root: Schema) -> Any:
    """A recorded answer in the form that is asked for: what is not in the schema is left out, a choice that is not
    offered becomes "nobody", or the last choice, and what is missing is empty."""
    schema = _resolved(schema, root)
    if "anyOf" in schema:
        kinds = [kind for kind in schema["anyOf"] if kind.get("type") != "null"]
        return None if value is None or not kinds else fit(value, kinds[0], root)
    if "enum" in schema and value not in schema["enum"]:
        return "nobody" if "nobody" in schema["enum"] else schema["enum"][-1]
    types = schema["type"] if isinstance(schema.get("type"), list) else [schema.get("type")]
    if value is None:
        return None if "null" in types else _EMPTY.get(str(types[0]))
    if "object" in types and isinstance(value, dict):
        return {name: fit(value.get(name), part, root) for name, part in schema["properties"].items()}
    if "array" in types and isinstance(value, list):
        return [fit(item, schema["items"], root) for item in value]
    return value


_EMPTY: dict[str, Any] = {"array": [], "string": "", "number": 0, "integer": 0, "boolean": False, "object": {}}


def _resolved(schema: Schema, root: Schema) -> Schema:
    name = schema.get("$ref", "")
    return root["$defs"][name.removeprefix("#/$defs/")] if name.startswith("#/$defs/") else schema


def _problems(schema: Any, place: Place, depth: int) -> Iterator[str]:
    """Walks the schema; every level of objects and arrays counts."""
    where = f"In context={place!r}, "
    if not isinstance(schema, dict):
        yield f"{where}schema must be an object."
        return
    for word in schema.keys() - KEYWORDS:
        yield f"{where}'{word}' is not permitted."
    if depth > DEPTH:
        yield f"The schema exceeds the maximum nesting depth, limit of {DEPTH}."
        return
    if not schema.keys() & {"type", "anyOf", "$ref", "const"}:
        yield f"{where}schema must have a 'type' key."
    types = schema.get("type")
    if "object" in (types if isinstance(types, list) else [types]):
        yield from _object_problems(schema, where)
    if "array" in (types if isinstance(types, list) else [types]) and "items" not in schema:
        yield f"{where}array schema missing items."
    for part, step in _parts(schema):
        yield from _problems(part, place + step, depth + (step[0] in ("properties", "items")))


def _object_problems(schema: Schema, where: str) -> Iterator[str]:
    if schema.get("additionalProperties") is not False:
        yield f"{where}'additionalProperties' is required to be supplied and to be false."
    named, required = schema.get("properties", {}), schema.get("required")
    if not isinstance(required, list) or set(required) - set(named):
        yield f"{where}'required' is required to be supplied and to be an array including every key in properties."
        return
    for name in named:
        if name not in required:
            words = "'required' is required to be supplied and to be an array including every key in properties."
            yield f"{where}{words} Missing '{name}'."


def _parts(schema: Schema) -> Iterator[tuple[Any, Place]]:
    for holder in ("properties", "$defs"):
        for name, part in schema.get(holder, {}).items():
            yield part, (holder, name)
    if "items" in schema:
        yield schema["items"], ("items",)
    for i, part in enumerate(schema.get("anyOf", [])):
        yield part, ("anyOf", str(i))


def _too_big(schema: Schema) -> str:
    names = [name for part in _all(schema) for name in (*part.get("properties", {}), *part.get("$defs", {}))]
    enums = [[str(value) for value in part["enum"]] for part in _all(schema) if "enum" in part]
    values = [value for enum in enums for value in enum]
    if len(names) > PROPERTIES:
        return f"The schema has {len(names)} properties, which exceeds the limit of {PROPERTIES}."
    if len(values) > ENUMS:
        return f"The schema has {len(values)} enum values in total, which exceeds the limit of {ENUMS}."
    if any(len(enum) > 250 and sum(map(len, enum)) > LONG_ENUM for enum in enums):
        return f"An enum with more than 250 values exceeds the total string length limit of {LONG_ENUM}."
    if sum(map(len, names + values)) > CHARACTERS:
        return f"The total string length of names and values exceeds the limit of {CHARACTERS}."
    return ""


def _all(schema: Any) -> Iterator[Schema]:
    yield schema
    for part, _ in _parts(schema):
        yield from _all(part)
