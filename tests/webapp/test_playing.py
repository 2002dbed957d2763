"""A draft is played before it is a version: with its real forms, on a clock of its own, nothing written (issue 9)."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from ledger.cases import Case, WorkItem
from ledger.db import transaction
from ledger.journal import Entry
from ledger.outbox import Message
from ledger.papers import Paper
from ledger.projects import Project
from ledger.vocabulary import Role
from tests.webapp.conftest import Person, Site
from tests.webapp.test_design import begun

HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture
def drawer(site: Site) -> Person:
    return site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)


def carried(page: str) -> dict[str, str]:
    found = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("_moves", "_began", "_way")}
    return {name: html.unescape(match[1]) for name, match in found.items() if match}


def step(drawer: Person, address: str, page: str, name: str, **values: str) -> str:
    """Press the button beside what is called `name`, with choices."""
    token = token_of(page, name, "_choose")
    chosen = {f"_var:{key}": value for key, value in values.items()}
    answer = drawer.post(address, {**carried(page), "_choose": token, **chosen})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(answer.get_data(as_text=True))


def token_of(page: str, name: str, button: str) -> str:
    card = next(each for each in page.split('<div class="card mb-2 play-wait')[1:] if f'fw-semibold">{name}<' in each)
    found = re.search(rf'name="{button}" value="([^"]+)"', card)
    assert found is not None, name
    return html.unescape(found[1])


def form_token(page: str) -> str:
    found = re.search(r'name="_fill" value="([^"]+)"', page)
    assert found is not None
    return html.unescape(found[1])


def fill(drawer: Person, address: str, page: str, **answers: str) -> Any:
    """Submit the form that is open."""
    return drawer.post(address, {**carried(page), "_fill": form_token(page), **answers})


def made_up(drawer: Person, address: str, page: str) -> dict[str, list[str]]:
    """Return what the page's own made-up answers put into the form that is open."""
    filled = drawer.post(address, {**carried(page), "_made_up": form_token(page)}).text
    form = filled.partition('id="f-form"')[2].partition("</form>")[0]
    posted: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        picked = not re.search(r'type="(radio|checkbox)"', tag) or " checked" in tag
        if name and value and picked and 'type="hidden"' not in tag and value[1]:
            posted.setdefault(name[1], []).append(html.unescape(value[1]))
    for name, text in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
        posted[name] = [html.unescape(text)]
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]+)" selected', options)
        if chosen:
            posted[name] = [html.unescape(chosen[1])]
    return posted


def written(site: Site) -> tuple[int, ...]:
    """Return how many rows there are of everything that a play must leave alone."""
    return tuple(site.count(each) for each in (Case, WorkItem, Message, Paper, Entry))


def test_a_made_up_case_goes_its_way_by_choices(site: Site, drawer: Person) -> None:
    address = f"{begun(drawer)}/play"
    page = drawer.get(f"{address}?way=choices").get_data(as_text=True)
    assert "编答案填上" not in page
    page = step(drawer, address, page, "签收项目", verdict="")
    page = step(drawer, address, page, "实地调研", needs_assessment="false")
    assert page.count('fw-semibold">会审<') == 2
    assert "会审单位（" in page
    page = step(drawer, address, page, "会审")
    page = step(drawer, address, page, "会审")
    page = step(drawer, address, page, "初步意见", verdict="survey")
    assert 'fw-semibold">实地调研<' in page  # sent back, as the choice said
    assert site.count(Case) == site.count(WorkItem) == 0
    later = drawer.post(address, {**carried(page), "_day": "7"}).get_data(as_text=True)
    assert "预演时钟 2023-11-13" in later
    back = drawer.post(address, {**carried(later), "_back": "1"}).text
    assert "预演时钟 2023-11-06" in back
    assert 'fw-semibold">初步意见<' in drawer.post(address, {**carried(back), "_back": "1"}).text


def test_a_step_is_played_with_its_real_form_and_nothing_is_written(site: Site, drawer: Person) -> None:
    address = f"{begun(drawer)}/play"
    before = written(site)
    with transaction(site.ground.sessions, writes=False) as session:
        projects = [(each.name, each.revision) for each in session.query(Project).order_by(Project.id)]
    page = drawer.get(address).text
    assert "“签收项目”由责任单位（" in page
    refused = fill(drawer, address, page)
    assert refused.status_code == 422
    assert '<div class="errtxt" id="err-verdict">请选择签收意见</div>' in refused.text
    page = fill(drawer, address, refused.text, verdict="back", reason=HOSTILE).text
    assert html.escape(HOSTILE, quote=False).replace('"', "&#34;") in page  # shown to who sends it to another unit
    assert HOSTILE not in page
    page = drawer.post(address, {**carried(page), "_back": "1"}).text
    page = fill(drawer, address, page, verdict="taken", level="township").text
    assert "走过的环节" in page
    for title in ("实地调研", "会审", "会审", "初步处置意见"):
        assert f'<h2 class="h5 mb-1">{title}' in page
        answer = drawer.post(address, {**carried(page), "_fill": form_token(page), **made_up(drawer, address, page)})
        assert answer.status_code == 200, re.findall(r'errtxt"[^>]*>([^<]+)', answer.text)
        page = answer.text
    assert '<h2 class="h5 mb-1">' in page
    assert written(site) == before
    with transaction(site.ground.sessions, writes=False) as session:
        assert [(each.name, each.revision) for each in session.query(Project).order_by(Project.id)] == projects


def test_the_next_deadline_and_the_next_moment_are_offered(drawer: Person) -> None:
    address = f"{begun(drawer)}/play"
    page = drawer.get(address).text
    offered = re.search(r'name="_day" value="(\d+)">到最近的期限 ([\d-]+)（签收项目）', page)
    assert offered is not None
    assert f"预演时钟 {offered[2]}" in drawer.post(address, {**carried(page), "_day": offered[1]}).text
    assert "已超期" in drawer.post(address, {**carried(page), "_day": "30"}).text


def test_a_changed_draft_is_played_as_it_is_now(drawer: Person) -> None:
    draft = begun(drawer)
    address = f"{draft}/play"
    page = fill(drawer, address, drawer.get(address).text, verdict="taken", level="township").text
    sent = carried(page)
    diagram = drawer.get(f"{draft}/diagram.bpmn").get_data(as_text=True)
    renamed = (
        diagram.replace('id="receive"', 'id="sign"')
        .replace('"receive"', '"sign"')
        .replace('sgyp:handler="sign"', 'sgyp:handler="receive"')
        .replace(">receive<", ">sign<")
    )
    drawer.post(f"{draft}/diagram", {"revision": 1, "content": renamed})
    gone = drawer.post(address, {**sent, "_day": "1"})
    assert (gone.status_code, "草稿改过了，第 1 步应办“receive”" in gone.text) == (409, True)
    assert '<h2 class="h5 mb-1">签收项目' in gone.text
    broken = renamed.replace("<bpmn:startEvent ", "<bpmn:endEvent ", 1)
    broken = broken.replace("</bpmn:startEvent>", "</bpmn:endEvent>", 1)
    drawer.post(f"{draft}/diagram", {"revision": 2, "content": broken})
    assert "还有错误" in drawer.get(address).get_data(as_text=True)


@pytest.mark.parametrize(
    "wrong",
    [{"_moves": "[1]"}, {"_moves": "{"}, {"_began": "gestern"}, {"_began": "2023-11-06"}, {"_moves": json.dumps([{}])}],
)
def test_a_forged_page_is_not_played_on(drawer: Person, wrong: dict[str, str]) -> None:
    address = f"{begun(drawer)}/play"
    sent = carried(drawer.get(address).text)
    assert drawer.post(address, {**sent, **wrong, "_day": "1"}).status_code == 409
