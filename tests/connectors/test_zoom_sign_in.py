"""Signing in at Zoom as one person: what is asked for, what such a person may read, and what signing in twice does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from sqlalchemy import update

from app.core import connections, extras, oauth, opening, polling
from app.core.hub import Hub
from app.db import models
from app.practice.serve import Served
from app.settings import Settings
from connectors.contract import Account
from connectors.zoom import connector
from connectors.zoom._recording import shape
from tests.connectors import person
from tests.connectors.zoom_samples import SAMPLES
from tests.connectors.zoom_stand import POLL, RECORDINGS
from tests.oauth.till_hub import SESSION


@pytest.fixture
def served() -> Iterator[Served]:
    with Served(limits=False) as made:
        yield made


@pytest.fixture
def hub(settings: Settings, served: Served) -> Iterator[Hub]:
    with person.hub_at(settings, "zoom", served) as made:
        yield made


@pytest.fixture
def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sign_in(hub: Hub, leave_out: str = "", connection: str = "") -> str:
    return person.signed_in(hub, "zoom", "practice-host", leave_out=leave_out, connection=connection)


def client(hub: Hub, connection: str) -> Any:
    return opening.open_connection(hub, connection).client


def asked(served: Served) -> list[str]:
    return [one["path"] for one in served.ledger("zoom") if one["path"].startswith("/v2/")]


def record(served: Served, begun: str) -> None:
    body = json.loads((SAMPLES / "recording_completed.json").read_bytes())
    body["payload"]["object"] |= {"uuid": "m1", "start_time": begun, "host_email": None, "host_id": "practice-host"}
    for file in body["payload"]["object"]["recording_files"]:
        file["recording_end"] = begun
    served.control("zoom_recording", {"body": body})


def test_a_person_is_asked_for_their_own_meetings_with_proof_of_who_asks(hub: Hub) -> None:
    there = urlsplit(oauth.start(hub, "zoom", SESSION))
    given = dict(parse_qsl(there.query))
    assert there.path == "/zoom/oauth/authorize"
    assert given["code_challenge_method"] == "S256"
    assert not [scope for scope in given["scope"].split() if scope.endswith(":admin")]


def test_the_account_is_the_person_and_signing_in_again_makes_no_second_one(hub: Hub) -> None:
    made = sign_in(hub)
    assert connector.check(client(hub, made)) == Account("practice-host", "ana.silva@practice.example")
    assert connections.check(hub, made)["ok"]
    assert sign_in(hub) == made
    assert len([one for one in connections.listing(hub) if not one["practice"]]) == 1


def test_a_permission_that_was_left_out_is_named(hub: Hub) -> None:
    with pytest.raises(oauth.Missing) as left:
        sign_in(hub, leave_out="meeting:read:summary")
    assert left.value.scopes == {"meeting:read:summary": "read recaps"}


def test_the_fields_of_the_other_way_in_are_not_asked_for(hub: Hub) -> None:
    assert extras.fields(connector) == ()


def test_own_recordings_are_caught_up_with_and_recaps_are_not_asked_for(hub: Hub, served: Served, now: str) -> None:
    made = sign_in(hub)
    record(served, now)
    zoom = client(hub, made)
    served_before = len(asked(served))
    assert POLL.run(zoom, None) == ([], None)
    ((event,), _) = RECORDINGS.run(zoom, None)
    assert shape(event.body)["host_email"] == "ana.silva@practice.example"
    assert asked(served)[served_before:] == ["/v2/users/me/recordings", "/v2/users/me"]


def test_the_clock_catches_up_with_a_person(hub: Hub, served: Served, now: str) -> None:
    made = sign_in(hub)
    record(served, now)
    found = [event for one in polling.due(hub) if one[0] == made for event in polling.poll(hub, *one)]
    assert len(found) == 1


@pytest.mark.parametrize("name", ["read_summary", "read_transcript"])
def test_a_person_reads_their_own_meetings(hub: Hub, served: Served, name: str) -> None:
    made = sign_in(hub)
    recap = json.loads((SAMPLES / "summary_completed.json").read_bytes())
    transcript = json.loads((SAMPLES / "transcript_completed.json").read_bytes())
    served.control("recap", {"body": recap})
    served.control("zoom_recording", {"body": transcript})
    assert connector.actions[name].run(client(hub, made), meeting="/aB1+x==")["topic"] == "Weekly stock call"


def test_a_token_that_ended_is_the_hubs_to_renew(hub: Hub, served: Served) -> None:
    made = sign_in(hub)
    zoom = client(hub, made)
    served.control("zoom_revoke", {})
    before = len(asked(served))
    with pytest.raises(requests.HTTPError, match="401"):
        connector.check(zoom)
    assert asked(served)[before:] == ["/v2/users/me"]  # and not a second time with the same token
    checked = connections.check(hub, made)
    assert (checked["ok"], checked["state"]) == (False, "reconnect")
    assert sign_in(hub, connection=made) == made
    assert connections.check(hub, made)["ok"]


def test_zooms_word_for_a_dead_token_asks_for_a_sign_in(hub: Hub, served: Served) -> None:
    made = sign_in(hub)
    dead = {"reason": "Invalid Token!", "error": "invalid_request"}
    mine = models.connections.c.id == made
    ended = update(models.connections).where(mine).values(expires_at=hub.now() - 1000, renewed_at=hub.now() - 3_600_000)
    hub.db.write(lambda conn: conn.execute(ended))
    served.fault("zoom", "status", path="/oauth/token", status=400, body=dead)
    checked = connections.check(hub, made)
    assert (checked["ok"], checked["state"]) == (False, "reconnect")
    assert "Sign in there again" in checked["words"]
