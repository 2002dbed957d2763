"""帮助: a page for each role, the person's own first, reachable from every page (issue 5 item 11)."""

from __future__ import annotations

import pytest

from ledger.vocabulary import Role
from tests.webapp.conftest import Site
from webapp.manual_pages import PAGES, manual


@pytest.mark.parametrize("name", PAGES)
def test_each_page_says_something(name: str) -> None:
    page = manual(name)
    assert page.title
    assert all(section.title and section.points for section in page.sections)


def test_everybody_finds_the_own_page_first(site: Site) -> None:
    county = site.ground.county
    people = {
        "经办人": site.town(),
        "审核人": site.town(role=Role.SIGNER),
        "县乡村振兴局": site.bureau(),
        "领导小组办公室": site.office(),
        "系统管理员": site.person(county.county.id, Role.SYSTEM_ADMIN),
        "安全管理员": site.person(county.county.id, Role.SECURITY_ADMIN),
        "审计管理员": site.person(county.county.id, Role.AUDIT_ADMIN),
    }
    for title, person in people.items():
        assert f"帮助：{title}</h1>" in person.get("/help").text
    town = people["经办人"]
    assert 'href="/help"' in town.get("/inbox").text
    assert "审核签字" in town.get("/help/signer").text
    assert town.get("/help/nobody").status_code == 404
