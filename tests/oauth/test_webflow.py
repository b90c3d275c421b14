"""Signing in at Webflow through an app of one's own: no PKCE, a token that does not end, and the app's secret for webhooks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core import apps, connections, opening, subscribing
from app.practice.serve import Served
from app.settings import Settings
from connectors.webflow import connector
from tests.oauth.conftest import Person, credentials


@pytest.fixture
def settings(settings: Settings, vendors: Served) -> Settings:
    return replace(settings, vendor_urls={**settings.vendor_urls, "webflow": f"{vendors.url}/webflow"})


@pytest.fixture
def person(person: Person, vendors: Served) -> Person:
    apps.save(person.site.hub, "webflow", "practice", vendors.token, by="a test")
    return person


def test_one_signs_in_and_the_site_names_itself(person: Person) -> None:
    made = connections.get(person.site.hub, person.connect("webflow", account="65f0aa"))
    assert made["account_name"] == "Practice studio"
    assert "refresh_token" not in credentials(person.site, made["id"]), "Webflow gives none"
    asked = person.asked()
    assert connector.oauth
    assert asked["scope"].split(" ") == list(connector.oauth.scopes)
    assert "code_challenge" not in asked


def test_what_the_app_signs_is_taken(person: Person, vendors: Served) -> None:
    hub = person.site.hub
    own = person.connect("webflow", account="65f0aa")
    how = subscribing.of(connector)
    assert how
    subscribing.keep(hub, opening.open_connection(hub, own), how)
    row = opening.row(hub, own)
    assert row
    assert vendors.token in hub.vault.open_json(row["hook_secrets"], f"connections:{own}:hook_secrets")
