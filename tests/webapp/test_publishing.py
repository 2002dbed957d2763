"""Compare, submit, publish and move running cases over the pages (issue 9 items 6 and 7)."""

from __future__ import annotations

import re

import pytest

from ledger.cases import Case
from ledger.db import transaction
from ledger.procedures import Procedure, current_procedure
from ledger.vocabulary import Role
from tests.walk import Walk
from tests.webapp.conftest import Person, Site

pytestmark = pytest.mark.usefixtures("quick_prints")
LONGER = ('sgyp:handler="field_survey" sgyp:due="campaign:survey"', 'sgyp:handler="field_survey" sgyp:due="20wd"')
GONE = ('id="field_survey" name="实地调研" sgyp:handler="field_survey"', 'id="visit" name="到场"')


def administrator(site: Site, role: Role) -> Person:
    return site.person(site.ground.county.county.id, role)


def submitted(site: Site, old: str, new: str) -> str:
    """Draw one change and hand it in; return the draft's address."""
    drawer = administrator(site, Role.SYSTEM_ADMIN)
    draft = str(drawer.post("/design/versions/1/drafts").headers["Location"])
    diagram = drawer.get(f"{draft}/diagram.bpmn").get_data(as_text=True)
    assert old in diagram
    drawer.post(f"{draft}/diagram", {"revision": 1, "content": diagram.replace(old, new)})
    answer = drawer.post(f"{draft}/submit", {"note": "按今年的通知放宽"})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return draft


def published(site: Site, old: str, new: str) -> None:
    draft = submitted(site, old, new)
    assert "已发布为第2版" in approved(administrator(site, Role.SECURITY_ADMIN), draft)


def approved(reviewer: Person, draft: str) -> str:
    """Publish a draft as its page shows it; return the page that follows."""
    page = reviewer.get(f"{draft}/changes").get_data(as_text=True)
    seen = re.search(r'name="revision" value="(\d+)"', page)
    assert seen is not None
    return reviewer.post(f"{draft}/approve", {"revision": seen[1]}, follow_redirects=True).get_data(as_text=True)


def newest(site: Site) -> str:
    """Return the address of the newest version."""
    with transaction(site.ground.sessions, writes=False) as session:
        return f"/design/versions/{current_procedure(session, 'four_batches').id}"


def version_of(site: Site, walk: Walk) -> int:
    with transaction(site.ground.sessions, writes=False) as session:
        return session.get_one(Procedure, session.get_one(Case, walk.case_id).procedure_id).number


def test_what_is_handed_in_is_compared_and_published_by_another(site: Site) -> None:
    draft = submitted(site, *LONGER)
    drawer, reviewer = administrator(site, Role.SYSTEM_ADMIN), administrator(site, Role.SECURITY_ADMIN)
    page = reviewer.get(f"{draft}/changes").get_data(as_text=True)
    assert "批次的“调研分类”日期" in page
    assert "20 个工作日" in page
    assert "审核通过并发布" in page
    assert "审核通过并发布" not in drawer.get(f"{draft}/changes").get_data(as_text=True)
    assert drawer.post(f"{draft}/approve", {"revision": 2}).status_code == 403
    assert reviewer.post(f"{draft}/refuse", {"reason": ""}).status_code == 422
    assert reviewer.post(f"{draft}/approve", {"revision": 1}).status_code == 409
    assert "已发布为第2版" in approved(reviewer, draft)
    compared = drawer.get(f"{newest(site)}/changes").get_data(as_text=True)
    assert "20 个工作日" in compared


def test_faults_and_sameness_are_told_on_the_page(site: Site) -> None:
    drawer = administrator(site, Role.SYSTEM_ADMIN)
    draft = str(drawer.post("/design/versions/1/drafts").headers["Location"])
    same = drawer.post(f"{draft}/submit", {"note": "没有改"})
    assert (same.status_code, "不产生新版本" in same.get_data(as_text=True)) == (422, True)
    diagram = drawer.get(f"{draft}/diagram.bpmn").get_data(as_text=True)
    broken = diagram.replace(">objection_upheld<", ">objection_uphelt<")
    drawer.post(f"{draft}/diagram", {"revision": 1, "content": broken})
    answer = drawer.post(f"{draft}/submit", {"note": "改了"})
    assert (answer.status_code, "objection_uphelt" in answer.get_data(as_text=True)) == (422, True)


def test_one_on_trial_all_with_results_and_back(site: Site) -> None:
    first, second, third = site.walk(0), site.walk(1), site.walk(2)
    second.to("field_survey")
    published(site, *LONGER)
    drawer = administrator(site, Role.SYSTEM_ADMIN)
    page = drawer.get(f"{newest(site)}/moving").get_data(as_text=True)
    assert "可以直接换版</strong>　2 个" in page
    assert "换版前须看一看</strong>　1 个" in page
    trial = drawer.post(f"{newest(site)}/moving/trial", {"case": first.case_id}, follow_redirects=True)
    assert "已换到第2版" in trial.get_data(as_text=True)
    assert [version_of(site, each) for each in (first, second, third)] == [2, 1, 1]
    moved = drawer.post(f"{newest(site)}/moving", {}, follow_redirects=True).get_data(as_text=True)
    assert "共 2 个，换版 1 个，未动 1 个" in moved
    assert [version_of(site, each) for each in (first, second, third)] == [2, 1, 2]
    drawer.post(f"{newest(site)}/moving", {"checked": "1", "fresh": "1"})
    assert version_of(site, second) == 2
    third.complete("receive")
    back = drawer.post(f"{newest(site)}/moving/undo", {}, follow_redirects=True).get_data(as_text=True)
    assert "共 3 个，换回 2 个，未动 1 个" in back
    assert [version_of(site, each) for each in (first, second, third)] == [1, 1, 2]


def test_a_vanished_step_is_mapped_by_hand(site: Site) -> None:
    walk = site.walk(0)
    walk.to("field_survey")
    old, new = GONE
    drawer = administrator(site, Role.SYSTEM_ADMIN)
    draft = str(drawer.post("/design/versions/1/drafts").headers["Location"])
    diagram = drawer.get(f"{draft}/diagram.bpmn").get_data(as_text=True).replace(old, new)
    for mark in ('Ref="field_survey"', 'bpmnElement="field_survey"'):
        diagram = diagram.replace(mark, mark.replace("field_survey", "visit"))
    diagram = diagram.replace(">field_survey</bpmn:flowNodeRef>", ">visit</bpmn:flowNodeRef>")
    drawer.post(f"{draft}/diagram", {"revision": 1, "content": diagram})
    handed = drawer.post(f"{draft}/submit", {"note": "实地调研改为到场"})
    assert handed.status_code == 303, handed.get_data(as_text=True)
    approved(administrator(site, Role.SECURITY_ADMIN), draft)
    page = drawer.get(f"{newest(site)}/moving").get_data(as_text=True)
    assert "“实地调研”" in page
    assert "不能换版</strong>　1 个" in page
    mapped = {"map:field_survey": "visit"}
    again = drawer.get(f"{newest(site)}/moving", query_string=mapped).get_data(as_text=True)
    assert "不能换版" not in again
    drawer.post(f"{newest(site)}/moving", {**mapped, "checked": "1"})
    assert version_of(site, walk) == 2
