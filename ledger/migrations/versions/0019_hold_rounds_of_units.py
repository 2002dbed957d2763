"""Hold rounds of units: weekly, monthly, yearly reports and what a campaign opens with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "round_date",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("county_id", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["county_id"], ["unit.id"], name=op.f("fk_round_date_county_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_date")),
        sa.UniqueConstraint("county_id", "occurrence", name=op.f("uq_round_date_county_id_occurrence")),
    )
    op.create_table(
        "round_pause",
        sa.Column("county_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["county_id"], ["unit.id"], name=op.f("fk_round_pause_county_id")),
        sa.PrimaryKeyConstraint("county_id", "kind", name=op.f("pk_round_pause")),
    )
    op.create_table(
        "round_summary",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("county_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("occurrence", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("late", sa.JSON(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=False),
        sa.Column("closed_by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["closed_by_id"], ["user.id"], name=op.f("fk_round_summary_closed_by_id")),
        sa.ForeignKeyConstraint(["county_id"], ["unit.id"], name=op.f("fk_round_summary_county_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_summary")),
        sa.UniqueConstraint(
            "county_id", "kind", "occurrence", "number", name=op.f("uq_round_summary_county_id_kind_occurrence_number")
        ),
    )
    op.create_table(
        "unit_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("county_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("occurrence", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("procedure_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("backfilled", sa.Boolean(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(), nullable=True),
        sa.Column("figures", sa.JSON(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_unit_round_campaign_id")),
        sa.ForeignKeyConstraint(["county_id"], ["unit.id"], name=op.f("fk_unit_round_county_id")),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedure.id"], name=op.f("fk_unit_round_procedure_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_round_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_round")),
        sa.UniqueConstraint("key", name=op.f("uq_unit_round_key")),
    )
    op.create_index("ix_unit_round_occurrence", "unit_round", ["county_id", "kind", "occurrence"], unique=False)
    op.create_index(op.f("ix_unit_round_unit_id"), "unit_round", ["unit_id"], unique=False)
    op.create_table(
        "round_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("element", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("stem", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("sent_by", sa.String(), nullable=False),
        sa.Column("returned_reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("draft", sa.LargeBinary(), nullable=True),
        sa.Column("answers", sa.LargeBinary(), nullable=True),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("completed_at", sa.DateTime(), nullable=True),
        sa.Column("completed_by_id", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["completed_by_id"], ["user.id"], name=op.f("fk_round_item_completed_by_id")),
        sa.ForeignKeyConstraint(["round_id"], ["unit_round.id"], name=op.f("fk_round_item_round_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_round_item_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_item")),
    )
    op.create_index(op.f("ix_round_item_round_id"), "round_item", ["round_id"], unique=False)
    op.create_index(
        "ix_round_item_waiting",
        "round_item",
        ["unit_id", "role", "due_at"],
        unique=False,
        sqlite_where=sa.text("completed_at IS NULL"),
        postgresql_where=sa.text("completed_at IS NULL"),
    )
    for table in ("round_item", "round_summary"):
        # written out: Alembic would copy SQLite's whole table to name a foreign key
        reference = f"CONSTRAINT fk_attachment_{table}_id REFERENCES {table} (id)"
        op.execute(f"ALTER TABLE attachment ADD COLUMN {table}_id INTEGER {reference}")
    op.create_index(op.f("ix_attachment_round_item_id"), "attachment", ["round_item_id"], unique=False)
    op.create_index(op.f("ix_attachment_round_summary_id"), "attachment", ["round_summary_id"], unique=False)
