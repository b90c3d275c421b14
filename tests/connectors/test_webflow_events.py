"""Webflow's deliveries, what was lost of them, and the webhooks that the hub sets up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from app.core import connections
from app.core.hub import Hub
from app.practice.serve import Served
from app.settings import Settings
from connectors.contract import BadSignature, Event, Received, Unreadable
from connectors.webflow import connector
from tests.connectors import signing_webflow as signing
from tests.connectors.listening import errors, events, listening, look
from tests.connectors.stand import Stand, reopened, standing

SAMPLES = Path(__file__).parent / "samples" / "webflow"
FORMS, ITEMS = connector.polls
SECRET, NOW = "s3cret", 1_790_000_000.0


@pytest.fixture
def studio() -> Iterator[Stand]:
    with standing("webflow") as stand:
        yield stand


def received(body: bytes, secrets: tuple[str, ...] = (SECRET,), headers: dict[str, str] | None = None) -> Received:
    assert connector.hook
    return connector.hook.receive(body, headers or signing.signed(body, SECRET, NOW), secrets, NOW)


def delivered(trigger: str, **payload: Any) -> Received:
    return received(json.dumps({"triggerType": trigger, "payload": payload}).encode())


# --- deliveries -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [SECRET, f"65a5 {SECRET}"], ids=["as it comes", "with its webhook's id"])
@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_deliveries_become_events(sample: Path, kept: str) -> None:
    (event,) = received(sample.read_bytes(), ("another", kept)).events
    trigger = next(one for one in connector.triggers if one.kind == event.kind)
    assert set(trigger.shape(event.body)) == {name.removesuffix(".*") for name in trigger.fields}
    assert event.occurred_at


def test_what_recipes_see() -> None:
    submitted, created, changed, _ = connector.triggers
    seen = submitted.shape((SAMPLES / "form_submission.json").read_bytes())
    assert seen["answers"] == {"First Name": "Ann", "email": "ann@example.com", "Message": "Hello"}
    assert (seen["form"], seen["submitted"]) == ("Contact", "2026-11-18T14:02:11.000Z")
    seen = created.shape((SAMPLES / "collection_item_created.json").read_bytes())
    assert seen["id"] == "65b1aa0000000000000000aa/65a5aa0000000000000000aa"
    assert (seen["name"], seen["fields"], seen["draft"], seen["published"]) == ("Open day", {"seats": 20}, True, "")
    seen = changed.shape((SAMPLES / "collection_item_changed_older.json").read_bytes())
    assert (seen["id"], seen["name"]) == ("65b1aa0000000000000000aa/65a5aa0000000000000000ab", "Winter market")


@pytest.mark.parametrize(
    ("shift", "taken"), [(0, True), (-299, True), (299, True), (-301, False), (301, False)], ids=str
)
def test_old_deliveries_are_refused(shift: float, taken: bool) -> None:
    body = (SAMPLES / "form_submission.json").read_bytes()
    headers = signing.signed(body, SECRET, NOW + shift)
    if taken:
        assert received(body, headers=headers).events
    else:
        with pytest.raises(BadSignature, match="five minutes"):
            received(body, headers=headers)


def test_the_time_is_in_milliseconds() -> None:
    body = (SAMPLES / "form_submission.json").read_bytes()
    headers = signing.signed(body, SECRET, NOW / 1000)  # as seconds would read
    with pytest.raises(BadSignature):
        received(body, headers=headers)


def test_unsigned_webhooks_are_refused_in_words() -> None:
    with pytest.raises(BadSignature, match=r"made on Webflow's own pages"):
        received(b"{}", headers={"x-webflow-timestamp": "1"})


@pytest.mark.parametrize("stamp", ["", "x", "-1", "٣" * 13, "9" * 40])
def test_odd_times_are_refused(stamp: str) -> None:
    with pytest.raises(BadSignature):
        received(b"{}", headers={"x-webflow-timestamp": stamp, "x-webflow-signature": "ä"})


def test_events_without_an_id_of_their_own_are_told_apart() -> None:
    data = {"name": "Open day", "slug": "open-day"}
    first = delivered("collection_item_changed", id="i", lastUpdated="2026-11-18T14:00:00.000Z", fieldData=data)
    same = delivered("collection_item_changed", id="i", lastUpdated="2026-11-18T14:00:00.000Z", fieldData=data)
    later = delivered("collection_item_changed", id="i", lastUpdated="2026-11-18T14:05:00.000Z", fieldData=data)
    new = delivered(
        "collection_item_changed", id="i", lastUpdated="2026-11-18T14:06:00.000Z", fieldData={**data, "a": 1}
    )
    keys = [one.events[0].dedupe_key for one in (first, same, later, new)]
    once = [one.events[0].once_key for one in (first, same, later, new)]
    assert (keys[0] == keys[1], len(set(keys))) == (True, 3)
    assert (once[0] == once[2], once[2] == once[3]) == (True, False), "the same words start nothing twice"


def test_items_of_ours_are_no_news_when_they_appear() -> None:
    made = {"id": "i", "createdOn": "2026-11-18T14:00:00.000Z"}
    assert delivered("collection_item_created", **made, fieldData={"slug": "open-day-pb0123abcd"}).events == ()
    assert delivered("collection_item_created", **made, fieldData={"slug": "open-day"}).events


def test_several_items_in_one_delivery_and_kinds_of_no_interest() -> None:
    live = "2026-11-18T14:00:00.000Z"
    two = [{"id": own, "lastPublished": live, "fieldData": {"name": own}} for own in ("a", "b")]
    got = delivered("collection_item_published", items=two)
    assert [event.dedupe_key for event in got.events] == [f"item.published:a:{live}", f"item.published:b:{live}"]
    assert delivered("site_publish", site="s").events == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"triggerType":"form_submission"}',
        b'{"triggerType":"form_submission","payload":{"id":5}}',
        b'{"triggerType":"collection_item_changed","payload":{"id":"x"}}',
        b'{"triggerType":"collection_item_published","payload":{"items":[5]}}',
        b"[" * 100_000,
    ],
)
def test_what_webflow_does_not_document_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        received(body)


# --- catching up ------------------------------------------------------------------------------------------------------


def ago(**given: float) -> str:
    return (datetime.now(UTC) - timedelta(**given)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def submit(studio: Stand, message: str, **more: Any) -> None:
    studio.served.control("webflow_submit", {"formResponse": {"Message": message}, **more})


def messages(found: list[Event]) -> list[str]:
    return [str(connector.triggers[0].shape(event.body)["answers"]["Message"]) for event in found]


def test_the_first_look_goes_back_one_day(studio: Stand) -> None:
    submit(studio, "old", dateSubmitted=ago(hours=25))
    submit(studio, "new", dateSubmitted=ago(hours=23))
    found, cursor = FORMS.run(studio.client, None)
    assert messages(found) == ["new"]
    assert FORMS.run(studio.client, json.loads(json.dumps(cursor)))[0] == []


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_answers_are_read_from_their_newer_end(studio: Stand, order: str) -> None:
    studio.note(order=order)
    for n in range(320):
        submit(studio, f"m{n}", dateSubmitted=ago(days=40 - n / 10))
    before = len(studio.asked())
    found, _ = FORMS.run(studio.client, None)
    # the list of forms, one page of the other form, and of this one the newest page, and its first where that is not the same
    assert messages(found) == []
    submit(studio, "fresh")
    assert messages(FORMS.run(studio.client, None)[0]) == ["fresh"]
    assert len(studio.asked()) - before <= 12


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_many_new_answers_are_all_read(studio: Stand, order: str) -> None:
    studio.note(order=order)
    for n in range(230):
        submit(studio, f"m{n:03}", dateSubmitted=ago(minutes=600 - n))
    found, cursor = FORMS.run(studio.client, None)
    assert messages(found) == [f"m{n:03}" for n in range(230)]
    assert FORMS.run(studio.client, cursor)[0] == []


def test_the_form_that_fails_is_heard_next_and_the_other_is_kept(studio: Stand) -> None:
    submit(studio, "one", formId="65f1aa")
    submit(studio, "two", formId="65f2aa")
    studio.served.fault("webflow", "status", path="/v2/forms/65f2aa", status=502, times=2)
    found, cursor = FORMS.run(studio.client, None)
    assert messages(found) == ["one"]
    with pytest.raises(requests.HTTPError):
        FORMS.run(studio.client, cursor)
    assert messages(FORMS.run(studio.client, cursor)[0]) == ["two"]


def test_page_two_that_fails_loses_nothing(studio: Stand) -> None:
    for n in range(150):
        submit(studio, f"m{n:03}", dateSubmitted=ago(minutes=600 - n))
    studio.served.fault("webflow", "status", path="/v2/forms/65f1aa", skip=1, status=502)
    with pytest.raises(requests.HTTPError):
        FORMS.run(studio.client, None)
    assert len(FORMS.run(studio.client, None)[0]) == 150


def test_a_delivery_with_another_id_is_the_same_answer(studio: Stand) -> None:
    submit(studio, "hello", other_id=True)
    payload = studio.served.control("state?slug=webflow")["event"][0]["payload"]
    (by_webhook,) = delivered("form_submission", **payload).events
    ((caught_up,), _) = FORMS.run(studio.client, None)
    assert by_webhook.dedupe_key != caught_up.dedupe_key
    assert by_webhook.once_key == caught_up.once_key


def item(studio: Stand, name: str, **more: Any) -> dict[str, Any]:
    return dict(studio.served.control("webflow_item", {"fieldData": {"name": name}, **more}))


def told(found: list[Event]) -> list[tuple[str, str]]:
    return [(event.kind, str(connector.triggers[1].shape(event.body)["name"])) for event in found]


def test_what_happened_to_items_is_told_once_each(studio: Stand) -> None:
    old = item(studio, "Old", createdOn=ago(days=9))
    _, cursor = ITEMS.run(studio.client, None)
    item(studio, "New")
    item(studio, "Renamed", id=old["id"])
    found, cursor = ITEMS.run(studio.client, cursor)
    assert sorted(told(found)) == [("item.changed", "Renamed"), ("item.created", "New")]
    item(studio, "Renamed", id=old["id"], publish=True, lastUpdated=old["lastUpdated"])
    found, cursor = ITEMS.run(studio.client, cursor)
    assert told(found) == [("item.published", "Renamed")]
    assert ITEMS.run(studio.client, cursor)[0] == []


def test_items_caught_up_and_delivered_share_their_keys(studio: Stand) -> None:
    item(studio, "New")
    payload = studio.served.control("state?slug=webflow")["event"][0]["payload"]
    (by_webhook,) = delivered("collection_item_created", **payload).events
    ((caught_up,), _) = ITEMS.run(studio.client, None)
    assert (by_webhook.dedupe_key, by_webhook.once_key) == (caught_up.dedupe_key, caught_up.once_key)


def test_own_items_are_not_caught_up(studio: Stand) -> None:
    studio.do("create_item", collection="65b2aa", name="Baker")
    assert told(ITEMS.run(studio.client, None)[0]) == []


def test_many_items_come_page_by_page(studio: Stand) -> None:
    for n in range(130):
        item(studio, f"I{n:03}", createdOn=ago(minutes=600 - n))
    assert len(ITEMS.run(studio.client, None)[0]) == 130


def test_without_the_right_to_see_forms_the_words_say_which(studio: Stand) -> None:
    studio.note(missing=["forms:read"])
    with pytest.raises(requests.HTTPError) as problem:
        FORMS.run(studio.client, None)
    assert "read for Forms" in (connector.explain(403, problem.value.response.content) or "")


def test_a_site_that_was_not_published_since_the_form_was_made(studio: Stand) -> None:
    studio.note(unpublished=True)
    with pytest.raises(requests.HTTPError) as problem:
        FORMS.run(studio.client, None)
    assert "published once more" in (connector.explain(409, problem.value.response.content) or "")


# --- webhooks that the hub sets up ------------------------------------------------------------------------------------


@pytest.fixture
def served() -> Iterator[Served]:
    with Served(limits=False) as served:
        yield served


@pytest.fixture
def settings(settings: Settings, served: Served) -> Settings:
    return replace(settings, vendor_urls={"practice": served.url})


@pytest.fixture
def own(hub: Hub, served: Served) -> Iterator[str]:
    assert hub.secret
    made = connections.create(hub, "webflow", {"token": served.token}, practice=True)
    with listening(hub):
        yield str(made["id"])


def hooks(served: Served) -> list[str]:
    return sorted(hook["triggerType"] for hook in served.control("state?slug=webflow").get("webhook", []))


ALL = ["collection_item_changed", "collection_item_created", "collection_item_published", "form_submission"]


def test_each_kind_gets_a_webhook_whose_deliveries_are_taken(hub: Hub, served: Served, own: str) -> None:
    look(hub, own)
    assert (hooks(served), errors(hub, own)) == (ALL, [])
    served.control("webflow_submit", {})
    served.control("webflow_item", {})
    assert [report["status"] for report in served.control("webflow_deliver", {})] == [200, 200]
    assert [kind for kind, _ in events(hub, own)] == ["webflow.form.submitted", "webflow.item.created"]
    look(hub, own, now=True)
    assert len(events(hub, own)) == 2, "what came by webhook is not caught up again"
    assert len(served.effects("webflow", "webhook.create")) == 4


def test_a_lost_delivery_is_caught_up(hub: Hub, served: Served, own: str) -> None:
    look(hub, own)
    served.control("webflow_submit", {})
    look(hub, own, now=True)
    assert [kind for kind, _ in events(hub, own)] == ["webflow.form.submitted"]


def test_one_whose_secret_got_lost_or_that_was_removed_is_replaced(hub: Hub, served: Served, own: str) -> None:
    served.fault("webflow", "cut_after", method="POST", path="/v2/sites/65f0aa/webhooks")
    look(hub, own)
    look(hub, own, now=True)
    assert hooks(served) == ALL
    gone = served.control("state?slug=webflow")["webhook"][0]
    served.control("webflow_forget", {"id": gone["id"]})
    look(hub, own, now=True)
    assert hooks(served) == ALL
    served.control("webflow_item", {})
    served.control("webflow_submit", {})
    assert [report["status"] for report in served.control("webflow_deliver", {})] == [200, 200]


def test_webhooks_of_others_stay(hub: Hub, served: Served, own: str) -> None:
    theirs = {"id": "65a5zz", "triggerType": "form_submission", "url": "https://elsewhere.example/", "secret": "x"}
    served.control("webflow_hook", theirs)
    look(hub, own)
    assert hooks(served) == sorted([*ALL, "form_submission"])


@pytest.mark.parametrize(("missing", "there"), [(["sites:write"], []), (["forms:read"], ALL[:3])])
def test_a_token_that_may_not_make_webhooks_does_without(
    hub: Hub, served: Served, own: str, missing: list[str], there: list[str]
) -> None:
    served.control("settings", {"webflow_missing": missing})
    look(hub, own)
    assert hooks(served) == there
    served.control("settings", {"webflow_missing": []})
    served.control("webflow_item", {})
    look(hub, own, now=True)
    assert "webflow.item.created" in [kind for kind, _ in events(hub, own)]


def test_where_one_signed_in_the_apps_secret_signs(studio: Stand) -> None:
    assert connector.hook
    assert connector.hook.subscription
    assert connector.hook.subscription.app_signs
    signed_in = reopened(studio, access_token=studio.served.token)
    signed_in.client.signed_in = True
    studio.served.fault(
        "webflow", "status_after", method="POST", path="/v2/sites", status=201, body={"id": "1"}, times=4
    )
    kept = connector.hook.subscription.keep(
        signed_in.client, "https://hub.example/hooks/webflow/k", ["secret-of-the-app"]
    )
    assert list(kept) == ["secret-of-the-app"]
    assert len(studio.served.effects("webflow", "webhook.create")) == 4
    assert connector.hook.subscription.keep(signed_in.client, "https://hub.example/hooks/webflow/k", kept) == kept
    assert len(studio.served.effects("webflow", "webhook.create")) == 4


def test_without_an_address_nothing_is_asked(studio: Stand) -> None:
    assert connector.hook
    assert connector.hook.subscription
    assert connector.hook.subscription.keep(studio.client, "", ["a", "b"]) == ["a", "b"]
    assert studio.asked() == []
