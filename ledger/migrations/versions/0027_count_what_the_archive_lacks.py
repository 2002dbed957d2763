"""Count by area what the rows of Annex 6 hold and lack."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archive_standing",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("lacking", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_archive_standing_project_id")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_archive_standing")),
    )
    op.create_table(
        "archive_tally",
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("area_id", "level", "row", "standing", name=op.f("pk_archive_tally")),
    )
    # a calendar never seen: the clock counts everything anew, with its archive
    op.execute("UPDATE tally_mark SET calendar_revision = -1")
