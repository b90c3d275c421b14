"""Signing in at Google: what is asked for, what may be left out, and the weekly end of an app that is in testing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from app.core import apps, connections, forecast
from app.core.forecast import DAY
from app.db import models
from app.practice.serve import Served
from app.settings import Settings
from connectors.google._scopes import CALENDARS, EMAIL, EVENTS, SCOPES
from tests.oauth.conftest import Person, credentials

ANA, BEN = "108204268033311374519", "115722834054889887046"


@pytest.fixture
def settings(settings: Settings, vendors: Served) -> Settings:
    return replace(settings, vendor_urls={**settings.vendor_urls, "google": f"{vendors.url}/google"})


@pytest.fixture
def person(person: Person, vendors: Served) -> Person:
    apps.save(person.site.hub, "google", "practice", vendors.token, by="a test")
    return person


def test_one_signs_in_for_good_and_the_account_is_named(person: Person) -> None:
    made = connections.get(person.site.hub, person.connect("google", account=ANA))
    assert made["account_name"] == "ana@practice.example"
    asked = person.asked()
    assert (asked["access_type"], asked["prompt"], asked["include_granted_scopes"]) == ("offline", "consent", "true")
    assert (asked["code_challenge_method"], asked["scope"].split(" ")) == ("S256", list(SCOPES))
    kept = credentials(person.site, made["id"])
    assert {"access_token", "refresh_token"} <= set(kept)
    assert set(kept["scope"].split(" ")) == set(SCOPES)


def test_the_refresh_token_stays_when_a_renewal_brings_none(person: Person, vendors: Served) -> None:
    own = person.connect("google", account=ANA)
    before = credentials(person.site, own)
    vendors.control("settings", {"google_life": 1})
    assert connections.check(person.site.hub, own)["ok"]
    mine = update(models.connections).where(models.connections.c.id == own).values(expires_at=1)
    person.site.hub.db.write(lambda conn: conn.execute(mine))
    assert connections.check(person.site.hub, own)["ok"]
    after = credentials(person.site, own)
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] == before["refresh_token"]


@pytest.mark.parametrize("left_out", [EVENTS, CALENDARS])
def test_what_is_unticked_does_not_keep_the_rest_from_working(person: Person, left_out: str) -> None:
    person.go("google")
    answer = person.visitor.get(person.agree(ANA, leave_out=left_out))
    assert answer.status_code == 303, answer.text
    (made,) = [one for one in connections.listing(person.site.hub) if one["slug"] == "google" and not one["practice"]]
    assert connections.check(person.site.hub, made["id"])["ok"]
    assert left_out not in credentials(person.site, made["id"])["scope"]


def test_without_the_address_nobody_is_connected_and_it_is_said_why(person: Person) -> None:
    person.go("google")
    answer = person.visitor.get(person.agree(ANA, leave_out=EMAIL))
    assert "see its e-mail address" in answer.text
    assert [
        one for one in connections.listing(person.site.hub) if one["slug"] == "google" and not one["practice"]
    ] == []


def test_another_account_does_not_take_the_place_of_the_one_that_is_connected(person: Person) -> None:
    own = person.connect("google", account=ANA)
    person.go("google", connection=own)
    answer = person.visitor.get(person.agree(BEN))
    assert answer.status_code != 303
    assert connections.get(person.site.hub, own)["account_name"] == "ana@practice.example"


def test_a_sign_in_to_an_app_in_testing_is_said_to_end_within_a_week(person: Person, vendors: Served) -> None:
    vendors.control("settings", {"google_testing": True})
    own = person.connect("google", account=ANA)
    found = forecast.read(person.site.hub)[own]
    assert (found.days, found.averted, found.tone) == (6, False, "warn")
    assert "Sign in again before" in found.words
    vendors.control("settings", {"google_testing": False})  # published, and signed in once more
    assert person.connect("google", account=ANA, connection=own) == own
    found = forecast.read(person.site.hub)[own]
    assert (found.averted, (found.at or 0) > person.site.hub.now() + 170 * DAY) == (True, True)


def test_the_app_is_registered_on_a_page_that_has_no_form_for_a_key(person: Person) -> None:
    page = person.visitor.get("/connections/new/google").text
    assert "Publish app" in page
    assert "Or with a key" not in page
    assert "Where you find it" not in page
    for scope in SCOPES:
        assert scope in page
