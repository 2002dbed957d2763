"""Draw projects to check, with the rule, the seed and what was found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spot_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("county_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("strata", sa.JSON(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("pool", sa.JSON(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(), nullable=False),
        sa.Column("drawn_by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["county_id"], ["unit.id"], name=op.f("fk_spot_check_county_id")),
        sa.ForeignKeyConstraint(["drawn_by_id"], ["user.id"], name=op.f("fk_spot_check_drawn_by_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_spot_check_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_check")),
    )
    op.create_index(op.f("ix_spot_check_county_id"), "spot_check", ["county_id"], unique=False)
    op.create_table(
        "spot_check_project",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("stratum", sa.String(), nullable=False),
        sa.Column("finding", sa.String(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("mend_by_on", sa.Date(), nullable=True),
        sa.Column("mended_on", sa.Date(), nullable=True),
        sa.Column("mending", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["spot_check.id"], name=op.f("fk_spot_check_project_check_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_spot_check_project_project_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_spot_check_project_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_check_project")),
        sa.UniqueConstraint("check_id", "project_id", name=op.f("uq_spot_check_project_check_id_project_id")),
    )
    op.create_index(op.f("ix_spot_check_project_project_id"), "spot_check_project", ["project_id"], unique=False)
    op.create_index(op.f("ix_spot_check_project_unit_id"), "spot_check_project", ["unit_id"], unique=False)
    # written out: Alembic would copy SQLite's whole table to name a foreign key
    reference = "CONSTRAINT fk_attachment_spot_check_project_id REFERENCES spot_check_project (id)"
    op.execute(f"ALTER TABLE attachment ADD COLUMN spot_check_project_id INTEGER {reference}")
    op.create_index(op.f("ix_attachment_spot_check_project_id"), "attachment", ["spot_check_project_id"], unique=False)
