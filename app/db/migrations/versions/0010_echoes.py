"""An index for telling a vendor's news from what our own writes left behind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_VERSIONED = sa.text("version_after <> ''")


def upgrade() -> None:
    op.create_index(
        "ix_writes_versioned",
        "writes",
        ["connection", "result_id"],
        sqlite_where=_VERSIONED,
        postgresql_where=_VERSIONED,
    )
