"""Let a second person approve, and keep administrators' roles apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0010"
branch_labels = None
depends_on = None

OTHER_POSTS = (
    "SELECT 1 FROM post p WHERE p.user_id = NEW.user_id AND p.id <> NEW.id AND p.role <> NEW.role "
    "AND (p.role IN ('system_admin', 'security_admin', 'audit_admin') "
    "OR NEW.role IN ('system_admin', 'security_admin', 'audit_admin'))"
)
APART = {
    "sqlite": tuple(
        f"CREATE TRIGGER post_apart_{act} AFTER {act} ON post WHEN EXISTS ({OTHER_POSTS}) "
        "BEGIN SELECT RAISE(ABORT, 'administrator roles exclude all others'); END"
        for act in ("INSERT", "UPDATE")
    ),
    "postgresql": (
        # the person's row is locked: two transactions that each add one post would not see the other's
        "CREATE FUNCTION post_apart() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        'PERFORM 1 FROM "user" WHERE id = NEW.user_id FOR NO KEY UPDATE; '
        f"IF EXISTS ({OTHER_POSTS}) THEN RAISE EXCEPTION 'administrator roles exclude all others' "
        "USING ERRCODE = 'check_violation'; END IF; RETURN NULL; END $$",
        "CREATE TRIGGER post_apart AFTER INSERT OR UPDATE ON post FOR EACH ROW EXECUTE FUNCTION post_apart()",
    ),
}


def upgrade() -> None:
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["user.id"], name=op.f("fk_approval_asked_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["user.id"], name=op.f("fk_approval_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.create_index(
        "ix_approval_waiting",
        "approval",
        ["kind", "subject_id"],
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    for statement in APART[op.get_bind().dialect.name]:
        op.execute(statement)
