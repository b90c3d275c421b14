"""Signing in at Calendly through an app of one's own: what it is asked, refresh tokens for one use, and the app's own key."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import requests

from app.core import apps, connections, intake, polling
from app.practice.serve import Served
from app.settings import Settings
from connectors.calendly import connector
from tests.connectors.signing_calendly import signed
from tests.connectors.test_calendly_deliveries import sample
from tests.oauth.conftest import Person, credentials


@pytest.fixture
def settings(settings: Settings, vendors: Served) -> Settings:
    return replace(settings, vendor_urls={**settings.vendor_urls, "calendly": f"{vendors.url}/calendly"})


@pytest.fixture
def person(person: Person, vendors: Served) -> Person:
    apps.save(person.site.hub, "calendly", "practice", vendors.token, by="a test")
    return person


def test_one_signs_in_and_bookings_are_fetched(person: Person, vendors: Served) -> None:
    made = connections.get(person.site.hub, person.connect("calendly", account="uana"))
    assert made["account_name"] == "Ana Silva"
    asked = person.asked()
    assert connector.oauth
    assert (asked["scope"].split(" "), asked["code_challenge_method"]) == (list(connector.oauth.scopes), "S256")
    vendors.control("calendly_book", {"name": "Ann", "lose": True})
    assert fetched(person, made["id"]) == 1


def fetched(person: Person, own: str) -> int:
    """How many events a few looks bring: on a busy machine one may take longer than a test has patience."""
    hub, events = person.site.hub, 0
    for _ in range(5):
        found = [polling.poll(hub, *turn) for turn in polling.due(hub) if turn[0] == own]
        events += len([event for part in found for event in part])
        connections.change(hub, own, {})
    return events


def test_a_scope_that_was_not_granted_is_named(person: Person) -> None:
    person.go("calendly")
    assert "look after its webhooks" in person.visitor.get(person.agree("uana", leave_out="webhooks:read")).text


def test_a_refresh_token_is_for_one_use(person: Person, vendors: Served) -> None:
    """Why the hub renews in one place only, and saves the new pair before it uses it."""
    own = person.connect("calendly", account="uana")
    form = {"grant_type": "refresh_token", "refresh_token": credentials(person.site, own)["refresh_token"]}
    form |= {"client_id": "practice", "client_secret": vendors.token}
    first, again = (requests.post(f"{vendors.url}/calendly/oauth/token", data=form, timeout=5) for _ in range(2))
    assert first.json()["refresh_token"] != form["refresh_token"]
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_the_key_of_the_app_is_entered_beside_our_own(person: Person) -> None:
    hub, own = person.site.hub, person.connect("calendly", account="uana")
    for turn in polling.due(hub):
        polling.poll(hub, *turn)
    assert "Webhook signing key" in person.visitor.get(f"/connections/{own}").text
    person.visitor.post(f"/connections/{own}", hook_secret="the key of the app", connection_name="Ana")
    body, key = sample(), connections.get(hub, own)["hook_address"].rsplit("/", 1)[1]
    answer = intake.receive(hub, "calendly", key, body, signed(body, "the key of the app", time.time()))
    assert answer.status == 200
