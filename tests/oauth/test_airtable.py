"""Signing in at Airtable through an app of one's own: PKCE, tokens that end with each renewal, and the bases that were picked."""

from __future__ import annotations

from dataclasses import replace

import pytest
import requests
from sqlalchemy import update

from app.core import apps, connections, polling
from app.db import models
from app.practice.serve import Served
from app.settings import Settings
from connectors.airtable import connector
from tests.connectors.stand import reopened, standing
from tests.oauth.conftest import Person, credentials

USER = "usrpractice000001"


@pytest.fixture
def settings(settings: Settings, vendors: Served) -> Settings:
    return replace(settings, vendor_urls={**settings.vendor_urls, "airtable": f"{vendors.url}/airtable"})


@pytest.fixture
def person(person: Person, vendors: Served) -> Person:
    apps.save(person.site.hub, "airtable", "practice", vendors.token, by="a test")
    return person


def rounds(person: Person, own: str) -> int:
    """How many events a few looks bring: on a busy machine one may take longer than a test has patience."""
    hub, events = person.site.hub, 0
    for _ in range(3):
        found = [polling.poll(hub, *turn) for turn in polling.due(hub) if turn[0] == own]
        events += len([event for part in found for event in part])
        connections.change(hub, own, {})
    return events


def test_one_signs_in_and_every_table_of_the_picked_bases_is_watched(person: Person, vendors: Served) -> None:
    own = person.connect("airtable", account=USER)
    assert connections.get(person.site.hub, own)["account_name"] == "practice@shop.example"
    asked = person.asked()
    assert connector.oauth
    assert (asked["scope"].split(" "), asked["code_challenge_method"]) == (list(connector.oauth.scopes), "S256")
    assert {"access_token", "refresh_token"} <= set(credentials(person.site, own))
    rounds(person, own)
    for table in ("Orders", "Clients"):
        vendors.control("airtable_person", {"table": table, "fields": {"Name": "x"}, "quiet": True})
    assert rounds(person, own) == 2


def test_the_page_of_the_connection_says_that_nothing_is_to_be_pasted_or_what_is_in_the_way(
    person: Person, vendors: Served
) -> None:
    own = person.connect("airtable", account=USER)
    assert "sets this up at Airtable by itself" in person.visitor.get(f"/connections/{own}").text
    vendors.control("settings", {"airtable_lacks": ["webhook:manage"]})
    rounds(person, own)
    assert "could not set this up at Airtable" in person.visitor.get(f"/connections/{own}").text
    vendors.control("settings", {"airtable_lacks": []})
    rounds(person, own)
    page = person.visitor.get(f"/connections/{own}").text
    assert "looks after it. There is nothing to paste." in page
    assert "Address to paste at Airtable" not in page


def test_a_scope_that_was_not_granted_is_named(person: Person) -> None:
    person.go("airtable")
    assert "be told of changes" in person.visitor.get(person.agree(USER, leave_out="webhook:manage")).text


def test_a_renewal_ends_both_tokens_before_it_and_the_work_goes_on(person: Person, vendors: Served) -> None:
    """Why a token is read anew for each call, and renewed in one place."""
    own = person.connect("airtable", account=USER)
    kept = credentials(person.site, own)
    form = {"grant_type": "refresh_token", "refresh_token": kept["refresh_token"]}
    app = ("practice", vendors.token)
    first, again = (
        requests.post(f"{vendors.url}/airtable/oauth2/v1/token", data=form, auth=app, timeout=5) for _ in range(2)
    )
    assert (first.status_code, again.json()["error"]) == (200, "invalid_grant")
    old = {"Authorization": f"Bearer {kept['access_token']}"}
    assert requests.get(f"{vendors.url}/airtable/v0/meta/whoami", headers=old, timeout=5).status_code == 401


def test_a_token_that_ended_is_renewed_in_the_middle_of_fetching(person: Person, vendors: Served) -> None:
    own = person.connect("airtable", account=USER)
    before = credentials(person.site, own)
    hub = person.site.hub
    earlier = update(models.connections).values(renewed_at=hub.now() - 1_800_000)
    hub.db.write(lambda conn: conn.execute(earlier))
    vendors.fault(
        "airtable", "status", status=401, path="/v0/meta/bases", body={"error": {"type": "AUTHENTICATION_REQUIRED"}}
    )
    rounds(person, own)
    assert credentials(person.site, own)["access_token"] != before["access_token"]
    assert connections.get(person.site.hub, own)["state"] == "ok"


def test_too_many_bases_are_told() -> None:
    with standing("airtable") as stand:
        signed_in = reopened(stand, access_token=stand.served.token, watch="")
        bases = [{"id": f"app{number:014}", "name": "x"} for number in range(11)]
        stand.served.fault("airtable", "status", status=200, path="/v0/meta/bases", body={"bases": bases})
        with pytest.raises(Exception, match="opens 11 bases"):
            signed_in.client.bases()
        assert signed_in.client.bases() == ["apppractice000001"]
