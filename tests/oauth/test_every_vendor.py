"""Every connector that one signs in to, against its practice vendor: there and back, renewed, ended, signed in to again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from sqlalchemy import update

import connectors
from app.core import apps, beginning, connections, forecast, oauth, opening
from app.core.hub import Hub
from app.db import models
from app.practice.serve import Served
from app.settings import Settings
from tests.durability.world import open_ahead
from tests.oauth.till_hub import SESSION

SLUGS = [slug for slug, connector in connectors.load().items() if connector.oauth]
HOUR = 3_600_000


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path / "practice", limits=False) as made:
        yield made


@pytest.fixture
def hub(settings: Settings, served: Served) -> Iterator[Hub]:
    urls = {slug: f"{served.url}/{slug}" for slug in SLUGS}
    opened = open_ahead(replace(settings, connectors=(), vendor_urls=urls, patience=0.3))
    beginning.warm(opened)
    for slug in SLUGS:
        apps.save(opened, slug, "practice", served.token, by="a test")
    yield opened
    opened.close()


def agree(hub: Hub, slug: str, connection: str = "", **form: Any) -> dict[str, str]:
    """At the practice vendor's page; returns what it sends back."""
    there = oauth.start(hub, slug, SESSION, connection_id=connection)
    asked = dict(parse_qsl(urlsplit(there).query))
    scopes = asked.get("scope", "").replace(",", " ").split()
    page = requests.get(there, timeout=5)
    assert page.status_code == 200, page.text
    sent = requests.post(there, data={"answer": "allow", "scope": scopes, **form}, allow_redirects=False, timeout=5)
    assert sent.status_code == 303, sent.text
    return dict(parse_qsl(urlsplit(sent.headers["Location"]).query))


def sign_in(hub: Hub, slug: str, connection: str = "") -> str:
    found = oauth.finish(hub, slug, SESSION, agree(hub, slug, connection))
    if isinstance(found, oauth.Choice):
        found = oauth.choose(hub, slug, SESSION, found.state, found.accounts[0].id)
    assert isinstance(found, oauth.Opened)
    return found.connection_id


def row(hub: Hub, connection_id: str) -> dict[str, Any]:
    found = opening.row(hub, connection_id)
    assert found is not None
    return dict(found)


def change(hub: Hub, connection_id: str, **values: Any) -> None:
    mine = models.connections.c.id == connection_id
    hub.db.write(lambda conn: conn.execute(update(models.connections).where(mine).values(**values)))


@pytest.mark.parametrize("slug", SLUGS)
def test_one_signs_in_and_the_account_answers_by_its_name(hub: Hub, slug: str) -> None:
    made = connections.get(hub, sign_in(hub, slug))
    assert made["account_name"]
    assert connections.check(hub, made["id"])["ok"]
    assert forecast.read(hub)[made["id"]].words


@pytest.mark.parametrize("slug", SLUGS)
def test_who_says_no_connects_nothing(hub: Hub, slug: str) -> None:
    with pytest.raises(oauth.Declined, match="You did not agree"):
        oauth.finish(hub, slug, SESSION, agree(hub, slug, answer="deny"))
    assert connections.listing(hub) == []


@pytest.mark.parametrize("slug", SLUGS)
def test_its_tokens_are_renewed_and_a_dead_one_asks_for_a_sign_in_that_keeps_the_connection(
    hub: Hub, served: Served, slug: str
) -> None:
    made = sign_in(hub, slug)
    if row(hub, made)["renewed_at"]:  # some vendors give tokens that nobody renews
        before = row(hub, made)["secret"]
        change(hub, made, expires_at=hub.now() - 1000, renewed_at=hub.now() - HOUR)
        checked = connections.check(hub, made)
        assert checked["ok"], checked["words"]
        assert row(hub, made)["secret"] != before
        assert len(served.effects(slug, "token.refresh")) == 1
        change(hub, made, expires_at=hub.now() - 1000, renewed_at=hub.now() - HOUR)
    served.control(f"{slug}_revoke", {})
    checked = connections.check(hub, made)
    assert (checked["ok"], checked["state"]) == (False, "reconnect")
    assert sign_in(hub, slug, made) == made
    assert connections.check(hub, made)["ok"]
    assert row(hub, made)["state"] == "ok"
