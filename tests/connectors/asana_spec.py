"""Asana's own description of its interface, and whether a request fits it.

github.com/Asana/openapi, defs/asana_oas.yaml, Apache-2.0. It is 3 MB and not part of the checkout; it may lie beside it.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jsonschema  # type: ignore[import-untyped] # has no types
from ruamel.yaml import YAML

FILE = next((p / "../shared/specs/asana.yaml" for p in [Path(__file__).parents[2], *Path(__file__).parents[3:6]]
             if (p / "../shared/specs/asana.yaml").is_file()), None)  # fmt: skip


@cache
def described() -> Any:
    assert FILE
    return YAML(typ="safe").load(FILE)


def check(method: str, path: str, query: str, body: str) -> str:
    """The path as it is described. Raises AssertionError or jsonschema's ValidationError."""
    known = _known(method, path)
    operation = described()["paths"][known][method.lower()]
    _check_query(known, operation, query)
    if body:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        jsonschema.validate(json.loads(body), {**_nullable(schema), "components": _components()})
    return known


def _known(method: str, path: str) -> str:
    given = path.split("/")
    for known in sorted(described()["paths"], key=lambda one: one.count("{")):
        parts = known.split("/")
        fits = len(parts) == len(given) and all(a == b or a[0:1] == "{" for a, b in zip(parts, given, strict=True))
        if fits and method.lower() in described()["paths"][known]:
            return str(known)
    raise AssertionError(f"{method} {path} is not described")


def _check_query(known: str, operation: Any, query: str) -> None:
    listed = [*described()["paths"][known].get("parameters", []), *operation.get("parameters", [])]
    allowed = {one["name"]: one for one in map(_resolved, listed) if one["in"] == "query"}
    for name, values in parse_qs(query).items():
        assert name in allowed, f"{known} has no parameter {name}"
        if name == "opt_fields":
            unknown = set(values[0].split(",")) - set(
                allowed[name]["schema"]["items"].get("enum", values[0].split(","))
            )
            assert unknown == set(), f"{known} has no fields {unknown}"


def _resolved(part: Any) -> Any:
    return described()["components"]["parameters"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part


@cache
def _components() -> Any:
    schemas = described()["components"]["schemas"]
    return {"schemas": {name: _nullable(schema) for name, schema in schemas.items()}}


def _nullable(schema: Any) -> Any:
    """OpenAPI 3.0 has a word for what may be null; JSON Schema has a type."""
    if isinstance(schema, list):
        return [_nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _nullable(value) for name, value in schema.items() if name not in ("example", "nullable")}
    if schema.get("nullable") and isinstance(schema.get("type"), str):
        made["type"] = [schema["type"], "null"]
    return made


def below(path: str) -> str:
    return re.sub("^/api/1.0", "", path)
