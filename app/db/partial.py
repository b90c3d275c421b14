"""Partial indexes hold only the few rows that are looked for, so that a million finished ones cost neither reader nor writer.
A query meets one only with the same words in it, hence `literally`."""

from __future__ import annotations

from sqlalchemy import Index, literal_column, text
from sqlalchemy.sql.elements import ColumnElement

FINISHED = ("cancelled", "done", "failed", "undone")
AT_WORK = ("later", "queued", "running")
RESTING = ("cancelled", "failed", "later", "undoing", "undone", "waiting")


def literally(words: tuple[str, ...]) -> list[ColumnElement[str]]:
    """Words that stand in the statement itself, for `in_` and `not_in`; never for anything typed by people."""
    return [literal_column(f"'{word}'") for word in words]


def spelled(words: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"'{word}'" for word in words) + ")"


def partial(name: str, *columns: str, where: str) -> Index:
    """An index of the rows for which `where` holds."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))
