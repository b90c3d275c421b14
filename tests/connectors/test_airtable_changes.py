"""Airtable's changes: signed pings, lists with a cursor, and webhooks that are kept alive; over real HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as at_leisure
from hypothesis import strategies as st

from app.core import connections, intake, polling, practice
from app.core.http import Cut
from app.settings import Settings
from connectors.airtable import connector
from connectors.airtable._changes import FIELDS
from connectors.airtable._hook import SPECIFICATION, keep
from connectors.contract import BadSignature, Event, Received, Unreadable
from tests.connectors import signing_airtable
from tests.connectors.airtable_stand import CLIENTS, IDS, ORDERS, airtable, hooks, person, row
from tests.connectors.stand import Stand, reopened
from tests.durability.world import World, world

SAMPLES = Path(__file__).parent / "samples" / "airtable"
SECRET = signing_airtable.SECRET
ADDRESS = "https://hub.example/hooks/airtable/k"
BASE = "/v0/bases/apppractice000001/webhooks"
(POLL,) = connector.polls


@pytest.fixture
def base() -> Iterator[Stand]:
    with airtable() as stand:
        yield stand


@pytest.fixture
def kept(base: Stand) -> Stand:
    keep(base.client, "", [])
    return base


def look(stand: Stand, cursor: Any = None) -> tuple[list[dict[str, Any]], Any]:
    """The values of new events, each with its kind, and the cursor as it comes back from the database."""
    events, after = POLL.run(reopened(stand).client, cursor)
    return [{"kind": one.kind, **_shape(one)} for one in events], json.loads(json.dumps(after))


def _shape(event: Event) -> dict[str, Any]:
    trigger = next(one for one in connector.triggers if one.kind == event.kind)
    return trigger.shape(event.body)


# --- pings ------------------------------------------------------------------------------------------------------------


def receive(body: bytes, secrets: list[str], headers: dict[str, str] | None = None) -> Received:
    assert connector.hook
    return connector.hook.receive(body, headers or signing_airtable.signed(body, SECRET, 0), secrets, 0)


def test_a_signed_ping_only_says_that_there_is_something_to_read() -> None:
    body = (SAMPLES / "ping.json").read_bytes()
    assert receive(body, ["ach00000000000002:b3RoZXI=", SECRET]) == Received(catch_up=True)
    assert connector.hook
    assert connector.hook.quiet


@pytest.mark.parametrize("form", ["base64", "no prefix", "undecoded key", "sha1"])
def test_a_signature_of_another_form_is_refused(form: str) -> None:
    body = (SAMPLES / "ping.json").read_bytes()
    text = SECRET.partition(":")[2]
    key = base64.b64decode(text)
    digest = hmac.new(key, body, hashlib.sha256)
    made = {
        "base64": f"hmac-sha256={base64.b64encode(digest.digest()).decode()}",
        "no prefix": digest.hexdigest(),
        "undecoded key": f"hmac-sha256={hmac.new(text.encode(), body, hashlib.sha256).hexdigest()}",
        "sha1": f"hmac-sha256={hmac.new(key, body, hashlib.sha1).hexdigest()}",
    }
    with pytest.raises(BadSignature):
        receive(body, [SECRET], {"x-airtable-content-mac": made[form]})


@pytest.mark.parametrize(
    "body", ['{"base":{"id":"app"}}', "[]", "null", "{", '{"base":"x","webhook":"y"}', "[" * 9999, "ü"]
)
def test_a_signed_body_that_is_no_ping_is_kept_for_a_person(body: str) -> None:
    raw = body.encode()
    with pytest.raises(Unreadable):
        receive(raw, [SECRET])


@at_leisure(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine, too
@given(st.binary(max_size=200), st.text(max_size=80))
def test_anything_at_all_is_refused_without_another_error(body: bytes, signature: str) -> None:
    with pytest.raises(BadSignature):
        receive(body, [SECRET, "", "x", "ä:ö"], {"x-airtable-content-mac": signature})


# --- lists ------------------------------------------------------------------------------------------------------------


def test_what_people_do_in_watched_tables_is_told_once(kept: Stand) -> None:
    record = person(kept, {"Name": "A lamp", "Status": "Open", "Tags": ["Rush"]})["record"]["id"]
    person(kept, {"Status": "Paid", "Amount": 30}, record)
    person(kept, {"Name": "Somebody"}, table="Clients")
    (made, changed), cursor = look(kept)
    assert (made["kind"], made["record"], made["table"]) == ("record_created", record, ORDERS)
    assert made["url"] == f"https://airtable.com/{ORDERS}/{record}"
    assert (made["fields"]["Name"], made["fields"]["Status"], made["fields"]["Tags"]) == ("A lamp", "Open", ["Rush"])
    assert made["fields"]["Notes"] is None
    assert (made["by"], made["source"], made["table_name"]) == ("ana@shop.example", "client", "Orders")
    assert changed["kind"] == "record_changed"
    assert sorted(changed["changed"]) == ["Amount", "Status"]
    assert (changed["before"], changed["fields"]["Name"]) == ({"Status": "Open", "Amount": None}, "A lamp")
    assert look(kept, cursor) == ([], cursor)


def test_the_documented_payload_is_read(base: Stand) -> None:
    keep(base.client, "", [])
    (hook,) = hooks(base)
    page = json.loads((SAMPLES / "payloads" / "created_changed_deleted.json").read_bytes())
    base.served.control("airtable_hook", {"id": hook["id"], "payloads": [[5, page["payloads"][0]]], "next": 6})
    (made, changed), cursor = look(base, {hook["id"]: 2})
    cells = made["fields"]
    assert (cells["Status"], cells["Tags"], cells["Owner"]) == ("Open", ["Rush"], "Ben Okoro")
    assert cells["Client"] == ["rec00000000000009"]
    assert (changed["before"], changed["fields"]["Amount"], changed["fields"]["Name"]) == ({"Amount": 4}, 5, "Ben")
    assert cursor == {hook["id"]: 6}


def test_every_field_is_always_there(kept: Stand) -> None:
    for trigger in connector.triggers:
        assert set(trigger.shape(b"{}")) == {name.partition(".")[0] for name in FIELDS}


def test_files_are_left_out_because_their_addresses_end(kept: Stand) -> None:
    person(kept, {"Name": "A lamp"})
    ((made,), _) = look(kept)
    assert "Files" not in made["fields"]


def test_our_own_changes_start_nothing_and_those_of_other_programs_do(kept: Stand) -> None:
    kept.do("update_record", table=ORDERS, record=row(kept, "Ten chairs")["id"], fields={"Status": "Paid"})
    ours = {"id": "usrpractice000001", "email": "practice@shop.example"}
    person(kept, {"Name": "By a script of somebody else"}, source="publicApi")
    person(kept, {"Name": "By nobody knows whom"}, source="publicApi", user={})
    person(kept, {"Name": "By hand, by the one whose token it is"}, user=ours)
    found, _ = look(kept)
    assert [one["fields"]["Name"] for one in found] == [
        "By a script of somebody else",
        "By hand, by the one whose token it is",
    ]


def test_events_have_keys_that_stay_the_same_on_another_webhook(kept: Stand) -> None:
    keep(kept.client, ADDRESS, [])
    person(kept, {"Name": "A lamp"})
    events, _ = POLL.run(kept.client, {hook["id"]: 1 for hook in hooks(kept)})
    assert len(events) == 2
    assert len({event.dedupe_key for event in events}) == 1
    assert {event.serial_key for event in events} == {row(kept, "A lamp")["id"]}
    assert events[0].occurred_at is not None


def test_many_changes_are_read_page_by_page(kept: Stand) -> None:
    for number in range(120):
        person(kept, {"Name": f"Chair {number}"})
    found, _ = look(kept)
    assert [one["fields"]["Name"] for one in found] == [f"Chair {number}" for number in range(120)]
    assert [one["query"] for one in kept.asked("GET") if one["path"].endswith("/payloads")] == [
        "cursor=1&limit=50",
        "cursor=51&limit=50",
        "cursor=101&limit=50",
    ]


def test_what_was_read_before_a_failing_page_is_kept_and_the_failure_is_heard_next(kept: Stand) -> None:
    for number in range(60):
        person(kept, {"Name": f"Chair {number}"})
    (hook,) = hooks(kept)
    kept.served.fault("airtable", "status", path=f"{BASE}/{hook['id']}/payloads", skip=1, times=2, status=503)
    found, cursor = look(kept)
    assert (len(found), cursor) == (50, {hook["id"]: 51})
    with pytest.raises(Exception, match="503"):
        look(kept, cursor)
    found, cursor = look(kept, cursor)
    assert (len(found), cursor) == (10, {hook["id"]: 61})


def test_payloads_that_were_deleted_after_a_week_are_passed_over(kept: Stand) -> None:
    for number in range(3):
        person(kept, {"Name": f"Chair {number}"})
    (hook,) = hooks(kept)
    kept.served.control("airtable_hook", {"id": hook["id"], "payloads": hook["payloads"][2:]})
    found, cursor = look(kept)
    assert ([one["fields"]["Name"] for one in found], cursor) == (["Chair 2"], {hook["id"]: 4})


def test_a_payload_that_says_error_is_no_event(kept: Stand) -> None:
    (hook,) = hooks(kept)
    bad = {"error": True, "code": "INVALID_HOOK", "timestamp": "x"}
    kept.served.control("airtable_hook", {"id": hook["id"], "payloads": [[1, bad]], "next": 2})
    assert look(kept) == ([], {hook["id"]: 2})


def test_without_a_webhook_yet_there_is_nothing_to_read(base: Stand) -> None:
    assert look(base) == ([], {})


def test_a_base_that_fails_does_not_hold_up_another(kept: Stand) -> None:
    person(kept, {"Name": "A lamp"})
    both = reopened(kept, watch=f"appgone0000000001/tblgone0000000001, {ORDERS}")
    events, cursor = POLL.run(both.client, None)
    assert len(events) == 1
    with pytest.raises(Exception, match="403"):
        POLL.run(both.client, cursor)


# --- webhooks that live -----------------------------------------------------------------------------------------------


def test_one_webhook_for_each_base_is_made_with_its_secret_kept(base: Stand) -> None:
    both = reopened(base, watch=f"{ORDERS}, {CLIENTS}")
    secrets = keep(both.client, ADDRESS, ["offered"])
    (hook,) = hooks(base)
    assert secrets == [f"{hook['id']}:{hook['secret']}"]
    assert (hook["url"], hook["specification"]) == (ADDRESS, SPECIFICATION)
    assert keep(both.client, ADDRESS, secrets) == secrets
    assert base.effects("webhook.create") == ["webhook.create"]


def test_it_is_renewed_before_its_week_is_over(base: Stand) -> None:
    secrets = keep(base.client, ADDRESS, [])
    first = hooks(base)[0]["ends"]
    base.served.control("airtable_age", {"days": 6})
    assert hooks(base)[0]["ends"] < first
    assert keep(base.client, ADDRESS, secrets) == secrets
    assert hooks(base)[0]["ends"] >= first


def test_after_a_week_of_silence_another_is_made_and_the_old_one_read_to_its_end(base: Stand) -> None:
    secrets = keep(base.client, ADDRESS, [])
    _, cursor = look(base)
    person(base, {"Name": "Before the end"})
    base.served.control("airtable_age", {"days": 8})
    fresh = keep(base.client, ADDRESS, secrets)
    assert len(fresh) == 1
    assert fresh != secrets
    person(base, {"Name": "After it"})
    found, cursor = look(base, cursor)
    assert [one["fields"]["Name"] for one in found] == ["Before the end", "After it"]
    assert look(base, cursor)[0] == []


def test_when_the_hub_has_another_address_the_old_webhook_is_read_to_its_end_and_left_to_end(base: Stand) -> None:
    """A webhook whose list is read is renewed by that, so that it would live on beside the new one for ever."""
    secrets = keep(base.client, "https://old.example/hooks/airtable/k", [])
    _, cursor = look(base)
    person(base, {"Name": "Before"})
    keep(base.client, ADDRESS, secrets)
    person(base, {"Name": "After"})
    old, new = hooks(base)
    found, cursor = look(base, cursor)
    assert [one["fields"]["Name"] for one in found if one["kind"] == "record_created"] == ["Before", "After", "After"]
    assert cursor == {new["id"]: 2}
    look(base, cursor)
    read = [one["path"] for one in base.asked("GET") if one["path"].endswith("/payloads")]
    assert read[-1].split("/")[-2] == new["id"]
    assert [path.split("/")[-2] for path in read].count(old["id"]) == 2


def test_a_webhook_whose_secret_was_lost_is_replaced(base: Stand) -> None:
    base.served.fault("airtable", "cut_after", method="POST", path=BASE)
    with pytest.raises(Cut):
        keep(base.client, ADDRESS, [])
    (lost,) = hooks(base)
    secrets = keep(base.client, ADDRESS, [])
    (hook,) = hooks(base)
    assert hook["id"] != lost["id"]
    assert secrets == [f"{hook['id']}:{hook['secret']}"]


def test_one_that_was_switched_off_is_switched_on_or_replaced(base: Stand) -> None:
    secrets = keep(base.client, ADDRESS, [])
    (hook,) = hooks(base)
    base.served.control("airtable_hook", {"id": hook["id"], "notify": False})
    assert keep(base.client, ADDRESS, secrets) == secrets
    assert hooks(base)[0]["notify"]
    base.served.control("airtable_hook", {"id": hook["id"], "enabled": False})
    assert keep(base.client, ADDRESS, secrets) != secrets


def test_those_of_other_programs_are_left_alone(base: Stand) -> None:
    mine = keep(base.client, ADDRESS, [])
    other = keep(base.client, "https://other.example/hooks/airtable/k", [])
    narrow = {"options": {"filters": {"dataTypes": ["tableData"], "recordChangeScope": "tblorders00000001"}}}
    base.client.ask(
        "POST", "bases/apppractice000001/webhooks", body={"notificationUrl": ADDRESS, "specification": narrow}
    )
    assert keep(base.client, ADDRESS, mine) == mine
    assert keep(base.client, "https://other.example/hooks/airtable/k", other) == other
    assert base.effects("webhook.delete") == []


@pytest.mark.parametrize(("notes", "says"), [({"lacks": ["webhook:manage"]}, "403"), ({"used_up": True}, "429")])
def test_what_hinders_it_comes_out(base: Stand, notes: dict[str, Any], says: str) -> None:
    base.note(**notes)
    with pytest.raises(Exception, match=says):
        keep(base.client, ADDRESS, [])


# --- in the hub -------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Iterator[World]:
    with world(settings, tmp_path / "practice") as made:
        yield made


def test_the_hub_sets_it_up_is_woken_by_a_ping_and_fetches(here: World) -> None:
    own = practice.connection_id(here.hub, "airtable")
    _rounds(here, own)
    (hook,) = here.served.control("state?slug=airtable")["webhook"]
    assert hook["url"] == connections.get(here.hub, own)["hook_address"]
    here.served.control("airtable_person", {"table": "Orders", "fields": {"Name": "A lamp"}, "quiet": True})
    assert _rounds(here, own) == []
    _ping(here, hook)
    assert len(_rounds(here, own)) == 1
    (event,) = [one for one in here.events() if one["kind"] == "airtable.record_created"]
    assert event["connection"] == own


def test_a_revoked_token_breaks_the_connection_and_after_reconnecting_nothing_is_missing(here: World) -> None:
    own = practice.connection_id(here.hub, "airtable")
    _rounds(here, own)
    here.served.control("revoke", {"slug": "airtable"})
    here.served.control("airtable_person", {"table": "Orders", "fields": {"Name": "Meanwhile"}, "quiet": True})
    here.skip(11_000_000)
    assert _rounds(here, own) == []
    broken = connections.get(here.hub, own)
    assert (broken["state"], "create/tokens" in broken["why"]) == ("reconnect", True)
    here.served.control("unrevoke", {"slug": "airtable"})
    assert connections.change(here.hub, own, {})["state"] == "ok"
    assert len(_rounds(here, own)) == 1


def _rounds(here: World, own: str) -> list[str]:
    found = [polling.poll(here.hub, *turn) for turn in polling.due(here.hub) if turn[0] == own]
    return [event for part in found for event in part]


def _ping(here: World, hook: dict[str, Any]) -> None:
    body = json.dumps({"base": {"id": hook["base"]}, "webhook": {"id": hook["id"]}, "timestamp": "x"}).encode()
    headers = signing_airtable.signed(body, f"{hook['id']}:{hook['secret']}", 0)
    answer = intake.receive(here.hub, "airtable", hook["url"].rsplit("/", 1)[1], body, headers)
    assert (answer.status, answer.body) == (200, None)


def test_ids_of_columns_are_the_stand_ins(base: Stand) -> None:
    (table,) = [one for one in base.client.tables("apppractice000001") if one["name"] == "Orders"]
    assert {one["name"]: one["id"] for one in table["fields"]} == IDS
