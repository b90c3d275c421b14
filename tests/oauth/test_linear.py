"""Signing in at Linear through an app of one's own: scopes with commas, tokens of a day that rotate."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from app.core import apps, connections
from app.practice.serve import Served
from app.settings import Settings
from tests.oauth.conftest import Person, credentials


@pytest.fixture
def settings(settings: Settings, vendors: Served) -> Settings:
    return replace(settings, vendor_urls={**settings.vendor_urls, "linear": f"{vendors.url}/linear"})


@pytest.fixture
def person(person: Person, vendors: Served) -> Person:
    apps.save(person.site.hub, "linear", "practice", vendors.token, by="a test")
    return person


def test_one_signs_in_and_asks_as_the_app(person: Person, vendors: Served) -> None:
    made = connections.get(person.site.hub, person.connect("linear", account="practice"))
    assert made["account_name"] == "Practice workspace"
    assert {"access_token", "refresh_token"} <= set(credentials(person.site, made["id"]))
    assert person.asked()["scope"] == "read,write,issues:create,comments:create"
    assert person.asked()["actor"] == "app"
    asked = vendors.ledger("linear", bodies=True)
    assert [one["path"] for one in asked] == ["/oauth/token", "/graphql"]
    assert parse_qs(asked[0]["body"])["grant_type"] == ["authorization_code"], "a form, not JSON"
