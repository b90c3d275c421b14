"""Recipes: what there is, what runs, the form that switches one on, and trying it on practice accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, request

from app import jobs
from app.core import connections, overview, runs, samples, schedules
from app.core import recipes as core
from app.core.recipe import Recipe
from app.core.recipes import RecipePage
from app.web import picture, recipe_form
from app.web.answers import done, page
from app.web.context import hub, person, sent
from app.web.guard import needs
from connectors.contract import JSON, ConnectorError

pages = Blueprint("recipes", __name__)


@pages.get("/recipes")
@needs("see")
def show_all() -> Response:
    rows = rows_of(core.listing(hub()))
    broken = [{"slug": slug, "text": text} for slug, text in core.problems(hub()).items()]
    return page("recipes/list.html", {"recipes": rows, "broken": broken})


def rows_of(found: list[RecipePage]) -> list[dict[str, Any]]:
    """One line per recipe, for lists."""
    counts = overview.by_recipe(hub())
    return [_row(each) | counts.get(each.slug, {"waiting": 0, "last_run_at": 0}) for each in found]


def _row(found: RecipePage) -> dict[str, Any]:
    real = found.real
    return {
        "slug": found.slug,
        "title": found.recipe.title if found.recipe else found.slug,
        "purpose": found.recipe.purpose if found.recipe else "",
        "version": found.version,
        "is_on": bool(real and real.is_on),
        "is_set": real is not None,
        "level": real.level if real else "",
        "error": found.error,
    }


@pages.get("/recipes/<slug>")
@needs("see")
def show(slug: str) -> Response:
    found = _found(slug)
    return _page(found, found.recipe) if found.recipe else page("recipes/broken.html", _row(found))


@pages.post("/recipes/<slug>")
@needs("build")
def save(slug: str) -> Response:
    """The form on the page: settings, accounts, level; saved and switched on together."""
    found, recipe = _loaded(slug)
    values, accounts, level = recipe_form.read(recipe), recipe_form.accounts(recipe), recipe_form.level()
    try:
        budget = recipe_form.daily_tokens()
        core.switch_on(
            hub(), slug, settings=values, accounts=accounts, level=level, daily_tokens=budget, by=person().id
        )
    except (ValueError, ConnectorError) as problem:
        return _page(found, recipe, str(problem), values, {"level": level, "accounts": accounts})
    return done("recipes.show", "on_times" if recipe.schedule else "on", slug=slug)


@pages.post("/recipes/<slug>/switch")
@needs("build")
def switch(slug: str) -> Response:
    """The switch of the list: back on as it was, or off."""
    found, recipe = _loaded(slug)
    if sent("to")["to"] == "off":
        core.switch_off(hub(), slug, by=person().id)
        return done("recipes.show", "off", slug=slug)
    if found.real is None:
        return done("recipes.show", "fill_in", slug=slug, _anchor="accounts")
    try:
        core.switch_on(hub(), slug, level=found.real.level, by=person().id)
    except (ValueError, ConnectorError) as problem:
        return _page(found, recipe, str(problem))
    return done("recipes.show", "on_times" if recipe.schedule else "on", slug=slug)


@pages.post("/recipes/<slug>/times")
@needs("build")
def times(slug: str) -> Response:
    """Pauses and resumes the times of a recipe on the real accounts."""
    paused = sent("to")["to"] == "pause"
    try:
        (schedules.pause if paused else schedules.resume)(hub(), slug, by=person().id)
    except LookupError:
        abort(404)
    return done("recipes.show", "times_paused" if paused else "times_resumed", slug=slug)


@pages.post("/recipes/<slug>/try")
@needs("build")
def try_it(slug: str) -> Response:
    """Sends a sample through the practice accounts; on to the run it starts."""
    found, recipe = _loaded(slug)
    sample = sent("sample")["sample"]
    if sample not in samples.names(hub(), slug):
        abort(404)
    try:
        if recipe.schedule is not None:
            run_id = samples.begin(hub(), slug, sample)
            jobs.ring_run(hub().settings, run_id)
            return done("runs.show", run_id=run_id)
        event_id = samples.send(hub(), slug, sample)
    except (ValueError, ConnectorError) as problem:
        return _page(found, recipe, str(problem), at="practice")
    jobs.ring_event(hub().settings, event_id)
    return done("runs.of_event", event_id=event_id)


def _found(slug: str) -> RecipePage:
    try:
        return core.get(hub(), slug)
    except LookupError:
        abort(404)


def _loaded(slug: str) -> tuple[RecipePage, Recipe]:
    found = _found(slug)
    return (found, found.recipe) if found.recipe else abort(409)


def _page(
    found: RecipePage,
    recipe: Recipe,
    problem: str = "",
    typed: Mapping[str, JSON] | None = None,
    chosen: Mapping[str, Any] | None = None,
    at: str = "accounts",
) -> Response:
    real, chosen = found.real, chosen or {}
    with hub().db.read() as conn:
        zone = schedules.house_zone(conn)
    when = recipe.schedule
    data = {
        "slug": found.slug,
        "title": recipe.title,
        "purpose": recipe.purpose,
        "version": found.version,
        "real": real,
        "practice": found.practice,
        "samples": samples.names(hub(), found.slug),
        "runs": runs.listing(hub(), recipe=found.slug, limit=6),
        "problem": problem,
        "times": when and {"words": when.words(zone), "zone": when.zone or zone, "catch_up": when.catch_up},
        "coming": schedules.coming(hub(), found.slug, practice=False) if when else None,
    }
    return page(
        "recipes/show.html",
        data,
        status=422 if problem else 200,
        recipe=recipe,
        picture=picture.draw(recipe, hub().connectors, zone),
        values=typed or recipe_form.values(recipe, real.settings if real else {}),
        level=chosen.get("level") or (real.level if real else "review"),
        daily_tokens=request.form.get("daily_tokens") or (real.daily_tokens if real else core.DAILY_TOKENS),
        chosen=chosen.get("accounts") or (real.connections if real else {}),
        accounts=_accounts(recipe.slugs),
        at=at,
        asked=request.args.get("sample", ""),
    )


def _accounts(slugs: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    """Which real accounts could be used, by connector."""
    real = [row for row in connections.listing(hub()) if not row["practice"]]
    return {slug: [row for row in real if row["slug"] == slug] for slug in slugs}
