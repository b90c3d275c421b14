"""How a connection stands, as a record for pages, scripts and the command, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, func, literal_column, select

from app.core.hub import Hub
from app.db.models import polls, runs
from connectors.contract import Connector

_WAITS = runs.c.waits_for != literal_column("''")  # in the words of the index of runs that wait for an account


def waiting(conn: Connection) -> dict[str, int]:
    """How many runs wait for each connection, or under "slug:<slug>" for any of its kind."""
    held = runs.c.state.in_(("later", "waiting"))
    query = select(runs.c.waits_for, func.count()).where(held, _WAITS).group_by(runs.c.waits_for)
    return {str(key): int(count) for key, count in conn.execute(query)}


def troubles(conn: Connection) -> dict[str, str]:
    """What went wrong when the hub last looked for news at an account, or after its webhooks; by connection."""
    query = select(polls.c.connection, polls.c.kind, polls.c.error).where(polls.c.error != "")
    found: dict[str, str] = {}
    for row in conn.execute(query.order_by(polls.c.kind == "webhooks", polls.c.kind)):
        what = "its webhooks are not set up" if row.kind == "webhooks" else "looking for news does not work"
        found.setdefault(str(row.connection), f"{what}: {row.error}")
    return found


def describe(hub: Hub, row: RowMapping, waits: Mapping[str, int], failures: Mapping[str, str]) -> dict[str, Any]:
    """One connection, without anything secret. `waits` and `failures` are what `waiting` and `troubles` returned."""
    connector = hub.connectors[row["slug"]]
    shown = ("id", "slug", "name", "account_name", "state", "why", "last_event_at", "last_call_at", "made_at")
    hook = f"{hub.settings.address}/hooks/{row['slug']}/{row['hook_key']}" if connector.hook else ""
    hook_secrets = (
        hub.vault.open_json(row["hook_secrets"], f"connections:{row['id']}:hook_secrets") if connector.hook else []
    )
    return {
        **{name: row[name] for name in shown},
        "title": connector.title,
        "page": f"/{connector.place}/{row['id']}" if connector.place else "",
        "practice": bool(row["practice"]),
        "oauth": bool(row["consented_at"]),
        "hook_address": hook,
        "hook_ready": bool(hook_secrets),
        "has_credentials": row["secret"] is not None
        and bool(hub.vault.open_json(row["secret"], f"connections:{row['id']}:secret")),
        "waiting": waits.get(row["id"], 0) + waits.get(f"slug:{row['slug']}", 0),
        "circuit_until": row["circuit_until"] if row["circuit"] == "open" else 0,
        "half": bool(
            _is_sent_to(row, connector)
            and not hook_secrets
            and connector.hook
            and (_only_by_hook(connector) or connector.hook.subscription)
        ),
        "trouble": (trouble := failures.get(row["id"], "")),
        "words": _words(row, connector, bool(hook_secrets) or not _is_sent_to(row, connector), trouble),
    }


def _words(row: RowMapping, connector: Connector, hook_ready: bool, trouble: str) -> str:
    if row["state"] == "reconnect":
        return f"Stopped: {row['why']}"
    if row["circuit"] == "open":
        return f"{connector.title} does not answer; trying again by itself"
    if trouble:
        return f"Connected, but {trouble}"
    if connector.hook and not hook_ready and connector.hook.subscription:
        return "Connected; its webhooks are set up in a minute or two"
    if connector.hook and not hook_ready and _only_by_hook(connector):
        missing = (
            "it has not called its address yet"
            if connector.hook.hands_over
            else "the secret of its webhooks is missing"
        )
        return f"Connected, but it sends nothing yet: {missing}"
    if connector.place:
        return "Ready"
    late = (
        "; news comes some minutes late, for its webhooks are not set up" if connector.hook and not hook_ready else ""
    )
    return f"Connected as {row['account_name']}{late}" if row["account_name"] else f"Connected{late}"


def _is_sent_to(row: RowMapping, connector: Connector) -> bool:
    """Whether something may come in. Where the hub makes the secret a person chooses that, and an account which is there only
    to be sent to lacks nothing without one."""
    return connector.hook is not None and not (connector.hook.makes and row["account_name"])


def _only_by_hook(connector: Connector) -> bool:
    """Whether something starts recipes that no poll fetches."""
    return bool({one.kind for one in connector.triggers} - {kind for poll in connector.polls for kind in poll.kinds})
