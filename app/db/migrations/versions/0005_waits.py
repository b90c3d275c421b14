"""What a run waits for that is neither a vendor nor a person: a time, or an event."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waits",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), server_default="", nullable=False),
        sa.Column("connection", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("fields", sa.Text(), server_default="", nullable=False),
        sa.Column("key", sa.Text(), server_default="", nullable=False),
        sa.Column("after", sa.Text(), server_default="", nullable=False),
        sa.Column("until", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("event", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_waits_run_runs")),
        sa.PrimaryKeyConstraint("run", name=op.f("pk_waits")),
    )
    some = "key <> ''"
    op.create_index("ix_waits_key", "waits", ["key"], sqlite_where=sa.text(some), postgresql_where=sa.text(some))
    op.create_index("ix_waits_until", "waits", ["until"])
    came = "event <> ''"
    op.create_index("ix_waits_came", "waits", ["event"], sqlite_where=sa.text(came), postgresql_where=sa.text(came))
