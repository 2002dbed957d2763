"""A draft is played before it is a version: on a clock of its own, and nothing is written (issue 9 item 5)."""

from __future__ import annotations

import html
import re

import pytest

from ledger.cases import Case, WorkItem
from ledger.vocabulary import Role
from tests.webapp.conftest import Person, Site
from tests.webapp.test_design import begun


@pytest.fixture
def drawer(site: Site) -> Person:
    return site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)


def carried(page: str) -> dict[str, str]:
    names = ("state", "now", "began", "trail", "steps")
    found = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in names}
    return {name: html.unescape(match[1]) for name, match in found.items() if match}


def step(drawer: Person, address: str, page: str, name: str, **values: str) -> str:
    """Press the button beside what is called `name`."""
    card = next(each for each in page.split('<form class="card mb-2"') if f'fw-semibold">{name}<' in each)
    token = re.search(r'name="token" value="([^"]+)"', card)
    assert token is not None, name
    chosen = {f"var:{key}": value for key, value in values.items()}
    answer = drawer.post(address, {**carried(page), "token": html.unescape(token[1]), **chosen})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(answer.get_data(as_text=True))


def test_a_made_up_case_goes_its_way_and_leaves_nothing(site: Site, drawer: Person) -> None:
    address = f"{begun(drawer)}/play"
    page = drawer.get(address).get_data(as_text=True)
    page = step(drawer, address, page, "签收项目", verdict="")
    page = step(drawer, address, page, "实地调研", needs_assessment="false")
    assert "（甲单位）" in page
    assert "（乙单位）" in page
    page = step(drawer, address, page, "会审")
    page = step(drawer, address, page, "会审")
    page = step(drawer, address, page, "初步意见", verdict="survey")
    assert 'fw-semibold">实地调研<' in page  # sent back, as the choice said
    assert site.count(Case) == site.count(WorkItem) == 0
    later = drawer.post(address, {**carried(page), "days": "7"}).get_data(as_text=True)
    assert "预演时钟 2023-11-13" in later


def test_a_changed_draft_or_a_forged_state_is_not_played_on(drawer: Person) -> None:
    draft = begun(drawer)
    address = f"{draft}/play"
    sent = carried(drawer.get(address).get_data(as_text=True))
    assert drawer.post(address, {**sent, "state": "AAAA", "days": "1"}).status_code == 409
    diagram = drawer.get(f"{draft}/diagram.bpmn").get_data(as_text=True).replace("签收项目", "签收登记")
    drawer.post(f"{draft}/diagram", {"revision": 1, "content": diagram})
    assert drawer.post(address, {**sent, "days": "1"}).status_code == 409
    broken = diagram.replace("<bpmn:startEvent ", "<bpmn:endEvent ", 1)
    broken = broken.replace("</bpmn:startEvent>", "</bpmn:endEvent>", 1)
    drawer.post(f"{draft}/diagram", {"revision": 2, "content": broken})
    assert "还有错误" in drawer.get(address).get_data(as_text=True)
