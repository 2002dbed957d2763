"""Give objections a receipt number and files of their own."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE objection ADD COLUMN receipt VARCHAR")
    # written out: Alembic would copy SQLite's whole table to name a constraint
    op.create_index(op.f("ix_objection_receipt"), "objection", ["receipt"], unique=True)
    reference = "CONSTRAINT fk_attachment_objection_id REFERENCES objection (id)"
    op.execute(f"ALTER TABLE attachment ADD COLUMN objection_id INTEGER {reference}")
    op.create_index(op.f("ix_attachment_objection_id"), "attachment", ["objection_id"], unique=False)
