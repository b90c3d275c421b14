"""Every question and change that the connector sends fits Linear's own schema: fields, arguments, inputs and their types."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.practice.vendors.linear.graphql import Field, Reader
from connectors.linear import connector
from tests.connectors.hands import at_work
from tests.connectors.test_linear import WRITES

SPEC = Path(__file__).parent / "specs" / "linear.json"
PAGING = {"after": "String", "before": "String", "first": "Int", "last": "Int", "includeArchived": "Boolean"}
JUST_TEXT = ("ID", "String", "DateTime", "TimelessDate", "DateTimeOrDuration")
pytestmark = pytest.mark.skipif(
    not SPEC.exists(), reason="NO SCHEMA OF LINEAR HERE: its requests are not compared with it"
)


def schema() -> dict[str, Any]:
    return dict(json.loads(SPEC.read_text()))


def wrong(known: Mapping[str, Any], query: str, variables: Mapping[str, Any]) -> list[str]:
    """What does not fit, one line each."""
    reader = Reader(query, variables)
    kind, fields = reader.operation()
    roots = known["Query" if kind == "query" else "Mutation"]
    return [line for one in fields for line in _root(known, roots.get(one.name), one, reader.declared)]


def _root(known: Mapping[str, Any], root: Any, asked: Field, declared: Mapping[str, str]) -> Iterator[str]:
    if root is None:
        yield f"there is no {asked.name}"
        return
    yield from _arguments(known, root["arguments"], asked.arguments, asked.name)
    names = {kind.strip("[]!") for kind in root["arguments"].values()} | set(JUST_TEXT) | {"Int", "Boolean"}
    yield from (f"{name} is declared as {kind}" for name, kind in declared.items() if kind.strip("!") not in names)
    yield from _selection(known, root["type"], asked)


def _selection(known: Mapping[str, Any], kind: str, asked: Field) -> Iterator[str]:
    fields = known["types"].get(kind.strip("[]!"))
    if (fields is None) != (asked.inside is None):
        yield f"{asked.name} ({kind}) with or without a selection"
    for one in (asked.inside or []) if fields is not None else []:
        if one.name not in fields:
            yield f"{kind} has no {one.name}"
            continue
        yield from (f"{one.name}({name}) is unknown" for name in one.arguments if name not in PAGING)
        yield from _selection(known, fields[one.name], one)


def _arguments(known: Mapping[str, Any], wanted: Mapping[str, str], given: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from (f"{at} needs {name}" for name, kind in wanted.items() if kind.endswith("!") and given.get(name) is None)
    for name, value in given.items():
        if name not in wanted:
            yield f"{at} takes no {name}"
        elif value is not None:
            yield from _value(known, wanted[name], value, f"{at}.{name}")


def _value(known: Mapping[str, Any], kind: str, value: Any, at: str) -> Iterator[str]:
    bare = kind.strip("[]!")
    if kind.startswith("["):
        entries = value if isinstance(value, list) else [value]
        yield from (line for one in entries for line in _value(known, f"{bare}!", one, at))
    elif bare in known["inputs"]:
        yield from _arguments(known, known["inputs"][bare], value, at)
    else:
        fits = {"Int": isinstance(value, int), "Boolean": isinstance(value, bool)}
        fits |= dict.fromkeys(JUST_TEXT, isinstance(value, str))
        if not fits.get(bare, True):
            yield f"{at} is {value!r}, not {bare}"


def test_all_that_is_sent_fits_the_schema() -> None:
    known = schema()
    with at_work(connector) as at:
        assert connector.hook
        assert connector.hook.subscription
        for name, (_, given) in WRITES.items():
            written = at.write(name, f"hub-{name}", **given)
            assert at.changed(written) is None
            at.undo(written)
        for name in connector.lookups:
            at.choices(name)
        at.choices("issue", "saw")
        at.read("read_issue", issue="ENG-1")
        for kind in ("issue.created", "comment.created"):
            at.poll(kind, None)
        connector.check(at.client)
        connector.hook.subscription.keep(at.client, "https://hub.example/hooks/linear/key", ["secret"])
        for hook in at.state()["webhook"]:
            at.served.control("linear_edit", {"kind": "webhook", "id": hook["id"], "enabled": False})
        connector.hook.subscription.keep(at.client, "https://hub.example/hooks/linear/key", ["secret"])
        sent = [json.loads(asked["body"]) for asked in at.asked("POST")]
    asked_for = {one["query"].split("{")[1].split("(")[0].strip() for one in sent}
    assert asked_for >= {*known["Mutation"], *known["Query"]} - {"viewer"}, "something is never sent here"
    assert [line for one in sent for line in wrong(known, one["query"], one["variables"])] == []


@pytest.mark.parametrize(
    ("query", "variables", "says"),
    [
        ("query { viewer { id nme } }", {}, "User! has no nme"),
        ("query { viewr { id } }", {}, "there is no viewr"),
        ("query { issue { id } }", {}, "issue needs id"),
        ("query { issues(fist: 5) { nodes { id } } }", {}, "issues takes no fist"),
        ("query { issue(id: 5) { id } }", {}, "issue.id is 5, not String"),
        ("query { issue(id: \"x\") { state } }", {}, "with or without a selection"),
        ("query Q($id: Number!) { issue(id: $id) { id } }", {"id": "x"}, "$id is declared as Number!"),
        ("mutation M($input: IssueCreateInput!) { issueCreate(input: $input) { success } }", {"input": {"title": "x"}},
         "issueCreate.input needs teamId"),
        ("mutation M($input: IssueCreateInput!) { issueCreate(input: $input) { success } }",
         {"input": {"teamId": "t", "priority": "high"}}, "issueCreate.input.priority is 'high', not Int"),
        ("mutation M($input: IssueCreateInput!) { issueCreate(input: $input) { success } }",
         {"input": {"teamId": "t", "labelIds": [5]}}, "issueCreate.input.labelIds is 5, not String"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_noticed(query: str, variables: dict[str, Any], says: str) -> None:
    assert [line for line in wrong(schema(), query, variables) if says in line]
