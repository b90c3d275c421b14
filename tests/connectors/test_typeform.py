"""Typeform over real HTTP: connecting, webhooks that are kept, catching up, and what is said when it does not work."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.core import connections, intake, polling, practice
from app.practice.serve import Served
from app.settings import Settings
from connectors.contract import Account, Choice, Event, Refused, Unauthorized, Unavailable
from connectors.typeform import connector
from connectors.typeform._answers import shape
from connectors.typeform._delivery import keep, tag
from connectors.typeform._explain import explain
from tests.connectors.signing_typeform import signed
from tests.connectors.stand import Stand, reopened, standing
from tests.durability.world import World, world

ADDRESS = "https://hub.example/hooks/typeform/k"
(POLL,) = connector.polls


@pytest.fixture
def forms() -> Iterator[Stand]:
    with standing("typeform") as stand:
        yield stand


def fill(stand: Stand, form: str = "intake01", *, at: str = "", lose: bool = True, **answers: Any) -> dict[str, Any]:
    given = {"form": form, "answers": answers or {"email": "ann@example.com"}, "at": at, "lose": lose}
    return dict(stand.served.control("typeform_fill", given))


def hooks(stand: Stand) -> list[dict[str, Any]]:
    return list(stand.served.control("state?slug=typeform").get("webhook", []))


def look(stand: Stand, cursor: Any = None) -> tuple[list[Event], Any]:
    events, after = POLL.run(reopened(stand).client, cursor)
    return events, json.loads(json.dumps(after))


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- connecting -------------------------------------------------------------------------------------------------------


def test_check_names_the_account_and_looks_whether_it_may_do_what_is_needed(forms: Stand) -> None:
    assert forms.check() == Account("01practice", "Practice shop")
    assert [one["path"] for one in forms.asked()][2:] == ["/forms/intake01/responses", "/forms/intake01/webhooks"]


@pytest.mark.parametrize("scope", ["accounts:read", "forms:read", "responses:read", "webhooks:read"])
def test_a_missing_scope_is_told_at_once(forms: Stand, scope: str) -> None:
    forms.note(lacks=[scope])
    with pytest.raises(
        Refused, match="accounts:read, forms:read, responses:read, webhooks:read and webhooks:write"
    ) as no:
        forms.check()
    assert f"does not have the scope {scope}" in str(no.value)


def test_a_token_that_was_revoked_says_where_to_make_a_new_one(forms: Stand) -> None:
    with pytest.raises(Unauthorized, match=r"admin\.typeform\.com/user/tokens"):
        reopened(forms, token="tfp_wrong").check()


def test_a_token_of_another_data_centre_is_recognised(forms: Stand) -> None:
    forms.served.fault("typeform", "status", path="/me", status=401, body={"code": "AUTHENTICATION_FAILED"})
    with pytest.raises(Refused, match="Enter eu under Data centre"):
        forms.check()


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("", "api"),
        ("EU", "eu"),
        ("eu2", "eu2"),
        ("https://api.typeform.eu/", "eu2"),
        ("https://api.eu.typeform.com", "eu"),
    ],
)
def test_the_data_centre_decides_the_address(forms: Stand, region: str, host: str) -> None:
    assert reopened(forms, region=region).client._host == host
    assert set(connector.hosts) == {"api", "eu", "eu2"}


def test_what_is_no_data_centre_or_no_form_is_refused(forms: Stand) -> None:
    with pytest.raises(Refused, match="us, eu or eu2"):
        reopened(forms, region="mars")
    with pytest.raises(Refused, match="not the address of a form"):
        reopened(forms, forms="https://shop.typeform.com/")


def test_forms_come_as_addresses_from_the_browser(forms: Stand) -> None:
    named = "https://shop.typeform.com/to/intake01?x=1, https://admin.typeform.com/form/rating02/create intake01"
    assert reopened(forms, forms=named).client.named == ("intake01", "rating02")


def test_a_form_that_was_deleted_is_told(forms: Stand) -> None:
    with pytest.raises(Refused, match="no such form"):
        reopened(forms, forms="gone0000").check()


# --- choosing ---------------------------------------------------------------------------------------------------------


def test_forms_are_chosen_by_title_or_address(forms: Stand) -> None:
    assert forms.choices("form") == [Choice("intake01", "Intake"), Choice("rating02", "How was it?")]
    assert forms.choices("form", "how") == [Choice("rating02", "How was it?")]
    assert forms.resolve("form", "https://shop.typeform.com/to/rating02") == [Choice("rating02", "How was it?")]


def test_a_list_whose_second_page_fails_is_no_list(forms: Stand) -> None:
    for number in range(200):
        forms.served.control("typeform_form", {"id": f"more{number:04}", "title": f"Form {number}", "fields": []})
    assert len(forms.choices("form")) == 202
    forms.served.fault("typeform", "status", path="/forms", skip=1, status=503)
    with pytest.raises(Unavailable):
        forms.choices("form")
    with pytest.raises(Refused, match="has 202 forms"):
        keep(forms.client, ADDRESS, ["s"])


# --- webhooks that live -----------------------------------------------------------------------------------------------


def test_each_form_gets_one_webhook_that_is_on_and_signed(forms: Stand) -> None:
    assert keep(forms.client, ADDRESS, ["s", "older"]) == ["s", "older"]
    assert keep(forms.client, ADDRESS, ["s"]) == ["s"]
    found = hooks(forms)
    assert [one["form"] for one in found] == ["intake01", "rating02"]
    for one in found:
        assert (one["url"], one["enabled"], one["secret"], one["verify_ssl"]) == (ADDRESS, True, "s", True)
        assert one["tag"] == f"hub-{hashlib.sha256(b'k').hexdigest()[:8]}"


def test_the_tag_stays_the_same_when_the_hub_moves(forms: Stand) -> None:
    assert tag("https://new.example/hooks/typeform/k") == tag(ADDRESS)
    assert tag("https://hub.example/hooks/typeform/other") != tag(ADDRESS)


def test_one_that_typeform_switched_off_is_switched_on_again_and_others_are_left_alone(forms: Stand) -> None:
    keep(forms.client, ADDRESS, ["s"])
    forms.client.put("/forms/intake01/webhooks/theirs", {"url": "https://other.example", "enabled": False})
    (mine,) = [one for one in hooks(forms) if one["form"] == "intake01" and one["tag"] != "theirs"]
    forms.served.control("typeform_hook", {"id": mine["id"], "enabled": False})
    keep(forms.client, ADDRESS, ["s"])
    state = {one["tag"]: one["enabled"] for one in hooks(forms) if one["form"] == "intake01"}
    assert state == {"theirs": False, mine["tag"]: True}


def test_a_form_that_fails_does_not_hold_up_the_others(forms: Stand) -> None:
    both = reopened(forms, forms="gone0000, rating02")
    with pytest.raises(Exception, match="404"):
        keep(both.client, ADDRESS, ["s"])
    assert [one["form"] for one in hooks(forms)] == ["rating02"]
    fill(forms, "rating02", stars=5)
    events, cursor = POLL.run(both.client, None)
    assert len(events) == 1
    with pytest.raises(Exception, match="404"):
        POLL.run(reopened(forms, forms="gone0000").client, cursor)


def test_a_hub_that_cannot_be_reached_asks_for_nothing(forms: Stand) -> None:
    keep(forms.client, "", ["s"])
    assert forms.asked() == []


def test_a_lost_answer_is_made_good_by_the_next_look(forms: Stand) -> None:
    forms.served.fault("typeform", "cut_after", method="PUT")
    with pytest.raises(Exception, match=r"."):
        keep(forms.client, ADDRESS, ["s"])
    keep(forms.client, ADDRESS, ["s"])
    assert len(hooks(forms)) == 2


# --- catching up ------------------------------------------------------------------------------------------------------


def test_a_lost_response_is_found_and_counts_as_the_webhook_would(forms: Stand) -> None:
    told = fill(forms, email="ann@example.com", budget="5-10k", rooms=["Kitchen"], rush=True, city="York")["response"]
    ((event,), _) = look(forms)
    assert event.dedupe_key == event.once_key == f"form_response:intake01:{told['token']}"
    seen = shape(event.body)
    assert (seen["form_title"], seen["response"], seen["score"]) == ("Intake", told["token"], 9)
    assert seen["answers"] == {
        **dict.fromkeys(("need", "chairs", "due", "plan", "street")),
        "email": "ann@example.com",
        "budget": "5-10k",
        "rooms": ["Kitchen"],
        "rush": True,
        "city": "York",
    }


def test_a_response_that_is_listed_late_is_found_too(forms: Stand) -> None:
    forms.note(lag=1800)
    fill(forms, at=ago(minutes=10))
    events, cursor = look(forms)
    assert events == []
    forms.note(lag=0)
    assert len(look(forms, cursor)[0]) == 1


def test_the_first_look_goes_back_one_day_and_the_next_only_a_little(forms: Stand) -> None:
    fill(forms, at=ago(hours=25))
    fill(forms, at=ago(hours=23))
    events, cursor = look(forms)
    assert len(events) == 1
    assert look(forms, cursor)[0] == []


def test_many_responses_are_read_oldest_first_over_all_pages(forms: Stand) -> None:
    for number in range(205):
        fill(forms, at=ago(seconds=1000 - number), chairs=number)
    events, _ = look(forms)
    assert [shape(one.body)["answers"]["chairs"] for one in events] == list(range(205))
    queries = [one["query"] for one in forms.asked() if one["path"] == "/forms/intake01/responses"]
    assert ["after=" in query for query in queries] == [False, True, True]
    assert all("sort" not in query for query in queries[1:])


def test_a_second_page_that_fails_loses_nothing(forms: Stand) -> None:
    for number in range(101):
        fill(forms, at=ago(seconds=1000 - number))
    forms.served.fault("typeform", "status", path="/forms/intake01/responses", skip=1, status=503)
    with pytest.raises(Exception, match="503"):
        look(forms)
    assert len(look(forms)[0]) == 101


def test_an_answer_that_is_no_json_object_is_tried_later(forms: Stand) -> None:
    forms.served.fault("typeform", "rubbish", path="/forms")
    with pytest.raises(Unavailable):
        look(forms)


def test_too_fast_is_refused_and_waits() -> None:
    with Served() as served, standing("typeform") as other:
        stand = reopened(Stand(served, other.connector, other.opened))
        stand.note(rate=0.01)
        stand.client.get("/forms")
        with pytest.raises(Unavailable, match="slow down"):
            stand.choices("form")


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "says"), [(400, "did not accept"), (402, "plan"), (403, "scopes"), (404, "eu2")])
def test_a_refusal_says_what_to_do(status: int, says: str) -> None:
    words = explain(status, json.dumps({"code": "X", "description": "a\x1b[31m\n" + "b" * 5000}).encode())
    assert words
    assert says in words
    assert words.isprintable()
    assert len(words) < 600


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 100_000, b"[]", b'{"description":[]}', b"null"])
def test_a_refusal_without_readable_words_is_explained_too(body: bytes) -> None:
    assert explain(403, body)
    assert explain(429, body) is None
    assert explain(500, body) is None


# --- in the hub -------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with world(settings, tmp_path / "practice") as made:
        yield made


def test_the_hub_sets_up_takes_and_fetches_each_response_once(here: World) -> None:
    own = practice.connection_id(here.hub, "typeform")
    _rounds(here, own)
    state = here.served.control("state?slug=typeform")
    assert {one["url"] for one in state["webhook"]} == {connections.get(here.hub, own)["hook_address"]}
    for _ in range(2):
        told = here.served.control("typeform_fill", {"form": "intake01", "answers": {"email": "a@b.example"}})
        body, (hook, *_) = told["deliveries"][0]["event"].encode(), state["webhook"]
        assert told["deliveries"][0]["status"] is None, "nobody listens in this test"
        answer = intake.receive(
            here.hub, "typeform", hook["url"].rsplit("/", 1)[1], body, signed(body, hook["secret"], 0)
        )
        assert answer.status == 200
    here.served.control("typeform_fill", {"form": "rating02", "answers": {"stars": 5}, "lose": True})
    here.skip(2_000_000)
    assert len(_rounds(here, own)) == 1
    assert len([one for one in here.events() if one["kind"] == "typeform.form_response"]) == 3


def test_after_reconnecting_nothing_is_missing(here: World) -> None:
    own = practice.connection_id(here.hub, "typeform")
    _rounds(here, own)
    here.served.control("revoke", {"slug": "typeform"})
    here.served.control("typeform_fill", {"form": "rating02", "answers": {"stars": 5}, "lose": True})
    here.skip(2_000_000)
    assert _rounds(here, own) == []
    assert connections.get(here.hub, own)["state"] == "reconnect"
    here.served.control("unrevoke", {"slug": "typeform"})
    assert connections.change(here.hub, own, {})["state"] == "ok"
    assert len(_rounds(here, own)) == 1


def _rounds(here: World, own: str) -> list[str]:
    found = [polling.poll(here.hub, *turn) for turn in polling.due(here.hub) if turn[0] == own]
    return [event for part in found for event in part]
