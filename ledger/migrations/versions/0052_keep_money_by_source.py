"""Keep what each project has from each source, so that the few with money from one are found at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "source_share",
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("yuan", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_source_share_project_id")),
        sa.PrimaryKeyConstraint("project_id", "source", name=op.f("pk_source_share")),
    )
    op.create_index("ix_source_share_source", "source_share", ["source", "project_id"])
    # a calendar never seen: the clock counts everything anew, with its sources
    op.execute("UPDATE tally_mark SET calendar_revision = -1")


def downgrade() -> None:
    op.drop_table("source_share")
