"""Signing in at Asana through an app of one's own: what it is asked, tokens that stay, and tokens given back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core import apps, connections
from app.practice.serve import Served
from app.settings import Settings
from connectors.asana import connector
from tests.oauth.conftest import Person, credentials


@pytest.fixture
def settings(settings: Settings, vendors: Served) -> Settings:
    return replace(settings, vendor_urls={**settings.vendor_urls, "asana": f"{vendors.url}/asana"})


@pytest.fixture
def person(person: Person, vendors: Served) -> Person:
    apps.save(person.site.hub, "asana", "practice", vendors.token, by="a test")
    return person


def test_one_signs_in_and_the_account_names_itself(person: Person, vendors: Served) -> None:
    made = connections.get(person.site.hub, person.connect("asana", account="1201"))
    assert made["account_name"] == "Patchbay (Practice office)"
    assert {"access_token", "refresh_token"} <= set(credentials(person.site, made["id"]))
    asked = person.asked()
    assert connector.oauth
    assert asked["scope"].split(" ") == list(connector.oauth.scopes)
    assert asked["code_challenge_method"] == "S256"
    (exchange,) = [one for one in vendors.ledger("asana", bodies=True) if one["path"] == "/-/oauth_token"]
    assert "client_secret=" in exchange["body"], "the app proves itself in the form"


def test_somebody_who_says_no_is_sent_back_without_a_connection(person: Person) -> None:
    person.go("asana")
    answer = person.visitor.get(person.agree("1201", answer="deny"))
    assert answer.status_code < 500
    assert [one for one in connections.listing(person.site.hub) if one["slug"] == "asana" and not one["practice"]] == []
