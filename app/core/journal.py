"""The journal of one run: its entries and writes, read once when the run is claimed, written as steps end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from app.core.hub import Hub
from app.core.statements import put, upsert
from app.db.models import entries, reviews, writes
from connectors.contract import JSON

Place = tuple[str, str]  # (step, item)
Write = Callable[[Connection], Any]

_ENTRIES = select(entries).where(entries.c.run == bindparam("which"))
_WRITES = select(writes).where(writes.c.run == bindparam("which"))
_WRITE = select(writes).where(writes.c.id == bindparam("which"))
_REVIEWS = select(reviews).where(reviews.c.run == bindparam("which")).order_by(reviews.c.opened_at, reviews.c.id)


@dataclass
class Entry:
    """One line: the state of one item of one step."""

    state: str
    value: JSON = None
    tries: int = 0
    started_at: int | None = None
    reserved: int = 0  # tokens, for a question that is under way or whose worker died


@dataclass
class Journal:
    """What has happened in a run so far. `undoes` rows are kept apart: they belong to the undo of the run."""

    hub: Hub
    run_id: str
    entries: dict[Place, Entry] = field(default_factory=dict)
    writes: dict[tuple[str, str, str], RowMapping] = field(default_factory=dict)
    reviews: list[RowMapping] = field(default_factory=list)
    _unsaved: list[dict[str, Any]] = field(default_factory=list)
    _due: list[Write] = field(default_factory=list)

    def load(self) -> None:
        """What earlier claims of this run left behind."""
        mine = {"which": self.run_id}
        with self.hub.db.read() as conn:
            found = conn.execute(_ENTRIES, mine).mappings().all()
            self.reviews = list(conn.execute(_REVIEWS, mine).mappings())
        self.load_writes()
        for row in found:
            value = self.hub.vault.open_json(row["answer"], _place(self.run_id, row["step"], row["item"], "answer"))
            reserved = row["tokens_in"] if row["state"] == "pending" else 0
            self.entries[row["step"], row["item"]] = Entry(
                row["state"], value, row["tries"], row["started_at"], reserved
            )

    def load_writes(self) -> None:
        """All writes of the run as they are now, with what is still due."""
        if self._due:
            self.hub.db.write(self.flush)
            self.flushed()
        with self.hub.db.read() as conn:
            for row in conn.execute(_WRITES, {"which": self.run_id}).mappings():
                self.writes[row["step"], row["item"], row["undoes"]] = row

    def open(self, row: RowMapping, column: str) -> Any:
        """The JSON of an encrypted column of a write row."""
        return self.hub.vault.open_json(row[column], f"writes:{row['id']}:{column}")

    def note(self, step: str, item: str, state: str) -> None:
        """Remember a line without a transaction of its own; it is saved with the next one."""
        if (step, item) not in self.entries:
            self.entries[step, item] = Entry(state)
            now = self.hub.now()
            self._unsaved.append({"step": step, "item": item, "state": state, "started_at": now, "ended_at": now})

    @property
    def has_ended(self) -> bool:
        """A line has ended since the last commit: the run got somewhere."""
        return bool(self._due or self._unsaved)

    def later(self, do: Write) -> None:
        """A change that joins the next transaction of this run. There is one before anything leaves for a vendor, and one when
        the run is let go of."""
        self._due.append(do)

    def flush(self, conn: Connection) -> None:
        """Inside a transaction that holds the claim."""
        for do in self._due:
            do(conn)
        for line in self._unsaved:
            key = {"run": self.run_id, "step": line["step"], "item": line["item"]}
            upsert(conn, entries, key, {k: v for k, v in line.items() if k not in key})

    def flushed(self) -> None:
        """After the commit: what was noted is saved."""
        self._unsaved.clear()
        self._due.clear()

    def line(self, step: str, item: str, *, given: JSON = None, answer: JSON = None, **values: Any) -> Write:
        """Inserts or changes a line when it is called in a transaction. `given` and `answer` are sealed now: others wait while
        somebody writes."""
        for name, content in (("given", given), ("answer", answer)):
            if content is not None:
                values[name] = self.hub.vault.seal_json(content, _place(self.run_id, step, item, name))
        key = {"run": self.run_id, "step": step, "item": item}
        return lambda conn: upsert(conn, entries, key, values)

    def save(self, conn: Connection, step: str, item: str, **values: Any) -> None:
        """The same at once."""
        self.line(step, item, **values)(conn)

    def put(self, step: str, item: str, state: str, value: JSON = None) -> None:
        """The same in memory, after the commit."""
        old = self.entries.get((step, item))
        self.entries[step, item] = Entry(state, value, old.tries if old else 0, old.started_at if old else None)

    def compensated(self, conn: Connection, write_id: str) -> None:
        """A write was taken back: it and its line say so."""
        change_write(conn, write_id, state="compensated")
        line = (entries.c.run == self.run_id) & (entries.c.write == write_id)
        conn.execute(update(entries).where(line).values(state="compensated"))

    def reload_write(self, write_id: str) -> RowMapping:
        with self.hub.db.read() as conn:
            row = conn.execute(_WRITE, {"which": write_id}).mappings().one()
        self.writes[row["step"], row["item"], row["undoes"]] = row
        return row

    def decisions(self, kind: str, step: str, item: str) -> list[RowMapping]:
        """Reviews of this place that a person has decided, oldest first."""
        return [
            r for r in self.reviews if (r["kind"], r["step"], r["item"], r["state"]) == (kind, step, item, "decided")
        ]


def _place(run: str, step: str, item: str, column: str) -> str:
    return f"entries:{run}/{step}/{item}:{column}"


def change_write(conn: Connection, write_id: str, **values: Any) -> None:
    put(conn, writes, {"id": write_id}, **values)
