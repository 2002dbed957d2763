"""Run by Alembic: the migrations act on the connection that `ledger.migrations` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from ledger import tables
from ledger.db import SealedJson, SealedText, UtcDateTime, Yuan

PLAIN = {
    UtcDateTime: "sa.DateTime()",
    Yuan: "sa.BigInteger()",
    SealedText: "sa.LargeBinary()",
    SealedJson: "sa.LargeBinary()",
}


def render(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Write our column types as the plain ones they are stored in: an old migration must not follow new code."""
    return PLAIN.get(type(item), False) if kind == "type" else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.METADATA,
    render_item=render,
)
context.run_migrations()
