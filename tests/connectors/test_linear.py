"""Linear's writes against its stand-in, over real HTTP: once each, found after a lost answer, taken back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from app.core.answers import Kind
from connectors.contract import InProgress, Refused
from connectors.linear import connector
from connectors.linear._issues import own_id
from tests.connectors.hands import KEY, Hands, at_work

SAW = "7c2e0a58-6d1f-4a3b-9c40-5b1f0e2d3c4a"  # the issue that stands there at first, ENG-1
WRITES: dict[str, tuple[str, dict[str, Any]]] = {
    "create_issue": ("issue", {"team": "team-eng", "title": "Sharpen", "description": "# All\n<b>", "labels": ["wood"],
                               "priority": "high", "due_date": "2026-12-01", "assignee": "user-ana"}),
    "update_issue": ("issue", {"issue": "ENG-1", "state": "state-done", "title": "Oil it", "add_labels": ["Wood"],
                               "remove_labels": ["Bug"]}),
    "add_comment": ("comment", {"issue": "ENG-1", "text": "It is **the belt**."}),
    "add_link": ("attachment", {"issue": SAW, "url": "https://hub.example/r/1", "title": "Where it came from"}),
}  # fmt: skip


@pytest.fixture
def at() -> Iterator[Hands]:
    with at_work(connector) as hands:
        yield hands


def stored(at: Hands, kind: str, which: str) -> dict[str, Any] | None:
    return next((dict(one) for one in at.state().get(kind, []) if one["id"] == which), None)


def edit(at: Hands, kind: str, which: str, **values: Any) -> None:
    """A person at the same workspace."""
    at.served.control("linear_edit", {"kind": kind, "id": which, **values})


# --- each write -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WRITES)
def test_a_write_is_made_once_and_taken_back(at: Hands, name: str) -> None:
    kind, given = WRITES[name]
    first = stored(at, "issue", SAW)
    written = at.write(name, **given)
    assert written.result["url"].startswith("https://")
    assert at.changed(written) is None
    at.undo(written)
    after = stored(at, kind, written.result["id"])
    if name == "update_issue":
        names = ("title", "stateId", "labelIds", "priority", "completedAt")
        assert after
        assert first
        assert {n: after[n] for n in names} == {n: first[n] for n in names}
    else:
        assert after is None or after["trashed"]
        at.undo(written)  # what is gone is as good


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize(("do", "arrived"), [("cut_before", 0), ("cut_after", 1), ("rubbish", 1)])
def test_a_lost_answer_is_looked_up(at: Hands, name: str, do: str, arrived: int) -> None:
    kind, given = WRITES[name]
    action, arguments = at.action(name), at.prepared(name, **given)
    request = at.draw(name, KEY, arguments)
    at.served.fault("linear", do, contains="mutation")
    with pytest.raises(Exception), at.door.sending(request):  # noqa: B017 - whatever the door makes of it
        action.run(at.client, KEY, **arguments)
    at.open()
    assert action.find
    found = action.find(at.client, KEY, arguments)
    assert len(found) == arrived
    if not found:
        found = [at.write(name, **given).result]
    assert stored(at, kind, found[0]["id"])
    assert action.find(at.client, KEY, arguments)[0]["id"] == found[0]["id"]
    assert len(at.served.effects("linear")) == 1


@pytest.mark.parametrize("name", WRITES)
def test_what_somebody_has_changed_since_is_left_alone(at: Hands, name: str) -> None:
    kind, given = WRITES[name]
    written = at.write(name, **given)
    edit(at, kind, written.result["id"], **{"body": "mine"} if kind == "comment" else {"title": "mine"})
    assert "Somebody has changed" in (at.changed(written) or "")


def test_an_issue_that_was_deleted_needs_no_undo_and_a_change_says_so(at: Hands) -> None:
    made, moved = at.write("create_issue", team="team-eng", title="x"), at.write("update_issue", issue=SAW, priority=1)
    for issue in (made.result["id"], SAW):
        edit(at, "issue", issue, trashed=True)
    assert at.changed(made) is None
    assert at.changed(moved) == "The issue was deleted in Linear since."


# --- ids of our own ---------------------------------------------------------------------------------------------------


def test_the_id_is_of_the_form_that_linear_asks_for_and_the_same_for_each_try(at: Hands) -> None:
    written = at.write("create_issue", team="team-eng", title="x")
    chosen = uuid.UUID(written.result["id"])
    assert (chosen.version, chosen.variant) == (4, uuid.RFC_4122)
    assert written.result["id"] == own_id(KEY, "issue") != own_id(KEY, "comment")
    assert own_id("hub-other", "issue") != own_id(KEY, "issue")


def test_a_second_issue_with_this_id_cannot_come_and_is_looked_up(at: Hands) -> None:
    written = at.write("create_issue", team="team-eng", title="x")
    with pytest.raises(InProgress) as stop:
        at.action("create_issue").run(at.client, KEY, **written.arguments)
    assert at.trouble(stop.value, write=True).kind is Kind.UNKNOWN
    assert len(at.served.effects("linear", "issue.create")) == 1


def test_a_link_that_was_there_gets_its_title_back(at: Hands) -> None:
    first, second = (at.write("add_link", issue=SAW, url="https://x.example/", title=title) for title in ("Old", "New"))
    assert first.result["id"] == second.result["id"]
    at.undo(second)
    there = stored(at, "attachment", first.result["id"])
    assert there
    assert there["title"] == "Old"


# --- values -----------------------------------------------------------------------------------------------------------


def test_other_labels_stay_and_only_what_is_given_is_sent(at: Hands) -> None:
    written = at.write("update_issue", issue="ENG-1", add_labels=["wood"])
    assert json.loads(written.request.body)["variables"] == {"id": SAW, "input": {"addedLabelIds": ["label-wood"]}}
    after = stored(at, "issue", SAW)
    assert after
    assert after["labelIds"] == ["label-bug", "label-wood"]


def test_a_label_that_was_there_already_stays_after_the_undo(at: Hands) -> None:
    written = at.write("update_issue", issue="ENG-1", add_labels=["Bug", "Wood"], priority="none")
    at.undo(written)
    after = stored(at, "issue", SAW)
    assert after
    assert (after["labelIds"], after["priority"]) == (["label-bug"], 2)


@pytest.mark.parametrize(("given", "number"), [("urgent", 1), ("High", 2), (3, 3), ("4", 4), ("none", 0)])
def test_priorities_are_words_or_numbers(at: Hands, given: Any, number: int) -> None:
    assert at.prepared("create_issue", team="team-eng", title="x", priority=given)["priority"] == number


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("create_issue", {"team": "team-eng", "title": " "}, "needs a title"),
        ("create_issue", {"team": "team-eng", "title": "x", "due_date": "tomorrow"}, "Write it like 2026-11-30"),
        ("create_issue", {"team": "team-eng", "title": "x", "priority": "5"}, "urgent, high, medium, low or none"),
        ("create_issue", {"team": "team-eng", "title": "x", "priority": "01"}, "urgent, high, medium, low or none"),
        ("create_issue", {"team": "team-eng", "title": "x", "labels": ["Tax"]}, "no label “Tax”"),
        ("update_issue", {"issue": "ENG-1"}, "nothing to change"),
        ("update_issue", {"issue": "ENG-99", "title": "x"}, "was deleted"),
        ("add_comment", {"issue": "ENG-99", "text": "x"}, "was deleted"),
    ],
)
def test_what_linear_would_not_take_is_said_before_it_is_sent(
    at: Hands, name: str, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(Refused, match=says):
        at.prepared(name, **given)
    assert at.served.effects("linear") == []


def test_a_rehearsal_draws_with_what_was_not_sent(at: Hands) -> None:
    arguments = at.prepared("add_comment", issue="not sent", text="x")
    assert json.loads(at.draw("add_comment", KEY, arguments).body)["variables"]["input"]["issueId"] == "not sent"
    assert at.prepared("update_issue", issue="not sent", title="x")["issue"] == "not sent"


def test_a_write_to_an_issue_that_went_meanwhile_is_refused(at: Hands) -> None:
    arguments = {"issue": "3b2e0a58-6d1f-4a3b-9c40-5b1f0e2d3c4a", "text": "x"}
    with pytest.raises(Refused) as stop:
        at.action("add_comment").run(at.client, KEY, **arguments)
    assert at.trouble(stop.value, write=True).kind is Kind.REFUSED
