"""Pipedrive tells our return address that somebody has removed the app there: the account is asked at once."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from app.core import apps, connections, polling
from app.practice.serve import Served
from app.settings import Settings
from app.web import limits, oauth
from connectors.contract import Unreadable
from connectors.pipedrive._uninstall import uninstalled
from tests.oauth.conftest import Person

BODY: dict[str, Any] = {"client_id": "practice", "company_id": 1001, "user_id": 7, "timestamp": "2026-11-18T10:00:00Z"}


@pytest.fixture(autouse=True)
def _nobody_has_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oauth, "_strangers", limits.Bucket(rate=1, burst=20))


@pytest.fixture
def settings(settings: Settings, vendors: Served) -> Settings:
    return replace(settings, vendor_urls={**settings.vendor_urls, "pipedrive": f"{vendors.url}/pipedrive"})


@pytest.fixture
def made(person: Person, vendors: Served) -> str:
    """The id of an account that was opened by signing in, and has just been caught up with."""
    apps.save(person.site.hub, "pipedrive", "practice", vendors.token, by="a test")
    connection = person.connect("pipedrive", account="1001")
    assert catch_up(person, connection)
    return connection


def catch_up(person: Person, connection: str) -> int:
    """How many polls were due."""
    due = [one for one in polling.due(person.site.hub) if one[0] == connection]
    for one in due:
        polling.poll(person.site.hub, *one)
    return len(due)


def tell(person: Person, secret: str, body: Any = BODY, slug: str = "pipedrive", name: str = "practice") -> int:
    """As Pipedrive does, without a session."""
    proof = base64.b64encode(f"{name}:{secret}".encode()).decode()
    client = person.site.app.test_client()
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Basic {proof}", "Content-Type": "application/json"}
    return client.delete(f"/oauth/{slug}/callback", data=raw, headers=headers).status_code


def test_a_removed_app_shows_at_once(person: Person, vendors: Served, made: str) -> None:
    assert catch_up(person, made) == 0
    vendors.control("pipedrive_revoke", {})
    assert tell(person, vendors.token) == 200
    assert catch_up(person, made)
    assert connections.get(person.site.hub, made)["state"] == "reconnect"


def test_while_somebody_else_at_the_company_has_the_app_it_stays_connected(
    person: Person, vendors: Served, made: str
) -> None:
    assert tell(person, vendors.token) == 200
    assert catch_up(person, made)
    assert connections.get(person.site.hub, made)["state"] == "ok"


@pytest.mark.parametrize("company", [1002, "1002"])
def test_another_companys_account_is_left_alone(person: Person, vendors: Served, made: str, company: Any) -> None:
    assert tell(person, vendors.token, {**BODY, "company_id": company}) == 200
    assert catch_up(person, made) == 0


def test_whoever_does_not_know_our_apps_secret_is_not_heard(person: Person, vendors: Served, made: str) -> None:
    assert tell(person, "guessed") == 401
    assert tell(person, "") == 401
    assert tell(person, vendors.token, name="another") == 401
    assert tell(person, vendors.token, slug="till") == 401  # which tells no such thing
    assert tell(person, vendors.token, slug="nobody") == 401
    bare = person.site.app.test_client().delete("/oauth/pipedrive/callback", data=b"{}")
    assert bare.status_code == 401
    assert catch_up(person, made) == 0


def test_guessing_is_slowed_down(person: Person, made: str) -> None:
    assert 429 in [tell(person, "guessed") for _ in range(30)]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", {}, {"company_id": None}, {"company_id": True}, {"company_id": "../x"}]
)
def test_a_body_that_names_no_company_changes_nothing(person: Person, vendors: Served, made: str, body: Any) -> None:
    assert tell(person, vendors.token, body) == 400
    assert catch_up(person, made) == 0


def test_what_pipedrive_documents_is_read() -> None:
    assert uninstalled(json.dumps(BODY).encode()) == "1001"
    with pytest.raises(Unreadable):
        uninstalled(b'{"company_id": 1, "company_id": 2}')
