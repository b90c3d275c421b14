"""From event to runs: each recipe that is switched on for its account, and wants it, gets one run. Once, however often it is asked."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from app.core import recipes, scope
from app.core.handover import open_review
from app.core.hub import Hub
from app.core.ids import new_id
from app.core.recipe import RecipeError, TemplateProblem
from app.core.recipes import Switch
from app.core.statements import change, insert_once
from app.db.models import events, runs, serials

log = logging.getLogger("patchbay.routing")
_TRIES = 5

_EVENT = select(events).where(events.c.id == bindparam("which"))
_STATE = select(events.c.state).where(events.c.id == bindparam("which")).with_for_update()
_NUMBER = (
    update(serials).where(serials.c.key == bindparam("which")).values(next=serials.c.next + 1).returning(serials.c.next)
)


@dataclass(frozen=True)
class _Wish:
    """A run that a switch wants, or the reason why it does not."""

    switch: Switch
    row: dict[str, Any] | None
    because: str = ""


def route(hub: Hub, event_id: str) -> list[str]:
    """Make the runs of a new event; returns their ids. A routed event gives none."""
    with hub.db.read() as conn:
        event = conn.execute(_EVENT, {"which": event_id}).mappings().first()
        if event is None or event["state"] != "new":
            return []
        slug = event["kind"].partition(".")[0]
        switches = recipes.switched_on(conn, slug, event["connection"])
    try:
        wishes = [_wish(hub, event, switch) for switch in switches]
    except Exception as error:
        log.exception("event %s cannot be routed", event_id)
        words = f"{type(error).__name__}: {error}"
        hub.db.write(lambda conn: _try_again(conn, hub, event, words))
        return []
    return hub.db.write(lambda conn: _start(conn, hub, event, [w for w in wishes if w]))


def _wish(hub: Hub, event: RowMapping, switch: Switch, start_key: str = "") -> _Wish | None:
    """None when the recipe is about something else."""
    try:
        recipe = recipes.version(hub, switch.slug, switch.version)
    except RecipeError as problem:
        return _Wish(switch, None, f"{switch.slug} does not load: {problem.problems[0].message}")
    trigger = scope.trigger_of(hub, event["kind"])
    if recipe.trigger != event["kind"] or trigger is None:
        return None
    shaped = trigger.shape(hub.vault.open(event["body"], f"events:{event['id']}:body"))
    with hub.db.read() as conn:
        people = scope.people(conn, switch.practice)
    seen = scope.make(recipe, shaped, switch.settings, people)
    try:
        if recipe.only_if is not None and not recipe.only_if.holds(seen):
            return _Wish(switch, None, f"{recipe.title}: left out by `only_if`")
        serial = str(recipe.serial.render(seen)) if recipe.serial is not None else ""
    except TemplateProblem as problem:
        return _Wish(switch, None, f"{recipe.title}: {problem}")
    given = {"settings": dict(switch.settings), "connections": dict(switch.connections), "people": people}
    return _Wish(
        switch, _row(hub, event, switch, serial, shaped, {**given, "today": seen["house"]["today"]}, start_key)
    )


def _row(
    hub: Hub,
    event: RowMapping,
    switch: Switch,
    serial: str,
    shaped: dict[str, Any],
    given: dict[str, Any],
    start_key: str,
) -> dict[str, Any]:
    run_id = new_id()
    mode = "practice" if switch.practice else "real"
    once = (
        f"once:{event['connection']}:{event['kind']}:{event['once_key']}"
        if event["once_key"]
        else f"event:{event['id']}"
    )
    title = next((str(shaped[k]) for k in ("topic", "title", "subject", "name") if shaped.get(k)), "")
    return {
        "id": run_id,
        "recipe": switch.slug,
        "version": switch.version,
        "practice": switch.practice,
        "level": switch.level,
        "event": event["id"],
        "start_key": start_key or f"{once}:{switch.slug}:{mode}",
        "serial_key": f"{switch.slug}:{mode}:{serial}" if serial else "",
        "input": hub.vault.seal_json(given, f"runs:{run_id}:input"),
        "title": title[:200],
        "made_at": hub.now(),
    }


def _start(conn: Connection, hub: Hub, event: RowMapping, wishes: list[_Wish]) -> list[str]:
    state = conn.execute(_STATE, {"which": event["id"]}).scalar_one()
    if state != "new":
        return []
    started, reasons = [], [w.because for w in wishes if w.because]
    for wish in wishes:
        if wish.row is None:
            continue
        if insert_run(conn, wish.row):
            started.append(str(wish.row["id"]))
        else:
            reasons.append(f"{wish.switch.slug} already has a run for the same meeting or object")
    none = reasons or ["No recipe is switched on for this kind of event and account"]
    values = {"state": "routed"} if started else {"state": "ignored", "error": "; ".join(none)[:8192]}
    change(conn, events, {"id": event["id"]}, **values)
    return started


def insert_run(conn: Connection, row: dict[str, Any]) -> bool:
    """The serial number comes from a row lock, so commit order is number order."""
    if row["serial_key"]:
        insert_once(conn, serials, {"key": row["serial_key"], "next": 1})
        row = {**row, "serial_no": int(conn.execute(_NUMBER, {"which": row["serial_key"]}).scalar_one()) - 1}
    return insert_once(conn, runs, row)


def _try_again(conn: Connection, hub: Hub, event: RowMapping, words: str) -> None:
    tries = event["tries"] + 1
    values: dict[str, Any] = {"tries": tries, "error": words[:8192]}
    if tries >= _TRIES:
        values["state"] = "dead"
        says = "This event could not be read after five tries. Look at it, then try again or leave it"
        open_review(conn, hub, "dead", says, role="builder", event=event["id"])
    conn.execute(update(events).where(events.c.id == event["id"], events.c.state == "new").values(**values))


def start_over(hub: Hub, event_id: str, number: str, *, by: str) -> list[str]:
    """New runs for an event that was routed before: each recipe that is switched on for it, once per `number`."""
    with hub.db.read() as conn:
        event = conn.execute(select(events).where(events.c.id == event_id)).mappings().first()
        if event is None:
            raise LookupError(f"There is no event {event_id}")
        slug = event["kind"].partition(".")[0]
        switches = recipes.switched_on(conn, slug, event["connection"])
    wishes = [_wish(hub, event, s, f"hand:{event_id}:{number}:{s.slug}:{s.practice}") for s in switches]
    rows = [w.row for w in wishes if w and w.row]
    if not rows:
        why = "; ".join(w.because for w in wishes if w) or "no recipe is switched on for this kind of event and account"
        raise ValueError(f"Nothing to start: {why}")

    def save(conn: Connection) -> list[str]:
        conn.execute(update(events).where(events.c.id == event_id).values(state="routed", error=""))
        return [str(row["id"]) for row in rows if insert_run(conn, row)]

    return hub.db.write(save)
