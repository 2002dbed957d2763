"""分类建议 beside the defects as one ticks them: the case's own decision table asked at once, and what differs from it.

Without a script the page says the same whenever it is drawn: on opening, after 暂存 and after a refusal.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.runtime import open_item
from forms.fields import Form, Posted
from handlers.outcome import Step
from ledger.classification import Reason, Suggestion
from ledger.findings import Finding
from ledger.scope import case_id_of_visible_item
from ledger.vocabulary import Category
from webapp.permissions import STAFF, allows
from webapp.request import acting, actor, ledger_session

bp = Blueprint("suggesting", __name__)
FINDINGS, CATEGORY, DEVIATION = "findings", "category", "deviation"
CLASSES = {
    "3": Category.CONSOLIDATE,
    "4": Category.UPGRADE,
    "5": Category.REVIVE,
    "6": Category.REBUILD,
}
"""The article that names each class."""


@dataclass(frozen=True)
class Advice:
    """What the table says to what is ticked now; `differs` tells what the class chosen asks for."""

    url: str
    beside: str  # the field it stands below
    category: Category | None
    reasons: Sequence[Reason]
    note: str
    differs: str


@bp.get("/items/<int:item_id>/suggestion")
@allows(STAFF)
def show(item_id: int) -> ResponseReturnValue:
    """Answer the block that stands below the check boxes, for what is ticked now."""
    if case_id_of_visible_item(ledger_session(), actor(), item_id) is None:
        abort(404)
    opened = open_item(acting(), item_id)
    if not opened.mine:
        abort(404)
    advice = advice_on(opened.item.id, opened.form, opened.step, request.args.to_dict(flat=False)) or abort(404)
    return render_template("items/advice.html", advice=advice)


def advice_on(item_id: int, form: Form, step: Step, posted: Posted) -> Advice | None:
    """Return what the case's decision table says to a form as it stands; None where the form asks nothing of it."""
    beside = _beside(form)
    if beside is None or step.suggest is None:
        return None
    ticked = posted.get(FINDINGS, ()) if FINDINGS in _names(form) else step.project.get(FINDINGS) or ()
    suggestion = step.suggest([each for each in ticked if each in set(Finding)])
    chosen = next(iter(posted.get(CATEGORY, ())), "")
    return Advice(
        url_for("suggesting.show", item_id=item_id),
        beside,
        Category(suggestion.category) if suggestion.category else None,
        suggestion.reasons,
        suggestion.note,
        _difference(suggestion, chosen) if DEVIATION in _names(form) else "",
    )


def _names(form: Form) -> Collection[str]:
    return {each.name for _section, each in form.fields() if not each.retired}


def _beside(form: Form) -> str | None:
    """Return the field below which the advice stands: the class where it is chosen, else what it follows from."""
    names = _names(form)
    if DEVIATION in names and CATEGORY in names:
        return CATEGORY
    return FINDINGS if FINDINGS in names else None


def _difference(suggestion: Suggestion, chosen: str) -> str:
    """Say what a class other than the suggested one asks for; nothing while none is chosen, or the same."""
    if chosen not in set(Category) or chosen == suggestion.category:
        return ""
    if suggestion.category is None:
        return "系统没有分类建议：请写明分类理由。"
    return f"您选的是{Category(chosen).label}，与建议的{Category(suggestion.category).label}不同：请写明理由。"
