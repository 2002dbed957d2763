"""Keep the audit: seal new rows and send anchors, verify everything once a night, archive each month that has ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from ledger.anchors import AnchorsUnreadable, read_anchors, send_anchors
from ledger.audit import FaultKind, Verdict, verify
from ledger.audit_archive import month_before, write_archive
from ledger.audit_keys import Digest
from ledger.db import SHANGHAI, SessionFactory, transaction
from ledger.message_texts import worded
from ledger.message_words import TextKind
from ledger.outbox import PAGE, Notice, post
from ledger.seals import seal_journal
from ledger.staff import holders_of
from ledger.verifications import keep_verdict, verified_on
from ledger.vocabulary import Role

EVERY_SECONDS = 30  # a row is sealed within a minute
_NIGHT = 2  # o'clock, when nobody waits
_log = structlog.get_logger(__name__)


@dataclass
class Watch:
    """One process's watch over the audit of one ledger."""

    sessions: SessionFactory
    anchors: Path
    archives: Path
    digest: Digest = Digest.SHA256
    _archived: set[str] = field(default_factory=set)

    def keep(self, real_now: datetime) -> None:
        """Seal, anchor, and do what the night or the month asks for; an error is logged and tried again."""
        for work in (self.seal, self.verify_nightly, self.archive_monthly):
            try:
                work(real_now)
            except Exception:  # one that fails must not keep the others from being done
                _log.exception("audit_failed", work=work.__name__)

    def seal(self, real_now: datetime) -> int:
        """Seal all committed rows and send the anchors; returns how many seals were made."""
        made = 0
        while True:
            with transaction(self.sessions) as session:
                if seal_journal(session, real_now, self.digest) is None:
                    break
            made += 1
        with transaction(self.sessions, writes=False) as session:
            send_anchors(session, self.anchors)
        return made

    def verify_nightly(self, real_now: datetime) -> Verdict | None:
        """Verify once a day, after two in the morning; the audit administrators are told of any fault."""
        local = real_now.astimezone(SHANGHAI)
        if local.hour < _NIGHT:
            return None
        with transaction(self.sessions, writes=False) as session:
            if verified_on(session, local.date()):
                return None
            verdict = look_at_all(session, self.anchors)
        with transaction(self.sessions) as session:
            row = keep_verdict(session, verdict, None, real_now)
            if not verdict.ok:
                _tell(session, row.id, verdict, real_now)
        return verdict

    def archive_monthly(self, real_now: datetime) -> Path | None:
        """Write the archive of the month that ended last, once."""
        month = month_before(real_now.astimezone(SHANGHAI).date())
        target = self.archives / f"{month.label}.zip"
        if month.label in self._archived or target.exists():
            return None
        with transaction(self.sessions, writes=False) as session:
            write_archive(session, month, target, real_now)
        self._archived.add(month.label)
        return target


def look_at_all(session: Session, anchors: Path) -> Verdict:
    """Verify the journal, the chain and the anchors of a file; a line nobody can read is a fault like any other."""
    try:
        known, broken = list(read_anchors(anchors)), ""
    except AnchorsUnreadable as unreadable:
        known, broken = [], str(unreadable)
    verdict = verify(session, known)
    if broken:
        verdict.note(FaultKind.ANCHOR, broken)
    return verdict


def _tell(session: Session, verification_id: int, verdict: Verdict, real_now: datetime) -> None:
    count, first = len(verdict.faults), verdict.faults[0].sentence
    subject, body = worded(session, TextKind.AUDIT, 条数=str(count), 原因=first)
    post(
        session,
        [
            Notice(f"audit:{verification_id}:{user_id}", PAGE, user_id, subject, body)
            for user_id in holders_of(session, Role.AUDIT_ADMIN)
        ],
        real_now,
    )
