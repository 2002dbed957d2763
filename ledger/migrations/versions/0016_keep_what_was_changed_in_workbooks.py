"""Keep each cell of the ledger that somebody changed in a workbook."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_edit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("old", sa.String(), nullable=False),
        sa.Column("new", sa.String(), nullable=False),
        sa.Column("edited_at", sa.DateTime(), nullable=False),
        sa.Column("edited_by", sa.String(), nullable=False),
        sa.Column("edited_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_ledger_edit_project_id")),
        sa.ForeignKeyConstraint(["edited_by_id"], ["user.id"], name=op.f("fk_ledger_edit_edited_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_edit")),
    )
    op.create_index(op.f("ix_ledger_edit_project_id"), "ledger_edit", ["project_id"], unique=False)
