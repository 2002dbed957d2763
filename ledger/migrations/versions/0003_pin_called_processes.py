"""Pin called processes, keep reachable markings with the version, remember moves of running cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("procedure", sa.Column("callees", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("procedure", sa.Column("markings", sa.LargeBinary(), nullable=True))
    op.add_column("case", sa.Column("callees", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "case_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("from_procedure_id", sa.Integer(), nullable=False),
        sa.Column("from_callees", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("to_procedure_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("moved_at", sa.DateTime(), nullable=False),
        sa.Column("moved_by", sa.String(), nullable=False),
        sa.Column("undone_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_move_case_id")),
        sa.ForeignKeyConstraint(["from_procedure_id"], ["procedure.id"], name=op.f("fk_case_move_from_procedure_id")),
        sa.ForeignKeyConstraint(["to_procedure_id"], ["procedure.id"], name=op.f("fk_case_move_to_procedure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_move")),
    )
    op.create_index(op.f("ix_case_move_case_id"), "case_move", ["case_id"], unique=False)
    op.create_index(op.f("ix_case_move_to_procedure_id"), "case_move", ["to_procedure_id"], unique=False)
