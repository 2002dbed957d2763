"""The small procedure that W1, W7 and W8 drive: start, 8 plain user tasks, a gateway, 3 service tasks, one due timer.

A step's form takes 4 KB of answers in Chinese. Steps lie with the township and the bureau in turn; the three service
tasks tell the bureau's people through the outbox.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from bpmn.deployment import Bundle, deploy
from bpmn.runtime import Acting, complete_item, fire_timer, start_case
from ledger.campaigns import Campaign
from ledger.db import transaction
from ledger.demonstration import BEGINS_AT, build_county, build_projects
from ledger.installation import found
from ledger.journal import Moment
from ledger.projects import Project
from ledger.scope import CLOCK, Actor
from ledger.vocabulary import Role
from ledger.working_days import seed_calendar
from tests.benchmarks.figures import Place
from tests.bpmn.sketch import flows_of, node, timer
from tests.walk import person

STEPS = tuple(f"step_{number}" for number in range(1, 9))
LANES = ("责任单位", "县乡村振兴局")
LATER = timedelta(days=3)  # by then the timer is due
AREAS = ("situation", "reasons", "measures", "opinion")
WORDS = (
    "该项目位于村集体用地，建有标准化厂房两栋，主要从事农产品初加工，带动周边脱贫户就近务工。经现场查看，"
    "设备运行正常，账目清楚，分红按时到户；存在的主要问题是市场销路单一、冷链配套不足、管护责任落实不到位，"
    "拟由乡镇会同村委会制定整改方案，明确责任人和完成时限，按月报送进度，年底前完成验收并公示。"
)


def diagram() -> str:
    """Draw the procedure."""
    nodes = [node("startEvent", "s"), node("endEvent", "e")]
    for number, step in enumerate(STEPS):
        given = {"name": f"第{number + 1}步", "sgyp__form": step, "sgyp__due": "2wd"}
        nodes.append(node("userTask", step, sgyp__who=LANES[number % 2], **given))
    nodes += [
        node("serviceTask", f"tell_{n}", name=f"抄送{n}", sgyp__handler="notify", sgyp__who=LANES[1])
        for n in range(1, 4)
    ]
    nodes.append(node("exclusiveGateway", "on", default="on_3"))
    nodes.append(node("intermediateCatchEvent", "wait", timer("P1D", "timeDuration"), name="等候"))
    order = ["s", "step_1", "step_2", "on", "step_3", "tell_1", "step_4", "step_5", "wait", "tell_2"]
    order += ["step_6", "step_7", "tell_3", "step_8", "e"]
    flows = [(a, b, "", "on_3") if a == "on" else (a, b) for a, b in pairwise(order)]
    flows.append(("on", "step_1", "verdict == 'back'"))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:sgyp="urn:sigeyipi:bpmn:1"'
        ' id="D" targetNamespace="urn:test">\n'
        '<bpmn:process id="four_batches" name="基准流程" isExecutable="true">\n'
        f"{''.join(nodes)}\n{flows_of(flows)}\n</bpmn:process>\n</bpmn:definitions>\n"
    )


def form(step: str) -> dict[str, Any]:
    """Define one step's form: a decision, a day, an amount, three lines and four long texts."""
    choices = [{"value": "on", "label": "同意"}, {"value": "back", "label": "退回"}]
    fields = [
        {
            "name": "verdict",
            "label": "意见",
            "type": "radio",
            "required": True,
            "options": choices,
            "publish": "verdict",
        },
        {"name": "seen_on", "label": "查看日期", "type": "date", "required": True},
        {"name": "amount", "label": "金额", "type": "money"},
        *({"name": f"line_{n}", "label": f"说明{n}", "type": "text", "required": True} for n in range(1, 4)),
        *({"name": area, "label": area, "type": "textarea", "required": True, "width": 12} for area in AREAS),
    ]
    title = f"第{STEPS.index(step) + 1}步"
    return {"stem": step, "title": title, "article": "", "sections": [{"title": title, "fields": fields}]}


def posted(random: Random, verdict: str = "on") -> dict[str, Sequence[str]]:
    """Fill a form in with about 4 KB of text as UTF-8."""
    areas = {area: ["".join(random.choice(WORDS) for _ in range(310))] for area in AREAS}
    lines = {f"line_{n}": ["".join(random.choice(WORDS) for _ in range(24))] for n in range(1, 4)}
    return {"verdict": [verdict], "seen_on": ["2023-11-06"], "amount": ["120,000.50"], **lines, **areas}


NO_LIMIT = 1_000_000  # rounds: W8 sends back more often than a county allows


@dataclass
class Bench:
    """A county with the small procedure deployed and projects to start; `actors` by unit."""

    place: Place
    projects: list[Project]
    campaign_id: int
    actors: Mapping[int, Actor]
    answers: dict[str, Sequence[str]]
    now: datetime = BEGINS_AT

    def acting(self, session: Any, actor: Actor, now: datetime) -> Acting:
        return Acting(session, actor, Moment(now, now), self.place.folder, round_limit=NO_LIMIT)


def lay(place: Place, projects: int) -> Bench:
    """Enter a county and `projects`, and deploy the small procedure as its newest version."""
    with transaction(place.sessions) as session:
        found(session, BEGINS_AT, demonstration=True)
        seed_calendar(session)
        county = build_county(session, BEGINS_AT, townships=("桑柘镇", "保家镇", "鹿角镇"))
        made = build_projects(session, county, projects, BEGINS_AT)
        deploy(session, Bundle(diagram(), {}, {step: form(step) for step in STEPS}), "基准", BEGINS_AT)
        units = {project.responsible_unit_id for project in made} | {county.bureau.id}
        actors = {unit: person(session, unit, Role.HANDLER) for unit in units if unit is not None}
        return Bench(place, made, county.campaign.id, actors, posted(Random(1)))


def start(bench: Bench, project: Project) -> int:
    """Start one case in a transaction of its own."""
    with transaction(bench.place.sessions) as session:
        campaign = session.get_one(Campaign, bench.campaign_id)
        mine = session.get_one(Project, project.id)
        actor = next(iter(bench.actors.values()))
        return start_case(bench.acting(session, actor, bench.now), mine, campaign).id


def complete(bench: Bench, item_id: int, unit_id: int, revision: int = 1) -> None:
    """Complete one item as its unit's person, in a transaction of its own."""
    with transaction(bench.place.sessions) as session:
        complete_item(bench.acting(session, bench.actors[unit_id], bench.now), item_id, revision, bench.answers)


def fire(bench: Bench, timer_id: int) -> None:
    """Fire one timer three days later, in a transaction of its own."""
    with transaction(bench.place.sessions) as session:
        assert fire_timer(bench.acting(session, CLOCK, bench.now + LATER), timer_id)
