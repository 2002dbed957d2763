"""Hold items, suspend cases, retry completions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PEOPLE = ("claimed_by_id", "delegated_by_id", "delegated_to_id")


def upgrade() -> None:
    op.add_column("case", sa.Column("suspended_at", sa.DateTime(), nullable=True))
    op.add_column("case", sa.Column("publicity_interrupted_at", sa.DateTime(), nullable=True))
    for name in PEOPLE:
        # written out: Alembic would copy SQLite's whole table to name a foreign key
        reference = f'CONSTRAINT fk_work_item_{name} REFERENCES "user" (id)'
        op.execute(f"ALTER TABLE work_item ADD COLUMN {name} INTEGER {reference}")
    op.add_column("work_item", sa.Column("returns_to", sa.String(), nullable=True))
    op.add_column("incident", sa.Column("attempt", sa.LargeBinary(), nullable=True))
