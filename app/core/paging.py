"""Lists of what grows for years: by id, which is by time. A page goes on after an id and not after a number of rows, so it
costs the same wherever it is, and nothing is skipped or shown twice while new rows arrive."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, func, literal, select

from app.core.ids import first_at

MANY = 1000  # a count goes so far: whoever sees more than this many waiting needs no exact number


def newest(query: Select[Any], by: ColumnElement[str], limit: int, before: str = "", since: int = 0) -> Select[Any]:
    """The newest rows first: those older than the id `before`, those not older than `since` (ms UTC)."""
    if before:
        query = query.where(by < before)
    if since:
        query = query.where(by >= first_at(since))
    return query.order_by(by.desc()).limit(limit)


def beside(column: Column[str]) -> ColumnElement[str]:
    """A column as SQL no index can serve: it filters the rows that a better index has found."""
    return column.concat(literal(""))


def cut(found: list[dict[str, Any]], limit: int) -> tuple[list[dict[str, Any]], str]:
    """A page out of one row more than it shows, and the id after which the next one begins, "" on the last."""
    return found[:limit], str(found[limit - 1]["id"]) if len(found) > limit else ""


def count(conn: Connection, query: Select[Any], most: int = MANY) -> int:
    """How many rows, counted no further than `most`."""
    return int(conn.execute(select(func.count()).select_from(query.limit(most).subquery())).scalar_one())
