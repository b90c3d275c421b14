"""How long each kind of thing is kept: what there is to choose, what is chosen, and what was removed by age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from app.core import audit, house
from app.core.hub import Hub
from app.core.statements import add
from app.db.models import removals
from app.settings import KEEP, LONGEST

DAY = 86_400_000  # ms


@dataclass(frozen=True)
class Kind:
    """One kind of thing that is kept for a number of days. `says`: what it is; `after`: what follows when it is gone."""

    name: str
    title: str
    says: str
    after: str
    gone: str = ""  # the same on the page of a run


KINDS = (
    Kind(
        "deliveries",
        "What vendors sent",
        "The message of each event, as it came, and files that were dropped.",
        "The event stays in the list, but can no longer be read or started over.",
        "The message it began with is gone.",
    ),
    Kind(
        "contents",
        "What went through a run",
        "What each step was given and what came out, the model’s answers included.",
        "The run’s page still says what was done and when. It cannot be tried again.",
        "What went in and came out of its steps is gone; it cannot be tried again.",
    ),
    Kind(
        "undo",
        "What undo needs",
        "What was sent, and how things were before and after.",
        "The run can no longer be taken back from here.",
        "What was sent is gone; it can no longer be taken back from here.",
    ),
    Kind(
        "calls",
        "Calls to vendors",
        "When each change was sent and what the vendor’s server answered.",
        "The change itself stays listed.",
    ),
    Kind(
        "history",
        "Runs and events themselves",
        "That something happened: the lines in the lists.",
        "A message that comes in again even later counts as a new one.",
    ),
    Kind(
        "counts",
        "Counts by day",
        "How often requests were turned away, tokens used, how much was removed.",
        "Only the counts are gone.",
    ),
    Kind(
        "audit",
        "Who decided and changed what",
        "The audit trail. It stays provably whole from where it now begins.",
        "Older decisions can no longer be looked up.",
    ),
)
REMOVED = {  # what one removal of each kind is
    "deliveries": "messages of events",
    "contents": "contents of runs",
    "undo": "what undo needs of runs",
    "calls": "calls to vendors",
    "history": "runs",
    "events": "events",
    "counts": "counts of a day",
    "audit": "lines of the audit trail",
}
_PARTS = ("deliveries", "contents", "undo", "calls")  # of what `history` removes as a whole


def days(hub: Hub) -> dict[str, int]:
    """kind → days it is kept. The environment (PATCHBAY_KEEP) decides before what was chosen on the page."""
    with hub.db.read() as conn:
        chosen: Mapping[str, int] = house.get(conn, "keep", {})
    found = {
        kind.name: int(hub.settings.keep.get(kind.name) or chosen.get(kind.name) or KEEP[kind.name]) for kind in KINDS
    }
    return {name: min(n, found["history"]) if name in _PARTS else n for name, n in found.items()}


def choose(hub: Hub, wanted: Mapping[str, Any], *, by: str) -> dict[str, int]:
    """Keep these kinds for so many days from now on; others as before. Raises ValueError with a sentence."""
    fresh = {name: _number(name, value) for name, value in wanted.items()}
    if fixed := sorted(set(fresh) & set(hub.settings.keep)):
        raise ValueError(f"{', '.join(fixed)} is set by PATCHBAY_KEEP where Patchbay starts. Change it there")
    whole = {**days(hub), **fresh}
    longer = [kind.title for kind in KINDS if kind.name in _PARTS and whole[kind.name] > whole["history"]]
    if longer:
        raise ValueError(
            f"{longer[0]} cannot be kept longer than the runs and events themselves ({whole['history']} days). "
            "Make that number larger, or this one smaller"
        )

    def save(conn: Connection) -> None:
        house.put(conn, "keep", {**house.get(conn, "keep", {}), **fresh})
        audit.add(conn, hub, by, "changed how long things are kept", "house:keep", dict(fresh))

    hub.db.write(save)
    return days(hub)


def _number(name: str, value: Any) -> int:
    kind = next((k for k in KINDS if k.name == name), None)
    if kind is None:
        raise ValueError(f"There is nothing called {name} to keep. There are: {', '.join(k.name for k in KINDS)}")
    text = str(value).strip().removesuffix("d")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LONGEST:
        raise ValueError(f"{kind.title}: write a number of days from 1 to {LONGEST:,}")
    return int(text)


def note(conn: Connection, name: str, number: int) -> None:
    """So many of a kind were removed by age, today; inside the transaction that removes them."""
    if number:
        add(conn, removals, {"day": today(), "kind": name}, count=number)


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def removed(hub: Hub, limit: int = 20) -> list[dict[str, Any]]:
    """day, kind, count; newest first."""
    query = select(removals).order_by(removals.c.day.desc(), removals.c.kind).limit(limit)
    with hub.db.read() as conn:
        return [dict(row) for row in conn.execute(query).mappings()]
