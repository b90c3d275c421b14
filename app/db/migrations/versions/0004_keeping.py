"""What was removed by age: counted by day, and noted on the runs that lost their contents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("trimmed_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "removals",
        sa.Column("day", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("count", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("day", "kind", name=op.f("pk_removals")),
    )
    if op.get_context().dialect.name == "postgresql":
        # Every run passes through the index of those at work and leaves dead entries behind, which each claim walks over
        # until VACUUM has been there; by default that is after a fifth of all rows, and may leave indexes alone.
        op.execute("alter table runs set (autovacuum_vacuum_scale_factor = 0.05, vacuum_index_cleanup = on)")
