"""工作批次: a county's rounds with their dates; the bureau enters and changes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from forms.fields import FormErrors, Posted, parse
from ledger.campaigns import MOMENTS, Campaign, campaigns_of, open_campaign
from ledger.journal import Act, record
from ledger.people import PostView
from ledger.vocabulary import Role, UnitKind
from webapp.form_page import FormPage
from webapp.own_forms import CAMPAIGN as FORM
from webapp.own_forms import MOMENT_LABELS
from webapp.permissions import BUREAU, STAFF, allows
from webapp.request import actor, ledger_session, moment

bp = Blueprint("campaigns", __name__)


@bp.get("/campaigns")
@allows(STAFF)
def index() -> ResponseReturnValue:
    return render_template("campaigns/index.html", campaigns=_seen(), moments=MOMENT_LABELS, may_edit=_bureau())


@bp.get("/campaigns/new")
@allows(BUREAU)
def new() -> ResponseReturnValue:
    return render_template("campaigns/edit.html", page=FormPage(FORM, {}), campaign=None)


@bp.post("/campaigns/new")
@allows(BUREAU)
def create() -> ResponseReturnValue:
    posted = request.form.to_dict(flat=False)
    answers, errors = _read(posted)
    if errors:
        return render_template("campaigns/edit.html", page=FormPage(FORM, posted, errors=errors), campaign=None), 422
    county_id = _bureau()[0].county_id
    assert county_id is not None  # a bureau lies in a county
    campaign = open_campaign(ledger_session(), county_id, answers["name"], answers["year"], _dates(answers))
    _record("campaign_opened", campaign, {"dates": {name: str(day) for name, day in campaign.dates.items()}})
    flash("工作批次已建立。")
    return redirect(url_for("campaigns.index"), 303)


@bp.get("/campaigns/<int:campaign_id>/edit")
@allows(BUREAU)
def edit(campaign_id: int) -> ResponseReturnValue:
    campaign = _own(campaign_id)
    posted = {"name": [campaign.name], "year": [str(campaign.year)]}
    posted.update({f"{name}_on": [day.isoformat()] for name, day in campaign.dates.items()})
    return render_template("campaigns/edit.html", page=FormPage(FORM, posted), campaign=campaign)


@bp.post("/campaigns/<int:campaign_id>/edit")
@allows(BUREAU)
def change(campaign_id: int) -> ResponseReturnValue:
    campaign, posted = _own(campaign_id), request.form.to_dict(flat=False)
    answers, errors = _read(posted)
    if errors:
        page = FormPage(FORM, posted, errors=errors)
        return render_template("campaigns/edit.html", page=page, campaign=campaign), 422
    before = {name: str(day) for name, day in campaign.dates.items()}
    campaign.name, campaign.year = answers["name"], answers["year"]
    for name, day in _dates(answers).items():
        setattr(campaign, f"{name}_on", day)
    after = {name: str(day) for name, day in campaign.dates.items()}
    _record(
        "campaign_changed",
        campaign,
        {name: [before[name], after[name]] for name in MOMENTS if before[name] != after[name]},
    )
    flash("工作批次已修改。已经生成的任务期限不变，以后生成的任务按新日期计算。")
    return redirect(url_for("campaigns.index"), 303)


def _bureau() -> list[PostView]:
    return [p for p in actor().posts if p.role is Role.HANDLER and p.unit_kind is UnitKind.BUREAU]


def _seen() -> Sequence[Campaign]:
    return campaigns_of(ledger_session(), {p.county_id for p in actor().posts if p.county_id is not None})


def _own(campaign_id: int) -> Campaign:
    counties = {post.county_id for post in _bureau()}
    found = next((c for c in _seen() if c.id == campaign_id and c.county_id in counties), None)
    return found or abort(404)


def _read(posted: Posted) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the answers, or what is wrong with them; the dates must follow each other."""
    try:
        answers = parse(FORM, posted, FormPage(FORM, posted).asked)
    except FormErrors as refused:
        return {}, dict(refused.errors)
    dates, labels = _dates(answers), dict(MOMENT_LABELS)
    errors = {
        f"{later}_on": f"“{labels[later]}”不能早于“{labels[earlier]}”"
        for earlier, later in pairwise(MOMENTS)
        if dates[later] < dates[earlier]
    }
    return answers, errors


def _dates(answers: dict[str, Any]) -> dict[str, date]:
    return {name: date.fromisoformat(answers[f"{name}_on"]) for name in MOMENTS}


def _record(act: str, campaign: Campaign, detail: dict[str, Any]) -> None:
    record(ledger_session(), moment(), actor(), Act(act, detail={"campaign": campaign.id, **detail}))
