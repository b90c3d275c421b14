"""Tasks that are added, ticked off and changed in starred projects, and the webhooks that say when to look."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from app.core import connections, polling
from app.core.hub import Hub
from app.practice.serve import Served
from app.settings import Settings
from connectors.asana import connector
from connectors.asana._webhooks import FILTERS
from connectors.contract import BadSignature, Event, Unreadable
from tests.connectors import signing_asana as signing
from tests.connectors.listening import errors, events, listening, look
from tests.connectors.stand import Stand, standing

(POLL,) = connector.polls
SAMPLES = Path(__file__).parent / "samples" / "asana"


@pytest.fixture
def office() -> Iterator[Stand]:
    with standing("asana") as stand:
        yield stand


def by_hand(served: Served, **more: Any) -> dict[str, Any]:
    return dict(served.control("asana_task", more))


def told(found: list[Event]) -> list[tuple[str, str]]:
    return [(event.kind, str(connector.triggers[0].shape(event.body)["name"])) for event in found]


def looked(office: Stand, cursor: Any) -> tuple[list[tuple[str, str]], Any]:
    found, after = POLL.run(office.client, json.loads(json.dumps(cursor)))
    return told(found), after


# --- looking ----------------------------------------------------------------------------------------------------------


def test_the_first_look_only_remembers(office: Stand) -> None:
    by_hand(office.served, name="Old", ago=3600)
    found, cursor = looked(office, None)
    assert found == []
    assert looked(office, cursor)[0] == []


def test_what_happens_to_a_task_is_told_once_each(office: Stand) -> None:
    old = by_hand(office.served, name="Old", ago=3600)
    _, cursor = looked(office, None)
    new = by_hand(office.served, name="New")
    found, cursor = looked(office, cursor)
    assert found == [("task.added", "New")]
    by_hand(office.served, gid=old["gid"], name="Renamed")
    found, cursor = looked(office, cursor)
    assert found == [("task.changed", "Renamed")]
    by_hand(office.served, gid=new["gid"], completed=True)
    found, cursor = looked(office, cursor)
    assert found == [("task.completed", "New")]
    assert looked(office, cursor)[0] == []


def test_comments_and_own_tasks_are_no_news(office: Stand) -> None:
    """Else a recipe that comments on what changed would start itself."""
    old = by_hand(office.served, name="Old", ago=3600)
    _, cursor = looked(office, None)
    office.do("comment", task=old["gid"], text="Seen")
    office.do("create_task", project="1301", name="Ours")
    assert looked(office, cursor)[0] == []


def test_a_task_that_is_opened_and_ticked_off_again_is_told_again(office: Stand) -> None:
    task = by_hand(office.served, name="Chairs", ago=3600)
    _, cursor = looked(office, None)
    keys = []
    for completed in (True, False, True):
        by_hand(office.served, gid=task["gid"], completed=completed)
        found, cursor = POLL.run(office.client, cursor)
        keys += [event.dedupe_key for event in found]
    assert len(set(keys)) == 2


def test_a_task_nobody_remembered_counts_as_changed(office: Stand) -> None:
    task = by_hand(office.served, name="Done long ago", ago=7200, completed=True)
    _, cursor = looked(office, None)
    by_hand(office.served, gid=task["gid"], notes="More")
    assert looked(office, cursor)[0] == [("task.changed", "Done long ago")]


def test_only_starred_projects_are_watched(office: Stand) -> None:
    _, cursor = looked(office, None)
    by_hand(office.served, name="Elsewhere", projects=["1302"])
    found, cursor = looked(office, cursor)
    assert found == []
    office.served.control("asana_star", {"projects": ["1301", "1302"]})
    _, cursor = looked(office, cursor)
    by_hand(office.served, name="Now", projects=["1302"])
    assert looked(office, cursor)[0] == [("task.added", "Now")]


def test_many_tasks_come_page_by_page(office: Stand) -> None:
    _, cursor = looked(office, None)
    office.note(page=2)
    for n in range(5):
        by_hand(office.served, name=f"T{n}")
    assert looked(office, cursor)[0] == [("task.added", f"T{n}") for n in range(5)]


def test_what_was_read_before_a_failure_is_kept_and_the_failure_is_heard_next(office: Stand) -> None:
    office.served.control("asana_star", {"projects": ["1301", "1302"]})
    _, cursor = looked(office, None)
    office.note(page=1)
    for project in ("1301", "1302"):
        for n in range(2):
            by_hand(office.served, name=f"{project} {n}", projects=[project])
    broken = {"method": "GET", "path": "/api/1.0/tasks", "status": 502}
    office.served.fault("asana", "status", **broken, skip=3)  # page 2 of the second project
    found, cursor = looked(office, cursor)
    assert found == [("task.added", "1301 0"), ("task.added", "1301 1")]
    office.served.fault("asana", "status", **broken)
    with pytest.raises(requests.HTTPError):
        looked(office, cursor)
    assert looked(office, cursor)[0] == [("task.added", "1302 0"), ("task.added", "1302 1")]


def test_a_project_that_is_no_longer_shared_does_not_stop_the_others(office: Stand) -> None:
    office.served.control("asana_star", {"projects": ["1302", "1301"]})
    _, cursor = looked(office, None)
    office.note(hidden=["1302"])
    by_hand(office.served, name="New")
    found, cursor = looked(office, cursor)
    assert found == [("task.added", "New")]


def test_memory_has_an_end(office: Stand) -> None:
    from connectors.asana._watch import REMEMBERED, _Place

    place = _Place("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z")
    for n in range(REMEMBERED + 10):
        place.remember({"gid": str(n), "name": "x", "modified_at": "2026-01-02T00:00:00.000Z"})
    assert len(place.saved()["seen"]) == REMEMBERED
    assert str(REMEMBERED + 9) in place.saved()["seen"]


# --- what recipes see -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", sorted((SAMPLES / "tasks").glob("*.json")), ids=lambda path: path.stem)
def test_every_field_is_always_there(sample: Path) -> None:
    for trigger in connector.triggers:
        seen = trigger.shape(sample.read_bytes())
        assert set(seen) == {name.removesuffix(".*") for name in trigger.fields}


def test_custom_fields_come_by_their_names() -> None:
    seen = connector.triggers[2].shape((SAMPLES / "tasks" / "changed.json").read_bytes())
    assert (seen["fields"], seen["notes"]) == ({"Priority": "High", "Amount": ""}, "They answer on Tuesdays.")


@pytest.mark.parametrize("body", [b"no json", b"[]", b'{"task": 5}', b'{"task": {}}'])
def test_what_is_no_task_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        connector.triggers[0].shape(body)


# --- deliveries -------------------------------------------------------------------------------------------------------


def received(body: bytes, headers: dict[str, str], *secrets: str) -> Any:
    assert connector.hook
    return connector.hook.receive(body, headers, secrets, 0.0)


def test_a_delivery_makes_the_hub_look_and_an_empty_one_does_not() -> None:
    for name, looks in (("two_events", True), ("heartbeat", False)):
        body = (SAMPLES / f"{name}.json").read_bytes()
        for kept in ("s3cret", "4711 s3cret"):  # as it comes, and as it is kept with its webhook's gid
            got = received(body, signing.signed(body, "s3cret", 0.0), "another", kept)
            assert (got.catch_up, got.events, got.reply) == (looks, (), None)


def test_the_question_is_answered_and_nothing_of_it_is_kept() -> None:
    """It is not signed: anybody may ask it, so it must not plant a secret."""
    got = received(*signing.handshake("", 0.0), "4711 s3cret")
    assert got.reply.headers == {"X-Hook-Secret": "b537207f20cbfa02357cf448134da559e8bd39d6"}
    assert (got.reply.status, got.secret, got.catch_up) == (200, "", False)


@pytest.mark.parametrize("asked", ["a b", "x" * 300, "short", "a\r\nb: c" * 9, "ä" * 20])
def test_a_question_that_is_none_of_asanas_is_refused(asked: str) -> None:
    with pytest.raises(BadSignature):
        received(b"{}", {"x-hook-secret": asked}, "s")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"events": 5}', b"[" * 100_000])
def test_a_signed_delivery_without_events_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        received(body, signing.signed(body, "s", 0.0), "s")


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
    """A connection whose hub is listening."""
    assert hub.secret
    made = connections.create(hub, "asana", {"token": served.token}, practice=True)
    with listening(hub) as answered:
        yield str(made["id"])
        assert set(answered) <= {200, 400}


def hooks(served: Served) -> list[dict[str, Any]]:
    return list(served.control("state?slug=asana").get("webhook", []))


def test_each_starred_project_gets_a_webhook_whose_question_is_answered_meanwhile(
    hub: Hub, served: Served, own: str
) -> None:
    served.control("asana_star", {"projects": ["1301", "1302"]})
    assert look(hub, own) == ["task.added", "webhooks"]
    assert errors(hub, own) == []
    assert [(hook["resource"]["gid"], hook["filters"]) for hook in hooks(served)] == [
        ("1301", FILTERS),
        ("1302", FILTERS),
    ]
    look(hub, own, now=True)
    assert len(served.effects("asana", "webhook.create")) == 2, "they stay"


def test_a_change_is_told_by_webhook_and_read_at_once(hub: Hub, served: Served, own: str) -> None:
    look(hub, own)
    by_hand(served, name="Chairs")
    assert [report["status"] for report in served.control("asana_deliver", {})] == [200]
    assert look(hub, own) == ["task.added"], "due at once, and not only after a quarter of an hour"
    assert [kind for kind, _ in events(hub, own)] == ["asana.task.added"]
    assert [report["status"] for report in served.control("asana_heartbeat", {})] == [200]
    assert polling.due(hub) == []


def test_comments_pass_no_filter(hub: Hub, served: Served, own: str) -> None:
    task = by_hand(served, name="Chairs")
    look(hub, own)
    served.control("asana_deliver", {})
    served.control("asana_comment", {"task": task["gid"], "text": "Soon"})
    assert served.control("asana_deliver", {}) == []


def test_a_lost_delivery_is_caught_up(hub: Hub, served: Served, own: str) -> None:
    look(hub, own)
    by_hand(served, name="Chairs")
    look(hub, own, now=True)
    look(hub, own, now=True)
    assert [kind for kind, _ in events(hub, own)] == ["asana.task.added"]


@pytest.mark.parametrize("why", ["deleted", "inactive", "unstarred"])
def test_webhooks_that_ended_are_replaced_and_others_removed(hub: Hub, served: Served, own: str, why: str) -> None:
    look(hub, own)
    (hook,) = hooks(served)
    if why == "unstarred":
        served.control("asana_star", {"projects": ["1302"]})
    else:  # Asana deletes them after a day without an answer
        served.control("asana_forget", {"id": hook["gid"]})
        if why == "inactive":
            served.control("asana_webhook", {**hook, "active": False})
    look(hub, own, now=True)
    (fresh,) = hooks(served)
    assert fresh["gid"] != hook["gid"]
    assert fresh["resource"]["gid"] == ("1302" if why == "unstarred" else "1301")


def test_a_webhook_whose_secret_got_lost_on_the_way_is_replaced(hub: Hub, served: Served, own: str) -> None:
    served.fault("asana", "cut_after", method="POST", path="/api/1.0/webhooks")
    look(hub, own)
    assert len(hooks(served)) == 1
    assert errors(hub, own)
    look(hub, own, now=True)
    assert (len(hooks(served)), errors(hub, own)) == (1, [])
    by_hand(served, name="Chairs")
    assert [report["status"] for report in served.control("asana_deliver", {})] == [200]


def test_what_was_made_before_a_failure_is_kept(hub: Hub, served: Served, own: str) -> None:
    served.control("asana_star", {"projects": ["1301", "1302"]})
    served.fault("asana", "status", method="POST", path="/api/1.0/webhooks", skip=1, status=500)
    look(hub, own)
    look(hub, own, now=True)
    assert len(served.effects("asana", "webhook.create")) == 2
    assert [hook["resource"]["gid"] for hook in hooks(served)] == ["1301", "1302"]


def test_a_project_that_may_not_be_watched_does_not_stop_the_others(hub: Hub, served: Served, own: str) -> None:
    served.control("asana_star", {"projects": ["1302", "1301"]})
    served.control("settings", {"asana_hidden": ["1302"]})
    look(hub, own)
    assert [hook["resource"]["gid"] for hook in hooks(served)] == ["1301"]


def test_a_hub_that_asana_cannot_reach_is_told_in_words(hub: Hub, served: Served) -> None:
    assert hub.secret
    made = connections.create(hub, "asana", {"token": served.token}, practice=True)
    look(hub, made["id"])  # nobody listens
    (error,) = errors(hub, made["id"])
    assert "could not reach this hub" in error


def test_a_forged_delivery_is_refused(hub: Hub, served: Served, own: str) -> None:
    look(hub, own)
    address = connections.get(hub, own)["hook_address"]
    body = (SAMPLES / "two_events.json").read_bytes()
    for secret in ("guess", ""):
        headers = {**signing.signed(body, secret, 0.0), "Content-Type": "application/json"}
        assert requests.post(address, body, headers=headers, timeout=5).status_code == 400
    asked = requests.post(address, b"{}", headers={"X-Hook-Secret": "planted-secret"}, timeout=5)
    assert asked.status_code == 200
    headers = {**signing.signed(body, "planted-secret", 0.0), "Content-Type": "application/json"}
    assert requests.post(address, body, headers=headers, timeout=5).status_code == 400
