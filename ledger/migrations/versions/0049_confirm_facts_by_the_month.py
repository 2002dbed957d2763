"""Keep the days projects were confirmed, and why a fact was corrected."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fact_confirmation",
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("round_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("confirmed_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_fact_confirmation_project_id")),
        sa.ForeignKeyConstraint(["round_id"], ["unit_round.id"], name=op.f("fk_fact_confirmation_round_id")),
        sa.PrimaryKeyConstraint("project_id", "round_id", name=op.f("pk_fact_confirmation")),
    )
    op.add_column("ledger_edit", sa.Column("reason", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("ledger_edit", "reason")
    op.drop_table("fact_confirmation")
