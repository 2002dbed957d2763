"""Keep the ledger as it stood on a day, for good."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0011"
branch_labels = None
depends_on = None

WRITE_ONCE = {
    "sqlite": (
        "CREATE TRIGGER snapshot_no_update BEFORE UPDATE ON snapshot "
        "BEGIN SELECT RAISE(ABORT, 'a snapshot is kept as it was'); END",
        "CREATE TRIGGER snapshot_no_delete BEFORE DELETE ON snapshot "
        "BEGIN SELECT RAISE(ABORT, 'a snapshot is kept as it was'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION snapshot_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a snapshot is kept as it was'; END $$",
        "CREATE TRIGGER snapshot_no_change BEFORE UPDATE OR DELETE ON snapshot "
        "FOR EACH ROW EXECUTE FUNCTION snapshot_refuse()",
        "CREATE TRIGGER snapshot_no_truncate BEFORE TRUNCATE ON snapshot "
        "FOR EACH STATEMENT EXECUTE FUNCTION snapshot_refuse()",
    ),
}


def upgrade() -> None:
    op.create_table(
        "snapshot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("county_id", sa.Integer(), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("taken_at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("taken_by", sa.String(), nullable=False),
        sa.Column("project_count", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["county_id"], ["unit.id"], name=op.f("fk_snapshot_county_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("county_id", "key", name=op.f("uq_snapshot_county_id_key")),
    )
    for statement in WRITE_ONCE[op.get_bind().dialect.name]:
        op.execute(statement)
