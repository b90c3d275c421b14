"""Signing in at HubSpot through an app of one's own."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from app.core import apps, connections
from app.practice.serve import Served
from app.settings import Settings
from connectors.hubspot import SCOPES
from tests.oauth.conftest import Person, credentials


@pytest.fixture
def settings(settings: Settings, vendors: Served) -> Settings:
    return replace(settings, vendor_urls={**settings.vendor_urls, "hubspot": f"{vendors.url}/hubspot"})


@pytest.fixture
def person(person: Person, vendors: Served) -> Person:
    apps.save(person.site.hub, "hubspot", "practice", vendors.token, by="a test")
    return person


def test_one_signs_in_with_the_secret_in_the_form(person: Person, vendors: Served) -> None:
    made = connections.get(person.site.hub, person.connect("hubspot", account="1001"))
    assert made["account_name"] == "HubSpot account 1001"
    kept = credentials(person.site, made["id"])
    assert set(kept) == {"access_token", "refresh_token", "hub_id"}
    assert person.asked()["scope"].split(" ") == list(SCOPES)
    asked = vendors.ledger("hubspot", bodies=True)
    assert [one["path"] for one in asked] == ["/oauth/2026-03/token", "/account-info/2026-03/details"]
    form = parse_qs(asked[0]["body"])
    assert form["client_secret"] == [vendors.token]
    assert "code_verifier" in form
    assert asked[0]["query"] == "", "nothing secret stands in an address"


def test_a_scope_that_was_not_granted_is_named(person: Person) -> None:
    person.go("hubspot")
    answer = person.visitor.get(person.agree("1001", leave_out="crm.objects.deals.write"))
    assert "write deals" in answer.text
