"""Connections: make, check, change and remove authorised accounts; fill pickers from them; say in words how they are."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, literal_column, select, update

from app.core import audit, described, extras, hook_keys, hosts, intake, opening, renewal, typed
from app.core.answers import Kind, classify
from app.core.handover import open_review, settle
from app.core.hub import Hub
from app.core.ids import new_id
from app.core.masks import masked
from app.core.opening import Opened, open_connection, open_with
from app.core.statements import insert_once
from app.core.typed import HIDDEN as HIDDEN
from app.db.models import connections, polls, runs
from connectors.contract import Account, Choice, Connector, ConnectorError, Refused, Unauthorized, Unavailable

T = TypeVar("T")
_WAITS = runs.c.waits_for != literal_column("''")  # in the words of the index of runs that wait for an account
NOBODY = "Works"  # what `check` says where there was no account to name


def create(
    hub: Hub,
    slug: str,
    credentials: Mapping[str, str],
    *,
    name: str = "",
    hook_secret: str = "",
    by: str = "",
    practice: bool = False,
    check_first: bool = True,
) -> dict[str, Any]:
    """A new connection, checked live before anything is saved. Raises ValueError or ConnectorError with a sentence."""
    connector = _connector(hub, slug)
    if connector.oauth and not connector.takes_key:
        raise ValueError(f"{connector.title} is connected by signing in there. Open Connections and press Connect")
    values = typed.fields(connector, credentials, {}, bool(hook_secret.replace(HIDDEN, "")))
    typed.vet(connector, hook_secret, values)
    account = _check(open_with(hub, slug, values, practice=practice)) if check_first and values else Account("", "")
    connection_id = new_id()
    hooks = [hook_secret] if hook_secret and hook_secret != HIDDEN else []
    row = {
        "id": connection_id,
        "slug": slug,
        "name": name or account.name or connector.title,
        "account_id": account.id,
        "account_name": account.name,
        "practice": practice,
        "hook_key": secrets.token_urlsafe(24),
        "secret": hub.vault.seal_json(values, f"connections:{connection_id}:secret"),
        "hook_secrets": _seal_hooks(hub, connection_id, hooks),
        "made_at": hub.now(),
    }

    def save(conn: Connection) -> None:
        conn.execute(connections.insert().values(**row))
        wake(conn, connection_id, slug)
        audit.add(conn, hub, by, "connected", f"connection:{connection_id}", {"slug": slug, "practice": practice})

    hub.db.write(save)
    return get(hub, connection_id)


def change(
    hub: Hub,
    connection_id: str,
    credentials: Mapping[str, str],
    *,
    hook_secret: str = "",
    name: str = "",
    by: str = "",
    check_first: bool = True,
) -> dict[str, Any]:
    """New credentials or name. Keeps the id, settings and history; another account than before is refused."""
    row = _row(hub, connection_id)
    connector = _connector(hub, row["slug"])
    stored = hub.vault.open_json(row["secret"], f"connections:{connection_id}:secret") or {}
    hooks = _hooks_with(
        hook_secret, hub.vault.open_json(row["hook_secrets"], f"connections:{connection_id}:hook_secrets")
    )
    by_key = not row["consented_at"]
    more = extras.of(connector, credentials)
    values = typed.fields(connector, credentials, stored, bool(hooks)) if by_key else {**stored, **more}
    typed.vet(connector, hook_secret, values)
    if by_key:
        hosts.stays(connector, stored, values, [name for name, text in credentials.items() if text.strip() != HIDDEN])
    account = Account(row["account_id"], row["account_name"])
    if check_first and values and (by_key or more != extras.of(connector, stored)):
        account = _check(open_with(hub, row["slug"], values, connection_id, bool(row["practice"])))
        _refuse_another(row, account)

    now = hub.steady.now()

    def save(conn: Connection) -> None:
        conn.execute(
            update(connections)
            .where(connections.c.id == connection_id)
            .values(
                name=name or row["name"],
                account_id=account.id,
                account_name=account.name,
                hook_secrets=_seal_hooks(hub, connection_id, hooks),
                **({"secret": hub.vault.seal_json(values, f"connections:{connection_id}:secret")} if by_key else {}),
            )
        )
        if by_key:
            mend(conn, connection_id, row["slug"], hub.now())
        else:
            extras.put(conn, hub, connection_id, connector, more)
        intake.all_soon(conn, connection_id, now)
        audit.add(conn, hub, by, "changed connection", f"connection:{connection_id}", {})

    hub.db.write(save)
    hook_keys.forget()
    return get(hub, connection_id)


def _hooks_with(secret: str, hooks: list[str] | None) -> list[str]:
    """The one before stays valid while the vendor changes over."""
    known = hooks or []
    return [secret, *known][:2] if secret and secret != HIDDEN and secret not in known else known


def check(hub: Hub, connection_id: str) -> dict[str, Any]:
    """Ask the vendor who we are, now. Returns the connection with `ok` and `words`; what failed before and works now goes on."""
    row = _row(hub, connection_id)
    try:
        account = ask_account(hub, connection_id, lambda opened: opened.connector.check(opened.client), once_more=True)
    except (ConnectorError, opening.NotConnected, ValueError) as problem:
        words = str(problem)
        if isinstance(problem, Unauthorized):
            hub.db.write(lambda conn: break_connection(conn, hub, connection_id, words))
        return {**get(hub, connection_id), "ok": False, "words": words}

    def note(conn: Connection) -> None:
        mend(conn, connection_id, row["slug"], hub.now())
        if account.name:
            mine = connections.c.id == connection_id
            conn.execute(update(connections).where(mine).values(last_call_at=hub.now()))

    hub.db.write(note)
    words = f"Works: {account.name}" if account.name else NOBODY
    return {**get(hub, connection_id), "ok": True, "words": words}


def listing(hub: Hub, *, removed: bool = False) -> list[dict[str, Any]]:
    """Every connection, practice ones last."""
    query = select(connections).order_by(connections.c.practice, connections.c.slug, connections.c.made_at)
    if not removed:
        query = query.where(connections.c.state != "removed")
    with hub.db.read() as conn:
        rows = conn.execute(query).mappings().all()
        waiting, troubles = described.waiting(conn), described.troubles(conn)
    return [described.describe(hub, row, waiting, troubles) for row in rows if row["slug"] in hub.connectors]


def get(hub: Hub, connection_id: str) -> dict[str, Any]:
    """One connection. Raises LookupError."""
    row = _row(hub, connection_id)
    with hub.db.read() as conn:
        return described.describe(hub, row, described.waiting(conn), described.troubles(conn))


def form(hub: Hub, connection_id: str) -> dict[str, str]:
    """What the change form shows: secrets hidden, the rest as saved."""
    row = _row(hub, connection_id)
    stored = hub.vault.open_json(row["secret"], f"connections:{connection_id}:secret") or {}
    fields = _connector(hub, row["slug"]).auth.fields
    return {f.name: (HIDDEN if f.secret and stored.get(f.name) else stored.get(f.name, "")) for f in fields}


def handed_over(hub: Hub, connection_id: str) -> str:
    """The secret that the vendor handed over and that a person must type in there; "" as soon as something signed came."""
    row = _row(hub, connection_id)
    hook = _connector(hub, row["slug"]).hook
    if hook is None or not hook.pasted_back or row["hook_heard_at"]:
        return ""
    hooks: list[str] = hub.vault.open_json(row["hook_secrets"], f"connections:{connection_id}:hook_secrets") or []
    return hooks[0] if hooks else ""


def wait_for_secret(hub: Hub, connection_id: str, *, by: str) -> None:
    """Forgets the secret that the vendor handed over, for webhooks that are set up there once more: the next one counts."""
    row = _row(hub, connection_id)
    hook = _connector(hub, row["slug"]).hook
    if hook is None or not hook.hands_over:
        return

    def save(conn: Connection) -> None:
        fresh = {"hook_secrets": _seal_hooks(hub, connection_id, []), "hook_heard_at": None}
        conn.execute(update(connections).where(connections.c.id == connection_id).values(**fresh))
        audit.add(conn, hub, by, "set up webhooks again", f"connection:{connection_id}", {})

    hub.db.write(save)
    hook_keys.forget()


def hook_trouble(hub: Hub, connection_id: str) -> str:
    """Why webhooks that the hub sets up by itself are not set up; "" where nothing is wrong."""
    mine = (polls.c.connection == connection_id) & (polls.c.kind == "webhooks")
    with hub.db.read() as conn:
        return str(conn.execute(select(polls.c.error).where(mine)).scalar() or "")


def remove(hub: Hub, connection_id: str, *, by: str) -> None:
    """The credentials are deleted; events, runs and writes stay. Runs that waited for it say so, each with a question."""
    _row(hub, connection_id)

    def save(conn: Connection) -> None:
        gone = {"state": "removed", "secret": None, "secret_before": None, "hook_secrets": None, "why": "Removed"}
        conn.execute(update(connections).where(connections.c.id == connection_id).values(**gone))
        settle(conn, connection_id, ["reconnect", "ending"], "removed", hub.now())
        wake(conn, connection_id)
        audit.add(conn, hub, by, "removed connection", f"connection:{connection_id}", {})

    hub.db.write(save)
    hook_keys.forget()


def choices(hub: Hub, connection_id: str, lookup: str, query: str = "") -> list[Choice]:
    """What a picker offers. Raises ConnectorError or NotConnected with a sentence."""
    return ask_account(hub, connection_id, lambda opened: opened.connector.lookups[lookup].run(opened.client, query))


def resolve(hub: Hub, connection_id: str, lookup: str, text: str) -> list[Choice]:
    """What a pasted address or id means. Raises ConnectorError or NotConnected with a sentence."""

    def ask(opened: Opened) -> list[Choice]:
        found = opened.connector.lookups[lookup].resolve
        return [] if found is None else found(opened.client, text)

    return ask_account(hub, connection_id, ask)


# --- inside transactions ---


def break_connection(conn: Connection, hub: Hub, connection_id: str, words: str, *, stops: bool = False) -> str:
    """The vendor no longer lets us in: say so once, with one review, whose id is returned. `stops`: nothing else is even
    tried until a person has seen to it."""
    values = {"state": "reconnect", "why": words} | ({"circuit": "stopped"} if stops else {})
    conn.execute(update(connections).where(connections.c.id == connection_id).values(**values))
    return open_review(conn, hub, "reconnect", words, role="builder", connection=connection_id)


def mend(conn: Connection, connection_id: str, slug: str, now: int) -> None:
    """It works again: close its review, reset the circuit, wake what waits for it."""
    fresh = {
        "state": "ok",
        "why": "",
        "fails": 0,
        "trips": 0,
        "circuit": "closed",
        "circuit_until": 0,
        "quiet_until": 0,
    }
    conn.execute(update(connections).where(connections.c.id == connection_id).values(**fresh))
    settle(conn, connection_id, ["reconnect"], "reconnected", now)
    wake(conn, connection_id, slug)


def wake(conn: Connection, connection_id: str, slug: str = "") -> None:
    """Runs that wait for this connection, or for any of its kind, are queued again."""
    waiting = runs.c.state.in_(("later", "waiting")) & runs.c.waits_for.in_((connection_id, f"slug:{slug}"))
    conn.execute(update(runs).where(waiting, _WAITS).values(state="queued", wake_at=0, why="", waits_for=""))


def ensure(conn: Connection, hub: Hub, connection_id: str, slug: str, values: Mapping[str, Any]) -> bool:
    """A connection with an id of our choice (practice, environment); True when this call made it."""
    row = {"id": connection_id, "slug": slug, "hook_key": secrets.token_urlsafe(24), "made_at": hub.now(), **values}
    return insert_once(conn, connections, row)


# --- details ---


def _refuse_another(row: RowMapping, account: Account) -> None:
    if row["account_id"] and account.id and account.id != row["account_id"]:
        raise ValueError(
            f"These credentials belong to {account.name}, but this connection is {row['account_name']}. "
            "Make a new connection for another account"
        )


def _connector(hub: Hub, slug: str) -> Connector:
    if slug not in hub.connectors:
        raise ValueError(f"There is no connector called {slug}. There are: {', '.join(sorted(hub.connectors))}")
    return hub.connectors[slug]


def _row(hub: Hub, connection_id: str) -> RowMapping:
    found = opening.row(hub, connection_id)
    if found is None:
        raise LookupError(f"There is no connection {connection_id}")
    return found


def _seal_hooks(hub: Hub, connection_id: str, hooks: list[str]) -> bytes:
    return hub.vault.seal_json(hooks, f"connections:{connection_id}:hook_secrets")


def _check(opened: Opened) -> Account:
    return asking(opened, lambda: opened.connector.check(opened.client))


def asking(opened: Opened, ask: Callable[[], T]) -> T:
    """A read outside a run: its failure as one sentence of the right class."""
    opened.door.forget()
    try:
        return ask()
    except ConnectorError as problem:
        masked(problem)
        raise
    except Exception as error:
        trouble = classify(opened.door, error, opened.connector, write=False, now=0)
        if trouble.kind is Kind.BUG:
            raise
        kinds = {Kind.RECONNECT: Unauthorized, Kind.REFUSED: Refused}
        raise kinds.get(trouble.kind, Unavailable)(trouble.words) from error


def ask_account(hub: Hub, connection_id: str, ask: Callable[[Opened], T], *, once_more: bool = False) -> T:
    """A read outside a run; tokens that are refused are renewed once. Raises NotConnected or a ConnectorError."""
    opened = open_connection(hub, connection_id, once_more=once_more)
    try:
        return asking(opened, lambda: ask(opened))
    except Unauthorized:
        trouble = renewal.after_refusal(hub, connection_id, opened.sealed)
        if trouble is None:
            raise
    again = open_connection(hub, connection_id)
    return asking(again, lambda: ask(again))
