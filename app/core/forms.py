"""Forms on the internet: made by people of this hub, filled in by strangers. A form is a connection; a submission is an event."""

from __future__ import annotations

import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, func, select

from app.core import connections, intake, recipes
from app.core.hub import Hub
from app.core.recipe import RecipeError
from app.db.models import connections as table
from app.db.models import events
from connectors.contract import JSON
from connectors.form import definition, submission
from connectors.form.definition import Form

SLUG = "form"
LIVES = 7 * 86_400_000  # ms that an opened page may be sent


@dataclass(frozen=True)
class Published:
    """A form and where it stands. `form` is None once it was removed."""

    id: str
    key: str
    name: str
    form: Form | None
    practice: bool
    address: str


@dataclass(frozen=True)
class Opened:
    """A page that was handed to a visitor: its number, and how long ago that was, in ms."""

    nonce: str
    age: int


def by_key(hub: Hub, key: str) -> Published | None:
    """The form at a public address, also one that was removed. None: there never was one."""
    return _published(hub, table.c.hook_key == key)


def by_id(hub: Hub, form_id: str) -> Published:
    """Raises LookupError."""
    found = _published(hub, table.c.id == form_id)
    if found is None or found.form is None:
        raise LookupError(f"There is no form {form_id}")
    return found


def listing(hub: Hub) -> list[Published]:
    """Those that there are, practice last."""
    query = select(table).where(table.c.slug == SLUG, table.c.state != "removed")
    with hub.db.read() as conn:
        rows = conn.execute(query.order_by(table.c.practice, table.c.made_at)).mappings().all()
    return [_made(hub, row) for row in rows]


def submissions(hub: Hub, form_id: str) -> int:
    """How many came in and are still known."""
    with hub.db.read() as conn:
        query = select(func.count()).where(events.c.connection == form_id, events.c.kind == f"{SLUG}.submitted")
        return int(conn.execute(query).scalar_one())


def unasked(hub: Hub, published: Published) -> list[tuple[str, str]]:
    """(title of a recipe, name) of answers that recipes which are on for this form read, and that it does not ask: their runs
    would stop there."""
    form = published.form
    if form is None:
        return []
    known = {*(question.name for question in form.questions), *form.former}
    with hub.db.read() as conn:
        listening = [(one.slug, one.version) for one in recipes.switched_on(conn, SLUG, published.id)]
    found = []
    for slug, version in listening:
        with suppress(RecipeError, LookupError):  # one that does not load says so on its own page
            recipe = recipes.version(hub, slug, version)
            read = {path.split(".")[2] for path in recipe.reads if path.startswith("event.answers.")}
            found += [(recipe.title, name) for name in sorted(read - known) if recipe.trigger == f"{SLUG}.submitted"]
    return found


def create(hub: Hub, form: Form, *, by: str) -> str:
    """A new form; returns its id. Raises `Refused` with what to change."""
    told = {"definition": definition.written(form)}
    return str(connections.create(hub, SLUG, told, name=form.title, by=by)["id"])


def change(hub: Hub, form_id: str, form: Form, *, by: str) -> None:
    """Its address stays, and so do the submissions. Raises LookupError, or `Refused` with what to change."""
    before = by_id(hub, form_id).form
    after = definition.changed(before, form) if before else form
    told = {"definition": definition.written(after)}
    connections.change(hub, form_id, told, name=form.title, by=by)


# --- what visitors do -------------------------------------------------------------------------------------------------


def ticket(hub: Hub, form_id: str) -> str:
    """What a page carries that is handed to a visitor: a number of its own and the time, under our seal. By it the same page
    counts once, without a cookie."""
    nonce, now = secrets.token_hex(16), hub.now()
    return f"{nonce}.{now}.{_seal(hub, form_id, nonce, now)}"


def opened(hub: Hub, form_id: str, given: str) -> Opened | None:
    """The page that was sent; None if it is not one of ours, of another form, or was opened too long ago."""
    nonce, _, rest = given.partition(".")
    moment, _, seal = rest.partition(".")
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 15):
        return None
    right = _seal(hub, form_id, nonce, int(moment)).encode()
    age = hub.now() - int(moment)
    good = hmac.compare_digest(seal.encode("utf-8", "backslashreplace"), right)
    return Opened(nonce, age) if good and age < LIVES else None


def _seal(hub: Hub, form_id: str, nonce: str, moment: int) -> str:
    return hmac.new(b"form" + hub.secret, f"{form_id}\0{nonce}\0{moment}".encode(), "sha256").hexdigest()


def submit(hub: Hub, published: Published, nonce: str, answers: dict[str, JSON]) -> intake.Answer:
    """Commits a submission; the same one from the same page only counts as a copy. Raises SQLAlchemyError."""
    assert published.form is not None
    event = submission.event(published.id, published.form, nonce, answers, hub.now())
    return intake.store(hub, published.id, SLUG, (event,))


# --- details ----------------------------------------------------------------------------------------------------------


def _published(hub: Hub, which: Any) -> Published | None:
    with hub.db.read() as conn:
        row = conn.execute(select(table).where(table.c.slug == SLUG, which)).mappings().first()
    return _made(hub, row) if row else None


def _made(hub: Hub, row: RowMapping) -> Published:
    held = None
    if row["state"] != "removed" and row["secret"] is not None:
        told = hub.vault.open_json(row["secret"], f"connections:{row['id']}:secret") or {}
        held = definition.read(told.get("definition", ""))
    address = f"{hub.settings.address}/form/{row['hook_key']}"
    return Published(row["id"], row["hook_key"], row["name"], held, bool(row["practice"]), address)
