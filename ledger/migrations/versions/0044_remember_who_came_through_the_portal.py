"""Remember of a session that the county's portal vouched for the person, so that signing out can end both."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sign_in", sa.Column("portal_token", sa.LargeBinary(), nullable=True))
