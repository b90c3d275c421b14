"""Somebody's service that sends to a connection over real HTTP, for the tests of what it may send."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any

import requests
from sqlalchemy import select

from app.core import connections
from app.db import models
from connectors.web import connector
from tests.connectors.signing_web import signed
from tests.web.conftest import Site

BODY = b'{"type":"order.paid","data":{"order":"A-17","total":"42.00"}}'
PLAIN = "a secret that was long enough".replace(" ", "-")
Headers = dict[str, str | bytes]


class Sender:
    """Somebody's service, which has the address of one connection."""

    def __init__(self, site: Site, secret: str = PLAIN, **fields: str) -> None:
        self.hub, self.secret = site.hub, secret
        self.made = connections.create(site.hub, "web", fields, hook_secret=secret)
        self.url = self.made["hook_address"]

    def post(self, body: bytes, headers: Headers, kind: str = "application/json", query: str = "") -> requests.Response:
        more = {"Content-Type": kind} if kind else {}
        return requests.post(self.url + query, data=body, headers={**more, **headers}, timeout=10)

    def sign(self, body: bytes = BODY, *, shift: float = 0, **changed: Any) -> requests.Response:
        """By Standard Webhooks; `shift`: seconds from now; `changed`: other headers (underscores for dashes), None
        for none."""
        headers: Headers = dict(signed(body, self.secret, time.time() + shift))
        headers |= {name.replace("_", "-"): value for name, value in changed.items() if value is not None}
        for name in [name.replace("_", "-") for name, value in changed.items() if value is None]:
            del headers[name]
        return self.post(body, headers)

    def rows(self) -> list[Any]:
        mine = models.events.c.connection == self.made["id"]
        with self.hub.db.read() as conn:
            return list(conn.execute(select(models.events).where(mine).order_by(models.events.c.id)).mappings())

    def seen(self) -> list[dict[str, Any]]:
        """What recipes see of each."""
        (trigger,) = connector.triggers
        return [trigger.shape(self.hub.vault.open(row["body"], f"events:{row['id']}:body")) for row in self.rows()]


def github(secret: str, body: bytes, event: str = "issues", number: str = "72d3162e-cc78") -> Headers:
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={mac}", "X-GitHub-Event": event, "X-GitHub-Delivery": number}


def basic(user: str, secret: str, word: str = "Basic") -> Headers:
    return {"Authorization": f"{word} " + base64.b64encode(f"{user}:{secret}".encode()).decode()}
