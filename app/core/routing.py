"""From event to runs: each recipe that is switched on for its account, and wants it, gets one run. Once, however often it is asked."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError

from app.core import claims, disk, hold, line, recipes, scope, statements, vouching, waits
from app.core.claims import Claim
from app.core.handover import open_review
from app.core.hub import Hub
from app.core.ids import new_id
from app.core.line import Place
from app.core.recipe import RecipeError, TemplateProblem
from app.core.recipes import Switch
from app.db.models import events, literally, runs, serials
from connectors.contract import JSON

log = logging.getLogger("patchbay.routing")
_TRIES = 5

_MINE = events.c.id.in_(bindparam("ids", expanding=True)) & (events.c.state == "new") & hold.is_off()
_NEW = select(events).where(_MINE).order_by(events.c.id)
_STILL_NEW = select(events.c.id).where(_MINE).order_by(events.c.id).with_for_update()
_EARLIER = (
    select(events)
    .where(
        events.c.state == "new", events.c.state != literally(("routed",))[0]
    )  # in the words of the index of unrouted ones
    .where(events.c.serial_key.in_(bindparam("keys", expanding=True)), events.c.id < bindparam("last"))
    .where(events.c.id.not_in(bindparam("ids", expanding=True)))
    .order_by(events.c.id)
    .limit(100)
)


@dataclass(frozen=True)
class _Wish:
    """A run that a switch wants, or the reason why it does not."""

    switch: Switch
    row: dict[str, Any] | None
    because: str = ""
    event: Mapping[str, JSON] | None = None  # as the recipe sees it


_Wished = tuple[RowMapping, list[_Wish]]


def route(hub: Hub, event_id: str) -> list[str]:
    """Make the runs of a new event; returns their ids. A routed event gives none."""
    return start(hub, [event_id])[1]


def start(hub: Hub, event_ids: Sequence[str], holder: str = "", room: int = 0) -> tuple[list[Claim], list[str]]:
    """Make the runs of new events, in one commit, and claim as many of them as there is room for.

    Returns the claims and the ids of the other runs, also of those that waited for one of these events. Events that are routed
    already give none; nor does a full disk.
    """
    if disk.is_full(hub):
        return [], []
    with hub.db.read() as conn:
        found = _with_earlier(conn, conn.execute(_NEW, {"ids": list(event_ids)}).mappings().all())
        switches = recipes.all_on(conn) if found else []
        people = {p: scope.people(conn, p) for p in {s.practice for s in switches}}
    wished = [(event, wishes) for event in found if (wishes := _wishes(hub, event, switches, people)) is not None]
    known = waits.watched(hub) if wished else {}
    offered = waits.offers(hub, [event for event, _ in wished], known) if known else []
    try:
        held = claims.begun(hub, holder)
        return hub.db.write(lambda conn: _start(conn, hub, wished, held, room, offered)) if wished else ([], [])
    except SQLAlchemyError:
        if len(wished) == 1:
            raise
        log.exception("%d events could not be routed together; now one by one", len(wished))
        return [], [run for event, _ in wished for run in start(hub, [event["id"]])[1]]


def _with_earlier(conn: Connection, found: Sequence[RowMapping]) -> Sequence[RowMapping]:
    """And what came earlier about the same things and is not routed yet: rings overtake each other, events must not."""
    keys = sorted({event["serial_key"] for event in found if event["serial_key"]})
    if not keys:
        return found
    known = [event["id"] for event in found]
    earlier = conn.execute(_EARLIER, {"keys": keys, "last": known[-1], "ids": known}).mappings().all()
    return sorted([*found, *earlier], key=lambda event: str(event["id"])) if earlier else found


def _wishes(
    hub: Hub, event: RowMapping, switches: Sequence[Switch], people: Mapping[bool, list[str]]
) -> list[_Wish] | None:
    """None for an event that cannot be read now."""
    slug = event["kind"].partition(".")[0]
    mine = [s for s in switches if s.connections.get(slug) == event["connection"]]
    try:
        return [wish for switch in mine if (wish := _wish(hub, event, switch, people[switch.practice]))]
    except Exception as error:
        log.exception("event %s cannot be routed", event["id"])
        words = f"{type(error).__name__}: {error}"
        hub.db.write(lambda conn: _try_again(conn, hub, event, words))
        return None


def _wish(hub: Hub, event: RowMapping, switch: Switch, people: list[str], start_key: str = "") -> _Wish | None:
    """None when the recipe is about something else."""
    try:
        recipe = recipes.version(hub, switch.slug, switch.version)
    except RecipeError:
        return _stuck(hub, event, switch, people, start_key)
    trigger = scope.trigger_of(hub, event["kind"])
    if recipe.trigger != event["kind"] or trigger is None:
        return None
    shaped = trigger.shape(hub.vault.open(event["body"], f"events:{event['id']}:body"))
    seen = scope.make(recipe, shaped, switch.settings, people)
    try:
        if recipe.only_if is not None and not recipe.only_if.holds(seen):
            return _Wish(switch, None, f"{recipe.title}: left out by `only_if`")
        place = line.place(recipe, seen)
    except TemplateProblem as problem:
        return _Wish(switch, None, f"{recipe.title}: {problem}")
    given = {"settings": dict(switch.settings), "connections": dict(switch.connections), "people": people}
    row = _row(hub, event, switch, place, shaped, {**given, "today": seen["house"]["today"]}, start_key)
    return _Wish(switch, row, event=shaped)


def _stuck(hub: Hub, event: RowMapping, switch: Switch, people: list[str], start_key: str) -> _Wish | None:
    """A version that no longer loads here, since an action it uses is gone, say: the event gets its run all the same, which
    waits and says why. Nobody can tell whether `only_if` would have left it out."""
    trigger = scope.trigger_of(hub, event["kind"])
    if trigger is None or recipes.written_trigger(hub, switch.slug, switch.version) not in ("", event["kind"]):
        return None
    shaped = trigger.shape(hub.vault.open(event["body"], f"events:{event['id']}:body"))
    given = {"settings": dict(switch.settings), "connections": dict(switch.connections), "people": people}
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    return _Wish(
        switch, _row(hub, event, switch, line.NOWHERE, shaped, {**given, "today": today}, start_key), event=shaped
    )


def _row(
    hub: Hub,
    event: RowMapping,
    switch: Switch,
    place: Place,
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
    # Not by our ids: an event that comes again after a restore is the same to its vendor. Started by hand it is another run.
    same = once if event["once_key"] else f"event:{event['connection']}:{event['dedupe_key']}"
    identity = run_id if start_key else f"{same}:{switch.slug}:{mode}"
    doubt = {} if vouching.is_vouched(hub, event["kind"], shaped) else {"unvouched": True}
    title = next((str(shaped[k]) for k in ("topic", "title", "subject", "name") if shaped.get(k)), "")
    begins = {"event": event["id"], "start_key": start_key or f"{once}:{switch.slug}:{mode}", "title": title[:200]}
    return {"id": run_id, **begins, **run_row(hub, switch, run_id, place, {**given, **doubt, "identity": identity})}


def run_row(hub: Hub, switch: Switch, run_id: str, place: Place, given: dict[str, Any]) -> dict[str, Any]:
    """What every run has from its switch, however it begins; `given` is kept sealed."""
    mode = "practice" if switch.practice else "real"
    return {
        "recipe": switch.slug,
        "version": switch.version,
        "practice": switch.practice,
        "level": switch.level,
        "serial_key": f"{switch.slug}:{mode}:{place.key}" if place.key else "",
        "releases": int(place.releases),
        "input": hub.vault.seal_json(given, f"runs:{run_id}:input"),
        "made_at": hub.now(),
    }


def _start(
    conn: Connection, hub: Hub, wished: list[_Wished], held: dict[str, Any], room: int, offered: Sequence[waits.Offer]
) -> tuple[list[Claim], list[str]]:
    """Rows are locked in the order of their keys, so that two of these never wait for each other."""
    new = set(conn.execute(_STILL_NEW, {"ids": [event["id"] for event, _ in wished]}).scalars())
    fresh = [(event, wishes) for event, wishes in wished if event["id"] in new]
    wanted = [(wish.row, wish.event) for _, wishes in fresh for wish in wishes if wish.row is not None]
    claimed: list[Claim] = []
    made: dict[str, bool] = {}
    for row, seen in sorted(wanted, key=lambda one: (one[0]["serial_key"], one[0]["event"])):
        claim = insert_run(conn, hub, row, held if len(claimed) < room else None)
        made[row["id"]] = claim is not None
        claimed += [replace(claim, event=seen)] if isinstance(claim, Claim) else []
    for event, wishes in fresh:
        _routed(conn, event, wishes, made)
    woken = waits.wake(conn, [offer for offer in offered if offer.event in new]) if offered else []
    taken = {claim.run["id"] for claim in claimed}
    return claimed, [run for run, is_made in made.items() if is_made and run not in taken] + woken


def _routed(conn: Connection, event: RowMapping, wishes: list[_Wish], made: Mapping[str, bool]) -> None:
    """The event's own state, and why it started nothing."""
    if any(wish.row is not None and made[wish.row["id"]] for wish in wishes):
        statements.put(conn, events, {"id": event["id"]}, state="routed")
        return
    reasons = [w.because or f"{w.switch.slug} already has a run for the same meeting or object" for w in wishes]
    none = reasons or ["No recipe is switched on for this kind of event and account"]
    statements.put(conn, events, {"id": event["id"]}, state="ignored", error="; ".join(none)[:8192])


def insert_run(
    conn: Connection, hub: Hub, row: dict[str, Any], held: dict[str, Any] | None = None
) -> Claim | bool | None:
    """Make a run; None when there is one for its start key. With `held` (of `claims.begun`) it is claimed at once, if it may
    begin.

    The serial number comes from a row lock, so commit order is number order.
    """
    may_begin = held is not None
    if key := row["serial_key"]:
        number = statements.count_up(conn, serials, {"key": key}, "next", first=2) - 1
        row = {**row, "serial_no": number}
        may_begin = may_begin and (number == 1 or claims.is_first(conn, key, number))
    if held is None or not may_begin:
        return statements.insert_once(conn, runs, row) or None
    made = statements.insert_new(conn, runs, {**row, **held})
    return Claim(made, made["fence"], hub.now()) if made is not None else None


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
        people = {p: scope.people(conn, p) for p in (True, False)}
    wishes = [
        _wish(hub, event, s, people[s.practice], f"hand:{event_id}:{number}:{s.slug}:{s.practice}") for s in switches
    ]
    rows = [w.row for w in wishes if w and w.row]
    if not rows:
        why = "; ".join(w.because for w in wishes if w) or "no recipe is switched on for this kind of event and account"
        raise ValueError(f"Nothing to start: {why}")

    def save(conn: Connection) -> list[str]:
        conn.execute(update(events).where(events.c.id == event_id).values(state="routed", error=""))
        return [str(row["id"]) for row in rows if insert_run(conn, hub, row)]

    return hub.db.write(save)
