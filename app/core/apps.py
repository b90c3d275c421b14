"""Our own registrations as an app at vendors: client id and secret, sealed, one per connector."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from app.core import audit
from app.core.hub import Hub
from app.core.statements import upsert
from app.db.models import apps

HIDDEN = "••••••"  # a saved secret in a form; coming back, it keeps the stored value


@dataclass(frozen=True)
class App:
    slug: str
    client_id: str
    client_secret: str = field(repr=False)


def get(hub: Hub, slug: str) -> App | None:
    with hub.db.read() as conn:
        row = conn.execute(select(apps).where(apps.c.slug == slug)).mappings().first()
    if row is None:
        return None
    return App(slug, row["client_id"], hub.vault.open(row["secret"], _place(slug)).decode())


def save(hub: Hub, slug: str, client_id: str, client_secret: str, *, by: str) -> App:
    """`client_secret` may be HIDDEN: the stored one stays. Raises ValueError."""
    known = get(hub, slug)
    client_id, client_secret = client_id.strip(), client_secret.strip()
    if client_secret == HIDDEN:
        client_secret = known.client_secret if known else ""
    needs_secret = (oauth := hub.connectors[slug].oauth) is None or oauth.client != "none"
    if not client_id or (needs_secret and not client_secret):
        raise ValueError("Please fill in the client ID and the client secret of your app")
    if any(ord(c) < 33 or ord(c) > 126 for c in client_id + client_secret):
        raise ValueError("The client ID and the client secret hold no spaces or line breaks. Copy them again")
    values = {"client_id": client_id, "secret": hub.vault.seal(client_secret.encode(), _place(slug))}

    def put(conn: Connection) -> None:
        upsert(conn, apps, {"slug": slug}, {**values, "changed_at": hub.now(), "changed_by": by})
        audit.add(conn, hub, by, "changed app", f"app:{slug}", {})

    hub.db.write(put)
    return App(slug, client_id, client_secret)


def return_address(hub: Hub, slug: str) -> str:
    """Where the vendor sends people back to; it is entered there exactly like this."""
    return f"{hub.settings.address}/oauth/{slug}/callback"


def _place(slug: str) -> str:
    return f"apps:{slug}:secret"
