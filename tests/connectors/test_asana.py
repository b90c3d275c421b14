"""Asana over real HTTP: connecting, tasks and comments, found after a lost answer and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.asana import connector
from connectors.asana._tasks import day
from connectors.contract import Refused, Unauthorized
from tests.connectors.asana_app import app_token
from tests.connectors.stand import KEY, Stand, reopened, standing

TASK = {"project": "1301", "name": "Order chairs", "notes": "Ten of them.", "due_on": "2026-11-30"}


@pytest.fixture(params=["token", "signed in"])
def office(request: pytest.FixtureRequest) -> Iterator[Stand]:
    """With a copied token, and with one that an app of ours was given."""
    with standing("asana") as stand:
        yield stand if request.param == "token" else reopened(stand, access_token=app_token(stand))


@pytest.fixture
def plain() -> Iterator[Stand]:
    with standing("asana") as stand:
        yield stand


def tasks(office: Stand) -> list[dict[str, Any]]:
    return list(office.served.control("state?slug=asana").get("task", []))


def by_hand(office: Stand, **more: Any) -> dict[str, Any]:
    return dict(office.served.control("asana_task", more))


# --- connecting -------------------------------------------------------------------------------------------------------


def test_the_account_is_the_user_with_its_workspace(office: Stand) -> None:
    account = office.check()
    assert (account.id, account.name) == ("1201", "Patchbay (Practice office)")


def test_a_revoked_token_wants_a_new_one(plain: Stand) -> None:
    plain.check()
    plain.served.control("settings", {"revoked": ["asana"]})
    with pytest.raises(Unauthorized, match="no longer accepts"):
        plain.check()
    plain.served.control("settings", {"revoked": []})
    assert reopened(plain).check().id == "1201"


def test_a_user_without_a_workspace_is_told(plain: Stand) -> None:
    body = {"data": {"gid": "1", "name": "Lonely", "workspaces": []}}
    plain.served.fault("asana", "status", status=200, body=body)
    with pytest.raises(Refused, match="no workspace yet"):
        plain.check()


# --- tasks ------------------------------------------------------------------------------------------------------------


def test_a_task_stands_in_its_project_with_a_mark_of_ours(office: Stand) -> None:
    made = office.do("create_task", **TASK, assignee="Ana Silva")
    (task,) = tasks(office)
    assert (task["name"], task["projects"], task["due_on"], task["assignee"]["gid"]) == (
        "Order chairs",
        ["1301"],
        "2026-11-30",
        "1202",
    )
    assert (made["id"], made["url"]) == (task["gid"], task["permalink_url"])
    assert isinstance(made["id"], str)
    if office.client.signed_in:
        assert (task["external"], task["notes"]) == ({"gid": KEY}, "Ten of them.")
    else:
        assert task["notes"] == f"Ten of them.\n\nPatchbay: {KEY}"


def test_bodies_are_wrapped(office: Stand) -> None:
    office.do("create_task", **TASK)
    assert set(json.loads(office.asked("POST")[-1]["body"])) == {"data"}


@pytest.mark.parametrize("fault", ["cut_after", "status_after", "rubbish"])
def test_a_task_whose_answer_was_lost_is_found(office: Stand, fault: str) -> None:
    (found,) = office.lost("create_task", fault, **TASK)
    assert found["id"] == tasks(office)[0]["gid"]
    assert not any("/search" in one["path"] for one in office.asked()), "search lags, and costs money"


def test_the_key_is_encoded_in_the_address(plain: Stand) -> None:
    stand = reopened(plain, access_token=app_token(plain))
    assert connector.actions["create_task"].find
    find = connector.actions["create_task"].find
    asked = stand.door.draw(lambda: find(stand.client, "hub-a/b c", {"mark": "external"}))
    assert asked.path.startswith("/api/1.0/tasks/external%3Ahub-a%2Fb%20c?")


def test_a_task_that_never_arrived_is_not_found(office: Stand) -> None:
    assert office.lost("create_task", "cut_before", **TASK) == []


def test_it_is_found_on_page_two(plain: Stand) -> None:
    plain.note(page=2)
    for n in range(5):
        by_hand(plain, name=f"Other {n}")
    (found,) = plain.lost("create_task", **TASK)
    assert found["id"] == tasks(plain)[-1]["gid"]


def test_a_page_that_fails_fails_the_look(plain: Stand) -> None:
    """Half a list does not say that the task is not there."""
    plain.note(page=2)
    for n in range(3):
        by_hand(plain, name=f"Other {n}")
    arguments = plain.prepared("create_task", **TASK)
    plain.served.fault("asana", "status", method="GET", path="/api/1.0/tasks", skip=1, status=502)
    find = plain.action("create_task").find
    assert find
    with pytest.raises(Exception, match="502"):
        find(plain.client, KEY, arguments)


def test_preparing_twice_changes_nothing(office: Stand) -> None:
    once = office.prepared("create_task", **TASK, assignee="Ana Silva")
    assert office.prepared("create_task", **once) == once


def test_how_it_is_marked_stays_when_the_connection_is_renewed_by_signing_in(plain: Stand) -> None:
    arguments = plain.prepared("create_task", **TASK)
    signed_in = reopened(plain, access_token=app_token(plain))
    run = plain.action("create_task").run
    drawn = [one.door.draw(lambda one=one: run(one.client, KEY, **arguments)) for one in (plain, signed_in)]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"assignee": "Ben Okafor"}, "knows several people called “Ben Okafor”"),
        ({"assignee": "Nobody Here"}, "knows nobody called"),
        ({"due_on": "next week"}, "is no date"),
        ({"project": "Office"}, "is no project of Asana"),
    ],
)
def test_what_asana_would_not_understand_is_refused_before_it_is_sent(plain: Stand, given: Any, says: str) -> None:
    with pytest.raises(Refused, match=says):
        plain.prepared("create_task", **{**TASK, **given})
    assert plain.effects() == []


@pytest.mark.parametrize("who", ["me", "1202", "ana.silva@practice.example"])
def test_people_are_named_as_asana_takes_them(plain: Stand, who: str) -> None:
    plain.do("create_task", **TASK, assignee=who)
    assert json.loads(plain.asked("POST")[-1]["body"])["data"]["assignee"] == who


def test_times_become_days() -> None:
    assert (day("2026-11-30T10:00:00Z"), day(None), day("")) == ("2026-11-30", "", "")


# --- taking a task back -----------------------------------------------------------------------------------------------


def test_an_untouched_task_goes_to_the_trash(office: Stand) -> None:
    arguments = office.prepared("create_task", **TASK)
    made = office.send("create_task", KEY, arguments)
    office.do("comment", task=made["id"], text="Ours")
    assert office.undo("create_task", arguments, made) is None
    assert tasks(office) == []
    undo = office.action("create_task").undo
    assert undo
    assert undo.changed(office.client, arguments, made, 0) is None, "it is gone already"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "Order tables"}, "Somebody changed the task “Order tables”"),
        ({"completed": True}, "Somebody changed the task"),
        ({"num_subtasks": 2}, "has subtasks by now"),
    ],
)
def test_a_task_that_somebody_took_up_stays(office: Stand, change: Any, says: str) -> None:
    arguments = office.prepared("create_task", **TASK)
    made = office.send("create_task", KEY, arguments)
    by_hand(office, gid=made["id"], **change)
    assert says in (office.undo("create_task", arguments, made) or "")
    assert len(tasks(office)) == 1


def test_a_task_that_somebody_commented_on_stays(office: Stand) -> None:
    arguments = office.prepared("create_task", **TASK)
    made = office.send("create_task", KEY, arguments)
    office.served.control("asana_comment", {"task": made["id"], "text": "I do this"})
    assert "commented" in (office.undo("create_task", arguments, made) or "")


# --- changes ----------------------------------------------------------------------------------------------------------


def test_values_are_changed_and_given_back(plain: Stand) -> None:
    task = by_hand(plain, name="Old", notes="kept", assignee="1203")
    arguments = plain.prepared("update_task", task=task["gid"], name="New", assignee="1202", due_on="2026-12-01")
    before = plain.before("update_task", **arguments)
    made = plain.send("update_task", KEY, arguments)
    assert before == {"name": "Old", "assignee": "1203", "due_on": None}
    assert json.loads(plain.asked("PUT")[-1]["body"])["data"] == {
        "name": "New",
        "assignee": "1202",
        "due_on": "2026-12-01",
    }
    assert plain.undo("update_task", arguments, made, before) is None
    (now,) = tasks(plain)
    assert (now["name"], now["assignee"]["gid"], now["due_on"], now["notes"]) == ("Old", "1203", None, "kept")


def test_a_comment_in_between_is_no_change(plain: Stand) -> None:
    """It moves `modified_at`, though."""
    task = by_hand(plain, name="Old")
    arguments = plain.prepared("update_task", task=task["gid"], name="New")
    plain.served.control("asana_comment", {"task": task["gid"], "text": "Soon"})
    assert plain.before("update_task", **arguments) == {"name": "Old"}


def test_what_was_changed_since_it_was_prepared_is_not_overwritten(plain: Stand) -> None:
    task = by_hand(plain, name="Old")
    arguments = plain.prepared("update_task", task=task["gid"], name="New")
    by_hand(plain, gid=task["gid"], name="Theirs")
    with pytest.raises(Refused, match="“Theirs” was changed in Asana since"):
        plain.before("update_task", **arguments)
    made = {"id": task["gid"], "written": "of another text"}
    assert "Somebody changed" in (plain.undo("update_task", arguments, made, {"name": "Old"}) or "")


@pytest.mark.parametrize(
    ("name", "given"),
    [("update_task", {"name": "New", "assignee": "me"}), ("complete_task", {}), ("comment", {"text": "Hello"})],
)
@pytest.mark.parametrize("fault", ["cut_after", "cut_before"])
def test_a_change_whose_answer_was_lost_is_seen(plain: Stand, name: str, given: Any, fault: str) -> None:
    task = by_hand(plain, name="Old")
    assert len(plain.lost(name, fault, task=task["gid"], **given)) == (fault == "cut_after")


def test_a_task_is_ticked_off_and_opened_again(plain: Stand) -> None:
    task = by_hand(plain, name="Old")
    arguments = plain.prepared("complete_task", task=task["gid"])
    before = plain.before("complete_task", **arguments)
    made = plain.send("complete_task", KEY, arguments)
    assert (before, tasks(plain)[0]["completed"]) == (False, True)
    assert plain.undo("complete_task", arguments, made, before) is None
    assert tasks(plain)[0]["completed"] is False
    assert "set the task “Old” back already" in (plain.undo("complete_task", arguments, made, before) or "")


def test_nothing_to_change_is_refused(plain: Stand) -> None:
    with pytest.raises(Refused, match="nothing to change"):
        plain.prepared("update_task", task="1")


@pytest.mark.parametrize(("name", "given"), [("update_task", {"name": "x"}), ("complete_task", {}), ("get_task", {})])
def test_a_task_that_is_gone_is_said_so(plain: Stand, name: str, given: Any) -> None:
    run = plain.action(name).run
    ask = (
        (lambda: run(plain.client, task="999"))
        if name == "get_task"
        else (lambda: plain.prepared(name, task="999", **given))
    )
    with pytest.raises(Refused, match="no such task any more"):
        ask()


def test_what_was_deleted_since_needs_no_taking_back(plain: Stand) -> None:
    task = by_hand(plain, name="Old")
    arguments = plain.prepared("complete_task", task=task["gid"])
    made = plain.send("complete_task", KEY, arguments)
    plain.served.control("asana_forget", {"id": task["gid"]})
    assert "no longer there" in (plain.undo("complete_task", arguments, made, False) or "")


def test_a_task_is_read_without_our_line(plain: Stand) -> None:
    made = plain.do("create_task", **TASK, assignee="Ana Silva")
    seen = plain.action("get_task").run(plain.client, task=made["id"])
    assert (seen["name"], seen["notes"], seen["assignee"], seen["assignee_id"]) == (
        "Order chairs",
        "Ten of them.",
        "Ana Silva",
        "1202",
    )


# --- comments ---------------------------------------------------------------------------------------------------------


def test_a_comment_is_made_and_taken_back(plain: Stand) -> None:
    task = by_hand(plain, name="Old")
    arguments = plain.prepared("comment", task=task["gid"], text="Hello")
    made = plain.send("comment", KEY, arguments)
    assert plain.undo("comment", arguments, made) is None
    assert plain.served.control("state?slug=asana").get("story", []) == []


def test_an_edited_comment_stays(plain: Stand) -> None:
    task = by_hand(plain, name="Old")
    arguments = plain.prepared("comment", task=task["gid"], text="Hello")
    made = plain.send("comment", KEY, arguments)
    by_hand(plain, gid=made["id"], text="Hello all")
    assert plain.undo("comment", arguments, made) == "Somebody edited the comment since."


def test_the_same_words_of_somebody_else_or_of_last_week_are_not_ours(plain: Stand) -> None:
    task = by_hand(plain, name="Old")
    plain.served.control("asana_comment", {"task": task["gid"], "text": "Hello"})
    assert plain.lost("comment", "cut_before", task=task["gid"], text="Hello") == []
    arguments = plain.prepared("comment", task=task["gid"], text="Hello")
    plain.send("comment", KEY, arguments)
    find = plain.action("comment").find
    assert find
    assert len(find(plain.client, KEY, arguments)) == 1
    assert find(plain.client, KEY, {**arguments, "since": "2999-01-01T00:00:00Z"}) == []
