"""词汇表: the scheme's closed lists to look up, and lists of the installation's own that forms may choose from."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from forms.definition import shipped_forms, vocabulary_options
from ledger.choice_lists import (
    LABEL_LENGTH,
    ChoiceList,
    ListEntry,
    ListRefused,
    add_entry,
    make_list,
    restore_entry,
    retire_entry,
    whole_lists,
)
from ledger.journal import Act
from ledger.writing import record
from webapp.permissions import DESIGN, SYSTEM, allows
from webapp.request import actor, ledger_session, moment

bp = Blueprint("vocabularies", __name__, url_prefix="/vocabularies")
FIXED: Mapping[str, str] = {
    "Category": "四个一批（第三至六条）",
    "Level": "实施层级（附件1—3）",
    "Industry": "产业类型（附件1—3）",
    "OperatingMode": "运营模式（附件1—3、5）",
    "Function": "功能现状（附件5）",
    "Use": "使用现状（附件5）",
    "Operation": "生产经营情况（附件1—3）",
    "LedgerOperation": "生产经营情况（附件5）",
    "Cause": "停产闲置、经营困难的原因（附件4逐项分栏）",
    "ProjectProblem": "存在问题（附件5）",
    "Linkage": "联农带农作用（附件1—3、5）",
    "LinkageGap": "未充分发挥的原因（附件4逐项分栏）",
    "Finding": "分类条件（第三至六条）",
    "ConsolidateMeasure": "巩固类措施（第七条）",
    "UpgradeMeasure": "提升类措施（第八条）",
    "ReviveWay": "盘活类方式（第九条）",
    "FailureKind": "重建类失败原因（第十条）",
    "FundingSource": "资金来源（附件1—3）",
    "ReviewOpinion": "会审意见",
}


@bp.get("")
@allows(DESIGN)
def index() -> str:
    return _page()


@bp.post("")
@allows(SYSTEM)
def make() -> ResponseReturnValue:
    title = _typed("title")
    try:
        made = make_list(ledger_session(), title, actor().name, moment().at)
    except ListRefused as refused:
        return _page(title=title, wrong=str(refused)), 422
    _note("list_made", made, "", made.title)
    flash(f"已新建列表“{made.title}”，请加上选项。")
    return redirect(url_for("vocabularies.index"), 303)


@bp.post("/<int:list_id>/entries")
@allows(SYSTEM)
def add(list_id: int) -> ResponseReturnValue:
    head, label = _list(list_id), _typed("label")
    try:
        added = add_entry(ledger_session(), list_id, label)
    except ListRefused as refused:
        return _page(label=label, wrong=f"{head.title}：{refused}"), 422
    _note("list_entry_added", head, "", added.label)
    flash(f"已在“{head.title}”里加上“{added.label}”。")
    return redirect(url_for("vocabularies.index"), 303)


@bp.post("/<int:list_id>/entries/<int:entry_id>/retire")
@allows(SYSTEM)
def retire(list_id: int, entry_id: int) -> ResponseReturnValue:
    """Offer an entry no more; one that is retired already stays as it is."""
    head, entry = _list(list_id), _entry(list_id, entry_id)
    if entry.retired_at is None:
        retire_entry(entry, moment().at)
        _note("list_entry_retired", head, f"{entry.label}：可选", f"{entry.label}：停用")
        flash(f"“{entry.label}”已停用，填过的内容不变。")
    return redirect(url_for("vocabularies.index"), 303)


@bp.post("/<int:list_id>/entries/<int:entry_id>/restore")
@allows(SYSTEM)
def restore(list_id: int, entry_id: int) -> ResponseReturnValue:
    head, entry = _list(list_id), _entry(list_id, entry_id)
    if entry.retired_at is not None:
        restore_entry(entry)
        _note("list_entry_restored", head, f"{entry.label}：停用", f"{entry.label}：可选")
        flash(f"“{entry.label}”又可以选了。")
    return redirect(url_for("vocabularies.index"), 303)


def _page(*, title: str = "", label: str = "", wrong: str = "") -> str:
    return render_template(
        "vocabularies/index.html",
        lists=whole_lists(ledger_session()),
        fixed=[(words, name, vocabulary_options(name), _used(name)) for name, words in FIXED.items()],
        may_change=SYSTEM.admits(actor()),
        longest=LABEL_LENGTH,
        title=title,
        label=label,
        wrong=wrong,
    )


def _used(name: str) -> list[str]:
    """Return the titles of the shipped forms that choose from one of the scheme's lists."""
    asked = f"'vocabulary': '{name}'"
    return [str(form["title"]) for form in shipped_forms().values() if asked in str(form)]


def _typed(name: str) -> str:
    return request.form.get(name, "")[: 2 * LABEL_LENGTH].replace("\0", "")


def _list(list_id: int) -> ChoiceList:
    return ledger_session().get(ChoiceList, list_id) or abort(404)


def _entry(list_id: int, entry_id: int) -> ListEntry:
    found = ledger_session().get(ListEntry, entry_id)
    return found if found is not None and found.list_id == list_id else abort(404)


def _note(act: str, head: ChoiceList, before: str, after: str) -> None:
    detail = {"list": head.id, "title": head.title, "value": [before, after]}
    record(ledger_session(), moment(), actor(), Act(act, detail=detail))
