"""Let somebody stand in for who is absent, and keep in whose place an item was done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0022"
branch_labels = None
depends_on = None

PLACES = ("prepared_for_id", "completed_for_id")


def upgrade() -> None:
    op.create_table(
        "substitution",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("absent_id", sa.Integer(), nullable=False),
        sa.Column("substitute_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("arranged_by_id", sa.Integer(), nullable=False),
        sa.Column("arranged_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["absent_id"], ["user.id"], name=op.f("fk_substitution_absent_id")),
        sa.ForeignKeyConstraint(["arranged_by_id"], ["user.id"], name=op.f("fk_substitution_arranged_by_id")),
        sa.ForeignKeyConstraint(["substitute_id"], ["user.id"], name=op.f("fk_substitution_substitute_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_substitution_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitution")),
    )
    for column in ("absent_id", "substitute_id", "unit_id"):
        op.create_index(op.f(f"ix_substitution_{column}"), "substitution", [column], unique=False)
    for column in PLACES:
        # written out: Alembic would copy SQLite's whole table to name a foreign key
        reference = f'CONSTRAINT fk_work_item_{column} REFERENCES "user" (id)'
        op.execute(f"ALTER TABLE work_item ADD COLUMN {column} INTEGER {reference}")
    for column in PLACES:
        held = sa.text(f"{column} IS NOT NULL")
        name = f"ix_work_item_{column.removesuffix('_id')}"
        op.create_index(name, "work_item", [column, "completed_at", "id"], sqlite_where=held, postgresql_where=held)
