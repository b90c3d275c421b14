"""Indexes that stay small while the tables grow: most hold only rows that are not finished. Lists go by id, which is by time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_PARTIAL = (
    ("ix_events_unrouted", "events", ["state", "id"], "state <> 'routed'"),
    ("ix_runs_at_work", "runs", ["wake_at", "id", "state"], "state in ('later', 'queued', 'running')"),
    (
        "ix_runs_unfinished",
        "runs",
        ["serial_key", "serial_no"],
        "serial_key <> '' and state not in ('cancelled', 'done', 'failed', 'undone')",
    ),
    (
        "ix_runs_resting",
        "runs",
        ["state", "id", "recipe"],
        "state in ('cancelled', 'failed', 'later', 'undoing', 'undone', 'waiting')",
    ),
    ("ix_runs_waits", "runs", ["waits_for", "state"], "waits_for <> ''"),
    (
        "ix_runs_done",
        "runs",
        ["ended_at", "recipe", "state", "practice", "level"],
        "state = 'done' and not practice and level <> 'rehearse'",
    ),
    ("ix_writes_not_done", "writes", ["state", "id"], "state <> 'done'"),
    ("ix_reviews_expiry", "reviews", ["expires_at"], "state = 'open'"),
    ("ix_reviews_event", "reviews", ["event"], "event is not null"),
)
_REPLACED = (
    ("ix_events_state", "events"),
    ("ix_runs_claim", "runs"),
    ("ix_runs_serial", "runs"),
    ("ix_runs_recipe", "runs"),
    ("ix_writes_state", "writes"),
    ("ix_writes_made", "writes"),
    ("ix_reviews_state", "reviews"),
)


def upgrade() -> None:
    for name, table, columns, where in _PARTIAL:
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_index("ix_runs_latest", "runs", ["recipe", "id"])
    op.create_index("ix_reviews_listed", "reviews", ["state", "id"])
    for name, table in _REPLACED:
        op.drop_index(name, table)
