"""QuickBooks' query language: SELECT * FROM Entity WHERE … ORDERBY … STARTPOSITION n MAXRESULTS n.

https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/data-queries
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

JSON = Any
_WHOLE = re.compile(
    r"SELECT \* FROM (\w+)(?: WHERE (.+?))?(?: ORDERBY ([\w.]+(?: DESC)?))?(?: STARTPOSITION (\d+))?(?: MAXRESULTS (\d+))?",
    re.DOTALL,
)
_TERM = re.compile(
    r"\s*([\w.]+)\s+(IN|>=|<=|=|>|<)\s+(\((?:'(?:\\.|[^'\\])*'|[^)'])*\)|'(?:\\.|[^'\\])*'|\w+)\s*(AND|$)", re.DOTALL
)
_VALUE = re.compile(r"'((?:\\.|[^'\\])*)'|(\w+)", re.DOTALL)
NOT_QUERYABLE = ("privatenote", "line", "entityref", "tag", "note")
_OPS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda have, want: have == want,
    ">=": lambda have, want: have >= want,
    "<=": lambda have, want: have <= want,
    ">": lambda have, want: have > want,
    "<": lambda have, want: have < want,
}


class Wrong(ValueError):
    """A query that QuickBooks does not parse; the text is its detail."""


@dataclass(frozen=True)
class Term:
    path: str
    op: str
    values: tuple[str, ...]

    def fits(self, thing: JSON) -> bool:
        have = [_comparable(value) for value in _values(thing, self.path.split("."))]
        wanted = [_comparable(value) for value in self.values]
        if self.op == "IN":
            return any(value in wanted for value in have)
        return any(_OPS[self.op](value, wanted[0]) for value in have)


@dataclass(frozen=True)
class Query:
    entity: str
    terms: tuple[Term, ...]
    order: str
    start: int
    most: int

    def run(self, things: list[JSON]) -> list[JSON]:
        """Inactive ones are left out unless the query names `Active`."""
        if not any(term.path.lower() == "active" for term in self.terms):
            things = [thing for thing in things if thing.get("Active") is not False]
        found = [thing for thing in things if all(term.fits(thing) for term in self.terms)]
        if self.order:
            path, _, down = self.order.partition(" ")
            found.sort(
                key=lambda thing: [_comparable(value) for value in _values(thing, path.split("."))], reverse=bool(down)
            )
        return found[self.start - 1 : self.start - 1 + self.most]


def parse(text: str) -> Query:
    found = _WHOLE.fullmatch(text.strip())
    if not found:
        raise Wrong(f"QueryParserError: Encountered an error in {text[:60]!r}")
    start, most = int(found[4] or 1), int(found[5] or 100)
    if start < 1 or not 1 <= most <= 1000:
        raise Wrong("QueryValidationError: STARTPOSITION begins at 1, MAXRESULTS is at most 1000")
    return Query(found[1], tuple(_terms(found[2] or "")), found[3] or "", start, most)


def _terms(text: str) -> list[Term]:
    terms, place = [], 0
    while place < len(text):
        found = _TERM.match(text, place)
        if not found:
            raise Wrong(f"QueryParserError: Encountered an error in {text[place : place + 40]!r}")
        if found[1].lower() in NOT_QUERYABLE:
            raise Wrong(f"QueryValidationError: Property {found[1]} not found or not queryable")
        values = tuple(re.sub(r"\\(.)", r"\1", quoted) or bare for quoted, bare in _VALUE.findall(found[3]))
        terms.append(Term(found[1], found[2], values))
        place = found.end()
    return terms


def _values(thing: JSON, path: list[str]) -> list[JSON]:
    """What stands at a path, through lists; a reference counts as its id."""
    if isinstance(thing, list):
        return [value for one in thing for value in _values(one, path)]
    if not path:
        return [thing.get("value") if isinstance(thing, dict) and "value" in thing else thing]
    if not isinstance(thing, dict):
        return []
    return [value for name, one in thing.items() if name.lower() == path[0].lower() for value in _values(one, path[1:])]


def _comparable(value: JSON) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if re.match(r"\d{4}-\d\d-\d\dT", text):
        return f"{datetime.fromisoformat(text).timestamp():020.3f}"
    return text.casefold()  # names compare without capitals
