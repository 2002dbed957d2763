"""Count how often an item was urged: once a day, whoever does it."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0041"
branch_labels = None
depends_on = None

SHANGHAI = timedelta(hours=8)  # days are counted there; the ledger's moments are UTC
JOURNAL = sa.table(
    "journal",
    *(sa.column("id", sa.Integer()), sa.column("item_id", sa.Integer()), sa.column("at", sa.DateTime())),
    *(sa.column("act", sa.String()), sa.column("who", sa.String()), sa.column("unit", sa.String())),
)


def upgrade() -> None:
    table = op.create_table(
        "urge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("urged_on", sa.Date(), nullable=False),
        sa.Column("urged_at", sa.DateTime(), nullable=False),
        sa.Column("urged_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_urge_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_urge")),
        sa.UniqueConstraint("item_id", "urged_on", name=op.f("uq_urge_item_id_urged_on")),
    )
    known: dict[tuple[int, date], dict[str, object]] = {}
    urged = sa.select(JOURNAL).where(JOURNAL.c.act == "urge", JOURNAL.c.item_id.is_not(None)).order_by(JOURNAL.c.id)
    for row in op.get_bind().execute(urged):
        by = {"urged_at": row.at, "urged_by": row.who if row.who.startswith(row.unit) else f"{row.unit} {row.who}"}
        known.setdefault((row.item_id, (row.at + SHANGHAI).date()), by)
    rows = [{"item_id": item, "urged_on": day, **by} for (item, day), by in known.items()]
    if rows:
        op.bulk_insert(table, rows)


def downgrade() -> None:
    op.drop_table("urge")
