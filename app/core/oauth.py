"""Signing in at a vendor, once for all vendors: how they differ is data in their connectors (`OAuth2`)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core import accounts, apps, audit, connections, grants, opening, tokens
from app.core.apps import App
from app.core.grants import Grant
from app.core.hub import Hub
from app.core.sessions import Session
from app.core.tokens import Desk, Tokens
from connectors.contract import Account, Connector, OAuth2, Refused


class Declined(Exception):
    """The person, or the vendor, said no; the text says what to do."""


class Missing(Exception):
    """The person left out something that is needed. `scopes`: each with what it is for."""

    def __init__(self, words: str, scopes: Mapping[str, str]) -> None:
        super().__init__(words)
        self.scopes = dict(scopes)


@dataclass(frozen=True)
class Choice:
    """One consent opened several accounts: a person chooses. `state` goes into the form."""

    state: str
    accounts: list[Account]


@dataclass(frozen=True)
class Opened:
    """What a sign-in led to; `renewed`: a connection that was there already."""

    connection_id: str
    account: Account
    renewed: bool = field(default=False)


def start(hub: Hub, slug: str, session: Session, *, connection_id: str = "", name: str = "") -> str:
    """The vendor's address to which the person goes now. Raises ValueError with what to do first."""
    connector, oauth = _connector(hub, slug)
    app = _app(hub, slug)
    if connection_id and (row := opening.row(hub, connection_id)) and (row["slug"] != slug or row["practice"]):
        raise ValueError("This connection is of another kind. Make a new one")
    verifier = secrets.token_urlsafe(48) if oauth.pkce else ""
    state = grants.begin(hub, slug, session, verifier, connection=connection_id, name=name)
    door = Desk(hub, connector, app).door
    return tokens.authorize_address(oauth, door, app, state, verifier, apps.return_address(hub, slug))


def finish(hub: Hub, slug: str, session: Session, given: Mapping[str, str]) -> Opened | Choice:
    """`given` is what the vendor put into the return address. Nothing is saved before `check` has named the account.

    Raises Astray, Declined, Missing, or a ConnectorError or ValueError with a sentence.
    """
    connector, oauth = _connector(hub, slug)
    grant = grants.take(hub, slug, session, given.get("state", ""))
    if oauth.issuer and given.get("iss", oauth.issuer) != oauth.issuer:
        raise Refused(f"This answer was not sent by {connector.signs_in_at}. Begin again at Connections")
    if error := given.get("error", ""):
        raise _declined(connector, error, given.get("error_description", ""))
    if lost := [name for name in ("code", *oauth.callback) if not given.get(name)]:
        raise Refused(
            f"{connector.signs_in_at} sent an answer without {' and '.join(lost)}. Begin again at Connections"
        )
    desk = Desk(hub, connector, _app(hub, slug))
    found = desk.exchange(given["code"], grant.kept.get("verifier", ""), apps.return_address(hub, slug))
    _all_scopes(connector, oauth, found)
    more = {name: given[name][:500] for name in oauth.callback}
    return _settle(hub, connector, grant, found, {**found.credentials, **more}, session)


def choose(hub: Hub, slug: str, session: Session, state: str, account_id: str) -> Opened:
    """The account that a person chose. Raises like `finish`."""
    connector, _ = _connector(hub, slug)
    grant = grants.take(hub, slug, session, state, at="choosing")
    found = Tokens(**grant.kept["tokens"])
    if account_id not in grant.kept["accounts"]:
        raise Refused("This account was not among those to choose from. Begin again at Connections")
    credentials = {**grant.kept["credentials"], "account": account_id}
    return _save(hub, connector, grant, found, credentials, by=session.user.id)


# --- details ----------------------------------------------------------------------------------------------------------


def _connector(hub: Hub, slug: str) -> tuple[Connector, OAuth2]:
    connector = hub.connectors.get(slug)
    if connector is None or connector.oauth is None:
        raise LookupError(f"There is nothing to sign in to called {slug}")
    return connector, connector.oauth


def _app(hub: Hub, slug: str) -> App:
    found = apps.get(hub, slug)
    if found is None:
        title = hub.connectors[slug].title
        raise ValueError(f"First register an app of your own at {title} and enter its client ID and secret here")
    return found


def _declined(connector: Connector, error: str, words: str) -> Exception:
    said = f" ({connector.signs_in_at} says: {(words or error)[:300].rstrip('.')})"
    if error == "access_denied":
        return Declined(f"You did not agree at {connector.signs_in_at}, so nothing was connected{said}")
    if error in ("invalid_scope", "unauthorized_client", "invalid_client"):
        return Declined(
            f"{connector.signs_in_at} does not accept this app as it is. Compare its client ID, return address and "
            f"scopes with what stands on this page{said}"
        )
    return Declined(f"{connector.signs_in_at} could not connect this. Try again in a few minutes{said}")


def _all_scopes(connector: Connector, oauth: OAuth2, found: Tokens) -> None:
    """Vendors let people untick what an app asks for. An answer that names no scopes granted all (RFC 6749, 5.1); so did one
    that names none of ours, such as "default", for a person who ticks nothing gets no tokens. `check` has the last word."""
    if not found.scope or not oauth.scopes:
        return
    granted = set(found.scope.split())
    if not granted & set(oauth.scopes):
        return
    needed = oauth.scopes if oauth.needed is None else oauth.needed
    if lost := {scope: oauth.scopes[scope] for scope in needed if scope not in granted}:
        words = (
            f"At {connector.signs_in_at} something was left out that Patchbay needs. Sign in again and leave all ticked"
        )
        raise Missing(words, lost)


def _settle(
    hub: Hub, connector: Connector, grant: Grant, found: Tokens, credentials: dict[str, str], session: Session
) -> Opened | Choice:
    """Which account it is: the one there is, the one this connection has always been, or a person's choice."""
    by, listed = session.user.id, connector.oauth.accounts if connector.oauth else None
    if listed is None:
        return _save(hub, connector, grant, found, credentials, by=by)
    opened = opening.open_with(hub, connector.slug, credentials)
    there = connections.asking(opened, lambda: listed(opened.client))
    if not there:
        raise Refused(f"This sign-in opens no account at {connector.signs_in_at}. Choose one there and try again")
    before = opening.row(hub, grant.connection) if grant.connection else None
    same = [one for one in there if before is not None and one.id == before["account_id"]]
    if len(there) == 1 or same:
        return _save(hub, connector, grant, found, {**credentials, "account": (same or there)[0].id}, by=by)
    kept = {"tokens": found.to_json(), "credentials": credentials, "accounts": [one.id for one in there]}
    return Choice(grants.let_choose(hub, grant, session, kept), there)


def _save(
    hub: Hub, connector: Connector, grant: Grant, found: Tokens, credentials: dict[str, str], *, by: str
) -> Opened:
    opened = opening.open_with(hub, connector.slug, credentials)
    account = connections.asking(opened, lambda: connector.check(opened.client))
    times: dict[str, Any] = {
        "consented_at": hub.now(),
        "renewed_at": hub.now() if found.credentials.get("refresh_token") else None,
        "expires_at": found.expires_at,
        "idle_until": found.idle_until,
        "ends_at": found.ends_at,
        "refresh_until": None,
        "refresh_holder": "",
        "refresh_error": "",
    }
    renews = grant.connection or accounts.known(hub, connector.slug, account.id)
    if renews:
        accounts.renew(hub, renews, account, credentials, times, by=by)
        return Opened(renews, account, renewed=True)
    made = accounts.add(hub, connector, account, credentials, times, name=grant.name, by=by)
    return Opened(made, account)


def revoke(hub: Hub, connection_id: str, *, by: str) -> None:
    """Gives the tokens of a connection back before it is removed, unless another account of ours may hang on the same
    consent. What the vendor answers changes nothing here."""
    row = opening.row(hub, connection_id)
    connector = hub.connectors.get(row["slug"]) if row else None
    app = apps.get(hub, connector.slug) if connector and connector.oauth else None
    if row is None or app is None or connector is None or not row["consented_at"] or _siblings(hub, connection_id):
        return
    credentials = hub.vault.open_json(row["secret"], f"connections:{connection_id}:secret") or {}
    said = "given back"
    try:
        Desk(hub, connector, app).revoke(credentials)
    except Exception as problem:  # the person wants it gone here, whatever is the matter there
        said = type(problem).__name__
    hub.db.write(
        lambda conn: audit.add(conn, hub, by, "gave tokens back", f"connection:{connection_id}", {"said": said})
    )


def _siblings(hub: Hub, connection_id: str) -> bool:
    all_ = connections.listing(hub)
    slug = next((row["slug"] for row in all_ if row["id"] == connection_id), "")
    return any(row["slug"] == slug and row["oauth"] and row["id"] != connection_id for row in all_)
