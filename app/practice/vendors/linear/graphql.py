"""As much of GraphQL as a vendor's stand-in needs: one operation, its fields with arguments and selections.

What is asked for must be there, as a schema would have it; https://spec.graphql.org/October2021/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r'[\s,]*([A-Za-z_]\w*|\$\w+|-?\d+|"[^"]*"|[{}():!\[\]=])')
_WORDS = {"true": True, "false": False, "null": None}

Resolver = Callable[[dict[str, Any]], Any]


class BadQuery(Exception):
    """Not a query, or one for what is not there."""


@dataclass
class Field:
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    inside: list[Field] | None = None


class Reader:
    """Takes one operation apart, token by token; variables are filled in."""

    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        self.tokens = _TOKEN.findall(text)
        if _TOKEN.sub("", text).strip():
            raise BadQuery("Syntax Error")
        self.variables = variables
        self.declared: dict[str, str] = {}  # variable → its type

    def take(self, wanted: str = "") -> str:
        if not self.tokens or (wanted and self.tokens[0] != wanted):
            raise BadQuery(f"Syntax Error: expected {wanted or 'more'}")
        return str(self.tokens.pop(0))

    def next(self, token: str) -> bool:
        return bool(self.tokens) and self.tokens[0] == token

    def operation(self) -> tuple[str, list[Field]]:
        kind = self.take()
        if kind not in ("query", "mutation"):
            raise BadQuery(f"Syntax Error: Unexpected Name {kind}")
        if not self.next("{"):
            self.take()  # the name
        if self.next("("):
            self.declare()
        return kind, self.selection()

    def declare(self) -> None:
        """($id: String!, …): every declared variable that must be there is there."""
        self.take("(")
        while not self.next(")"):
            name = self.take()
            self.take(":")
            self.declared[name] = self.take()
            if self.next("!"):
                self.declared[name] += self.take()
                if self.variables.get(name[1:]) is None:
                    raise BadQuery(f"Variable {name} of required type was not provided.")
        self.take(")")

    def selection(self) -> list[Field]:
        self.take("{")
        found = []
        while not self.next("}"):
            one = Field(self.take())
            if self.next("("):
                one.arguments = self.inside("(", ")")
            if self.next("{"):
                one.inside = self.selection()
            found.append(one)
        self.take("}")
        return found

    def inside(self, begin: str, end: str) -> dict[str, Any]:
        self.take(begin)
        found = {}
        while not self.next(end):
            name = self.take()
            self.take(":")
            found[name] = self.value()
        self.take(end)
        return found

    def value(self) -> Any:
        if self.next("{"):
            return self.inside("{", "}")
        token = self.take()
        if token.startswith("$"):
            if token not in self.declared:
                raise BadQuery(f"Variable {token} is not defined.")
            return self.variables.get(token[1:])
        return _WORDS.get(token, int(token) if token.lstrip("-").isdecimal() else token.strip('"'))


def answer(
    text: str, variables: Mapping[str, Any], queries: Mapping[str, Resolver], mutations: Mapping[str, Resolver]
) -> Any:
    """`data`. Raises BadQuery; what a resolver raises comes through."""
    kind, fields = Reader(text, variables).operation()
    known = queries if kind == "query" else mutations
    data = {}
    for one in fields:
        if one.name not in known:
            raise BadQuery(f'Cannot query field "{one.name}"')
        data[one.name] = _chosen(known[one.name](one.arguments), one)
    return data


def _chosen(value: Any, asked: Field) -> Any:
    if isinstance(value, list):
        return [_chosen(one, asked) for one in value]
    if not isinstance(value, dict):
        return value
    if asked.inside is None:
        raise BadQuery(f'Field "{asked.name}" must have a selection of subfields.')
    for one in asked.inside:
        if one.name not in value:
            raise BadQuery(f'Cannot query field "{one.name}" on "{asked.name}".')
    return {one.name: _chosen(value[one.name], one) for one in asked.inside}
