"""Turn papers into PDF when somebody asks, one after the other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversion",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("begun_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("message", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["paper.sha256"], name=op.f("fk_conversion_sha256")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_conversion")),
    )
    op.create_index(op.f("ix_conversion_stage"), "conversion", ["stage"], unique=False)
