"""The nightly backup: written, tried out by restoring it into a scratch folder, told of, and thinned out by age."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import structlog

from ledger.audit import verify
from ledger.backup import BackupUnusable, Manifest, damaged_papers, read_backup, write_backup
from ledger.db import SHANGHAI, Keys, open_ledger, transaction
from ledger.message_texts import worded
from ledger.message_words import TextKind
from ledger.outbox import PAGE, Notice, post
from ledger.sealed_files import Secret, Unsealable
from ledger.settings import BackingUp, Settings, load_keys
from ledger.staff import holders_of
from ledger.vocabulary import Role

_NAME = re.compile(r"sigeyipi-(\d{8})-\d{6}\.sgyb")
_MONTH = 6  # characters of 20231106
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Drill:
    """What became of one backup: how much it holds, and what was wrong when it was tried out."""

    file: str
    made_at: str
    size: int  # bytes
    rows: int
    papers: int
    faults: Sequence[str]

    @property
    def ok(self) -> bool:
        return not self.faults


def secret_of(settings: BackingUp, keys: Keys) -> Secret:
    """Return what closes and opens this installation's backups."""
    passphrase = settings.passphrase.get_secret_value()
    return Secret(passphrase=passphrase) if passphrase else Secret(key=keys.seal)


def back_up(settings: Settings, folder: Path, real_now: datetime) -> Drill:
    """Write a backup into `folder`, restore it into a scratch place, and leave the report beside it."""
    keys, stamp = load_keys(settings.data), real_now.astimezone(SHANGHAI).strftime("%Y%m%d-%H%M%S")
    target = folder / f"sigeyipi-{stamp}.sgyb"
    secret = secret_of(settings.backup, keys)
    made = write_backup(settings.database_url, keys, settings.papers, target, secret, real_now)
    rows, size = sum(made.tables.values()), target.stat().st_size
    drill = Drill(target.name, made.made_at, size, rows, made.paper_count, try_out(target, keys, secret, made))
    target.with_suffix(".json").write_bytes(orjson.dumps(asdict(drill)))
    return drill


def try_out(file: Path, keys: Keys, secret: Secret, made: Manifest | None = None) -> list[str]:
    """Restore a backup into a scratch folder and look at everything; returns what is wrong, in Chinese."""
    with TemporaryDirectory(prefix="sigeyipi-drill-") as scratch:
        url, papers = f"sqlite:///{scratch}/ledger.sqlite", Path(scratch) / "papers"
        try:
            with file.open("rb") as source:
                told = read_backup(source, url, keys, papers, secret)
        except (BackupUnusable, Unsealable) as broken:
            return [str(broken)]
        faults = [f"材料 {name} 内容与校验值不符" for name in damaged_papers(papers)]
        if made is not None and (told.tables, told.paper_count) != (made.tables, made.paper_count):
            faults.append("恢复出来的行数或材料数与备份时不同")
        sessions = open_ledger(url, keys)
        try:
            with transaction(sessions, writes=False) as session:
                faults += [fault.sentence for fault in verify(session).faults]
        finally:
            sessions.kw["bind"].dispose()
    return faults


def keep_backups(settings: Settings, real_now: datetime) -> Drill | None:
    """Do the night's backup when its hour has come and today's is not there; thin out what is old."""
    local, folder = real_now.astimezone(SHANGHAI), settings.backup.folder
    if folder is None or local.hour < settings.backup.hour or _made_on(folder, local.date()):
        return None
    try:
        drill = back_up(settings, folder, real_now)
    except OSError as closed:
        drill = Drill("", real_now.isoformat(), 0, 0, 0, [f"备份写不进去：{closed}"])
    if not drill.ok:
        _log.error("backup_failed", faults=list(drill.faults))
        _tell(settings, drill, real_now)
    for old in outdated(folder, settings.backup, local.date()):
        old.unlink(missing_ok=True)
        old.with_suffix(".json").unlink(missing_ok=True)
    return drill


def drills_in(folder: Path, most: int = 30) -> list[Drill]:
    """Return the reports of the last backups, newest first."""
    reports = sorted(folder.glob("sigeyipi-*.json"), reverse=True)[:most]
    return [Drill(**orjson.loads(report.read_bytes())) for report in reports]


def outdated(folder: Path, settings: BackingUp, today: date) -> list[Path]:
    """Return the backups to throw away: older than the days kept, and not the last of a month kept."""
    dated = sorted((found[1], path) for path in folder.glob("*.sgyb") if (found := _NAME.fullmatch(path.name)))
    last_of_month = {day[:_MONTH]: path for day, path in dated}
    kept = {last_of_month[month] for month in sorted(last_of_month, reverse=True)[: settings.keep_months]}
    old = [(day, path) for day, path in dated if (today - date.fromisoformat(day)).days > settings.keep_days]
    return [path for _, path in old if path not in kept]


def _made_on(folder: Path, day: date) -> bool:
    return any(folder.glob(f"sigeyipi-{day:%Y%m%d}-*.sgyb"))


def _tell(settings: Settings, drill: Drill, real_now: datetime) -> None:
    sessions = open_ledger(settings.database_url, load_keys(settings.data))
    try:
        with transaction(sessions) as session:
            subject, body = worded(session, TextKind.BACKUP, 原因=drill.faults[0])
            notices = [
                Notice(f"backup:{drill.made_at}:{user_id}", PAGE, user_id, subject, body)
                for user_id in holders_of(session, Role.SYSTEM_ADMIN)
            ]
            post(session, notices, real_now)
    finally:
        sessions.kw["bind"].dispose()
