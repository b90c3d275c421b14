"""Home: what runs, what waits, what needs you; for a new hub, what to do next."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for

from app.core import connections, forecast, overview, runs, wall
from app.core import recipes as recipes_core
from app.core.recipes import RecipePage
from app.web import words
from app.web.answers import page
from app.web.context import hub, person
from app.web.guard import needs
from app.web.recipes import rows_of
from app.web.runs import with_titles

pages = Blueprint("home", __name__)


@pages.get("/")
@needs("see")
def show() -> Response:
    found = recipes_core.listing(hub())
    rows, accounts = rows_of(found), connections.listing(hub())
    numbers, steps = _numbers(found), _first_steps(rows, accounts)
    data = {
        "numbers": numbers,
        "trouble": [*_trouble(accounts, numbers), *_ending(accounts)],
        "first_steps": steps,
        "runs": with_titles(runs.listing(hub(), limit=8)),
        "recipes": rows,
    }
    return page("home/show.html", data, greeting=f"Hello, {person().name.split()[0]}", summary=_summary(numbers, steps))


def _numbers(found: list[RecipePage]) -> dict[str, int]:
    done, states = overview.done_by_recipe(hub()), overview.by_state(hub(), *overview.WAITING)
    return {
        "recipes_on": sum(bool(p.real and p.real.is_on) for p in found),
        "reviews": overview.open_reviews(hub()),
        "waiting": sum(states.get(state, 0) for state in overview.WAITING),
        "done": sum(done.values()),
        "minutes": sum(p.recipe.replaces.minutes * done.get(p.slug, 0) for p in found if p.recipe),
    }


def _summary(numbers: dict[str, int], steps: list[dict[str, Any]]) -> str:
    if numbers["reviews"]:
        many = f"{words.several(numbers['reviews'])} {'thing waits' if numbers['reviews'] == 1 else 'things wait'}"
        return f"{many} for a person. Everything else goes on by itself."
    if steps:
        return "Let’s get the first retyping off your desk."
    return "Nothing waits for you."


def _trouble(accounts: list[dict[str, Any]], numbers: dict[str, int]) -> list[dict[str, str]]:
    """What stopped, how many wait for it, and the one button that helps."""
    found = []
    if jumped := wall.jump(hub()):
        says = (
            "Look whether it is right now. What was to begin in between follows each recipe’s own rule for missed times"
        )
        link = url_for("recipes.show_all")
        found.append(_notice("warn", f"{wall.words(jumped[1])}, {words.ago(jumped[0])}", says, link, "See the recipes"))
    for row in accounts:
        if row["state"] == "reconnect":
            link = url_for("connections.show", connection_id=row["id"])
            says = f"{row['why'].rstrip('.')}. {_waits(row['waiting'])}"
            found.append(_notice("bad", f"{row['title']} no longer lets us in", says, link, "Connect again"))
    if (stopped := overview.stopped(hub()))["count"]:
        many = words.several(stopped["count"], overview.MANY_STOPPED)
        title = "1 run stopped" if stopped["count"] == 1 else f"{many} runs stopped in the last week"
        says = f"The last one {words.ago(stopped['last_at'])}. What it had done before stays done"
        found.append(_notice("bad", title, says, url_for("runs.show_all", state="failed"), "See why"))
    if numbers["reviews"]:
        title = (
            "1 thing waits for a person"
            if numbers["reviews"] == 1
            else f"{words.several(numbers['reviews'])} things wait for a person"
        )
        found.append(
            _notice(
                "warn", title, "Runs behind them stand still until then", url_for("inbox.show_all"), "Open the Inbox"
            )
        )
    return found


def _ending(accounts: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Connections that end within a week unless a person does something."""
    ends, found = forecast.read(hub()), []
    for row in accounts:
        end = ends.get(row["id"])
        if end is None or end.tone == "good" or row["practice"] or row["state"] == "reconnect":
            continue
        left = {0: "today", 1: "in 1 day"}.get(end.days or 0, f"in {end.days} days")
        link = url_for("connections.show", connection_id=row["id"])
        found.append(_notice(end.tone, f"{row['name']} ends {left}", end.words, link, "Look at it"))
    return found


def _notice(tone: str, title: str, says: str, link: str, button: str) -> dict[str, str]:
    return {"tone": tone, "title": title, "says": says, "link": link, "button": button}


def _waits(count: int) -> str:
    return "Nothing waits for it yet" if not count else f"{count} {'run waits' if count == 1 else 'runs wait'} for it"


def _first_steps(rows: list[dict[str, Any]], accounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The checklist of a new hub; empty once a recipe is switched on."""
    usable = [row for row in rows if not row["error"]]
    if not usable or any(row["is_on"] for row in rows):
        return []
    first = usable[0]["slug"]
    recipe_link = url_for("recipes.show", slug=first)
    needed = {slug for page in [recipes_core.get(hub(), first)] if page.recipe for slug in page.recipe.slugs}
    real = {row["slug"] for row in accounts if not row["practice"]}
    missing = sorted(needed - real)
    tried = overview.was_tried(hub(), first)
    titles = ", ".join(hub().connectors[slug].title for slug in missing)
    missing_words = f"Still missing: {titles}." if missing else "All there."
    trial = "See it work between practice accounts. Nothing real is touched."
    steps = [
        _step("Try your first recipe", trial, tried, f"{recipe_link}#practice", "Try it"),
        _step("Connect your accounts", missing_words, not missing, url_for("connections.show_all"), "Connect"),
        _step(
            "Switch it on", "Choose where it writes and how freely.", False, f"{recipe_link}#accounts", "Switch it on"
        ),
    ]
    upcoming = next(step for step in steps if not step["done"])
    upcoming["next"] = True
    return steps


def _step(title: str, says: str, is_done: bool, link: str, button: str) -> dict[str, Any]:
    return {"title": title, "says": says, "done": is_done, "next": False, "link": link, "button": button}
