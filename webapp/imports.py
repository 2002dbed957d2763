"""项目推送 in three steps: upload, check, confirm; the long parts go on in the background and are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from forms.sheets.guard import WorkbookRefused
from forms.sheets.headers import FIELDS
from forms.sheets.project_rows import RowError
from forms.sheets.workbook import error_workbook
from ledger.campaigns import Campaign, campaigns_of
from ledger.import_runs import UNDER_WAY, ImportRun, begin, learn_mappings, run_of, runs_of, take_over
from ledger.journal import Act
from ledger.papers import Place, attach, read_paper
from ledger.vocabulary import ImportStage, PaperKind
from ledger.writing import record
from webapp.background import after_the_answer
from webapp.importing import Carrier, carry_on, check, findings, seal_of
from webapp.permissions import BUREAU, allows
from webapp.request import acting, actor, ledger_session, moment, real_now, sessions, settings
from webapp.uploads import FileRefused, clean_name, sent_files, take

bp = Blueprint("imports", __name__)
PAGE = 100  # rows of a list on one page
LISTS = {"failures": "未能推送", "errors": "需要修改的行", "changed": "有变化", "unassigned": "待分派", "new": "新增"}
_RECENT = 10
_SILENT = timedelta(seconds=30)  # a run that did nothing for longer was interrupted


@bp.get("/imports/new")
@allows(BUREAU)
def new() -> ResponseReturnValue:
    return _upload_page("")


@bp.post("/imports/new")
@allows(BUREAU)
def upload() -> ResponseReturnValue:
    """Keep the workbook and what a check found; a workbook that cannot be read leaves nothing behind."""
    uploads = sent_files(request.files.getlist("workbook"))
    try:
        if not uploads:
            raise FileRefused("请选择从全国防返贫监测信息系统导出的 xlsx 文件")
        file = take(uploads[0])
        if not file.name.lower().endswith(".xlsx"):
            raise FileRefused(f"“{file.name}”不是 xlsx 文件")
        checked = check(acting(), county(), file.content)
    except (FileRefused, WorkbookRefused) as refused:
        name = clean_name(uploads[0].filename or "") if uploads else ""
        detail = {"file": name, "reason": str(refused)}
        record(ledger_session(), moment(), actor(), Act("import_refused", detail=detail))
        return _upload_page(str(refused)), 422
    kept = attach(
        ledger_session(), settings().papers, file, Place(PaperKind.OTHER, field="import"), actor(), moment().at
    )
    run = _new_run(ImportStage.CHECKED)
    run.attachment, run.found = kept, findings(checked)
    ledger_session().flush()  # for the address of the check
    return redirect(url_for("imports.show", run_id=run.id), 303)


@bp.get("/imports/<int:run_id>")
@allows(BUREAU)
def show(run_id: int) -> ResponseReturnValue:
    return _page(_own(run_id), "")


@bp.get("/imports/<int:run_id>/progress")
@allows(BUREAU)
def progress(run_id: int) -> ResponseReturnValue:
    """Answer the block that shows how far a run is; once it has ended, the whole page is asked for again."""
    run = _own(run_id)
    answer = render_template("imports/progress.html", run=run, resting=_rests(run), stage=ImportStage(run.stage))
    return answer, 200, {} if run.stage in UNDER_WAY else {"HX-Refresh": "true"}


@bp.post("/imports/<int:run_id>/columns")
@allows(BUREAU)
def learn(run_id: int) -> ResponseReturnValue:
    """Remember what unknown headers mean, and check the workbook again with it."""
    run = _checked_run(run_id)
    said = {key.removeprefix("column:"): value for key, value in request.form.items() if key.startswith("column:")}
    said = {header: field for header, field in said.items() if header in run.found["columns"]}
    if strange := [field for field in said.values() if field and field not in FIELDS]:
        return _page(run, f"没有“{strange[0][:40]}”这一项"), 422
    chosen = [field for field in said.values() if field and field != "skip"]
    if len(chosen) != len(set(chosen)):
        return _page(run, "两列不能对应同一项内容，请重新选择"), 422
    learn_mappings(ledger_session(), run.county_id, said, actor(), moment().at)
    run.found = findings(check(acting(), run.county_id, _content(run)))
    record(ledger_session(), moment(), actor(), Act("columns", detail={"columns": said}))
    flash("已记住列的对应关系，以后导入自动识别。")
    return redirect(url_for("imports.show", run_id=run.id), 303)


@bp.post("/imports/<int:run_id>")
@allows(BUREAU)
def take_in(run_id: int) -> ResponseReturnValue:
    """Begin to take and push what was shown."""
    run = _checked_run(run_id)
    campaign = open_campaign(request.form.get("campaign", type=int))
    if campaign is None:
        return _page(run, "请选择推送到哪个工作批次"), 422
    if run.found["errors"] and request.form.get("partly") != "1":
        return _page(run, "有错误的行不会导入。确认只导入正确的行，请勾选下面的选项"), 422
    if not run.found["rows"]:
        return _page(run, "没有可以导入的行"), 422
    checked = check(acting(), run.county_id, _content(run))
    if seal_of(checked.comparison) != run.found["seal"]:
        run.found = findings(checked)
        return _page(run, "台账在检查之后有了变动，下面是重新检查的结果，请核对后再确认"), 422
    owner = begin(run, ImportStage.TAKING, campaign.id, real_now())
    run.whole_count = len(checked.read.rows)
    return _begun(run, owner)


@bp.post("/imports/<int:run_id>/cancel")
@allows(BUREAU)
def cancel(run_id: int) -> ResponseReturnValue:
    """Ask a run to stop after its present part; one that nobody carries stops at once."""
    run = _own(run_id)
    if run.stage == ImportStage.CHECKED or (run.stage in UNDER_WAY and _rests(run)):
        run.stage = ImportStage.CANCELLED
    elif run.stage in UNDER_WAY:
        run.cancel_asked = True
    return redirect(url_for("imports.show", run_id=run.id), 303)


@bp.post("/imports/<int:run_id>/resume")
@allows(BUREAU)
def resume(run_id: int) -> ResponseReturnValue:
    """Carry an interrupted, cancelled or failed run on where it stopped."""
    run = _own(run_id)
    stopped = run.stage in (ImportStage.CANCELLED, ImportStage.FAILED) or (run.stage in UNDER_WAY and _rests(run))
    if not stopped or run.campaign_id is None:
        return _page(run, "这次导入不需要继续"), 422
    if run.stage not in UNDER_WAY:  # taking the same rows again changes nothing
        stage = ImportStage.TAKING if run.attachment is not None else ImportStage.PUSHING
        return _begun(run, begin(run, stage, run.campaign_id, real_now()))
    return _begun(run, take_over(run, real_now()))


@bp.get("/imports/<int:run_id>/errors.xlsx")
@allows(BUREAU)
def errors(run_id: int) -> ResponseReturnValue:
    """Answer the uploaded sheet with every reason beside its row."""
    run = _own(run_id)
    if run.attachment is None:
        abort(404)
    found = [RowError(row, column, reason, cell) for row, column, cell, reason in run.found["errors"]]
    name = f"{run.attachment.name.rpartition('.')[0]}（需要修改的行）.xlsx"
    content = error_workbook(_content(run), found)
    return send_file(BytesIO(content), as_attachment=True, download_name=name, max_age=0)


def push_ready(campaign: Campaign) -> ResponseReturnValue:
    """Begin a push of everything that lies ready, without a workbook."""
    run = _new_run(ImportStage.PUSHING)
    ledger_session().flush()
    return _begun(run, begin(run, ImportStage.PUSHING, campaign.id, real_now()))


def county() -> int:
    """Return the county of the bureau that acts."""
    return next(p.county_id for p in actor().posts if BUREAU.admits_post(p) and p.county_id is not None)


def open_campaigns() -> Sequence[Campaign]:
    return [c for c in campaigns_of(ledger_session(), {county()}) if c.closed_at is None]


def open_campaign(campaign_id: int | None) -> Campaign | None:
    return next((c for c in open_campaigns() if c.id == campaign_id), None)


def _new_run(stage: ImportStage) -> ImportRun:
    run = ImportRun(
        county_id=county(), user_id=actor().user_id, stage=stage, created_at=moment().at, beat_at=real_now(), found={}
    )
    run.outcome = {}
    ledger_session().add(run)
    return run


def _begun(run: ImportRun, owner: str) -> ResponseReturnValue:
    carrier, run_id = Carrier(sessions(), settings().papers, actor(), real_now), run.id
    after_the_answer(lambda: carry_on(carrier, run_id, owner))
    return redirect(url_for("imports.show", run_id=run.id), 303)


def _own(run_id: int) -> ImportRun:
    return run_of(ledger_session(), actor(), run_id) or abort(404)


def _checked_run(run_id: int) -> ImportRun:
    run = _own(run_id)
    if run.stage != ImportStage.CHECKED:
        abort(409)
    return run


def _rests(run: ImportRun) -> bool:
    """Say whether nobody carries a run on any more."""
    return run.stage in UNDER_WAY and real_now() - run.beat_at > _SILENT


def _content(run: ImportRun) -> bytes:
    assert run.attachment is not None
    return read_paper(settings().papers, run.attachment.sha256)


def _upload_page(wrong: str) -> str:
    recent = runs_of(ledger_session(), actor(), _RECENT)
    return render_template("imports/new.html", wrong=wrong, recent=recent, stages=ImportStage)


def _page(run: ImportRun, wrong: str) -> str:
    listed: dict[str, list[Any]] = {**run.found, "failures": run.outcome.get("failures", [])}
    counts = {name: len(listed.get(name, ())) for name in LISTS}
    chosen = request.args.get("list", "")
    if chosen not in LISTS or not counts[chosen]:
        chosen = next((name for name in LISTS if counts[name]), "")
    number = max(request.args.get("page", 1, type=int), 1)
    rows = listed.get(chosen, [])[(number - 1) * PAGE : number * PAGE]
    return render_template(
        "imports/show.html",
        run=run,
        stage=ImportStage(run.stage),
        stages=ImportStage,
        under_way=UNDER_WAY,
        resting=_rests(run),
        found=run.found,
        unknown=[header for header, field in run.found.get("columns", {}).items() if field is None],
        fields=FIELDS,
        lists=LISTS,
        sizes=counts,
        chosen=chosen,
        rows=rows,
        number=number,
        more=counts.get(chosen, 0) > number * PAGE,
        campaigns=open_campaigns(),
        wrong=wrong,
    )
