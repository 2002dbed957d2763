"""Keep what drafts were rehearsed on, and the scenarios played at each deploy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rehearsal_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("whole_count", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["draft_id"], ["procedure_draft.id"], name=op.f("fk_rehearsal_run_draft_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsal_run")),
    )
    op.create_index(op.f("ix_rehearsal_run_draft_id"), "rehearsal_run", ["draft_id"], unique=False)
    op.create_table(
        "rehearsal_outcome",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("element", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("passed", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["rehearsal_run.id"], name=op.f("fk_rehearsal_outcome_run_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_rehearsal_outcome_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsal_outcome")),
    )
    op.create_index(op.f("ix_rehearsal_outcome_run_id"), "rehearsal_outcome", ["run_id"], unique=False)
    op.create_table(
        "rehearsal_scenario",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("process_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("visited", sa.JSON(), nullable=False),
        sa.Column("rests_at", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("retired_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsal_scenario")),
        sa.UniqueConstraint("process_id", "name", name=op.f("uq_rehearsal_scenario_process_id_name")),
    )
    op.create_index(op.f("ix_rehearsal_scenario_process_id"), "rehearsal_scenario", ["process_id"], unique=False)
