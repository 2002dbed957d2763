"""工作批次: a county's rounds with their dates; the bureau enters and changes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.recounting import Moved
from bpmn.replanning import replan
from bpmn.runtime import ActRefused
from forms.fields import Posted
from forms.parsing import FormErrors, parse
from ledger.campaigns import Campaign, campaigns_of, open_campaign
from ledger.deadline_plan import Conflict, conflicts, loads_of, order_conflicts
from ledger.journal import Act
from ledger.scope import PostView
from ledger.vocabulary import Role, UnitKind
from ledger.working_days import MOMENTS, dates_of, load_calendar
from ledger.writing import record
from webapp.form_page import FormPage
from webapp.own_forms import CAMPAIGN as FORM
from webapp.own_forms import MOMENT_LABELS
from webapp.permissions import BUREAU, STAFF, allows
from webapp.request import acting, actor, ledger_session, moment, typed

bp = Blueprint("campaigns", __name__)
_SHOWN = 200  # moved dates on the page; the count is whole
_REASON_LIMIT = 200


@bp.get("/campaigns")
@allows(STAFF)
def index() -> ResponseReturnValue:
    seen = _seen()
    counts = {each.id: len(_conflicts(each.county_id, dates_of(each))) for each in seen if each.closed_at is None}
    return render_template(
        "campaigns/index.html", campaigns=seen, moments=MOMENT_LABELS, may_edit=_bureau(), conflict_counts=counts
    )


@bp.get("/campaigns/new")
@allows(BUREAU)
def new() -> ResponseReturnValue:
    return render_template("campaigns/edit.html", page=FormPage(FORM, {}), campaign=None)


@bp.post("/campaigns/new")
@allows(BUREAU)
def create() -> ResponseReturnValue:
    posted = typed()
    answers, errors = _read(posted)
    if errors:
        return render_template("campaigns/edit.html", page=FormPage(FORM, posted, errors=errors), campaign=None), 422
    county_id = _county_id()
    found = _conflicts(county_id, _dates(answers))
    if found and "_confirmed" not in request.form:
        return _review(None, posted, found, (), "")
    campaign = open_campaign(ledger_session(), county_id, answers["name"], answers["year"], _dates(answers))
    changes = {name: ["", str(day)] for name, day in dates_of(campaign).items()}
    _record("campaign_opened", campaign, {"changes": changes, "conflicts": [each.sentence for each in found]})
    flash("工作批次已建立。")
    return redirect(url_for("campaigns.index"), 303)


@bp.get("/campaigns/<int:campaign_id>/edit")
@allows(BUREAU)
def edit(campaign_id: int) -> ResponseReturnValue:
    campaign = _own(campaign_id)
    posted = {"name": [campaign.name], "year": [str(campaign.year)]}
    posted.update({f"{name}_on": [day.isoformat()] for name, day in dates_of(campaign).items()})
    found = _conflicts(campaign.county_id, dates_of(campaign))
    return render_template("campaigns/edit.html", page=FormPage(FORM, posted), campaign=campaign, conflicts=found)


@bp.post("/campaigns/<int:campaign_id>/edit")
@allows(BUREAU)
def change(campaign_id: int) -> ResponseReturnValue:
    """Change a campaign; other dates show what they conflict with and what they move, and ask for a reason."""
    campaign, posted = _own(campaign_id), typed()
    if campaign.closed_at is not None:
        raise ActRefused("工作批次已经结束，不能再修改")
    answers, errors = _read(posted)
    if errors:
        page = FormPage(FORM, posted, errors=errors)
        return render_template("campaigns/edit.html", page=page, campaign=campaign), 422
    dates, session = _dates(answers), ledger_session()
    if dates != dates_of(campaign):
        reason = request.form.get("_reason", "").strip()
        fault = reason_fault(reason) if "_confirmed" in request.form else ""
        if fault or "_confirmed" not in request.form:
            found = _conflicts(campaign.county_id, dates)
            moved = replan(acting(), campaign, dates, "", write=False)
            return _review(campaign, posted, found, moved, fault), 422 if fault else 200
        moved = replan(acting(), campaign, dates, reason, write=True)
        flash(f"工作批次已修改，{len(moved)}个期限已按新日期调整。")
    else:
        flash("工作批次已修改。")
    if (campaign.name, campaign.year) != (answers["name"], answers["year"]):
        old = {"name": [campaign.name, answers["name"]], "year": [campaign.year, answers["year"]]}
        campaign.name, campaign.year = answers["name"], answers["year"]
        _record("campaign_renamed", campaign, old)
    session.flush()
    return redirect(url_for("campaigns.index"), 303)


def _review(
    campaign: Campaign | None, posted: Posted, found: Sequence[Conflict], moved: Sequence[Moved], fault: str
) -> str:
    """Show what does not fit and what moves, before anything is written."""
    return render_template(
        "campaigns/review.html",
        campaign=campaign,
        posted=posted,
        conflicts=found,
        moved=moved[:_SHOWN],
        moved_count=len(moved),
        fault=fault,
        reason=request.form.get("_reason", ""),
    )


def reason_fault(reason: str) -> str:
    """Return in Chinese what is wrong with the reason for other dates, or nothing."""
    if not reason:
        return "调整日期须写明理由"
    if len(reason) > _REASON_LIMIT or not reason.isprintable():
        return f"理由最多{_REASON_LIMIT}字，写成一段"
    return ""


def _conflicts(county_id: int, dates: Mapping[str, date]) -> list[Conflict]:
    session = ledger_session()
    return conflicts(dates, load_calendar(session), loads_of(session, county_id))


def _county_id() -> int:
    county_id = _bureau()[0].county_id
    assert county_id is not None  # a bureau lies in a county
    return county_id


def _bureau() -> list[PostView]:
    return [p for p in actor().posts if p.role is Role.HANDLER and p.unit_kind is UnitKind.BUREAU]


def _seen() -> Sequence[Campaign]:
    return campaigns_of(ledger_session(), {p.county_id for p in actor().posts if p.county_id is not None})


def _own(campaign_id: int) -> Campaign:
    counties = {post.county_id for post in _bureau()}
    found = next((c for c in _seen() if c.id == campaign_id and c.county_id in counties), None)
    return found or abort(404)


def _read(posted: Posted) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the answers, and what is wrong with them; the dates must follow each other."""
    try:
        answers = parse(FORM, posted, FormPage(FORM, posted).asked)
    except FormErrors as refused:
        return {}, dict(refused.errors)
    return answers, {f"{each.moment}_on": each.sentence for each in order_conflicts(_dates(answers))}


def _dates(answers: dict[str, Any]) -> dict[str, date]:
    return {name: date.fromisoformat(answers[f"{name}_on"]) for name in MOMENTS}


def _record(act: str, campaign: Campaign, detail: dict[str, Any]) -> None:
    record(ledger_session(), moment(), actor(), Act(act, detail={"campaign": campaign.id, **detail}))
