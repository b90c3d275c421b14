"""Pipedrive's writes against its stand-in, over real HTTP: once each, found after a lost answer, taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connectors.contract import Refused
from connectors.pipedrive import connector
from tests.connectors.hands import KEY, Hands, at_work

WRITES: dict[str, tuple[str, dict[str, Any]]] = {
    "create_deal": (
        "deal",
        {"title": "Ten chairs", "value": "1250.50", "currency": "EUR", "person": "1", "stage": "2"},
    ),
    "update_deal": ("deal", {"deal": "1", "stage": "3", "value": 7000}),
    "save_person": ("person", {"name": "Ben Koch", "email": "ben@koch.example", "phone": "+49 30 1"}),
    "save_organization": ("organization", {"name": "Koch Ltd"}),
    "add_note": ("note", {"deal": "1", "text": "First line\nsecond <b>\n\nnew & last"}),
    "add_activity": ("activity", {"subject": "Call Ann", "kind": "call", "due_date": "2026-12-01", "deal": "1"}),
}


@pytest.fixture
def at() -> Iterator[Hands]:
    with at_work(connector) as hands:
        yield hands


def stored(at: Hands, kind: str, id: Any) -> dict[str, Any]:
    (found,) = [one["record"] for one in at.state()[kind] if one["record"]["id"] == int(id)]
    return dict(found)


def by_hand(at: Hands, path: str, body: dict[str, Any], method: str = "PATCH") -> Any:
    """A person, or another tool, at the same account."""
    headers = {"x-api-token": at.served.token}
    answer = requests.request(method, f"{at.served.url}/pipedrive{path}", json=body, headers=headers, timeout=5)
    assert answer.ok, answer.text
    return answer.json()["data"]


def key_code(at: Hands, kind: str) -> str:
    fields = [one["record"] for one in at.state()["field"] if one["record"]["kind"] == kind]
    (code,) = [one["field_code"] for one in fields if one["field_name"] == "Patchbay key"]
    return str(code)


# --- each write -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WRITES)
def test_a_write_is_made_once_and_taken_back(at: Hands, name: str) -> None:
    kind, given = WRITES[name]
    written = at.write(name, **given)
    assert written.result["url"].startswith(f"{at.served.url}/pipedrive/")
    assert at.changed(written) is None
    at.undo(written)
    after = stored(at, kind, written.result["id"])
    if name == "update_deal":
        assert (after["stage_id"], after["value"]) == (1, 5000)
    else:
        assert after.get("is_deleted") or after["active_flag"] is False
    at.undo(written)  # what is gone is as good


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize(("do", "arrived"), [("cut_before", 0), ("cut_after", 1), ("rubbish", 1)])
def test_a_lost_answer_is_looked_up(at: Hands, name: str, do: str, arrived: int) -> None:
    kind, given = WRITES[name]
    arguments, found = at.lose(name, do, **given)
    assert len(found) == arrived
    if found:
        changed = at.served.effects("pipedrive", f"{kind}.{'change' if name == 'update_deal' else 'create'}")
        assert found[0]["id"] == changed[-1]["id"]
    else:
        at.write(name, **given)
        find = at.action(name).find
        assert find
        assert len(find(at.client, KEY, arguments)) == 1
        assert find(at.client, "hub-another", arguments) == (
            [] if name != "update_deal" else find(at.client, KEY, arguments)
        )


@pytest.mark.parametrize("name", WRITES)
def test_what_somebody_has_changed_since_is_left_alone(at: Hands, name: str) -> None:
    kind, given = WRITES[name]
    written = at.write(name, **given)
    edits: dict[str, dict[str, Any]] = {
        "deal": {"value": 1},
        "person": {"name": "Benjamin"},
        "organization": {"name": "Koch & Co"},
        "note": {"content": "mine"},
        "activity": {"subject": "Write to Ann"},
    }
    path = {"note": "/api/v1/notes", "activity": "/api/v2/activities"}.get(kind, f"/api/v2/{kind}s")
    by_hand(at, f"{path}/{written.result['id']}", edits[kind], "PUT" if kind == "note" else "PATCH")
    assert "Somebody has changed" in (at.changed(written) or "")


def test_a_record_that_was_deleted_needs_no_undo_and_a_change_says_so(at: Hands) -> None:
    made, moved = at.write("create_deal", title="Ten chairs"), at.write("update_deal", deal="1", stage="3")
    for deal in (made.result["id"], "1"):
        by_hand(at, f"/api/v2/deals/{deal}", {}, "DELETE")
    assert at.changed(made) is None
    assert at.changed(moved) == "The deal was deleted in Pipedrive since."


# --- our key ----------------------------------------------------------------------------------------------------------


def test_the_field_for_our_key_is_made_once_and_written_inside_custom_fields(at: Hands) -> None:
    for number in (1, 2):
        written = at.write("create_deal", f"hub-{number}", title=f"Deal {number}")
        body = json.loads(written.request.body)
        assert body["custom_fields"] == {key_code(at, "deal"): f"hub-{number}"}
        assert len(key_code(at, "deal")) == 40
    assert [r["id"] for r in at.served.effects("pipedrive", "field.create")] == [key_code(at, "deal")]


def test_without_the_field_nobody_guesses(at: Hands) -> None:
    find = at.action("create_deal").find
    assert find
    with pytest.raises(Refused, match="field “Patchbay key” is missing"):
        find(at.client, KEY, {"title": "Ten chairs"})


def test_a_rehearsal_draws_a_deal_before_the_field_is_there(at: Hands) -> None:
    action = at.action("create_deal")
    assert action.prepare
    arguments = action.prepare(at.client, {"title": "x", "person": "not sent"})
    assert json.loads(at.draw("create_deal", KEY, arguments).body) == {"person_id": "not sent", "title": "x"}


def test_a_deal_is_found_among_many_and_in_the_archive(at: Hands) -> None:
    written = at.write("create_deal", title="Ten chairs")
    find = at.action("create_deal").find
    assert find
    by_hand(at, f"/api/v2/deals/{written.result['id']}", {"is_archived": True})
    assert [one["id"] for one in find(at.client, KEY, written.arguments)] == [written.result["id"]]


def test_two_with_one_key_are_both_told(at: Hands) -> None:
    written = at.write("create_deal", title="Ten chairs")
    by_hand(at, "/api/v2/deals", {"title": "Copy", "custom_fields": {key_code(at, "deal"): KEY}}, "POST")
    find = at.action("create_deal").find
    assert find
    assert len(find(at.client, KEY, written.arguments)) == 2


# --- people -----------------------------------------------------------------------------------------------------------


def test_who_has_the_address_already_is_filled_in_and_put_back(at: Hands) -> None:
    by_hand(at, "/api/v2/persons/1", {"phones": [{"value": "1", "primary": True, "label": "home"}]})
    written = at.write("save_person", name="Ann Lee-Koch", email="ANN@lee.example", phone="2", organization="1")
    after = stored(at, "person", 1)
    assert written.result["id"] == "1"
    assert (after["name"], [one["value"] for one in after["emails"]]) == ("Ann Lee-Koch", ["ann@lee.example"])
    assert [(one["value"], one["primary"]) for one in after["phones"]] == [("1", True), ("2", False)]
    assert at.changed(written) is None
    at.undo(written)
    after = stored(at, "person", 1)
    assert (after["name"], [one["value"] for one in after["phones"]]) == ("Ann Lee", ["1"])


def test_a_known_number_is_not_added_again(at: Hands) -> None:
    for _ in range(2):
        at.write("save_person", name="Ben", email="ben@koch.example", phone="+49")
    (ben,) = [one["record"] for one in at.state()["person"] if one["record"]["name"] == "Ben"]
    assert [one["value"] for one in ben["phones"]] == ["+49"]


def test_nothing_that_needs_contact_sync_is_sent(at: Hands) -> None:
    written = at.write("save_person", name="Ben", email="b@k.example", phone="1", organization=1, owner=7)
    assert set(json.loads(written.request.body)) == {"name", "emails", "phones", "org_id", "owner_id", "custom_fields"}


def test_an_organization_of_this_name_is_not_made_twice(at: Hands) -> None:
    first, second = (at.write("save_organization", f"hub-{n}", name="Koch Ltd") for n in (1, 2))
    assert first.result["id"] == second.result["id"]
    assert first.request.method == "POST"
    assert second.request.method == "PATCH"


# --- fields of an account's own ---------------------------------------------------------------------------------------


def test_own_fields_are_named_by_people_and_sent_by_their_hashes(at: Hands) -> None:
    written = at.write("create_deal", title="Roof", fields={"roof": "Slate", "Site visits": "3"})
    read = at.read("read_deal", deal=written.result["id"])
    assert read["fields"] == {"Roof": "Slate", "Site visits": 3}
    sent = json.loads(written.request.body)["custom_fields"].values()
    assert sorted(map(str, sent)) == sorted(["42", "3", KEY])
    cleared = at.write("update_deal", deal=written.result["id"], fields={"Roof": ""})
    assert None in json.loads(cleared.request.body)["custom_fields"].values()
    assert at.read("read_deal", deal=written.result["id"])["fields"]["Roof"] is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"fields": {"Colour": "red"}}, "no field “Colour”.*“Roof”, “Site visits”"),
        ({"fields": {"Roof": "Straw"}}, "no option “Straw”. It has: “Slate”, “Tile”"),
        ({"fields": {"Site visits": "many"}}, "no number"),
        ({"value": "a lot"}, "no amount"),
        ({"value": "NaN"}, "no amount"),
        ({"stage": "Offer sent"}, "Choose the stage from the list"),
        ({"status": "gone"}, "open, won or lost"),
        ({"lost_reason": "Too dear"}, "only with the status lost"),
        ({"lost_reason": "Too dear", "status": "won"}, "only with the status lost"),
        ({}, "nothing to change"),
        ({"title": "x", "deal": "99"}, "was deleted"),
    ],
)
def test_what_pipedrive_would_not_take_is_said_before_it_is_sent(at: Hands, given: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused, match=says):
        at.prepared("update_deal", **{"deal": "1", **given})
    assert at.served.effects("pipedrive") == []


def test_an_archived_deal_is_not_changed(at: Hands) -> None:
    by_hand(at, "/api/v2/deals/1", {"is_archived": True})
    with pytest.raises(Refused, match="Take it out of the archive"):
        at.prepared("update_deal", deal="1", stage="2")


def test_a_lost_deal_is_open_again_after_the_undo(at: Hands) -> None:
    written = at.write("update_deal", deal="1", status="lost", lost_reason="Too dear")
    assert (stored(at, "deal", 1)["status"], stored(at, "deal", 1)["lost_reason"]) == ("lost", "Too dear")
    at.undo(written)
    assert (stored(at, "deal", 1)["status"], stored(at, "deal", 1)["lost_reason"]) == ("open", None)


# --- notes and activities ---------------------------------------------------------------------------------------------


def test_a_note_is_text_and_carries_a_line_of_ours(at: Hands) -> None:
    written = at.write("add_note", deal="1", text="First line\nsecond <b>\n\nnew & last")
    content = stored(at, "note", written.result["id"])["content"]
    assert content.startswith("<p>First line<br>second &lt;b&gt;</p><p>new &amp; last</p>")
    assert content.endswith(f"<p><small>via Patchbay {KEY}</small></p>")
    assert written.result["url"].endswith("/deal/1")


def test_a_note_is_found_on_a_later_page(at: Hands) -> None:
    written = at.write("add_note", deal="1", text="mine")
    for number in range(130):
        by_hand(at, "/api/v1/notes", {"content": str(number), "deal_id": 1}, "POST")
    find = at.action("add_note").find
    assert find
    assert [one["id"] for one in find(at.client, KEY, written.arguments)] == [written.result["id"]]


def test_a_note_or_activity_belongs_to_something(at: Hands) -> None:
    for name, given in (("add_note", {"text": "x"}), ("add_activity", {"subject": "x"})):
        with pytest.raises(Refused, match="a deal, a person or an organization"):
            at.prepared(name, **given)
    with pytest.raises(Refused, match="Write it like 2026-11-30"):
        at.prepared("add_activity", subject="x", deal="1", due_date="tomorrow")


def test_a_person_takes_part_in_an_activity(at: Hands) -> None:
    written = at.write("add_activity", subject="Call", person="1", due_time="14:30", text="Bring the plan")
    body = json.loads(written.request.body)
    assert body["participants"] == [{"person_id": 1, "primary": True}]
    assert "person_id" not in body
    assert body["note"].startswith("<p>Bring the plan</p>")
