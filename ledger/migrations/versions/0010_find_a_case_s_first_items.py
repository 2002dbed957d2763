"""Find the first item of an element within a case by its index alone."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COLUMNS = ["case_id", "element", "id"]


def upgrade() -> None:
    op.create_index("ix_work_item_case_id_element_id", "work_item", COLUMNS, unique=False)
    op.drop_index(op.f("ix_work_item_case_id"), table_name="work_item")
