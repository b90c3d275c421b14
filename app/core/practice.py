"""Practice accounts: a connection to each stand-in vendor, and the shipped recipes switched on for them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

from sqlalchemy import Connection, update

from app.core import connections, house, opening, recipes
from app.core.hub import Hub
from app.core.ids import derived_id
from app.core.statements import insert_once
from app.db import models


def token(hub: Hub) -> str:
    """What the stand-ins ask for. This hub's own, so that nobody else writes into them."""
    return hmac.new(hub.secret, b"practice", hashlib.sha256).hexdigest()[:40]


def connection_id(hub: Hub, slug: str) -> str:
    return derived_id("practice", slug, hashlib.sha256(hub.secret).hexdigest())


def prepare(hub: Hub) -> None:
    """Make what is not there yet; leave what somebody changed."""
    own = token(hub)
    for connector in hub.connectors.values():
        if connector.practice:
            credentials = {name: value.replace("{token}", own) for name, value in connector.practice.items()}
            _connection(hub, connector.slug, f"Practice {connector.title}", credentials, own)
    people: list[str] = []
    for slug in recipes.slugs(hub):
        facts = recipes.practice_facts(slug)
        people += [p for p in facts.get("people", []) if p not in people]
        if facts:
            _switch(hub, slug, facts.get("settings", {}))
    with hub.db.read() as conn:
        known = house.get(conn, "practice_people")
    if known != people:
        hub.db.write(lambda conn: house.put(conn, "practice_people", people))


def _connection(hub: Hub, slug: str, name: str, credentials: Mapping[str, str], secret: str) -> None:
    own = connection_id(hub, slug)
    if opening.row(hub, own) is not None:
        return
    values = {
        "name": name,
        "account_name": "the practice account",
        "practice": True,
        "secret": hub.vault.seal_json(dict(credentials), f"connections:{own}:secret"),
        "hook_secrets": hub.vault.seal_json([secret], f"connections:{own}:hook_secrets"),
    }
    hub.db.write(lambda conn: connections.ensure(conn, hub, own, slug, values))


def _switch(hub: Hub, slug: str, settings: Mapping[str, object]) -> None:
    page = recipes.get(hub, slug)
    if page.recipe is None or page.practice is not None:
        return
    accounts = {s: connection_id(hub, s) for s in page.recipe.slugs}
    row = {
        "slug": slug,
        "practice": True,
        "version": page.version,
        "is_on": True,
        "settings": json.dumps(settings),
        "connections": json.dumps(accounts),
        "changed_at": hub.now(),
        "changed_by": "practice",
    }
    hub.db.write(lambda conn: insert_once(conn, models.switches, row))


def from_environment(hub: Hub) -> None:
    """OPENAI_API_KEY (or OPENAI_BASE_URL alone, for a server without keys) makes a connection of its own."""
    env = hub.settings
    own = opening.FROM_ENVIRONMENT
    if not (env.openai_api_key or env.openai_base_url) or "openai" not in hub.connectors:
        return
    credentials = {"api_key": env.openai_api_key or "none", "base_url": env.openai_base_url, "model": env.model}
    filled = {k: v for k, v in credentials.items() if v}
    row = opening.row(hub, own)
    if row is not None and row["secret"] and hub.vault.open_json(row["secret"], f"connections:{own}:secret") == filled:
        return
    secret = hub.vault.seal_json(filled, f"connections:{own}:secret")

    def save(conn: Connection) -> None:
        connections.ensure(conn, hub, own, "openai", {"name": "From the environment"})
        mine = models.connections.c.id == own
        conn.execute(update(models.connections).where(mine).values(secret=secret))
        connections.mend(conn, own, "openai", hub.now())

    hub.db.write(save)
