"""Xero in a hub: one sign-in, two organisations to choose from, webhooks that are answered as Xero wants it."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core import connections, polling
from app.db import models
from app.practice.serve import Served
from tests.connectors.signing_xero import handshake, signed
from tests.oauth.conftest import Person, credentials

BAKERY = "c2a5f1d0-0000-4000-8000-000000000001"
STUDIO = "c2a5f1d0-0000-4000-8000-000000000002"


def connect(person: Person, organisation: str) -> str:
    """Signs in and chooses; returns the connection's id."""
    person.go("xero")
    page = person.visitor.get(person.agree(BAKERY))
    assert "Practice Bakery" in page.text
    assert "Practice Studio" in page.text
    state = re.findall(r'name="state" value="([^"]+)"', page.text)[0]
    answer = person.visitor.post("/oauth/xero/choose", state=state, account=organisation)
    assert answer.status_code == 303, answer.text
    return str(re.findall(r"/connections/([0-9a-z]{26})", answer.location)[0])


def fetch(person: Person) -> set[str]:
    due = polling.due(person.site.hub)
    for connection, kind in due:
        polling.poll(person.site.hub, connection, kind)
    return {connection for connection, _ in due}


def told(person: Person, connection: str, kind: str) -> int:
    mine = (models.events.c.connection == connection) & (models.events.c.kind == f"xero.{kind}.changed")
    with person.site.hub.db.read() as conn:
        return len(conn.execute(select(models.events).where(mine)).all())


def deliver(person: Person, connection: str, body: bytes, headers: dict[str, str]) -> TestResponse:
    address = str(connections.get(person.site.hub, connection)["hook_address"])
    path = address.removeprefix(person.site.hub.settings.address)
    return person.site.app.test_client().post(path, data=body, headers=headers, content_type="application/json")


@pytest.fixture
def studio(person: Person) -> str:
    made = connect(person, STUDIO)
    person.visitor.get(f"/connections/{made}")
    person.visitor.post(f"/connections/{made}", connection_name="Studio", hook_secret="key")
    return made


def test_a_person_chooses_the_organisation(person: Person, studio: str) -> None:
    assert connections.get(person.site.hub, studio)["account_name"] == "Practice Studio"
    assert credentials(person.site, studio)["account"] == STUDIO
    asked = person.asked()
    assert asked["scope"].split()[0] == "offline_access"
    assert "accounting.transactions" not in asked["scope"], "new apps are refused for the broad scopes"
    assert asked["code_challenge_method"] == "S256"
    row = connections._row(person.site.hub, studio)
    assert round((row["idle_until"] - row["consented_at"]) / 86_400_000) == 60


def test_the_intent_to_receive_is_answered_with_an_empty_200_or_401(person: Person, studio: str) -> None:
    right = deliver(person, studio, *handshake("key", 0))
    wrong = deliver(person, studio, *handshake("another", 0))
    assert (right.status_code, right.data) == (200, b"")
    assert (wrong.status_code, wrong.data) == (401, b"")
    assert "Set-Cookie" not in right.headers


def test_a_hint_fetches_from_the_organisation_that_it_is_about(person: Person, studio: str, vendors: Served) -> None:
    bakery = connect(person, BAKERY)
    fetch(person)
    assert fetch(person) == set()
    before = told(person, bakery, "contact")
    vendors.control("xero_put", {"what": "Contacts", "tenant": BAKERY, "Name": "Framer", "ContactStatus": "ACTIVE"})
    body = f'{{"events":[{{"tenantId":"{BAKERY}","eventCategory":"CONTACT"}}]}}'.encode()
    answer = deliver(person, studio, body, signed(body, "key", 0))
    assert (answer.status_code, answer.data) == (200, b"")
    assert fetch(person) == {bakery}
    assert told(person, bakery, "contact") == before + 1


def test_the_stand_in_signs_as_xero_does() -> None:
    from app.practice.vendors.xero import signature

    assert signature("key", b"body") == signed(b"body", "key", 0)["x-xero-signature"]
