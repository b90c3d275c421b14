"""The contents of files that were dropped, in the database so that backups have them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, PrimaryKeyConstraint, Table, Text

from app.db.columns import metadata
from app.db.columns import number as _int

file_parts = Table(
    "file_parts",
    metadata,
    Column("event", Text, ForeignKey("events.id"), nullable=False),
    _int("part"),  # from 0; a file of 25 MB has a hundred
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("event", "part"),
)
