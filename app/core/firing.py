"""From a time to runs: each instant of a schedule gets one run, however many clocks look, whatever the wall clock does."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, update

from app.core import line, recipes, schedule, schedules, scope, zones
from app.core.hub import Hub
from app.core.ids import new_id
from app.core.recipe import RecipeError, TemplateProblem
from app.core.recipes import Switch
from app.core.routing import insert_run, run_row
from app.db.models import schedules as table
from connectors.contract import JSON

log = logging.getLogger("patchbay.firing")
_ON_TIME = 120_000  # ms: `catch_up: none` takes what is later than this for missed


def fire(hub: Hub) -> list[str]:
    """Make the runs of every instant that has come; returns their ids."""
    started = []
    for row in schedules.due(hub):
        try:
            started += _fire(hub, row)
        except Exception:
            log.exception("the times of %s cannot be counted; the next round tries again", row["recipe"])
    return started


def _fire(hub: Hub, row: RowMapping) -> list[str]:
    slug, practice = row["recipe"], row["id"].endswith(":practice")
    now = hub.now()
    with hub.db.read() as conn:
        zone = row["zone"] or schedules.house_zone(conn)
        switch = next((s for s in recipes.all_on(conn) if (s.slug, s.practice) == (slug, practice)), None)
        people = scope.people(conn, practice)
    # Until this hub was resumed, the one that its data was taken from may have begun these.
    resumed = (hub.doubt or {}).get("resumed_at", 0)
    wanted = [at for at in _made_good(row, zone, now) if at > resumed] if switch is not None else []
    rows = []
    for at, last in zip(wanted, [row["last_at"], *wanted], strict=False):
        assert switch is not None
        rows.append(make_run(hub, switch, people, schedule.seen(at, zone, last), f"time:{row['id']}:{at}"))
    following = schedule.next_after(row["spec"], zone, now)

    def save(conn: Connection) -> list[str]:
        mine = update(table).where(table.c.id == row["id"], table.c.next_at == row["next_at"], ~table.c.paused)
        if not conn.execute(mine.values(last_at=[row["last_at"], *wanted][-1], next_at=following)).rowcount:
            return []  # another clock was here, or a person
        return [run["id"] for run in rows if run is not None and insert_run(conn, hub, run)]

    return hub.db.write(save)


def _made_good(row: RowMapping, zone: str, now: int) -> list[int]:
    """Which of the instants since the one that was waited for begin a run now, oldest first."""
    most = schedule.MOST if row["catch_up"] == "all" else 1
    oldest = max(row["next_at"], now - (_ON_TIME if row["catch_up"] == "none" else row["window"]))
    back = 3_600_000
    while True:  # from the newest backwards, so that a long outage of a frequent time costs no more than a short one
        begin = max(oldest, now - back)
        found = list(schedule.between(row["spec"], zone, begin - 1, now))
        if len(found) >= most or begin == oldest:
            return found[-most:]
        back *= 4


def make_run(
    hub: Hub, switch: Switch, people: list[str], event: dict[str, JSON], start_key: str
) -> dict[str, Any] | None:
    """A row for `insert_run`. A recipe that does not load gets its run too: it waits and says why."""
    place = line.NOWHERE
    try:
        recipe = recipes.version(hub, switch.slug, switch.version)
        seen = scope.make(recipe, event, switch.settings, people, str(event["date"]))
        if recipe.only_if is not None and not recipe.only_if.holds(seen):
            return None
        place = line.place(recipe, seen)
    except (RecipeError, TemplateProblem) as problem:
        log.warning("%s begins although something is wrong with it: %s", switch.slug, problem)
    run_id = new_id()
    given = {
        "settings": dict(switch.settings),
        "connections": dict(switch.connections),
        "people": people,
        "today": event["date"],
        "event": event,
        "identity": start_key,  # the same in a hub that was put back: by it a write is found that was made before
    }
    title = zones.spoken(datetime.fromisoformat(str(event["local"])))
    begins = {"event": None, "start_key": start_key, "title": title}
    return {"id": run_id, **begins, **run_row(hub, switch, run_id, place, given)}


def try_now(hub: Hub, slug: str, body: bytes) -> str:
    """Begin a recipe of times on its practice accounts at once, as if the instant in `body` had come; returns the run's id.

    Raises LookupError, ValueError with a sentence.
    """
    page = recipes.get(hub, slug)
    if page.recipe is None or page.recipe.schedule is None:
        raise ValueError(page.error or "This recipe begins with an event, not at a time")
    if page.practice is None:
        raise ValueError("Switch this recipe on for the practice accounts first")
    with hub.db.read() as conn:
        zone, people = schedules.house_zone(conn), scope.people(conn, True)
    event = page.recipe.schedule.trigger(zone).shape(body)
    run = make_run(hub, page.practice, people, event, f"hand:{new_id()}")
    if run is None:
        raise ValueError("This recipe does not want that time (`only_if`)")
    hub.db.write(lambda conn: insert_run(conn, hub, run))
    return str(run["id"])
