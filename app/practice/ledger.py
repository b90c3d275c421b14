"""The practice vendors' memory: every request in order, what it changed, and the objects, in one SQLite file."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

JSON = Any

TABLES = """
create table if not exists requests (
  no integer primary key, at integer not null, slug text not null, method text not null, path text not null,
  query text not null, body blob not null, body_sha256 text not null, status integer, effect text, id text,
  held integer not null default 0, fault text);
create table if not exists objects (
  slug text not null, id text not null, kind text not null, parent text not null, rank integer not null,
  made real not null, gone integer not null, data text not null, primary key (slug, id)) without rowid;
create index if not exists objects_by_parent on objects (slug, parent, kind, rank);
create table if not exists faults (
  no integer primary key, slug text not null, skip integer not null, times integer not null, spec text not null);
create table if not exists notes (name text primary key, value text not null) without rowid;
create table if not exists buckets (name text primary key, tat real not null) without rowid;
"""
KEPT = 20_000
"""Requests kept when nobody is testing; older ones are forgotten."""


_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Ledger:
    """One SQLite connection per process behind a lock; several processes may share the file."""

    def __init__(self, file: Path, *, forget: bool = True) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._forget = forget
        self._lock = threading.RLock()
        self._pid = 0
        self._depth = 0
        self._held: sqlite3.Connection | None = None
        self._inherited: sqlite3.Connection | None = None

    @property
    def _db(self) -> sqlite3.Connection:
        if self._held is None or self._pid != os.getpid():
            # SQLite connections do not survive a fork, and closing the parent's here would harm the parent's.
            self._inherited = self._held
            db = sqlite3.connect(self._file, timeout=10, isolation_level=None, check_same_thread=False)
            db.row_factory = sqlite3.Row
            # Losing the last moments in a power cut is fine here: nothing in it is anybody's real data.
            for line in ("synchronous=OFF", "journal_mode=WAL", "cache_size=-16000"):
                db.execute(f"pragma {line}")
            db.executescript(TABLES)
            self._held, self._pid, self._depth = db, os.getpid(), 0
        return self._held

    def close(self) -> None:
        with self._lock:
            if self._held is not None:
                self._held.close()
                self._held = None

    @contextmanager
    def write(self) -> Iterator[None]:
        """One transaction; used inside another it joins that one."""
        with self._lock:
            db = self._db
            if self._depth == 0:
                db.execute("begin immediate")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    db.execute("rollback")
                raise
            self._depth -= 1
            if self._depth == 0:
                db.execute("commit")

    def rows(self, sql: str, *args: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, args).fetchall()

    def change(self, sql: str, *args: object) -> int:
        with self.write():
            return self._db.execute(sql, args).rowcount

    # --- requests -----------------------------------------------------------------------------------------------------

    def arrive(self, slug: str, method: str, path: str, query: str, body: bytes) -> int:
        """Writes the request down before anything is done with it; returns its number."""
        with self.write():
            made = self._db.execute(
                "insert into requests (at, slug, method, path, query, body, body_sha256) values (?,?,?,?,?,?,?)",
                (int(time.time() * 1000), slug, method, path, query, body, hashlib.sha256(body).hexdigest()),
            )
            no = int(made.lastrowid or 0)
            if self._forget and no % 500 == 0:
                self._db.execute("delete from requests where no <= ?", (no - KEPT,))
        return no

    def effect(self, no: int, what: str, id: str) -> None:
        """Belongs in the transaction that makes the change, so that the ledger never lies about it."""
        self.change("update requests set effect=?, id=? where no=?", what, id, no)

    def answered(self, no: int, status: int) -> None:
        self.change("update requests set status=? where no=?", status, no)

    def hold(self, no: int, held: bool) -> None:
        self.change("update requests set held=? where no=?", int(held), no)

    def history(self, slug: str = "", after: int = 0, bodies: bool = False) -> list[dict[str, JSON]]:
        """Every request in order; `effect` says what it changed and `id` which object, both None if nothing."""
        rows = self.rows("select * from requests where no>? and (?='' or slug=?) order by no", after, slug, slug)
        return [_request(row, bodies) for row in rows]

    # --- objects ------------------------------------------------------------------------------------------------------

    def put(self, slug: str, kind: str, data: dict[str, JSON], *, parent: str = "", rank: int = 0) -> None:
        """`data["id"]` names the object; a second put changes its data and leaves its place alone."""
        self.change(
            "insert into objects (slug, id, kind, parent, rank, made, gone, data) values (?,?,?,?,?,?,?,?) "
            "on conflict (slug, id) do update set data=excluded.data, gone=excluded.gone",
            *(slug, data["id"], kind, parent, rank, time.time(), int(bool(data.get("in_trash")))),
            _compact(data),
        )

    def get(self, slug: str, id: str, kind: str = "") -> dict[str, JSON] | None:
        rows = self.rows(
            "select data from objects where slug=? and id=? and (?='' or kind=?)", slug, id.lower(), kind, kind
        )
        return json.loads(rows[0]["data"]) if rows else None

    def objects(self, slug: str, kind: str, parent: str | None = None) -> list[dict[str, JSON]]:
        """In order of rank, then of making; those in the trash too."""
        where = "" if parent is None else "and parent=?"
        args = () if parent is None else (parent,)
        rows = self.rows(
            f"select data from objects where slug=? and kind=? {where} order by rank, made, id",  # noqa: S608
            *(slug, kind, *args),
        )
        return [json.loads(row["data"]) for row in rows]

    def objects_made(self, slug: str, kind: str, parent: str, until: float) -> list[dict[str, JSON]]:
        """Those made before `until` (Unix seconds), in the order of making."""
        sql = "select data from objects where slug=? and kind=? and parent=? and made<=? order by made, id"
        return [json.loads(row["data"]) for row in self.rows(sql, slug, kind, parent, until)]

    # --- notes --------------------------------------------------------------------------------------------------------

    def note(self, name: str, default: JSON = None) -> JSON:
        rows = self.rows("select value from notes where name=?", name)
        return json.loads(rows[0]["value"]) if rows else default

    def set_note(self, name: str, value: JSON) -> None:
        self.change("insert or replace into notes (name, value) values (?,?)", name, json.dumps(value))


def _request(row: sqlite3.Row, bodies: bool) -> dict[str, JSON]:
    shown = {key: row[key] for key in row.keys() if key != "body"}  # noqa: SIM118 - a Row iterates over its values
    shown["held"] = bool(row["held"])
    if bodies:
        shown["body"] = row["body"].decode("utf-8", "replace")
    return shown
