"""Keep how each row of Annex 6 stands as letters in the table of archives: a list of them asked each project's JSON."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _anew("letters")


def downgrade() -> None:
    _anew("lacking")


def _anew(column: str) -> None:
    op.drop_table("archive_standing")
    op.create_table(
        "archive_standing",
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column(column, sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_archive_standing_project_id")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_archive_standing")),
    )
    # a calendar never seen: the clock counts everything anew, with its archive
    op.execute("UPDATE tally_mark SET calendar_revision = -1")
