"""What the pages of supervision share: the area looked at, what an address asks for, and lists as workbooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from flask import abort, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from bpmn.tables import XLSX
from forms.sheets.workbook import write_table
from ledger.db import last_day
from ledger.journal import Act
from ledger.oversight import area_of, areas_below, way_to
from ledger.oversight_lists import OverseenPage, OverseenRow
from ledger.people import Unit
from ledger.tallies import RESTING, mark_of
from ledger.vocabulary import CaseStatus, Category, Operation
from ledger.writing import record
from webapp.layout import label_of, stamp_text
from webapp.request import actor, ledger_session, moment, row_number

PAGE = 20
MOST_EXPORTED = 5000
_HEADS = (
    *("序号", "项目名称", "项目编号", "责任单位", "镇（乡、街道）", "类别", "生产经营", "投资规模（元）"),
    *("状态", "当前环节", "办理单位", "到达时间", "办理时限"),
)


def chosen_area() -> Unit:
    """Return the area the address names, or the widest one the person oversees; 404 for any other."""
    return area_of(ledger_session(), actor(), request.values.get("area", type=row_number)) or abort(404)


def area_choices(area: Unit) -> dict[str, Any]:
    """Return what the pages show to go from area to area, and when the figures were counted."""
    mark = mark_of(ledger_session())
    return {
        "area": area,
        "way": way_to(ledger_session(), actor(), area),
        "below": areas_below(ledger_session(), area),
        "renewed_at": None if mark is None else mark.renewed_at,
    }


def asked_for(**changed: Any) -> dict[str, Any]:
    """Return the address's values with some changed; an empty one goes, and so does the place of a page."""
    values = {**request.args.to_dict(), "after": None, **changed}
    return {name: value for name, value in values.items() if value not in (None, "")}


def list_page(
    endpoint: str, page: OverseenPage, title: str, area: Unit, beside: Sequence[tuple[str, str]] = (), **more: Any
) -> ResponseReturnValue:
    """Draw a list of projects; `more` goes into the address of the next page and of the workbook.

    `beside` are other lists one goes to from here: label and address.
    """
    following: dict[str, Any] = asked_for(**more, after=page.next)
    whole: dict[str, Any] = asked_for(**more)
    return render_template(
        "overseeing/list.html",
        page=page,
        title=title,
        beside=beside,
        next_url=url_for(endpoint, **following) if page.next else None,
        workbook_url=url_for(f"{endpoint}_workbook", **whole),
        statuses=CaseStatus,
        operations=Operation,
        never=RESTING,
        **area_choices(area),
    )


def workbook(name: str, page: OverseenPage) -> ResponseReturnValue:
    """Answer a list of projects as a workbook."""
    return table_workbook(name, _HEADS, list(_lines(page.rows)), whole=not page.next)


def table_workbook(
    name: str, heads: Sequence[str], rows: Sequence[Sequence[object]], *, whole: bool = True
) -> ResponseReturnValue:
    """Answer a table as a workbook, which says when it is not the whole; its rows are counted in the journal."""
    record(ledger_session(), moment(), actor(), Act("export", detail={"name": name, "rows": len(rows)}))
    title = f"{name}（{stamp_text(moment().at)}）"
    data = write_table(title if whole else f"{title}{cut_words(len(rows))}", heads, rows)
    return send_file(BytesIO(data), XLSX, as_attachment=True, download_name=f"{name}.xlsx", max_age=0)


def cut_words(count: int) -> str:
    """Say that a workbook holds only the first rows of a list."""
    return f"　只列出前 {count} 行，还有更多：请按单位或条件分几次导出"


def _lines(rows: Sequence[OverseenRow]) -> Iterator[tuple[object, ...]]:
    for number, row in enumerate(rows, 1):
        due = None if row.late_at is None or row.late_at >= RESTING else last_day(row.late_at).isoformat()
        yield (
            *(number, row.name, row.number, row.unit, row.township, label_of(Category, row.category)),
            *(label_of(Operation, row.operation), row.money_yuan),
            *(label_of(CaseStatus, row.status), "、".join(dict.fromkeys(held.step for held in row.holders))),
            "、".join(dict.fromkeys(held.unit for held in row.holders)),
            *(stamp_text(row.since_at) if row.since_at else None, due),
        )
