"""Keep tallies for the process map and the boards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tallied",
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revisions", sa.Integer(), nullable=False),
        sa.Column("shares", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_tallied_project_id")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_tallied")),
    )
    op.create_table(
        "tally_mark",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("calendar_revision", sa.Integer(), nullable=False),
        sa.Column("renewed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally_mark")),
    )
    op.create_table(
        "standing",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("element", sa.String(), nullable=False),
        sa.Column("late_at", sa.DateTime(), nullable=False),
        sa.Column("since_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_standing_case_id")),
        sa.PrimaryKeyConstraint("case_id", "element", name=op.f("pk_standing")),
    )
    op.create_index("ix_standing_element", "standing", ["element", "late_at", "case_id"], unique=False)
    op.create_table(
        "project_tally",
        sa.Column("area_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("branch_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("linkage", sa.String(), nullable=False),
        sa.Column("exited", sa.Boolean(), nullable=False),
        sa.Column("progress", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("earmarked_yuan", sa.BigInteger(), nullable=False),
        sa.Column("integrated_yuan", sa.BigInteger(), nullable=False),
        sa.Column("sector_yuan", sa.BigInteger(), nullable=False),
        sa.Column("social_yuan", sa.BigInteger(), nullable=False),
        sa.Column("unattributed_yuan", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "area_id",
            "branch_id",
            "category",
            "operation",
            "linkage",
            "exited",
            "progress",
            name=op.f("pk_project_tally"),
        ),
    )
    op.create_table(
        "case_tally",
        sa.Column("area_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("branch_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("campaign_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("late_at", sa.DateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("area_id", "branch_id", "campaign_id", "status", "late_at", name=op.f("pk_case_tally")),
    )
    op.create_table(
        "standing_tally",
        sa.Column("area_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("procedure_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("campaign_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("element", sa.String(), nullable=False),
        sa.Column("late_at", sa.DateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "area_id", "procedure_id", "campaign_id", "category", "element", "late_at", name=op.f("pk_standing_tally")
        ),
    )
    op.create_table(
        "passage_tally",
        sa.Column("area_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("procedure_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("campaign_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("element", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "area_id",
            "procedure_id",
            "campaign_id",
            "category",
            "month",
            "element",
            "days",
            name=op.f("pk_passage_tally"),
        ),
    )
    op.create_table(
        "rate_day",
        sa.Column("area_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("project_count", sa.Integer(), nullable=False),
        sa.Column("stopped_count", sa.Integer(), nullable=False),
        sa.Column("difficult_count", sa.Integer(), nullable=False),
        sa.Column("weak_linkage_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("area_id", "on", name=op.f("pk_rate_day")),
    )
