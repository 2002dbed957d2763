"""Let the indexes of waiting items hold all that lists and counters ask, so that no row is looked up for a count."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

_WAITS = "completed_at IS NULL"
_INDEXES = (
    ("ix_work_item_inbox", ["unit_id", "role", "due_at", "id"], ["completed_at"], _WAITS),
    ("ix_work_item_due", ["due_at", "id", "unit_id"], ["completed_at"], _WAITS),
    (
        "ix_work_item_receipt",
        ["unit_id", "role", "due_at", "id"],
        ["stem", "completed_at"],
        f"{_WAITS} AND stem = 'receive'",
    ),
)


def upgrade() -> None:
    for name, columns, more, where in _INDEXES:
        _again(name, [*columns, *more], where)


def downgrade() -> None:
    for name, columns, _more, where in _INDEXES:
        _again(name, columns, where)


def _again(name: str, columns: list[str], where: str) -> None:
    op.drop_index(name, "work_item")
    op.create_index(name, "work_item", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
