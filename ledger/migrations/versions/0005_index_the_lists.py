"""Index the lists people work from; keep who started a case, copies and searches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _where_waiting("ix_work_item_due", ["due_at", "id", "unit_id"], "completed_at IS NULL")
    columns = ["unit_id", "role", "due_at", "id"]
    _where_waiting("ix_work_item_receipt", columns, "completed_at IS NULL AND stem = 'receive'")
    _where_waiting("ix_work_item_prepared", ["prepared_by_id", "completed_at", "id"], "prepared_by_id IS NOT NULL")
    op.create_index("ix_work_item_done", "work_item", ["completed_by_id", "completed_at", "id"], unique=False)
    op.drop_index("ix_work_item_completed_by_id", table_name="work_item")
    # in plain words of both databases: SQLite adds a reference only together with its column
    op.execute(
        'ALTER TABLE "case" ADD COLUMN started_by_id INTEGER CONSTRAINT fk_case_started_by_id REFERENCES "user" (id)'
    )
    op.execute(
        'UPDATE "case" SET started_by_id = (SELECT min(journal.user_id) FROM journal '
        "WHERE journal.case_id = \"case\".id AND journal.act = 'start')"
    )
    op.create_index("ix_case_started", "case", ["started_by_id", "started_at", "id"], unique=False)
    _make_copy()
    _make_saved_filter()


def _make_copy() -> None:
    op.create_table(
        "copy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("sent_by_id", sa.Integer(), nullable=False),
        sa.Column("sent_by", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=False),
        sa.Column("read_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_copy_case_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_copy_user_id")),
        sa.ForeignKeyConstraint(["sent_by_id"], ["user.id"], name=op.f("fk_copy_sent_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copy")),
    )
    op.create_index(op.f("ix_copy_case_id"), "copy", ["case_id"], unique=False)
    op.create_index("ix_copy_user_id_sent_at_id", "copy", ["user_id", "sent_at", "id"], unique=False)


def _make_saved_filter() -> None:
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("listing", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_saved_filter_user_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_saved_filter_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
        sa.UniqueConstraint("user_id", "listing", "name", name=op.f("uq_saved_filter_user_id_listing_name")),
    )
    op.create_index(op.f("ix_saved_filter_unit_id"), "saved_filter", ["unit_id"], unique=False)


def _where_waiting(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "work_item", columns, unique=False, sqlite_where=where, postgresql_where=where)
