"""The interface: a county's campaigns, its cases as a list, and starting cases for projects of the register (P1)."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import request

from bpmn.pushing import push_part
from ledger.campaigns import Campaign, campaigns_of
from ledger.case_lists import CaseFilter, cases_page
from ledger.cases import Case, projects_under_way
from ledger.imports import assign, projects_named, unassigned_projects
from ledger.journal import Act
from ledger.people import units_of_kind
from ledger.register import cases_of_projects
from ledger.vocabulary import CaseStatus, Category, Level
from ledger.working_days import dates_of
from ledger.writing import record
from webapp.api import shapes
from webapp.api.operations import Asked, BodyRefused, acts, reads
from webapp.api.projects import AFTER, PAGE
from webapp.api.shapes import CASE_BRIEF, DAY, FLAG, NUMBER, PROJECT_BRIEF, TEXT, listed, named, paged
from webapp.imports import county
from webapp.permissions import BUREAU, STAFF
from webapp.request import acting, actor, ledger_session, moment, number_asked
from webapp.unassigned import RUNNING

Given = dict[str, Any]
MOST_PUSHED = 500  # projects of one request
_DATES = {"type": "object", "additionalProperties": DAY}
CAMPAIGN = named(id=NUMBER, name=TEXT, year=NUMBER, closed=FLAG, dates=_DATES)
_CASE_ROW = named(**CASE_BRIEF["properties"], project=PROJECT_BRIEF)
_PUSHED = named(
    started=listed(named(project_id=NUMBER, case_id=NUMBER)),
    already=listed(NUMBER),
    failures=listed(named(project_id=NUMBER, number=TEXT, name=TEXT, reason=TEXT)),
)
_CASE_ASKS = (
    Asked("q", "名称、编号、乡镇或拼音首字母", TEXT),
    Asked("campaign", "工作批次的编号", NUMBER),
    Asked("project", "项目的编号（id）", NUMBER),
    Asked("unit", "承办单位的编号", NUMBER),
    Asked("status", "流程状态", {"enum": [str(one) for one in CaseStatus]}),
    Asked("stem", "正等待办理的环节", TEXT),
    Asked("category", "四个一批类别", {"enum": [str(one) for one in Category]}),
)


@reads("/campaigns", "工作批次和各时间节点", STAFF, listed(CAMPAIGN))
def campaigns() -> list[dict[str, Any]]:
    return [_campaign(each) for each in _known_campaigns()]


@reads("/cases", "流程", STAFF, paged(_CASE_ROW, total=NUMBER), (*_CASE_ASKS, AFTER))
def cases() -> dict[str, Any]:
    asked = request.args
    wanted = CaseFilter(
        text=asked.get("q", "")[:60].strip(),
        campaign_id=number_asked(asked.get("campaign")),
        project_id=number_asked(asked.get("project")),
        unit_id=number_asked(asked.get("unit")),
        status=asked.get("status", ""),
        stem=asked.get("stem", "")[:60],
        category=asked.get("category", ""),
    )
    found, total = cases_page(ledger_session(), actor(), wanted, number_asked(asked.get("after")) or 0, PAGE + 1)
    shown = found[:PAGE]
    following = str(shown[-1].id) if len(found) > PAGE else ""
    return {"rows": [_case_row(each) for each in shown], "next": following, "total": total}


@acts(
    "/cases",
    "推送：为台账里的项目启动流程；已在办的不重复启动，不能启动的逐个说明原因",
    BUREAU,
    named(campaign_id=NUMBER, project_ids={**listed(NUMBER), "minItems": 1, "maxItems": MOST_PUSHED}),
    _PUSHED,
)
def push(given: Given) -> dict[str, Any]:
    session, wanted = ledger_session(), sorted(set(given["project_ids"]))
    campaign = _open(given["campaign_id"])
    projects = projects_named(session, county(), wanted)
    if unknown := sorted(set(wanted) - {project.id for project in projects}):
        raise BodyRefused({"project_ids": f"台账里没有编号为 {'、'.join(map(str, unknown[:10]))} 的项目"})
    already = projects_under_way(session, campaign.id, wanted)
    pushed = push_part(acting(), [project for project in projects if project.id not in already], campaign)
    counts = {"cases": pushed.case_count, "failed": len(pushed.failures), "file": ""}
    record(session, moment(), actor(), Act("push", detail=counts))
    begun = cases_of_projects(session, campaign.id, [project_id for project_id in wanted if project_id not in already])
    told = [
        {name: getattr(each, name) for name in ("project_id", "number", "name", "reason")} for each in pushed.failures
    ]
    started = [{"project_id": each.project_id, "case_id": each.id} for each in begun]
    return {"started": started, "already": sorted(already), "failures": told}


@acts(
    "/projects/<int:project_id>/assign",
    "分派：给待分派的项目指定承办单位和主管层级",
    BUREAU,
    named(unit_id=NUMBER, level={"enum": [str(one) for one in Level]}),
    PROJECT_BRIEF,
)
def project_assign(project_id: int, given: Given) -> dict[str, Any]:
    session = ledger_session()
    project = next((each for each in unassigned_projects(session, county()) if each.id == project_id), None)
    if project is None:
        raise BodyRefused({"": "这个项目不在待分派的项目里"})
    unit = next((each for each in units_of_kind(session, county(), RUNNING) if each.id == given["unit_id"]), None)
    if unit is None:
        raise BodyRefused({"unit_id": "本县没有这个承办单位"})
    level = Level(given["level"])
    assign(project, unit, level)
    told = {"project": project.number, "unit": unit.short_name, "level": str(level)}
    record(session, moment(), actor(), Act("assign", detail=told))
    session.flush()
    return shapes.project_brief(project)


def _known_campaigns() -> list[Campaign]:
    counties = {post.county_id for post in actor().posts if post.county_id is not None}
    return list(campaigns_of(ledger_session(), counties))


def _open(campaign_id: int) -> Campaign:
    """Return an open campaign of the bureau's county; BodyRefused for any other."""
    known = campaigns_of(ledger_session(), {county()})
    found = next((each for each in known if each.id == campaign_id and each.closed_at is None), None)
    if found is None:
        raise BodyRefused({"campaign_id": "没有这个进行中的工作批次"})
    return found


def _campaign(found: Campaign) -> dict[str, Any]:
    dates: dict[str, date] = dict(dates_of(found))
    told = {"id": found.id, "name": found.name, "year": found.year, "closed": found.closed_at is not None}
    return {**told, "dates": dates}


def _case_row(found: Case) -> dict[str, Any]:
    return {**shapes.case_brief(found), "project": shapes.project_brief(found.project)}
