"""Keep replaced answers and the days projects were confirmed, count suspended cases apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "former_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("until_entry_id", sa.Integer(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_former_answers_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_answers")),
    )
    op.create_index(op.f("ix_former_answers_item_id"), "former_answers", ["item_id"])
    op.create_index(
        "ix_case_suspended",
        "case",
        ["id"],
        sqlite_where=sa.text("suspended_at IS NOT NULL"),
        postgresql_where=sa.text("suspended_at IS NOT NULL"),
    )
    # what was counted of suspended cases is counted again, as for a new calendar
    op.execute("UPDATE tallied SET revisions = -1")
    op.execute("UPDATE tally_mark SET entry_id = entry_id - 1 WHERE entry_id > 0")


def downgrade() -> None:
    op.drop_index("ix_case_suspended", "case")
    op.drop_table("former_answers")
