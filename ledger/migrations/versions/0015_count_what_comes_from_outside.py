"""Count what is sent without signing in, by address and by notice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outside_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_outside_attempt_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_attempt")),
    )
    op.create_index("ix_outside_attempt_address_at", "outside_attempt", ["address", "at"], unique=False)
    op.create_index("ix_outside_attempt_case_id_at", "outside_attempt", ["case_id", "at"], unique=False)
