"""Statements whose result nobody reads: they arrive in order, with their transaction or not at all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, event, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from app.core import house
from app.core.statements import change, insert, put, upsert
from app.db.models import house as facts
from app.db.session import Database
from tests.databases import Postgres

BOTH = pytest.mark.both_databases


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def on_postgres(postgres: Postgres) -> Iterator[Database]:
    with postgres.fresh() as url:
        opened = Database(url)
        yield opened
        opened.close()


def values(db: Database) -> dict[str, str]:
    with db.read() as conn:
        return {row.key: row.value for row in conn.execute(select(facts.c.key, facts.c.value).where(facts.c.key < "c"))}


def fill(conn: Connection, value: str) -> None:
    insert(conn, facts, {"key": "a", "value": value})
    upsert(conn, facts, {"key": "b"}, {"value": value})


@BOTH
def test_what_is_read_in_the_same_transaction_sees_them(db: Database) -> None:
    def save(conn: Connection) -> tuple[object, int]:
        fill(conn, '"one"')
        put(conn, facts, {"key": "a"}, value='"two"')
        return house.get(conn, "a"), change(conn, facts, {"key": "b"}, value='"three"')

    assert db.write(save) == ("two", 1)
    assert values(db) == {"a": '"two"', "b": '"three"'}


@BOTH
def test_they_are_undone_with_their_transaction_and_with_no_other(db: Database) -> None:
    def fail(conn: Connection) -> None:
        fill(conn, "1")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        db.write(fail)
    assert values(db) == {}
    db.write(lambda conn: fill(conn, "2"))
    assert values(db) == {"a": "2", "b": "2"}


@BOTH
def test_one_that_fails_undoes_all_and_is_told_as_what_it_is(db: Database) -> None:
    db.write(lambda conn: insert(conn, facts, {"key": "a", "value": "1"}))

    def save(conn: Connection) -> None:
        upsert(conn, facts, {"key": "b"}, {"value": "2"})
        insert(conn, facts, {"key": "a", "value": "3"})
        upsert(conn, facts, {"key": "b"}, {"value": "4"})

    with pytest.raises(IntegrityError):
        db.write(save)
    assert values(db) == {"a": "1"}
    db.write(lambda conn: upsert(conn, facts, {"key": "b"}, {"value": "5"}))
    assert values(db) == {"a": "1", "b": "5"}


@BOTH
def test_each_by_itself_arrives_too(db: Database) -> None:
    db.write_each(lambda conn: fill(conn, "1"))
    assert values(db) == {"a": "1", "b": "1"}


def test_postgres_gets_them_together(on_postgres: Database) -> None:
    waited: list[str] = []
    event.listen(on_postgres.engine, "before_cursor_execute", lambda *a: waited.append(a[2].split()[0]))
    on_postgres.write(lambda conn: fill(conn, "1"))
    assert waited == []  # for nothing but the commit
    assert values(on_postgres) == {"a": "1", "b": "1"}


def test_a_connection_that_is_cut_meanwhile_is_told_and_replaced(on_postgres: Database) -> None:
    other = Database(on_postgres.url)

    def cut(conn: Connection) -> None:
        pid = conn.execute(text("select pg_backend_pid()")).scalar_one()
        fill(conn, "1")
        other.write(lambda c: c.execute(text(f"select pg_terminate_backend({pid})")))

    with pytest.raises(OperationalError) as told:
        on_postgres.write(cut)
    other.close()
    assert told.value.connection_invalidated
    on_postgres.write(lambda conn: fill(conn, "2"))
    assert values(on_postgres) == {"a": "2", "b": "2"}
