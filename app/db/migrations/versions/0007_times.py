"""Schedules are found by their next instant."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    there = sa.text("next_at is not null")
    op.create_index("ix_schedules_due", "schedules", ["next_at"], sqlite_where=there, postgresql_where=there)
