"""How much one person has put in lately: nobody fills the disk for all (safety rule 7)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.papers import Attachment, Paper


def attached_bytes(session: Session, user_id: int, since: datetime) -> int:
    """Return the size of everything a person attached since a moment, what was removed again included."""
    mine = (Attachment.attached_by_id == user_id, Attachment.attached_at >= since, Attachment.written.is_(False))
    found = select(func.coalesce(func.sum(Paper.size), 0)).select_from(Attachment).join(Attachment.paper)
    return int(session.scalars(found.where(*mine)).one())
