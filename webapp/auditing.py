"""审计: the audit administrator searches the trail, exports it and has it verified; nobody else sees it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from forms.sheets.workbook import write_table
from ledger.audit_archive import Month, public_key_text
from ledger.audit_search import EXPORTED, PAGE, Question, found_entries
from ledger.db import Keys, SessionFactory, end_of_day, transaction
from ledger.installation import installation
from ledger.journal import Act
from ledger.notices import Finished, tell_finished
from ledger.scope import Actor
from ledger.seals import last_seal, unsealed_count
from ledger.verifications import keep_verdict, verifications
from ledger.writing import record
from scheduler.auditing import look_at_all
from webapp.audit_details import lines_of
from webapp.audit_words import WORDS
from webapp.background import after_the_answer
from webapp.layout import stamp_text
from webapp.permissions import AUDIT, allows
from webapp.request import actor, ledger_session, moment, moment_of, number_asked, real_now, sessions, settings

bp = Blueprint("auditing", __name__)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ONE_DAY = timedelta(days=1)


@bp.get("/audit")
@allows(AUDIT)
def index() -> ResponseReturnValue:
    session, question = ledger_session(), _question()
    rows = list(found_entries(session, question, PAGE + 1))
    asked = {name: value for name, value in request.args.items() if name != "before" and value}
    older = url_for(".index", **asked, before=rows[PAGE - 1].id) if len(rows) > PAGE else ""  # type: ignore[arg-type]
    keys: Keys = session.info["keys"]
    return render_template(
        "auditing/index.html",
        rows=rows[:PAGE],
        asked=request.args,
        older_url=older,
        query=asked,
        seal=last_seal(session),
        unsealed=unsealed_count(session),
        verifications=verifications(session, 5),
        archives=_archives(),
        public_key=public_key_text(keys),
        words=WORDS,
        lines_of=lines_of,
    )


@bp.post("/audit/verify")
@allows(AUDIT)
def check() -> ResponseReturnValue:
    """Begin a verification of everything; what it finds is listed on the page when it is done."""
    opened, anchors, who, address = sessions(), settings().anchors, actor(), request.remote_addr or ""
    after_the_answer(lambda: _verify(opened, anchors, Actor(who.user_id, who.name, who.posts, address)))
    flash("核验已开始，完成后结果列在“核验”一栏，请稍后刷新本页。")
    return redirect(url_for(".index"), 303)


def _verify(opened: SessionFactory, anchors: Path, who: Actor) -> None:
    """Verify while nobody is kept from writing, then write down what was found."""
    with transaction(opened, writes=False) as session:
        verdict = look_at_all(session, anchors)
    now = real_now()
    with transaction(opened) as session:
        row = keep_verdict(session, verdict, who.user_id, now)
        detail = {"verification_id": row.id, "rows": row.row_count, "faults": len(verdict.faults)}
        when = moment_of(installation(session), now)
        record(session, when, who, Act("audit_verified", detail=detail))
        found = f"发现 {len(verdict.faults)} 处问题。" if verdict.faults else "没有发现问题。"
        tell_finished(session, who.user_id, Finished("审计核验已完成", found, "/audit"), when.at)


@bp.get("/audit/export")
@allows(AUDIT)
def export() -> ResponseReturnValue:
    """Send what is found as a table; the export is itself recorded."""
    rows = found_entries(ledger_session(), _question(), EXPORTED)
    heads = ("编号", "时间", "姓名", "单位", "行为", "项目流程", "任务", "环节", "内容", "来源地址")
    cells = [
        (
            e.id,
            stamp_text(e.recorded_at),
            e.who,
            e.unit,
            WORDS.get(e.act, e.act),
            e.case_id,
            e.item_id,
            e.element,
            e.detail,
            e.address,
        )
        for e in rows
    ]
    detail = {"what": "audit", "rows": len(cells), "asked": {k: v[:100] for k, v in request.args.items()}}
    record(ledger_session(), moment(), actor(), Act("export", detail=detail))
    content = write_table("审计记录", heads, cells)
    return send_file(BytesIO(content), mimetype=_XLSX, as_attachment=True, download_name="审计记录.xlsx")


@bp.get("/audit/archives/<label>")
@allows(AUDIT)
def archive(label: str) -> ResponseReturnValue:
    if label not in _archives():
        abort(404)
    record(ledger_session(), moment(), actor(), Act("export", detail={"what": "audit_archive", "month": label}))
    path = settings().audit_archives.absolute() / f"{label}.zip"
    return send_file(path, mimetype="application/zip", as_attachment=True, download_name=f"审计归档{label}.zip")


def _archives() -> list[str]:
    """Return the months that were archived, newest first."""
    found = []
    for path in settings().audit_archives.glob("*.zip"):
        year, _, number = path.stem.partition("-")
        if year.isdecimal() and number.isdecimal() and Month(int(year), int(number)).label == path.stem:
            found.append(path.stem)
    return sorted(found, reverse=True)


def _question() -> Question:
    args = request.args
    return Question(
        words=args.get("q", "")[:60].strip(),
        act=args.get("act", "")[:40].strip(),
        case_id=number_asked(args.get("case")),
        since=_start_of(args.get("since", "")),
        until=_end_of(args.get("until", "")),
        before_id=number_asked(args.get("before")),
    )


def _start_of(text: str) -> datetime | None:
    ends = _end_of(text)
    return ends - _ONE_DAY if ends else None


def _end_of(text: str) -> datetime | None:
    try:
        return end_of_day(date.fromisoformat(text)) if text else None
    except (ValueError, OverflowError):
        return None
