"""The recipes of this hub: versions by content, which one is current, and the switches that say on whose accounts it runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from app.core import audit, house, recipe, schedules, trial
from app.core.hub import Hub
from app.core.recipe import Recipe, RecipeError
from app.core.statements import insert_once, upsert
from app.db.models import connections, recipes, switches
from app.settings import LEVELS

DAILY_TOKENS = 500_000  # the model's budget of a recipe and day, until somebody chooses another
SHIPPED = Path(__file__).resolve().parents[2] / "recipes"

_ON = select(switches).where(switches.c.is_on)


@dataclass(frozen=True)
class Switch:
    """One recipe on one set of accounts. `connections`: connector slug → connection id."""

    slug: str
    practice: bool
    version: str
    is_on: bool
    level: str
    settings: Mapping[str, Any]
    connections: Mapping[str, str]
    daily_tokens: int
    changed_at: int
    changed_by: str


@dataclass(frozen=True)
class RecipePage:
    """A recipe with its switches; `recipe` is None when its current text does not load, `error` then says why."""

    slug: str
    recipe: Recipe | None
    version: str
    practice: Switch | None
    real: Switch | None
    error: str = ""
    versions: list[dict[str, Any]] = field(default_factory=list)


class CannotSwitchOn(ValueError):
    """What is missing, one sentence per line."""


def sync(hub: Hub) -> None:
    """Bring the shipped recipes in: a new text becomes the current version unless somebody published their own."""
    for folder in sorted(p.parent for p in SHIPPED.glob("*/recipe.yaml")):
        try:
            loaded = recipe.load(recipe.text_of(folder), f"{folder.name}/recipe.yaml", hub.connectors)
        except RecipeError as problem:
            _note_problem(hub, folder.name, str(problem))
            continue
        with hub.db.read() as conn:
            current = house.get(conn, f"recipe:{loaded.slug}", {})
            known = house.get(conn, f"problem:{folder.name}", "")
        if known:
            _note_problem(hub, folder.name, "")
        _note_cases(hub, loaded, folder)
        if current.get("version") != loaded.version and current.get("by", "shipped") == "shipped":
            hub.db.write(partial(_publish, hub=hub, loaded=loaded, by="shipped"))


def _note_problem(hub: Hub, folder: str, text: str) -> None:
    hub.db.write(lambda conn: house.put(conn, f"problem:{folder}", text))


def publish(hub: Hub, folder: Path, *, by: str) -> Recipe:
    """Make a folder's recipe the current version. Runs under way keep theirs. Raises RecipeError."""
    loaded = recipe.load(recipe.text_of(folder), f"{folder.name}/recipe.yaml", hub.connectors)
    _note_cases(hub, loaded, folder)
    hub.db.write(lambda conn: _publish(conn, hub, loaded, by))
    return loaded


def _note_cases(hub: Hub, loaded: Recipe, folder: Path) -> None:
    """Run the cases of a version once and keep what does not pass: it decides whether the recipe may be switched on."""
    key = f"cases:{loaded.slug}:{loaded.version}"
    with hub.db.read() as conn:
        if house.get(conn, key) == []:
            return
    try:
        _, results = trial.check(hub.connectors, folder)
        failed = [f"{r.name}: {r.problems[0]}" for r in results if r.problems]
    except RecipeError as problem:
        failed = [problem.problems[0].message]
    hub.db.write(lambda conn: house.put(conn, key, failed))


def _publish(conn: Connection, hub: Hub, loaded: Recipe, by: str) -> None:
    row = {
        "slug": loaded.slug,
        "version": loaded.version,
        "sha256": loaded.sha256,
        "text": loaded.text,
        "made_by": by,
        "made_at": hub.now(),
    }
    insert_once(conn, recipes, row)
    house.put(conn, f"recipe:{loaded.slug}", {"version": loaded.version, "by": by})
    conn.execute(update(switches).where(switches.c.slug == loaded.slug).values(version=loaded.version))
    for practice in conn.execute(select(switches.c.practice).where(switches.c.slug == loaded.slug, switches.c.is_on)):
        schedules.keep(conn, hub, loaded, bool(practice[0]))
    audit.add(conn, hub, by, "published recipe", f"recipe:{loaded.slug}", {"version": loaded.version})


def version(hub: Hub, slug: str, version_: str) -> Recipe:
    """A stored version, read anew by this hub's loader (kept in memory). Raises RecipeError, LookupError."""
    return _version(_HubKey(hub), slug, version_)


def written_trigger(hub: Hub, slug: str, version_: str) -> str:
    """The trigger that the text of a version names, also of one that does not load; empty where that cannot be told."""
    where = (recipes.c.slug == slug) & (recipes.c.version == version_)
    with hub.db.read() as conn:
        text = str(conn.execute(select(recipes.c.text).where(where)).scalar_one())
    return recipe.written_trigger(text)


class _HubKey:
    """Lets a hub be part of a cache key by what its recipes depend on."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._key = (hub.settings.database, tuple(sorted(hub.connectors)))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _HubKey) and self._key == other._key


@lru_cache(maxsize=200)
def _version(key: _HubKey, slug: str, version_: str) -> Recipe:
    where = (recipes.c.slug == slug) & (recipes.c.version == version_)
    with key.hub.db.read() as conn:
        text = conn.execute(select(recipes.c.text).where(where)).scalar()
    if text is None:
        raise LookupError(f"There is no version {version_} of {slug}")
    return recipe.load(text, f"{slug}/recipe.yaml", key.hub.connectors)


def slugs(hub: Hub) -> list[str]:
    with hub.db.read() as conn:
        return [str(s) for s in conn.execute(select(recipes.c.slug).distinct().order_by(recipes.c.slug)).scalars()]


def listing(hub: Hub) -> list[RecipePage]:
    return [get(hub, slug) for slug in slugs(hub)]


def get(hub: Hub, slug: str) -> RecipePage:
    """One recipe. Raises LookupError."""
    with hub.db.read() as conn:
        current = house.get(conn, f"recipe:{slug}")
        if current is None:
            raise LookupError(f"There is no recipe called {slug}")
        rows = {
            bool(r["practice"]): r for r in conn.execute(select(switches).where(switches.c.slug == slug)).mappings()
        }
        history = select(recipes.c.version, recipes.c.made_by, recipes.c.made_at).where(recipes.c.slug == slug)
        versions = [dict(r) for r in conn.execute(history.order_by(recipes.c.made_at.desc())).mappings()]
    both = (_switch(rows.get(True)), _switch(rows.get(False)))
    loaded: Recipe | None = None
    error = ""
    try:
        loaded = version(hub, slug, current["version"])
    except RecipeError as problem:
        error = str(problem)
    return RecipePage(slug, loaded, current["version"], *both, error, versions)


def problems(hub: Hub) -> dict[str, str]:
    """Shipped recipes that do not load: folder → the text with carets."""
    found = {}
    for folder in sorted(p.parent.name for p in SHIPPED.glob("*/recipe.yaml")):
        with hub.db.read() as conn:
            if text := house.get(conn, f"problem:{folder}", ""):
                found[folder] = text
    return found


def all_on(conn: Connection) -> list[Switch]:
    """All switches that are on, of practice and real accounts."""
    return [one for row in conn.execute(_ON).mappings() if (one := _switch(row))]


def switched_on(conn: Connection, slug: str, connection_id: str) -> list[Switch]:
    """Switches that listen to events of this connection."""
    return [one for one in all_on(conn) if one.connections.get(slug) == connection_id]


def switch_on(
    hub: Hub,
    slug: str,
    *,
    practice: bool = False,
    settings: Mapping[str, Any] | None = None,
    accounts: Mapping[str, str] | None = None,
    level: str = "auto",
    daily_tokens: int | None = None,
    by: str = "",
) -> Switch:
    """Switch a recipe on. What is not given stays as it was; accounts that are the only ones of their kind are chosen.

    Raises CannotSwitchOn with what is missing.
    """
    page = get(hub, slug)
    if page.recipe is None:
        raise CannotSwitchOn(f"This recipe does not load:\n{page.error}")
    loaded = page.recipe
    if level not in LEVELS:
        raise CannotSwitchOn(f"The level is one of {', '.join(LEVELS)}, not {level}")
    old = page.practice if practice else page.real
    values = {**(old.settings if old else {}), **(settings or {})}
    chosen = _accounts(hub, page.recipe, practice, {**(old.connections if old else {}), **(accounts or {})})
    missing = page.recipe.problems_with(values) or _failing(hub, page)
    if missing:
        raise CannotSwitchOn("\n".join(missing))
    row = {
        "version": page.version,
        "is_on": True,
        "level": level,
        "settings": json.dumps(values),
        "connections": json.dumps(chosen),
        "daily_tokens": daily_tokens or (old.daily_tokens if old else DAILY_TOKENS),
        "changed_at": hub.now(),
        "changed_by": by,
    }

    def save(conn: Connection) -> None:
        upsert(conn, switches, {"slug": slug, "practice": practice}, row)
        schedules.keep(conn, hub, loaded, practice)
        facts = {"practice": practice, "level": level, "version": page.version}
        audit.add(conn, hub, by, "switched on", f"recipe:{slug}", facts)

    hub.db.write(save)
    found = get(hub, slug)
    switch = found.practice if practice else found.real
    if switch is None:
        raise LookupError(slug)
    return switch


def _failing(hub: Hub, page: RecipePage) -> list[str]:
    """A recipe without a passing case cannot be switched on."""
    with hub.db.read() as conn:
        failed = house.get(conn, f"cases:{page.slug}:{page.version}", ["it has no cases that were run"])
    if not failed:
        return []
    return [
        f"The cases of this recipe do not pass ({failed[0]}). See them all with: patchbay recipe check, mend, publish again."
    ]


def switch_off(hub: Hub, slug: str, *, practice: bool = False, by: str = "") -> None:
    """Runs under way go on; new events start nothing."""
    get(hub, slug)

    def save(conn: Connection) -> None:
        mine = (switches.c.slug == slug) & (switches.c.practice == practice)
        conn.execute(update(switches).where(mine).values(is_on=False, changed_at=hub.now(), changed_by=by))
        schedules.leave(conn, slug, practice)
        audit.add(conn, hub, by, "switched off", f"recipe:{slug}", {"practice": practice})

    hub.db.write(save)


def practice_facts(slug: str) -> dict[str, Any]:
    """`practice.json` of a shipped recipe: settings and people that fit the practice accounts."""
    path = SHIPPED / slug / "practice.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def _accounts(hub: Hub, loaded: Recipe, practice: bool, given: Mapping[str, str]) -> dict[str, str]:
    """One connection per connector the recipe uses, all practice or all real. The model's may come later."""
    with hub.db.read() as conn:
        usable = connections.c.state != "removed"
        rows = conn.execute(select(connections).where(usable).order_by(connections.c.made_at)).mappings().all()
    chosen, wrong = {}, []
    for slug in loaded.slugs:
        mine = [r for r in rows if r["slug"] == slug and bool(r["practice"]) == practice]
        found = next((r for r in mine if r["id"] == given.get(slug)), None) or (mine[0] if len(mine) == 1 else None)
        title = hub.connectors[slug].title
        if found is not None:
            chosen[slug] = str(found["id"])
        elif len(mine) > 1 and slug != "openai":
            names = ", ".join(f"{r['name']} ({r['id']})" for r in mine)
            wrong.append(f"Choose which {title} account this recipe uses: {names}.")
        elif slug != "openai":
            wrong.append(f"Connect {title} first, under Connections.")
    if wrong:
        raise CannotSwitchOn("\n".join(wrong))
    return chosen


def _switch(row: RowMapping | None) -> Switch | None:
    if row is None:
        return None
    values = {k: row[k] for k in ("slug", "version", "level", "daily_tokens", "changed_at", "changed_by")}
    return Switch(
        **values,
        practice=bool(row["practice"]),
        is_on=bool(row["is_on"]),
        settings=json.loads(row["settings"]),
        connections=json.loads(row["connections"]),
    )
