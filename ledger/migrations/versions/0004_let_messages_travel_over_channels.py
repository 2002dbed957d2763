"""Let messages travel over channels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UNSENT = sa.text("sent_at IS NULL AND dead_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "message_choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_message_choice_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_choice")),
        sa.UniqueConstraint("user_id", "channel", name=op.f("uq_message_choice_user_id_channel")),
    )
    # rows written before have no kind, no receipt and cost nothing
    op.add_column("message", sa.Column("kind", sa.String(), nullable=False, server_default=""))
    op.add_column("message", sa.Column("lines", sa.JSON(), nullable=True))
    op.add_column("message", sa.Column("receipt", sa.String(), nullable=False, server_default=""))
    op.add_column("message", sa.Column("delivered_at", sa.DateTime(), nullable=True))
    op.add_column("message", sa.Column("parts", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index(op.f("ix_message_unsent"), table_name="message")
    op.create_index(
        "ix_message_unsent",
        "message",
        ["channel", "not_before_at"],
        unique=False,
        sqlite_where=UNSENT,
        postgresql_where=UNSENT,
    )
    op.create_index("ix_message_kind_created_at", "message", ["kind", "created_at"], unique=False)
    op.create_index(op.f("ix_message_receipt"), "message", ["receipt"], unique=False)
