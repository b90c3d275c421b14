"""A run as its page tells it: what came in, each step with what went in and out, and where things stand."""

from __future__ import annotations

from typing import Any

from app.core import recipes, runs, schedule, scope, zones
from app.core.hub import Hub
from app.web import states, values
from app.web.change import view_of

_EVERY = {"queued": 1, "running": 1, "undoing": 1, "later": 15, "waiting": 15}  # seconds until the page looks again
_ICONS = {"ask": "spark", "do": "pen", "wait": "clock", "check": "shield"}
# The worst of several lines speaks for the step; what is not done is never shown as done.
_WORST = ("failed", "unknown", "asked", "intent", "drawn", "pending", "compensated", "done", "skipped")


def tell(hub: Hub, run_id: str) -> dict[str, Any]:
    """Raises LookupError."""
    raw = runs.story(hub, run_id)
    run = raw["run"] | {"recipe_title": title_of(hub, raw["run"]["recipe"])}
    steps = [_step(hub, step, run) for step in raw["steps"]]
    writes = [write for step in steps for write in step["writes"]]
    own = [write for write in writes if not write["undoes"]]
    return {
        "run": run,
        "event": _event(hub, raw["event"]),
        "steps": steps,
        "reviews": raw["reviews"],
        "tokens": raw["tokens"],
        "cost": raw["cost"],
        "every": _EVERY.get(run["state"]),
        "stopped_at": next((step["title"] for step in steps if step["state"] in ("failed", "declined")), ""),
        "page_link": next((w for w in own if w["link"] and w["state"] == "done"), None),
        "can_undo": run["state"] in ("done", "failed", "waiting", "cancelled")
        and any(w["state"] == "done" for w in own)
        and "undo" not in raw["removed"],
        "behind": raw["behind"],
        "removed": raw["removed"],
        "recorded": any(step["kind"] == "ask" for step in steps),
    }


def title_of(hub: Hub, slug: str) -> str:
    try:
        found = recipes.get(hub, slug).recipe
    except LookupError:
        return slug
    return found.title if found else slug


def _event(hub: Hub, event: dict[str, Any] | None) -> dict[str, Any] | None:
    if event is None:
        return None
    if event["kind"] == schedule.KIND:
        label = f"It was {event['value']['weekday']}, {event['value']['time']}, {zones.words(event['value']['zone'])}"
        return event | {"label": label, "fields": values.fields(event["value"])}
    trigger = scope.trigger_of(hub, event["kind"])
    fields = values.fields(scope.event_of(hub, event["id"])) if trigger and event["is_kept"] else []
    return event | {"label": trigger.label if trigger else event["kind"], "fields": fields}


# --- steps ------------------------------------------------------------------------------------------------------------


def _step(hub: Hub, step: dict[str, Any], run: dict[str, Any]) -> dict[str, Any]:
    entries, writes = step["entries"], [view_of(hub, write) for write in step["writes"]]
    state = _state(entries, writes, run)
    first = entries[0] if entries else {}
    value = next((e["answer"] for e in entries if e["state"] == "done" and e["answer"]), None)
    shown = values.answer(value) if step["kind"] == "ask" and isinstance(value, dict) else []
    ends = [e["ended_at"] for e in entries if e["ended_at"]]
    starts = [e["started_at"] for e in entries if e["started_at"]]
    return {
        "key": step["id"],
        "kind": step["kind"],
        "icon": _ICONS.get(step["kind"], "pen"),
        "title": step["label"],
        "state": state,
        "tone": _tone(state, run),
        "words": _words(state, entries, run),
        "error": next((e["error"] for e in reversed(entries) if e["error"]), ""),
        "answer": shown,
        "given": values.given(first.get("given"), shown) if step["kind"] == "ask" else [],
        "writes": writes,
        "started_at": min(starts, default=None),
        "ms": max(ends) - min(starts) if starts and ends and state in ("done", "failed") else None,
        "model": first.get("model", ""),
        "tokens": sum(e["tokens_in"] + e["tokens_out"] for e in entries),
        "cost": sum(e["cost"] for e in entries),
        "tries": len(entries) if step["kind"] == "ask" else 1,
        "practice": run["practice"],
    }


def _state(entries: list[dict[str, Any]], writes: list[dict[str, Any]], run: dict[str, Any]) -> str:
    """Of repaired answers the last counts; of writes the worst."""
    if not entries and not writes:
        return "pending"
    answered = {e["item"].partition("~")[0] for e in entries if e["state"] == "done"}
    states = {e["state"] for e in entries if e["item"].partition("~")[0] not in answered or e["state"] == "done"}
    mine = {w["state"] for w in writes if not w["undoes"]}
    if "asked" in mine and run["state"] in ("failed", "cancelled"):
        return "declined"
    states |= mine & {"drawn", "asked", "unknown", "compensated", "intent"}
    if "pending" in states and run["state"] == "failed" and any(e["error"] for e in entries):
        return "failed"
    return next((state for state in _WORST if state in states), "pending")


def _tone(state: str, run: dict[str, Any]) -> str:
    if state == "pending" and run["state"] in ("queued", "running", "undoing"):
        return "off"
    return states.step_tone(state)


def _words(state: str, entries: list[dict[str, Any]], run: dict[str, Any]) -> str:
    items = [e for e in entries if e["item"].isdigit()]
    finished = sum(e["state"] in ("done", "skipped") for e in items)
    if len(items) > 1 and state not in ("done", "skipped", "compensated"):
        return f"{finished} of {len(items)} done"
    if state == "pending" and run["state"] in ("later", "waiting"):
        return "Waits"
    return "Not done" if state == "pending" and run["ended_at"] else states.step_words(state)
