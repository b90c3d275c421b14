"""Signing in at Notion through a public connection: JSON at its token address, tokens that name no end, perhaps none to renew."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from app.core import apps, connections
from app.practice.serve import Served
from app.settings import Settings
from tests.oauth.conftest import Person, credentials


@pytest.fixture
def settings(settings: Settings, vendors: Served) -> Settings:
    return replace(settings, vendor_urls={**settings.vendor_urls, "notion": f"{vendors.url}/notion"})


@pytest.fixture
def person(person: Person, vendors: Served) -> Person:
    apps.save(person.site.hub, "notion", "practice", vendors.token, by="a test")
    return person


def grants(vendors: Served) -> list[dict[str, Any]]:
    return [one for one in vendors.ledger("notion", bodies=True) if one["path"].endswith("/oauth/token")]


def test_one_signs_in_in_json_and_without_scopes(person: Person, vendors: Served) -> None:
    own = person.connect("notion", account="99999999-9999-4999-8999-999999999999")
    assert connections.get(person.site.hub, own)["account_name"] == "Practice Notion"
    asked = person.asked()
    assert asked["owner"] == "user"
    assert {"scope", "code_challenge"} & set(asked) == set()
    (sent,) = grants(vendors)
    assert set(json.loads(sent["body"])) == {"grant_type", "code", "redirect_uri"}
    assert {"access_token", "refresh_token"} <= set(credentials(person.site, own))


def test_the_page_of_the_connection_tells_how_webhooks_are_set_up(person: Person) -> None:
    own = person.connect("notion", account="99999999-9999-4999-8999-999999999999")
    page = person.visitor.get(f"/connections/{own}").text
    assert "Create a subscription" in page
    assert "Set it up again" not in page, "nothing was handed over yet"


def test_without_a_token_to_renew_only_signing_in_again_helps(person: Person, vendors: Served) -> None:
    answer = {"access_token": vendors.token, "token_type": "bearer", "refresh_token": None, "bot_id": "b"}
    vendors.fault("notion", "status", path="/v1/oauth/token", status=200, body=answer)
    own = person.connect("notion", account="99999999-9999-4999-8999-999999999999")
    assert "refresh_token" not in credentials(person.site, own)
    vendors.control("revoke", {"slug": "notion"})
    said = connections.check(person.site.hub, own)
    assert (said["ok"], "sign in again" in said["words"]) == (False, True)
    assert len(grants(vendors)) == 1, "nothing is renewed"
    vendors.control("unrevoke", {"slug": "notion"})
    assert person.connect("notion", "99999999-9999-4999-8999-999999999999", connection=own) == own
