"""月度核对 (R3): a unit looks over its projects, corrects one with a reason, confirms all; the rates follow."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import select

from ledger.db import transaction
from ledger.fact_checks import FactConfirmation
from ledger.journal import Entry
from ledger.ledger_edits import edits_of
from ledger.projects import Project
from ledger.rounds import RoundItem, UnitRound
from ledger.statistics import everything, rates
from tests.walk import local
from tests.webapp.conftest import Person, Site
from tests.webapp.test_rounds import Thursday

pytestmark = pytest.mark.usefixtures("quick_prints")
TICKS = {"ledger_confirmed": "true", "annex4_confirmed": "true", "explanation": "陆续调研中", "_action": "submit"}


def monthly(site: Site, town: str = "桑柘镇") -> RoundItem:
    """Come to the first Monday of December; return the town's step of the month."""
    Thursday(site).at(local(2023, 12, 4))
    with transaction(site.ground.sessions, writes=False) as session:
        wanted = select(RoundItem).join(UnitRound, UnitRound.id == RoundItem.round_id)
        unit = site.ground.county.townships[town].id
        return session.scalars(wanted.where(UnitRound.kind == "monthly", UnitRound.unit_id == unit)).one()


def own_projects(site: Site, item: RoundItem) -> list[Project]:
    with transaction(site.ground.sessions, writes=False) as session:
        own = (Project.responsible_unit_id == item.unit_id, Project.exited_on.is_(None))
        return list(session.scalars(select(Project).where(*own).order_by(Project.number)))


def revision(person: Person, path: str) -> str:
    found = re.search(r'name="_revision" value="(\d+)"', person.get(path).text)
    assert found is not None
    return found[1]


def stopped_count(site: Site) -> int:
    with transaction(site.ground.sessions, writes=False) as session:
        return rates(session, everything()).stopped_count


def test_r3_a_fact_is_corrected_with_its_reason_and_the_rate_follows(site: Site) -> None:
    site.walk(0)
    item, person = monthly(site), site.town()
    project, *_others = own_projects(site, item)
    listed = f"/rounds/items/{item.id}/projects"
    assert listed in person.get(f"/rounds/{item.round_id}").text
    path = f"{listed}/{project.id}"
    assert f'href="{path}"' in person.get(listed).text
    before = stopped_count(site)
    facts = {"_revision": revision(person, path), "operation": "stopped", "causes": "funds"}
    refused = person.post(path, facts)
    assert (refused.status_code, "更正理由" in refused.text) == (422, True)
    assert person.post(path, {**facts, "reason": "业主资金断裂，12月2日入户核实"}).status_code == 303
    assert stopped_count(site) == before + 1
    assert "本期已更正" in person.get(listed).text
    assert "已更正 1 个" in person.get(f"/rounds/{item.round_id}").text
    with transaction(site.ground.sessions, writes=False) as session:
        told = {(edit.head, edit.new, edit.reason) for edit in edits_of(session, project.id)}
        entry = session.scalars(select(Entry).where(Entry.act == "fact_correction")).one()
    assert ("生产经营", "停产闲置", "业主资金断裂，12月2日入户核实") in told
    assert '"operation":[null,"stopped"]' in entry.detail
    assert "业主资金断裂" in person.get(f"/projects/{project.id}").text


def test_r3_what_was_changed_meanwhile_or_contradicts_itself_is_refused(site: Site) -> None:
    item, person = monthly(site), site.town()
    project = own_projects(site, item)[0]
    path = f"/rounds/items/{item.id}/projects/{project.id}"
    shown = revision(person, path)
    normal = {"_revision": shown, "operation": "normal", "reason": "恢复生产"}
    against = person.post(path, {**normal, "findings": "stopped_for_now"})
    assert (against.status_code, "不能同时勾选" in against.text) == (422, True)
    told = person.post(path, {**normal, "reason": "业主13800001234说已恢复"})  # M2: no whole number in the trail
    assert (told.status_code, "不能写手机号码" in told.text) == (422, True)
    assert person.post(path, normal).status_code == 303
    again = person.post(path, {**normal, "operation": "difficult", "causes": "funds"})
    assert (again.status_code, "刚刚有了变动" in again.text, "恢复生产" in again.text) == (422, True, True)
    same = person.post(path, {**normal, "_revision": revision(person, path)})
    assert (same.status_code, "不用更正" in same.text) == (422, True)


def test_r3_each_projects_day_of_confirmation_is_kept(site: Site) -> None:
    item, person = monthly(site), site.town()
    own = own_projects(site, item)
    answer = person.post(f"/rounds/items/{item.id}", {**TICKS, "_revision": str(item.revision)})
    assert answer.status_code == 303, answer.text
    with transaction(site.ground.sessions, writes=False) as session:
        kept = {(each.project_id, each.confirmed_on) for each in session.scalars(select(FactConfirmation))}
    assert kept == {(project.id, date(2023, 12, 4)) for project in own}
    listed = person.get(f"/rounds/items/{item.id}/projects").text
    assert listed.split("<tbody>")[1].count("2023-12-04") == len(own)
    assert "最近一次月度确认：2023-12-04" in person.get(f"/projects/{own[0].id}").text
    assert "更正</a>" not in listed  # handed in: nothing is corrected any more
    assert person.get(f"/rounds/items/{item.id}/projects/{own[0].id}").status_code == 404


def test_o1_only_the_units_own_people_look_over_its_own_projects(site: Site) -> None:
    item, other = monthly(site), site.town("保家镇")
    listed = f"/rounds/items/{item.id}/projects"
    own = own_projects(site, item)[0]
    foreign = next(each for each in site.ground.projects if each.responsible_unit_id != item.unit_id)
    assert other.get(listed).status_code == other.get(f"{listed}/{own.id}").status_code == 404
    assert site.bureau().get(listed).status_code == 200
    assert site.bureau().get(f"{listed}/{own.id}").status_code == 404  # looked at, not corrected
    assert site.town().get(f"{listed}/{foreign.id}").status_code == 404
