"""HubSpot's writes against its stand-in, over real HTTP: once each, found after a lost answer, taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connectors.contract import Refused
from connectors.hubspot import connector
from tests.connectors.hands import KEY, Hands, at_work

ANN, LEE, ROOF = "501", "502", "503"  # the contact, company and deal that stand there at first
WRITES: dict[str, tuple[str, dict[str, Any]]] = {
    "save_contact": ("contacts", {"email": "Ben@koch.example", "first_name": "Ben", "phone": "+49 30 1"}),
    "save_company": ("companies", {"name": "Koch Ltd", "domain": "https://www.koch.example/about"}),
    "save_deal": (
        "deals",
        {"name": "Ten chairs", "stage": "9011", "amount": "1250.50", "contact": ANN, "company": LEE},
    ),
    "update_deal": ("deals", {"deal": ROOF, "stage": "closedwon", "amount": 7000, "close_date": "2026-12-01"}),
    "add_note": ("notes", {"contact": ANN, "text": "First line\nsecond <b>\n\nnew & last"}),
    "add_task": ("tasks", {"deal": ROOF, "subject": "Call Ann", "due": "2026-12-01", "priority": "high"}),
}


@pytest.fixture
def at() -> Iterator[Hands]:
    with at_work(connector) as hands:
        yield hands


def stored(at: Hands, kind: str, record: str) -> dict[str, Any]:
    (found,) = [one["record"] for one in at.state()[kind] if one["record"]["id"] == record]
    return dict(found)


def values(at: Hands, kind: str, record: str) -> dict[str, Any]:
    return dict(stored(at, kind, record)["properties"])


def by_hand(at: Hands, path: str, properties: dict[str, Any], method: str = "PATCH") -> Any:
    """A person, or another tool, at the same account."""
    headers = {"Authorization": f"Bearer {at.served.token}"}
    url = f"{at.served.url}/hubspot/crm/objects/2026-03{path}"
    answer = requests.request(method, url, json={"properties": properties}, headers=headers, timeout=5)
    assert answer.ok, answer.text
    return answer.json() if answer.content else {}


# --- each write -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WRITES)
def test_a_write_is_made_once_and_taken_back(at: Hands, name: str) -> None:
    kind, given = WRITES[name]
    written = at.write(name, **given)
    assert written.result["url"].startswith("https://app.hubspot.com/contacts/1001/record/")
    assert at.changed(written) is None
    at.undo(written)
    if name == "update_deal":
        after = values(at, kind, ROOF)
        assert (after["dealstage"], after["amount"], after["closedate"]) == ("contractsent", "5000", None)
    else:
        assert stored(at, kind, written.result["id"])["archived"]
    at.undo(written)  # what is gone is as good


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize(("do", "arrived"), [("cut_before", 0), ("cut_after", 1), ("rubbish", 1)])
def test_a_lost_answer_is_looked_up_in_the_records(at: Hands, name: str, do: str, arrived: int) -> None:
    at.served.control("settings", {"hubspot_lag": 3600})  # the search knows nothing of it yet
    kind, given = WRITES[name]
    arguments, found = at.lose(name, do, **given)
    assert len(found) == arrived
    if not found:
        at.write(name, **given)
        find = at.action(name).find
        assert find
        found = find(at.client, KEY, arguments)
    changed = at.served.effects("hubspot", f"{kind}.{'change' if name == 'update_deal' else 'create'}")
    assert [one["id"] for one in found] == [changed[-1]["id"]]


@pytest.mark.parametrize("name", WRITES)
def test_what_somebody_has_changed_since_is_left_alone(at: Hands, name: str) -> None:
    kind, given = WRITES[name]
    written = at.write(name, **given)
    edit: dict[str, dict[str, Any]] = {
        "contacts": {"firstname": "Benjamin"},
        "companies": {"name": "Koch & Co"},
        "deals": {"amount": "1"},
        "notes": {"hs_note_body": "mine"},
        "tasks": {"hs_task_status": "COMPLETED"},
    }
    by_hand(at, f"/{kind}/{written.result['id']}", edit[kind])
    assert "Somebody has changed" in (at.changed(written) or "")


def test_a_record_that_was_deleted_needs_no_undo_and_a_change_says_so(at: Hands) -> None:
    made, moved = at.write("save_deal", name="Ten chairs"), at.write("update_deal", deal=ROOF, stage="closedwon")
    for deal in (made.result["id"], ROOF):
        by_hand(at, f"/deals/{deal}", {}, "DELETE")
    assert at.changed(made) is None
    assert at.changed(moved) == "The deal was deleted in HubSpot since."


# --- one of each ------------------------------------------------------------------------------------------------------


def test_a_contact_with_this_address_is_filled_in_and_put_back(at: Hands) -> None:
    written = at.write("save_contact", email="ANN@lee.example", first_name="Anna", phone="1")
    assert (written.result["id"], written.result["new"]) == (ANN, False)
    assert (values(at, "contacts", ANN)["firstname"], values(at, "contacts", ANN)["lastname"]) == ("Anna", "Lee")
    at.undo(written)
    assert (values(at, "contacts", ANN)["firstname"], values(at, "contacts", ANN)["phone"]) == ("Ann", None)
    assert not stored(at, "contacts", ANN)["archived"]


def test_a_repeat_of_the_same_bytes_makes_no_second_contact(at: Hands) -> None:
    first, second = (at.write("save_contact", email="ben@koch.example", first_name="Ben") for _ in range(2))
    assert first.request == second.request
    assert (first.result["new"], second.result["new"]) == (True, False)
    assert first.result["id"] == second.result["id"]


def test_a_company_is_known_by_its_domain_however_it_is_written(at: Hands) -> None:
    written = at.write("save_company", name="Lee & Daughters", domain="https://www.LEE.example/shop")
    assert written.result["id"] == LEE
    at.undo(written)
    assert values(at, "companies", LEE)["name"] == "Lee and Daughters"


def test_a_reference_of_ours_finds_what_the_search_does_not_know_yet(at: Hands) -> None:
    at.served.control("settings", {"hubspot_lag": 3600})
    for name, given in (("save_company", {"name": "Koch"}), ("save_deal", {"name": "Chairs", "amount": 1})):
        first, second = (at.write(name, f"hub-{n}", **given, reference="customer-7") for n in (1, 2))
        assert first.result["id"] == second.result["id"], name


def test_a_second_record_with_our_key_cannot_come(at: Hands) -> None:
    written = at.write("save_deal", name="Ten chairs")
    headers = {"Authorization": f"Bearer {at.served.token}", "Content-Type": "application/json"}
    url = f"{at.served.url}/hubspot{written.request.path}"
    assert requests.post(url, data=written.request.body, headers=headers, timeout=5).status_code == 409


def test_the_property_for_our_key_is_unique_and_made_once(at: Hands) -> None:
    for number in (1, 2):
        at.write("add_note", f"hub-{number}", contact=ANN, text=str(number))
    assert [one["id"] for one in at.served.effects("hubspot", "property.create")] == ["patchbay_key"]
    (made,) = [one["record"] for one in at.state()["property"]]
    assert (made["kind"], made["hasUniqueValue"], made["groupName"]) == ("notes", True, "notes_information")


def test_a_207_without_a_result_says_what_was_wrong(at: Hands) -> None:
    with pytest.raises(Refused, match="Property values were not valid: ben@invalid"):
        at.write("save_contact", email="ben@invalid")


# --- values -----------------------------------------------------------------------------------------------------------


def test_every_value_is_text_and_links_have_the_types_that_hubspot_documents(at: Hands) -> None:
    written = at.write("save_deal", name="Ten chairs", stage="9011", amount=1250, contact=ANN, company=LEE)
    body = json.loads(written.request.body)
    assert body["properties"] == {
        "dealname": "Ten chairs", "dealstage": "9011", "pipeline": "901", "amount": "1250", "patchbay_key": KEY,
    }  # fmt: skip
    assert [(one["to"]["id"], one["types"][0]["associationTypeId"]) for one in body["associations"]] == [
        (ANN, 3),
        (LEE, 5),
    ]
    note = json.loads(at.write("add_note", "hub-n", contact=ANN, company=LEE, deal=ROOF, text="x").request.body)
    assert [one["types"][0]["associationTypeId"] for one in note["associations"]] == [202, 190, 214]
    task = json.loads(at.write("add_task", "hub-t", contact=ANN, company=LEE, deal=ROOF, subject="x").request.body)
    assert [one["types"][0]["associationTypeId"] for one in task["associations"]] == [204, 192, 216]


def test_labels_become_the_values_behind_them_and_empty_text_clears(at: Hands) -> None:
    given = {"Interests": ["Garden chairs", "tables"], "phone": 7}
    written = at.write("save_contact", email="ann@lee.example", properties=given)
    assert json.loads(written.request.body)["inputs"][0]["properties"]["interests"] == "chairs;tables"
    assert values(at, "contacts", ANN)["phone"] == "7"
    at.write("save_contact", "hub-2", email="ann@lee.example", properties={"phone": ""})
    assert values(at, "contacts", ANN)["phone"] is None


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("save_contact", {"email": ""}, "no"),
        ("save_contact", {"email": "a@b.example", "properties": {"Shoe size": 4}}, "no property “Shoe size”"),
        ("save_contact", {"email": "a@b.example", "properties": {"interests": "Cars"}}, "no option “Cars”.*“Tables”"),
        ("save_contact", {"email": "a@b.example", "properties": {"createdate": "x"}}, "HubSpot's own"),
        (
            "save_contact",
            {"email": "ann@lee.example", "properties": {"Lifecycle stage": "New"}},
            "does not go back to lead",
        ),
        ("save_contact", {"email": "a@b.example", "owner": "Ana"}, "Choose the user from the list"),
        ("save_deal", {"name": "x", "stage": "Won"}, "no stage “Won”"),
        ("save_deal", {"name": "x", "amount": "much"}, "no amount"),
        ("update_deal", {"deal": ROOF}, "nothing to change"),
        ("update_deal", {"deal": "999", "amount": 1}, "was deleted"),
        ("update_deal", {"deal": "the roof", "amount": 1}, "Choose the deal from the list"),
        ("add_note", {"text": "x"}, "a contact, a company or a deal"),
        ("add_note", {"text": "x" * 66_000, "contact": ANN}, "Shorten"),
        ("add_task", {"subject": "x", "contact": ANN, "due": "soon"}, "Write it like 2026-11-30"),
        ("add_task", {"subject": "x", "contact": ANN, "priority": "now"}, "low, medium, high or none"),
    ],
)
def test_what_hubspot_would_not_take_is_said_before_it_is_sent(
    at: Hands, name: str, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(Refused, match=says):
        at.prepared(name, **given)
    assert at.served.effects("hubspot") == []


def test_a_note_is_text_and_its_time_is_settled_before_it_is_sent(at: Hands) -> None:
    written = at.write("add_note", contact=ANN, text="First line\nsecond <b>\n\nnew & last")
    body = values(at, "notes", written.result["id"])
    assert body["hs_note_body"] == "<p>First line<br>second &lt;b&gt;</p><p>new &amp; last</p>"
    assert body["hs_timestamp"] == written.arguments["when"]


def test_a_rehearsal_draws_with_what_was_not_sent(at: Hands) -> None:
    arguments = at.prepared("save_deal", name="x", contact="not sent")
    body = json.loads(at.draw("save_deal", KEY, arguments).body)
    assert body["associations"][0]["to"] == {"id": "not sent"}


def test_what_must_never_be_called_is_not(at: Hands) -> None:
    for name, (_, given) in WRITES.items():
        at.undo(at.write(name, f"hub-{name}", **given))
    assert not [asked["path"] for asked in at.asked() if "merge" in asked["path"] or "gdpr" in asked["path"]]
