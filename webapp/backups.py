"""备份: what each held and whether it could be restored; the system administrator can ask for one now."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from ledger.db import SessionFactory, transaction
from ledger.installation import installation
from ledger.journal import Act
from ledger.notices import Finished, tell_finished
from ledger.scope import Actor
from ledger.settings import Settings
from ledger.writing import record
from scheduler.backups import back_up, drills_in
from webapp.background import after_the_answer
from webapp.permissions import SYSTEM, allows
from webapp.request import actor, moment_of, real_now, sessions, settings

bp = Blueprint("backups", __name__)


@bp.get("/backups")
@allows(SYSTEM)
def index() -> ResponseReturnValue:
    folder = settings().backup.folder
    drills = drills_in(folder) if folder is not None else []
    return render_template("backups/index.html", folder=folder, drills=drills, backup=settings().backup)


@bp.post("/backups")
@allows(SYSTEM)
def make() -> ResponseReturnValue:
    """Begin a backup; its report is listed when it has been written and tried out."""
    if settings().backup.folder is None:
        abort(404)
    opened, chosen, who = sessions(), settings(), actor()
    after_the_answer(lambda: _make(opened, chosen, who))
    flash("备份已开始，写完并试恢复后列在下面，请稍后刷新本页。")
    return redirect(url_for(".index"), 303)


def _make(opened: SessionFactory, chosen: Settings, who: Actor) -> None:
    folder = chosen.backup.folder
    assert folder is not None  # looked at when it was asked for
    now = real_now()
    drill = back_up(chosen, folder, now)
    detail = {"file": drill.file, "rows": drill.rows, "faults": len(drill.faults)}
    with transaction(opened) as session:
        when = moment_of(installation(session), now)
        record(session, when, who, Act("backup", detail=detail))
        found = f"试恢复发现 {len(drill.faults)} 处问题。" if drill.faults else "试恢复正常。"
        tell_finished(session, who.user_id, Finished("备份已完成", found, "/backups"), when.at)
