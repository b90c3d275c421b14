"""Runs as people see them: lists, one run as a story, and what a person may do with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, select, union_all, update

from app.core import afresh, audit, line, recipes, schedule
from app.core.claims import FINAL
from app.core.handover import SHOWN as REVIEW_COLUMNS
from app.core.hub import Hub
from app.core.paging import beside, newest
from app.core.recipe import RecipeError
from app.core.writes import SHOWN as WRITE_COLUMNS
from app.db.models import (
    AT_WORK,
    RESTING,
    calls,
    connections,
    entries,
    events,
    literally,
    reviews,
    runs,
    writes,
)

UNFINISHED = ("queued", "running", "later", "waiting", "undoing")

_SHOWN = [
    "id",
    "recipe",
    "version",
    "practice",
    "level",
    "event",
    "state",
    "why",
    "cause",
    "waits_for",
    "doing",
    "title",
    "error",
    "made_at",
    "ended_at",
    "wake_at",
    "claims",
    "serial_key",
    "serial_no",
    "releases",
    "trimmed_at",
]


def listing(
    hub: Hub,
    *,
    state: str = "",
    recipe: str = "",
    since: int = 0,
    event: str = "",
    before: str = "",
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Newest first, those older than the id `before`. `state` "open" is every run that has not ended; `since` ms UTC."""
    wanted = [runs.c.event == event] if event else []
    if recipe:
        wanted.append((beside(runs.c.recipe) if state in RESTING or state == "open" else runs.c.recipe) == recipe)

    def page(of: str, *columns: ColumnElement[Any]) -> Select[Any]:
        # Those at work are few and not in order of their ids: they are sorted, not looked for on the way back in time.
        by = beside(runs.c.id) if of in AT_WORK and of not in RESTING else runs.c.id
        return newest(select(*columns).where(*_in_state(of), *wanted), by, limit, before, since)

    shown = [runs.c[name] for name in _SHOWN]
    if state == "open":
        found = union_all(*(select(page(each, runs.c.id).subquery()) for each in UNFINISHED))
        query = newest(select(*shown).where(runs.c.id.in_(found)), runs.c.id, limit)
    else:
        query = page(state, *shown)
    with hub.db.read() as conn:
        return [_row(r) for r in conn.execute(query).mappings()]


def _in_state(state: str) -> list[ColumnElement[bool]]:
    """The state, in the words of the index that holds the few runs in it. Finished ones are found on the way back in time."""
    few = RESTING if state in RESTING else AT_WORK if state in AT_WORK else ()
    return [
        *([runs.c.state == state] if state else []),
        *([runs.c.state.in_(literally(few))] if few else []),
    ]


_OF_CALLS = ("started_at", "ended_at", "status", "error", "outcome")


def get(hub: Hub, run_id: str) -> dict[str, Any]:
    """Raises LookupError."""
    with hub.db.read() as conn:
        return _row(find(conn, run_id))


def story(hub: Hub, run_id: str) -> dict[str, Any]:
    """One run with all that happened: {run, event, steps: [{id, kind, label, entries: [...]}], writes, reviews, cost, behind,
    removed}. `behind`: the run of the same serial key that holds it up (`line.in_front`); `removed`: what is no longer there
    because of its age, kinds of core.keeping."""
    with hub.db.read() as conn:
        run = find(conn, run_id)
        lines = conn.execute(select(entries).where(entries.c.run == run_id)).mappings().all()
        made = conn.execute(select(writes).where(writes.c.run == run_id).order_by(writes.c.id)).mappings().all()
        sent = (
            conn.execute(select(calls).where(calls.c.write.in_([w["id"] for w in made])).order_by(calls.c.id))
            .mappings()
            .all()
        )
        asked = (
            conn.execute(select(reviews).where(reviews.c.run == run_id).order_by(reviews.c.opened_at)).mappings().all()
        )
        practice = {r.id: bool(r.practice) for r in conn.execute(select(connections.c.id, connections.c.practice))}
        event = conn.execute(select(events).where(events.c.id == run["event"])).mappings().first()
        behind = line.in_front(conn, run) if run["state"] == "queued" else None
    changes = [_write(hub, w, sent, practice) for w in made]
    told = [_entry(hub, run_id, e, {write["id"]: write["arguments"] for write in changes}) for e in lines]
    return {
        "run": _row(run),
        "event": _event(event) or _instant(hub, run),
        "steps": _steps(hub, run, told, changes),
        "writes": changes,
        "reviews": [_review(r) for r in asked],
        "behind": behind,
        "removed": _removed(run, event),
        "tokens": sum(e["tokens_in"] + e["tokens_out"] for e in told),
        "cost": sum(e["cost"] for e in told),
    }


def retry(hub: Hub, run_id: str, *, by: str = "") -> dict[str, Any]:
    """Go on from the step that failed; never repeats a write that is done. Raises LookupError, ValueError."""

    def save(conn: Connection) -> None:
        run = find(conn, run_id, lock=True)
        if run["state"] not in ("failed", "later", "waiting"):
            raise ValueError(f"This run is {run['state']}; only one that failed or waits can be tried again")
        if run["trimmed_at"] or _lost_event(conn, run):
            raise ValueError("What went through this run was removed because of its age, so it cannot be tried again")
        mine = entries.c.run == run_id
        conn.execute(
            update(entries)
            .where(mine, entries.c.state == "failed", entries.c.write.is_not(None))
            .values(state="pending", tries=0)
        )
        conn.execute(update(entries).where(mine, entries.c.state != "done").values(tries=0, started_at=None))
        renewed = afresh.renew(conn, hub, run)
        taken_back = (writes.c.run == run_id) & (writes.c.state == "failed") & (writes.c.undoes != "")
        conn.execute(update(writes).where(taken_back).values(state="pending", error=""))
        stuck = (
            (reviews.c.run == run_id) & (reviews.c.state == "open") & reviews.c.kind.in_(("answer", "stuck", "poison"))
        )
        conn.execute(update(reviews).where(stuck).values(**decided(hub, "again", by)))
        fresh = {
            "state": "queued",
            "wake_at": 0,
            "why": "",
            "error": "",
            "waits_for": "",
            "claims": 0,
            "ended_at": None,
            "aside": line.aside(run),
        }
        conn.execute(update(runs).where(runs.c.id == run_id).values(**fresh, **renewed))
        audit.add(conn, hub, by, "tried again", f"run:{run_id}", {})

    hub.db.write(save)
    return get(hub, run_id)


def _lost_event(conn: Connection, run: RowMapping) -> bool:
    return (
        conn.execute(select(events.c.id).where(events.c.id == run["event"], events.c.body.is_(None))).first()
        is not None
    )


def cancel(hub: Hub, run_id: str, *, by: str = "") -> dict[str, Any]:
    """Stop a run that has not ended. What it wrote stays. Raises LookupError, ValueError."""

    def save(conn: Connection) -> str:
        run = find(conn, run_id, lock=True)
        if run["state"] in FINAL or run["state"] == "running":
            raise ValueError(f"This run is {run['state']} and cannot be stopped now")
        values = {"state": "cancelled", "why": "Stopped by a person", "ended_at": hub.now()}
        conn.execute(update(runs).where(runs.c.id == run_id).values(**values))
        mine = (reviews.c.run == run_id) & (reviews.c.state == "open")
        conn.execute(update(reviews).where(mine).values(**decided(hub, "stopped", by)))
        audit.add(conn, hub, by, "stopped", f"run:{run_id}", {})
        return str(run["recipe"])

    hub.tallies.count("runs_ended", hub.db.write(save), "cancelled")
    return get(hub, run_id)


def decided(hub: Hub, decision: str, by: str) -> dict[str, Any]:
    """The columns of a review that a person has just decided."""
    return {
        "state": "decided",
        "decision": decision,
        "decided_by": by,
        "decided_at": hub.now(),
        "row_version": reviews.c.row_version + 1,
    }


def find(conn: Connection, run_id: str, *, lock: bool = False) -> RowMapping:
    query = select(runs).where(runs.c.id == run_id)
    found = conn.execute(query.with_for_update() if lock else query).mappings().first()
    if found is None:
        raise LookupError(f"There is no run {run_id}")
    return found


def _row(row: RowMapping) -> dict[str, Any]:
    return {name: row[name] for name in _SHOWN} | {"practice": bool(row["practice"])}


def _removed(run: RowMapping, event: RowMapping | None) -> list[str]:
    gone = {
        "deliveries": event is not None and event["body"] is None,
        "contents": run["trimmed_at"] is not None,
        "undo": run["input"] is None,
    }
    return [kind for kind, is_gone in gone.items() if is_gone]


def _event(row: RowMapping | None) -> dict[str, Any] | None:
    names = ("id", "kind", "state", "received_at", "occurred_at", "copies", "error", "connection")
    return {name: row[name] for name in names} | {"is_kept": row["body"] is not None} if row else None


def _instant(hub: Hub, run: RowMapping) -> dict[str, Any] | None:
    """What a run began with that no event began: an instant, in the form of an event without an id."""
    given = hub.vault.open_json(run["input"], f"runs:{run['id']}:input") or {}
    if run["event"] or "event" not in given:
        return None
    facts = {"id": "", "kind": schedule.KIND, "state": "routed", "received_at": run["made_at"], "occurred_at": None}
    return facts | {"copies": 0, "error": "", "connection": "", "is_kept": True, "value": given["event"]}


def _entry(hub: Hub, run_id: str, row: RowMapping, sent: Mapping[str, Any]) -> dict[str, Any]:
    """`sent`: write → its arguments, which are what its line was given and are not stored twice."""
    names = (
        "step",
        "item",
        "state",
        "tries",
        "started_at",
        "ended_at",
        "error",
        "write",
        "model",
        "tokens_in",
        "tokens_out",
        "cost",
    )
    at = f"entries:{run_id}/{row['step']}/{row['item']}"
    answer = hub.vault.open_json(row["answer"], f"{at}:answer")
    is_model = isinstance(answer, dict) and "raw" in answer
    return {
        **{name: row[name] for name in names},
        "tokens_in": row["tokens_in"] if row["state"] != "pending" else 0,
        "given": hub.vault.open_json(row["given"], f"{at}:given") or sent.get(row["write"]),
        "answer": answer["value"] if is_model else answer,
        "raw": answer["raw"] if is_model else None,
    }


def _write(hub: Hub, row: RowMapping, sent: Any, practice: dict[str, bool]) -> dict[str, Any]:
    result = hub.vault.open_json(row["after"], f"writes:{row['id']}:after") or {}
    tries = [{k: c[k] for k in _OF_CALLS} for c in sent if c["write"] == row["id"]]
    return {
        **{name: row[name] for name in WRITE_COLUMNS},
        "practice": practice.get(row["connection"], False),
        "arguments": hub.vault.open_json(row["arguments"], f"writes:{row['id']}:arguments"),
        "request": hub.vault.open_json(row["request"], f"writes:{row['id']}:request"),
        "result": result,
        "url": result.get("url") or "",
        "calls": tries,
    }


def _review(row: RowMapping) -> dict[str, Any]:
    return {name: row[name] for name in REVIEW_COLUMNS}


def _steps(
    hub: Hub, run: RowMapping, told: list[dict[str, Any]], changes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """In the recipe's order; a step that has not begun has no entries."""
    try:
        recipe = recipes.version(hub, run["recipe"], run["version"])
        plan: list[tuple[str, str, str]] = [(s.id, s.kind, s.wait.kind if s.wait else s.action) for s in recipe.steps]
    except (RecipeError, LookupError):
        plan = [(step, "do", "") for step in dict.fromkeys(e["step"] for e in told)]
    if any(e["step"] == "check" for e in told):
        plan.append(("check", "check", ""))
    return [
        {
            "id": step,
            "kind": kind,
            "action": action,
            "label": _label(hub, kind, action),
            "entries": sorted((e for e in told if e["step"] == step), key=lambda e: _order(e["item"])),
            "writes": [w for w in changes if w["step"] == step],
        }
        for step, kind, action in plan
    ]


def _label(hub: Hub, kind: str, action: str) -> str:
    slug, _, name = action.partition(".")
    if kind == "ask":
        return "Ask the language model"
    connector = hub.connectors.get(slug)
    if kind == "wait":
        label = next((t.label for t in connector.triggers if t.kind == name), action) if connector else action
        return f"Wait for: {label}" if label else "Wait"
    if connector and name in connector.actions:
        return f"{connector.actions[name].label} in {connector.title}"
    return "Check" if kind == "check" else action


def _order(item: str) -> tuple[int, str]:
    digits = "".join(c for c in item if c.isdigit() or c == " ").split(" ")[0]
    lead = item.split("<")[0].split(">")[0].split("~")[0].split("^")[0]
    return (int(lead) if lead.isdigit() else int(digits or 0), item)
