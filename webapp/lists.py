"""The bar above a list: search, remember, save and share, take it away as a workbook; and the menu's live counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from forms.sheets.workbook import write_table
from ledger.db import last_day
from ledger.journal import Act
from ledger.listing import Filters
from ledger.saved_filters import Search, remember
from ledger.vocabulary import CaseStatus, Category
from ledger.writing import record
from webapp.layout import label_of, stamp_text
from webapp.listing import LISTS, drop_search, query_of, read_filters, save_search
from webapp.permissions import SIGNED_IN, allows
from webapp.request import actor, ledger_session, moment

bp = Blueprint("lists", __name__)
MOST_EXPORTED = 5000
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ITEM_HEADS = (
    "序号",
    "项目名称",
    "项目编号",
    "乡镇（街道）",
    "环节",
    "办理单位",
    "类别",
    "送来",
    "送来时间",
    "办理时限",
    "办结时间",
)
_CASE_HEADS = ("序号", "项目名称", "项目编号", "类别", "工作批次", "推送时间", "状态", "当前环节")
_COPY_HEADS = ("序号", "项目名称", "项目编号", "类别", "附言", "抄送人", "抄送时间", "已阅时间")
_DRAFT_HEADS = ("序号", "项目名称", "项目编号", "类别", "当前环节", "暂存时间", "办理时限")


@bp.post("/lists/<name>")
@allows(SIGNED_IN)
def act(name: str) -> ResponseReturnValue:
    """Search a list and remember what for; or save the search, forget one, or take the list away as a workbook."""
    known = LISTS.get(name) or abort(404)
    filters, action = read_filters(request.form), request.form.get("_action", "")
    if request.form.get("_drop"):
        drop_search()
        same: dict[str, Any] = query_of(filters)
        return redirect(url_for(known.endpoint, **same), 303)
    if "_limit" in request.form:  # one of the four counters, whatever the choice below them says
        filters = read_filters({**request.form, "limit": request.form["_limit"]})
    if action == "export":
        return _workbook(name, filters)
    if action == "clear":
        filters = Filters()
    # words looked for once are not remembered: they would hide everything else tomorrow
    lasting = {key: value for key, value in query_of(filters).items() if key != "q"}
    remember(ledger_session(), actor(), Search(name, lasting), moment().real_at)
    if action == "save":
        save_search(name, query_of(filters))
    asked: dict[str, Any] = query_of(filters)
    return redirect(url_for(known.endpoint, **asked), 303)


@bp.get("/counts")
@allows(SIGNED_IN)
def counts() -> ResponseReturnValue:
    """Return the numbers beside the menu and in the page's title, asked for once a minute by every open page."""
    title = request.args.get("title", "")[:100]
    return render_template("inbox/counts.html", title=title)


def _workbook(name: str, filters: Filters) -> ResponseReturnValue:
    """Answer the filtered list as a workbook; how many rows left the house is written into the journal."""
    known = LISTS[name]
    page = known.read(ledger_session(), actor(), moment().at, filters, MOST_EXPORTED)
    heads, read_rows = _TABLES.get(name, (_ITEM_HEADS, _item_rows))
    rows = list(read_rows(page))
    record(ledger_session(), moment(), actor(), Act("export", detail={"name": known.label, "rows": len(rows)}))
    title = f"{known.label}（{stamp_text(moment().at)}）"
    if page.next:
        title += f"　只列出前 {MOST_EXPORTED} 行，还有更多：请用条件筛选后分几次导出"
        flash(f"导出的表格只有前 {MOST_EXPORTED} 行，还有更多；请用条件筛选后分几次导出。", "wrong")
    data = write_table(title, heads, rows)
    return send_file(BytesIO(data), _XLSX, as_attachment=True, download_name=f"{known.label}.xlsx")


def _item_rows(page: Any) -> Iterator[tuple[object, ...]]:
    for number, row in enumerate(page.rows, 1):
        due = last_day(row.due_at).isoformat()
        done = stamp_text(row.completed_at) if row.completed_at else None
        yield (
            *(number, row.project_name, row.project_number, row.township, row.name, row.unit_name),
            *(label_of(Category, row.category), row.sent_by, stamp_text(row.created_at), due, done),
        )


def _case_rows(page: Any) -> Iterator[tuple[object, ...]]:
    for number, case in enumerate(page.rows, 1):
        waits = "；".join(f"{item.name}（{item.unit.short_name}）" for item in page.waits.get(case.id, ()))
        project = case.project
        yield (
            *(number, project.name, project.number, label_of(Category, project.category), case.campaign.name),
            *(stamp_text(case.started_at), CaseStatus(case.status).label, waits),
        )


def _copy_rows(page: Any) -> Iterator[tuple[object, ...]]:
    for number, copy in enumerate(page.rows, 1):
        project, read = copy.case.project, stamp_text(copy.read_at) if copy.read_at else None
        yield (
            *(number, project.name, project.number, label_of(Category, project.category)),
            *(copy.note, copy.sent_by, stamp_text(copy.sent_at), read),
        )


def _draft_rows(page: Any) -> Iterator[tuple[object, ...]]:
    for number, (draft, item) in enumerate(page.rows, 1):
        project = item.case.project
        yield (
            *(number, project.name, project.number, label_of(Category, project.category)),
            *(item.name, stamp_text(draft.saved_at), last_day(item.due_at).isoformat()),
        )


_TABLES: Mapping[str, tuple[tuple[str, ...], Callable[[Any], Iterator[tuple[object, ...]]]]] = {
    "started": (_CASE_HEADS, _case_rows),
    "copies": (_COPY_HEADS, _copy_rows),
    "drafts": (_DRAFT_HEADS, _draft_rows),
}
"""How the lists that are no lists of items look as tables."""
