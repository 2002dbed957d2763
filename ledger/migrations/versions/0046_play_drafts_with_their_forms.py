"""Keep when a scenario was played, what kind of cases a rehearsal takes, and that its process still lives."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rehearsal_scenario", sa.Column("began_at", sa.DateTime(), nullable=True))
    op.add_column("rehearsal_run", sa.Column("which", sa.String(), nullable=True))
    op.add_column("rehearsal_run", sa.Column("alive_at", sa.DateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("rehearsal_run", "alive_at")
    op.drop_column("rehearsal_run", "which")
    op.drop_column("rehearsal_scenario", "began_at")
