"""Linear: whose key it is, errors that come with any status, how its budgets are kept, what people choose from."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from app.core.answers import Kind
from app.practice.vendors.linear import graphql
from connectors.contract import Account, InProgress, Refused, Unauthorized, Unavailable
from connectors.linear import connector
from connectors.linear._client import Linear
from tests.connectors.hands import Hands, at_work
from tests.connectors.loopback import vendor
from tests.connectors.test_linear import SAW


@pytest.fixture
def at() -> Iterator[Hands]:
    with at_work(connector) as hands:
        yield hands


# --- whose account ----------------------------------------------------------------------------------------------------


def test_check_names_the_workspace_and_a_key_goes_without_bearer(at: Hands) -> None:
    assert connector.check(at.client) == Account("practice", "Practice workspace")
    with vendor(lambda asked: (200, {"data": {"organization": {"id": "o", "name": "O"}}})) as there:
        for credentials, header in (({"key": "lin_api_x "}, "lin_api_x"), ({"access_token": "t"}, "Bearer t")):
            connector.check(connector.open(credentials, there.door()))
            assert there.asked[-1].headers["authorization"] == header


def test_a_key_that_ended_asks_for_a_new_connection(at: Hands) -> None:
    at.open(key="old")
    with pytest.raises(Unauthorized, match="make a new personal API key") as stop:
        connector.check(at.client)
    assert at.trouble(stop.value).kind is Kind.RECONNECT
    at.open()
    assert connector.check(at.client).id == "practice"


def test_signing_in_asks_for_scopes_with_commas_and_writes_as_the_app() -> None:
    oauth = connector.oauth
    assert oauth
    assert (oauth.separator, oauth.client, oauth.json, oauth.ask["actor"]) == (",", "body", False, "app")


# --- errors -----------------------------------------------------------------------------------------------------------


def refuse(status: int, kind: str, message: str = "Words", **more: Any) -> Any:
    """What is raised for an error of this kind, asked for as a write."""
    extensions = {"type": kind, **more}
    answer = {"errors": [{"message": message, "extensions": extensions}], "data": None}
    with vendor(lambda asked: (status, answer)) as there:
        door = there.door()
        client = connector.open({"key": "k"}, door)
        try:
            connector.check(client)
        except Exception as error:
            return error
    return None


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("kind", "raised", "says"),
    [
        ("ratelimited", Unavailable, "slow down"),
        ("authentication error", Unauthorized, "personal API key"),
        ("forbidden", Refused, "administrator"),
        ("feature not accessible", Refused, "administrator"),
        ("usage limit exceeded", Refused, "plan"),
        ("invalid input", Refused, "did not accept"),
        ("user error", Refused, "did not accept"),
        ("graphql error", Refused, "did not accept"),
        ("internal error", InProgress, "could not finish"),
        ("lock timeout", InProgress, "could not finish"),
        ("network error", InProgress, "could not finish"),
    ],
)
def test_an_error_is_told_by_its_kind_whatever_the_status(status: int, kind: str, raised: type, says: str) -> None:
    error = refuse(status, kind)
    assert type(error) is raised
    assert says in str(error)


def test_words_for_people_are_preferred_and_kept_short() -> None:
    error = refuse(
        200, "invalid input", "Argument Validation Error", userPresentableMessage="The due date\nis past." + "x" * 500
    )
    assert "“The due date is past." in str(error)
    assert "Argument" not in str(error)
    assert len(str(error)) < 400


def test_the_code_tells_as_well_as_the_type() -> None:
    assert isinstance(refuse(400, "", code="RATELIMITED"), Unavailable)
    assert isinstance(refuse(200, "", code="AUTHENTICATION_ERROR"), Unauthorized)
    assert isinstance(refuse(401, "something new"), Unauthorized)


@pytest.mark.parametrize(
    "said", [{"errors": "odd"}, {"errors": [5]}, {"errors": [{"extensions": 5}]}, {"errors": {"a": 1}}]
)
def test_odd_errors_are_errors(said: Any) -> None:
    with vendor(lambda asked: (200, said)) as there, pytest.raises(Refused):
        connector.check(connector.open({"key": "k"}, there.door()))


@pytest.mark.parametrize("said", [b"<html>", b"[]", {}, {"data": None}])
def test_an_answer_without_data_is_no_answer(said: Any) -> None:
    with vendor(lambda asked: (200, said)) as there, pytest.raises(ValueError):
        connector.check(connector.open({"key": "k"}, there.door()))


def test_a_mutation_that_does_not_succeed_is_no_success() -> None:
    said = {"data": {"commentCreate": {"success": False, "comment": None}}}
    with vendor(lambda asked: (200, said)) as there, pytest.raises(Refused, match="did not do it"):
        Linear(there.url, there.door().session).change("mutation M { commentCreate { success } }")


@pytest.mark.parametrize(("status", "says"), [(401, "personal API key"), (403, "Wait an hour"), (404, "newer version")])
def test_refusals_without_graphql(status: int, says: str) -> None:
    assert says in (connector.explain(status, b"<html>") or "")
    for later in (429, 500, 502, 503):
        assert connector.explain(later, b"") is None


# --- budgets ----------------------------------------------------------------------------------------------------------


def test_a_budget_that_is_used_up_waits_until_it_begins_anew() -> None:
    with at_work(connector, limits=True) as at:
        at.served.control("settings", {"linear_rate": 1})
        connector.check(at.client)
        with pytest.raises(Unavailable) as stop:
            connector.check(at.client)
        assert stop.value.seconds == pytest.approx(120, abs=10)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        (
            {
                "X-RateLimit-Complexity-Remaining": "0",
                "X-RateLimit-Complexity-Reset": str(int((time.time() + 5000) * 1000)),
            },
            3600,
        ),
        ({"X-RateLimit-Requests-Remaining": "0", "X-RateLimit-Requests-Reset": "1"}, 1),
        ({"X-RateLimit-Requests-Remaining": "0", "X-RateLimit-Requests-Reset": "soon"}, 60),
        ({}, 60),
    ],
)
def test_how_long_to_wait_is_read_from_the_headers(at: Hands, headers: dict[str, str], seconds: float) -> None:
    at.served.fault("linear", "status", status=429, headers=headers, body="{}")
    with pytest.raises(Unavailable) as stop:
        connector.check(at.client)
    assert stop.value.seconds == seconds


# --- what people choose from ------------------------------------------------------------------------------------------


def test_pickers_are_filled(at: Hands) -> None:
    assert at.choices("team", "work") == {"Workshop (ENG)": "team-eng"}
    assert at.choices("state") == {f"Workshop: {name}": f"state-{key}" for name, key in
                                   (("To do", "todo"), ("Doing", "doing"), ("Done", "done"))}  # fmt: skip
    assert at.choices("user") == {"Ana Silva": "user-ana"}  # who has left is left out
    assert at.choices("project") == {"New shop": "project-shop"}
    assert at.choices("issue") == at.choices("issue", "saw") == {"ENG-1 Oil the saw": SAW}
    assert at.choices("issue", "nothing like it") == {}


@pytest.mark.parametrize("text", ["ENG-1", " eng-1 ", "https://linear.app/practice/issue/ENG-1/oil-the-saw"])
def test_a_pasted_address_is_understood(at: Hands, text: str) -> None:
    resolve = connector.lookups["issue"].resolve
    assert resolve
    assert [choice.id for choice in resolve(at.client, text)] == [SAW]


@pytest.mark.parametrize("text", ["", "ENG-99", "https://linear.app/practice/project/x-1", "the saw"])
def test_an_address_of_something_else_is_refused(at: Hands, text: str) -> None:
    resolve = connector.lookups["issue"].resolve
    assert resolve
    with pytest.raises(Refused, match="copy its link"):
        resolve(at.client, text)


def test_issues_are_read(at: Hands) -> None:
    seen = at.read("read_issue", issue="ENG-1")
    assert (seen["found"], seen["title"], seen["labels"], seen["priority"]) == (True, "Oil the saw", ["Bug"], 2)
    assert at.read("read_issue", issue="ENG-99")["found"] is False


def test_a_second_page_that_fails_is_no_half_list(at: Hands) -> None:
    at.served.control("linear_many", {"count": 120, "since": "2026-11-01T00:00:00+00:00"})
    head, page = "query All($first: Int, $after: String)", "pageInfo { hasNextPage endCursor }"
    query = f"{head} {{ issues(first: $first, after: $after) {{ nodes {{ id }} {page} }} }}"
    assert len(at.client.listed(query)) == 121
    at.served.fault("linear", "status", status=500, skip=1)
    with pytest.raises(requests.HTTPError):
        at.client.listed(query)


# --- the stand-in -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    ["query { viewer { id nme } }", "query { viewr { id } }", "query { viewer }", "query Q { issue(id: $id) { id } }",
     "query Q($id: String!) { issue(id: $id) { id } }", "viewer { id }", "query { viewer { id }", "query { viewer { id # } }"],
)  # fmt: skip
def test_the_stand_in_refuses_what_its_schema_does_not_have(at: Hands, query: str) -> None:
    with pytest.raises(Refused):
        at.client.ask(query)


def test_the_stand_in_reads_literals() -> None:
    told: list[Any] = []

    def resolve(given: dict[str, Any]) -> dict[str, int]:
        told.append(given)
        return {"b": 1}

    text = 'query { a(x: -5, y: true, z: {in: {k: "v w"}}, e: updatedAt) { b } }'
    assert graphql.answer(text, {}, {"a": resolve}, {}) == {"a": {"b": 1}}
    assert told == [{"x": -5, "y": True, "z": {"in": {"k": "v w"}}, "e": "updatedAt"}]
