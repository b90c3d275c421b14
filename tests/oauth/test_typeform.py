"""Signing in at Typeform through an app of one's own: the scope that keeps it connected, and all forms listened to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core import apps, connections, polling
from app.practice.serve import Served
from app.settings import Settings
from tests.oauth.conftest import Person, credentials


@pytest.fixture
def settings(settings: Settings, vendors: Served) -> Settings:
    return replace(settings, vendor_urls={**settings.vendor_urls, "typeform": f"{vendors.url}/typeform"})


@pytest.fixture
def person(person: Person, vendors: Served) -> Person:
    apps.save(person.site.hub, "typeform", "practice", vendors.token, by="a test")
    return person


def test_one_signs_in_to_stay_and_responses_are_fetched(person: Person, vendors: Served) -> None:
    own = person.connect("typeform", account="01practice")
    assert connections.get(person.site.hub, own)["account_name"] == "Practice shop"
    asked = person.asked()
    assert "offline" in asked["scope"].split(" "), "without it there is no refresh token"
    assert "code_challenge" not in asked
    assert {"access_token", "refresh_token"} <= set(credentials(person.site, own))
    vendors.control("typeform_fill", {"form": "intake01", "answers": {"email": "a@b.example"}, "lose": True})
    hub, events = person.site.hub, 0
    for _ in range(3):  # on a busy machine one look may take longer than a test has patience
        found = [polling.poll(hub, *turn) for turn in polling.due(hub) if turn[0] == own]
        events += len([event for part in found for event in part])
        connections.change(hub, own, {})
    assert events == 1


def test_a_scope_that_was_not_granted_is_named(person: Person) -> None:
    person.go("typeform")
    assert "stay connected" in person.visitor.get(person.agree("01practice", leave_out="offline")).text
