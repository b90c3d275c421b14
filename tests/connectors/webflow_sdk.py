"""Webflow's own description of its interface, as its Python SDK (`webflow`, MIT, made from it) knows it.

The description itself is published nowhere that we could keep it from. Each function of the SDK makes one request, in which
stand the path, the method, the names of the query and the shape of the body: these are read from its source.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pydantic
import webflow

FOLDER = Path(webflow.__file__).parent


@dataclass(frozen=True)
class Operation:
    """`query` and `body`: the names it takes; `body` None where it takes none. `shape`: the type of the whole body, in `module`,
    where it is no plain object."""

    method: str
    path: str
    query: frozenset[str]
    body: frozenset[str] | None
    shape: str
    module: str


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(one for file in sorted(FOLDER.rglob("raw_client.py")) for one in _in_file(file))


def _in_file(file: Path) -> Iterator[Operation]:
    module = ".".join(("webflow", *file.relative_to(FOLDER).with_suffix("").parts))
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("httpx_client.request"):
            given = {one.arg: one.value for one in node.keywords}
            body = given.get("json")
            names = _names(body) if isinstance(body, ast.Dict) else frozenset() if body is not None else None
            shape = _shape(body) if isinstance(body, ast.Call) else ""
            yield Operation(
                ast.literal_eval(given["method"]),
                _path(node.args[0]),
                _names(given.get("params")),
                names,
                shape,
                module,
            )


def _path(node: ast.expr) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "/" + "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in parts)


def _names(node: ast.expr | None) -> frozenset[str]:
    keys = node.keys if isinstance(node, ast.Dict) else []
    return frozenset(str(ast.literal_eval(key)) for key in keys if key is not None)


def _shape(node: ast.Call) -> str:
    return next((ast.unparse(one.value) for one in node.keywords if one.arg == "annotation"), "")


def check(asked: dict[str, Any]) -> tuple[str, str]:
    """(method, path as the SDK has it) of a request of the ledger. Raises AssertionError or pydantic's ValidationError."""
    method, path = asked["method"], asked["path"].removeprefix("/v2")
    fits = [one for one in operations() if one.method == method and _is_like(one.path, path)]
    assert fits, f"{method} {path} is not described"
    known = min(fits, key=lambda one: one.path.count("{}"))
    unknown = {name for name, _ in parse_qsl(asked["query"])} - known.query
    assert not unknown, f"{method} {known.path} takes no {unknown}"
    if asked["body"]:
        _check_body(known, json.loads(asked["body"]))
    return method, known.path


def _is_like(template: str, path: str) -> bool:
    return re.fullmatch(re.escape(template).replace(r"\{\}", "[^/]+"), path) is not None


def _check_body(known: Operation, body: Any) -> None:
    assert known.body is not None, f"{known.method} {known.path} takes no body"
    if not known.shape:
        assert set(body) <= known.body, f"{known.method} {known.path} takes no {set(body) - known.body}"
        return
    module = importlib.import_module(known.module)
    read = pydantic.TypeAdapter(getattr(module, known.shape)).validate_python(body)
    extra = getattr(read, "model_extra", None)
    assert not extra, f"{known.method} {known.path} takes no {set(extra or ())}"
