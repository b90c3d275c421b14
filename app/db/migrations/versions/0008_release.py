"""Runs that let others of their serial key go ahead while they wait for a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("releases", "aside"):
        op.add_column("runs", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
