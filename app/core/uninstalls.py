"""A vendor tells that somebody has removed our app there: the accounts it opened are asked at once, so that what is broken shows
before a run needs it. Pipedrive does so at the return address: https://pipedrive.readme.io/docs/app-uninstallation"""

from __future__ import annotations

import hmac

from sqlalchemy import Connection, select

from app.core import apps, audit, intake
from app.core.hub import Hub
from app.db.models import connections


def told(hub: Hub, slug: str, client_id: str, client_secret: str, body: bytes) -> bool:
    """False for whoever does not know our app's secret. Raises Unreadable for a body that names no account.

    Nothing is believed beyond that: somebody else at the same company may still have the app, so it is the vendor's answer to
    the next call that breaks a connection.
    """
    connector = hub.connectors.get(slug)
    uninstalled = connector.oauth.uninstalled if connector and connector.oauth else None
    app = apps.get(hub, slug) if uninstalled else None
    if uninstalled is None or app is None or not _same(client_id, app.client_id, client_secret, app.client_secret):
        return False
    account, c = uninstalled(body), connections.c
    theirs = (c.slug == slug) & (c.account_id == account) & (c.state == "ok") & c.consented_at.is_not(None)

    def ring(conn: Connection) -> None:
        for connection_id in conn.execute(select(c.id).where(theirs)).scalars().all():
            intake.all_soon(conn, connection_id, hub.steady.now())
            audit.add(conn, hub, "hub", "app removed at the vendor", f"connection:{connection_id}", {})

    hub.db.write(ring)
    return True


def _same(given_id: str, our_id: str, given_secret: str, our_secret: str) -> bool:
    """Both are always compared, in constant time."""
    first = hmac.compare_digest(given_id.encode("utf-8", "backslashreplace"), our_id.encode())
    second = hmac.compare_digest(given_secret.encode("utf-8", "backslashreplace"), our_secret.encode())
    return first and second and bool(our_secret)
