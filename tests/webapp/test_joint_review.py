"""会审: each body sees what it is asked and its own opinion; the unit sees who is still missing (P3; safety 3)."""

from __future__ import annotations

import re
from io import BytesIO

import pytest

from ledger.db import transaction
from ledger.people import Unit, holders_in
from ledger.vocabulary import Role
from tests.walk import PDF, Walk
from tests.webapp.conftest import Person, Site

pytestmark = pytest.mark.usefixtures("quick_prints")


def reviewed(site: Site) -> tuple[Walk, list[Unit]]:
    """Let the first body object while the others still owe their opinions."""
    walk = site.walk()
    walk.to("joint_review")
    bodies = site.ground.county.reviewers
    walk.complete("joint_review", instance=bodies[0].id, opinion="disagree", text="缺资产清单")
    site.catch_up(walk)
    return walk, list(bodies)


def links(person: Person, path: str) -> set[str]:
    page = person.get(path).text
    return set(re.findall(r'href="/papers/([0-9]+)"', page))


def test_p3_a_body_sees_what_it_is_asked_and_no_others_opinion(both_sites: Site) -> None:
    site = both_sites
    walk, (first, second, _third) = reviewed(site)
    auditor, here = site.person(second.id), f"/cases/{walk.case_id}"
    item = walk.item("joint_review", second.id)
    for page in (f"/items/{item.id}", here, f"{here}?tab=trail", f"{here}?tab=papers"):
        answer = auditor.get(page)
        assert answer.status_code == 200
        assert "缺资产清单" not in answer.text
    assert "还缺" not in auditor.get(here).text
    papers = auditor.get(f"{here}?tab=papers").text
    assert "实地调研情况报告" in papers
    assert "会审意见（" not in papers
    assert "归档目录" not in papers
    for closed in ("/publicity", "/history", "/archive.zip"):
        assert auditor.get(here + closed).status_code == 404
    said = next(each for each in walk.items("joint_review") if each.unit_id == first.id)
    assert auditor.get(f"/items/{said.id}").status_code == 404


def test_p3_the_others_opinion_cannot_be_downloaded(both_sites: Site) -> None:
    site = both_sites
    walk, (first, second, _third) = reviewed(site)
    path = f"/cases/{walk.case_id}?tab=papers"
    whole, own, other = (links(person, path) for person in (site.town(), site.person(first.id), site.person(second.id)))
    assert other < own <= whole
    (opinion,) = own - other
    assert site.person(first.id).get(f"/papers/{opinion}").status_code == 200
    assert site.person(second.id).get(f"/papers/{opinion}").status_code == 404
    assert all(site.person(second.id).get(f"/papers/{each}").status_code == 200 for each in other)


def test_p3_a_body_reads_no_other_bodys_remarks_but_those_that_address_it(site: Site) -> None:
    walk, (first, second, _third) = reviewed(site)
    here, say = f"/cases/{walk.case_id}?tab=comments", f"/cases/{walk.case_id}/comments"
    opinion = {"text": "我局不同意，资产不清", "files": (BytesIO(PDF), "说明.pdf")}
    writer, reader, town = site.person(first.id), site.person(second.id), site.town()
    assert writer.post(say, opinion, content_type="multipart/form-data").status_code == 303
    (paper,) = links(town, here)
    assert "我局不同意" in town.get(here).text
    assert "我局不同意" in writer.get(here).text
    assert "我局不同意" not in reader.get(here).text
    assert "说明.pdf" not in reader.get(f"/cases/{walk.case_id}?tab=papers").text
    statuses = [person.get(f"/papers/{paper}").status_code for person in (town, writer, reader)]
    assert statuses == [200, 200, 404]
    with transaction(site.ground.sessions, writes=False) as session:
        member = next(user for user in holders_in(session, second.id, Role.HANDLER))
    asked = {"text": "请补充意见", "mention": str(member.id), "files": (BytesIO(PDF + b"2"), "清单.pdf")}
    assert town.post(say, asked, content_type="multipart/form-data").status_code == 303
    assert "请补充意见" in reader.get(here).text
    assert "请补充意见" not in writer.get(here).text
    (given,) = links(reader, here)
    assert reader.get(f"/papers/{given}").status_code == 200


def test_p3_the_unit_sees_who_is_missing_and_goes_on_without_them(site: Site) -> None:
    walk, (_first, second, third) = reviewed(site)
    clerk, here = site.town(), f"/cases/{walk.case_id}"
    page = clerk.get(here).text
    assert "已反馈 1 / 3" in page
    assert f"还缺：{second.short_name}、{third.short_name}" in page
    assert "缺资产清单" in page
    walk.now = max(item.due_at for item in walk.items("joint_review"))
    site.catch_up(walk)
    assert "到期未反馈" in clerk.get(here).text
    for body in (second, third):
        assert clerk.post(f"/items/{walk.item('joint_review', body.id).id}/overdue").status_code == 303
    assert walk.waiting() == ["preliminary_opinion"]
    page = clerk.get(here).text
    assert "已反馈 3 / 3" in page
    assert page.count("逾期未反馈") >= 2
