"""Signing in at Pipedrive through an app of one's own: scopes stand in the app, and the answer says where the company is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.core import apps, connections
from app.core.opening import open_with
from app.practice.serve import Served
from app.settings import Settings
from connectors.contract import Refused
from connectors.pipedrive import connector
from tests.oauth.conftest import Person, credentials


@pytest.fixture
def settings(settings: Settings, vendors: Served) -> Settings:
    return replace(settings, vendor_urls={**settings.vendor_urls, "pipedrive": f"{vendors.url}/pipedrive"})


@pytest.fixture
def person(person: Person, vendors: Served) -> Person:
    apps.save(person.site.hub, "pipedrive", "practice", vendors.token, by="a test")
    return person


def test_one_signs_in_and_the_companys_address_is_kept(person: Person, vendors: Served) -> None:
    made = connections.get(person.site.hub, person.connect("pipedrive", account="1001"))
    assert made["account_name"] == "Practice company"
    kept = credentials(person.site, made["id"])
    assert set(kept) == {"access_token", "refresh_token", "api_domain"}
    assert kept["api_domain"] == "https://practice.pipedrive.com"
    asked = person.asked()
    assert not {"scope", "code_challenge"} & set(asked)
    assert [one["path"] for one in vendors.ledger("pipedrive")] == ["/oauth/token", "/api/v1/users/me"]


def test_calls_go_to_the_companys_own_address(person: Person) -> None:
    hub = person.site.hub
    hub.settings = replace(hub.settings, vendor_urls={})
    opened = open_with(hub, "pipedrive", {"access_token": "t", "api_domain": "https://acme.pipedrive.com"})
    assert opened.client.base == "https://acme.pipedrive.com"


@pytest.mark.parametrize(
    "told", ["https://acme.pipedrive.com.evil.example", "https://evil.example", "https://acme.pipedrive.com/x"]
)
def test_another_address_in_the_answer_is_not_called(person: Person, vendors: Served, told: str) -> None:
    given: dict[str, Any] = {"access_token": vendors.token, "api_domain": told}
    with pytest.raises(Refused, match="own address at Pipedrive"):
        open_with(person.site.hub, "pipedrive", given)
    assert vendors.ledger("pipedrive") == []


def test_sixty_days_without_use_end_it() -> None:
    assert connector.oauth
    assert (connector.oauth.idle.days, connector.oauth.client, connector.oauth.pkce) == (60, "basic", False)
