"""Seal each state with a key of its case, so that the states of two cases cannot be swapped."""

from __future__ import annotations

import hmac

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0015"
branch_labels = None
depends_on = None

SEALED = (
    'SELECT id, state, project_id, campaign_id, NULL FROM "case"',
    'SELECT m.id, m.state, c.project_id, c.campaign_id, NULL FROM case_move m JOIN "case" c ON c.id = m.case_id',
    "SELECT id, state, NULL, NULL, key FROM unit_round",
)
TABLES = ("case", "case_move", "unit_round")
MAC = slice(1, 33)  # between the version's byte and what is sealed


def upgrade() -> None:
    """Seal anew what holds; what was changed from outside stays refused."""
    connection = op.get_bind()
    key: bytes = connection.dialect.sigeyipi_keys.mac  # type: ignore[attr-defined]  # put there by open_engine
    for name, statement in zip(TABLES, SEALED, strict=True):
        table = sa.table(name, sa.column("id"), sa.column("state"))
        for row_id, state, project_id, campaign_id, own in connection.exec_driver_sql(statement).all():
            of = f"round {own}" if own is not None else f"{project_id}/{campaign_id}"
            sealed = bytes(state)
            version, mac, body = sealed[:1], sealed[MAC], sealed[MAC.stop :]
            if hmac.compare_digest(mac, hmac.digest(key, version + body, "sha256")):
                own_key = hmac.digest(key, f"sigeyipi case {of}".encode(), "sha256")
                fresh = version + hmac.digest(own_key, version + body, "sha256") + body
                connection.execute(table.update().where(table.c.id == row_id).values(state=fresh))
