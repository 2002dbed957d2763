"""Follow many cases on their way to another version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "move_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("procedure_id", sa.Integer(), nullable=False),
        sa.Column("back", sa.Boolean(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("fresh_timers", sa.Boolean(), nullable=False),
        sa.Column("checked", sa.Boolean(), nullable=False),
        sa.Column("whole_count", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedure.id"], name=op.f("fk_move_run_procedure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_move_run")),
    )
    op.create_index(op.f("ix_move_run_procedure_id"), "move_run", ["procedure_id"], unique=False)
    op.create_table(
        "move_outcome",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["move_run.id"], name=op.f("fk_move_outcome_run_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_move_outcome_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_move_outcome")),
    )
    op.create_index(op.f("ix_move_outcome_run_id"), "move_outcome", ["run_id"], unique=False)
