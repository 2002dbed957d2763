"""Find the cases that stand longest in the order of an index, for the list of those nobody acts on."""

from __future__ import annotations

from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_standing_since", "standing", ["since_at", "case_id"])


def downgrade() -> None:
    op.drop_index("ix_standing_since", "standing")
