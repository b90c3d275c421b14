"""Accounts that are opened by signing in at the vendor."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("consented_at", "renewed_at", "idle_until", "ends_at"):
        op.add_column("connections", sa.Column(name, sa.BigInteger(), nullable=True))
    for name in ("refresh_holder", "refresh_error"):
        op.add_column("connections", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column("connections", sa.Column("secret_before", sa.LargeBinary(), nullable=True))
    op.create_table(
        "apps",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), server_default="", nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_apps")),
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Text(), server_default=default, nullable=False)
            for name, default in (
                ("slug", ""),
                ("session", ""),
                ("user", ""),
                ("connection", ""),
                ("name", ""),
                ("state", "asked"),
            )
        ),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
    )
