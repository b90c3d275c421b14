"""QuickBooks in a hub: signing in as a company, webhooks of two companies at one address, and what they bring."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import connections, polling
from app.db import models
from app.practice.serve import Served
from tests.connectors.signing_quickbooks import signed
from tests.oauth.conftest import Person, credentials

BAKERY, STUDIO = "9130350000000001", "9130350000000002"


def fetch(person: Person) -> list[str]:
    """Polls what is due; returns of which connections."""
    due = polling.due(person.site.hub)
    for connection, kind in due:
        polling.poll(person.site.hub, connection, kind)
    return [connection for connection, _ in due]


def told(person: Person, connection: str) -> list[str]:
    mine = models.events.c.connection == connection
    with person.site.hub.db.read() as conn:
        return [row.dedupe_key for row in conn.execute(select(models.events).where(mine).order_by(models.events.c.id))]


def deliver(person: Person, connection: str, body: bytes, secret: str = "verifier") -> int:
    address = str(connections.get(person.site.hub, connection)["hook_address"])
    path = address.removeprefix(person.site.hub.settings.address)
    headers = {"intuit-signature": signed(body, secret, 0)["intuit-signature"]}
    answer = person.site.app.test_client().post(path, data=body, headers=headers, content_type="application/json")
    return answer.status_code


@pytest.fixture
def bakery(person: Person) -> str:
    made = person.connect("quickbooks", BAKERY)
    person.visitor.get(f"/connections/{made}")
    person.visitor.post(f"/connections/{made}", connection_name="Bakery", hook_secret="verifier")
    return made


def test_who_signs_in_connects_the_company_that_they_chose(person: Person, vendors: Served) -> None:
    made = person.connect("quickbooks", STUDIO)
    found = connections.get(person.site.hub, made)
    assert (found["account_name"], found["oauth"]) == ("Practice Studio", True)
    assert credentials(person.site, made)["realmId"] == STUDIO
    assert person.asked()["scope"] == "com.intuit.quickbooks.accounting"
    assert "code_challenge" not in person.asked()
    row = connections._row(person.site.hub, made)
    five_years = timedelta(days=5 * 365).total_seconds() * 1000
    assert row["ends_at"] - row["consented_at"] == pytest.approx(five_years, abs=5000), "asked for by a header"
    assert row["idle_until"] - row["consented_at"] == pytest.approx(8726400 * 1000, abs=5000)


def test_signing_in_again_as_another_company_is_refused(person: Person, bakery: str) -> None:
    person.go("quickbooks", connection=bakery)
    answer = person.visitor.get(person.agree(STUDIO))
    assert answer.status_code == 422
    assert "You signed in as Practice Studio, but this connection is Practice Bakery" in answer.text
    assert person.connect("quickbooks", BAKERY, connection=bakery) == bakery


def test_removing_the_connection_gives_the_tokens_back(person: Person, bakery: str, vendors: Served) -> None:
    """In JSON, although token requests are forms."""
    person.visitor.post(f"/connections/{bakery}/remove")
    assert len(vendors.effects("quickbooks", "token.revoke")) == 1


def test_a_hint_fetches_what_changed_in_the_company_that_it_is_about(
    person: Person, bakery: str, vendors: Served
) -> None:
    studio = person.connect("quickbooks", STUDIO)
    fetch(person)
    assert fetch(person) == []
    vendors.control("quickbooks_put", {"entity": "Purchase", "Id": "812", "PrivateNote": "x"})
    vendors.control("quickbooks_put", {"entity": "Vendor", "realm": STUDIO, "DisplayName": "Framer"})
    body = json.dumps([{"type": "qbo.vendor.created.v1", "intuitaccountid": STUDIO}]).encode()
    assert deliver(person, bakery, body) == 200
    assert fetch(person) == [studio]
    assert [key for key in told(person, studio) if key.startswith("Vendor")] != []
    assert "Purchase:812:1" not in told(person, bakery)
    body = json.dumps([{"type": "qbo.purchase.updated.v1", "intuitaccountid": BAKERY}]).encode()
    assert deliver(person, bakery, body) == 200
    fetch(person)
    assert told(person, bakery)[-1] == "Purchase:812:1"
    assert deliver(person, bakery, body, "another") == 400


def test_the_stand_in_signs_as_intuit_does(vendors: Served) -> None:
    from app.practice.vendors.quickbooks import signature

    assert signature("verifier", b"body") == signed(b"body", "verifier", 0)["intuit-signature"]
