"""When a delivery came that was signed with a secret which the vendor handed over and a person pasted back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connections", sa.Column("hook_heard_at", sa.BigInteger(), nullable=True))
