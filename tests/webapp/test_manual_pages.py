"""帮助: a page for each role and for each subject of administrators, true to the screen (issues 5 and 9)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bpmn.exploration import REMEDIES
from ledger.vocabulary import Role
from tests.webapp.conftest import Site
from tests.webapp.screen_words import REPOSITORY, stands, words_of
from webapp.manual_pages import FOLDER, PAGES, ROLES, TOPIC_OF, TOPICS, help_link, manual, topic_here
from webapp.manual_text import Kind, Manual, read_manual

PICTURES = REPOSITORY / "webapp" / "static" / "help"
LARGEST, ALL_TOGETHER = 120_000, 2_000_000  # bytes
FRAME = ("webapp/layout.py", "webapp/templates/layout.html", "webapp/templates/parts.html", "ledger/vocabulary.py")
DESIGN = (
    *("webapp/templates/design/*.html", "webapp/frontend/src/islands/editor/*.js", "webapp/frontend/src/islands/*.js"),
    *("webapp/frontend/src/islands/form-editor/*.js", "forms/permissions.py", "webapp/draft_rehearsals.py"),
    *("webapp/playing.py", "webapp/templates/fields.html"),
    *("ledger/rehearsals.py", "ledger/procedure_drafts.py", "webapp/moving.py"),
    *("bpmn/wording.py", "bpmn/table_comparison.py"),
    *("webapp/templates/vocabularies/*.html", "webapp/templates/approvals/*.html"),
)
SCREENS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (*("design", "problems", "forms", "tables", "rehearsal", "comparison", "publishing", "moving"), "vocabularies"),
        DESIGN,
    ),
    "templates": ("webapp/templates/paper_designs/*.html",),
    "people": tuple(
        f"webapp/templates/{each}/*.html"
        for each in ("people", "units", "approvals", "handing", "substitutes", "own_settings")
    ),
    "calendar": ("webapp/templates/working_calendar/*.html",),
    "parameters": ("webapp/templates/parameters/*.html",),
    "messages": ("webapp/templates/messaging/*.html", "webapp/templates/notices/*.html", "ledger/notices.py"),
    "campaigns": ("webapp/templates/campaigns/*.html",),
    **dict.fromkeys(
        ROLES,
        (
            *("webapp/templates/**/*.html", "webapp/**/*.py", "webapp/frontend/src/**/*.js"),
            "ledger/*.py",
            "bpmn/*.bpmn",
        ),
    ),
}
"""Where the controls stand that a page of the manual names: a control renamed there must be renamed in the manual."""


@pytest.mark.parametrize("name", PAGES)
def test_each_page_says_something_in_whole_sections(name: str) -> None:
    page = manual(name)
    assert page.title
    assert all(section.title and section.blocks for section in page.sections)
    assert all(section.blocks[0].kind is not Kind.PICTURE for section in page.sections)


@pytest.mark.parametrize("name", PAGES)
def test_every_control_a_page_names_stands_on_the_screen(name: str) -> None:
    on_screen = words_of((*FRAME, *SCREENS[name]))
    named = re.findall("[“「]([^”」]+)[”」]", (FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    assert [each for each in named if not stands(each, on_screen)] == []


def test_a_renamed_control_is_noticed() -> None:
    on_screen = words_of((*FRAME, *DESIGN))
    assert stands("审核通过并发布", on_screen)
    assert not stands("审核同意并发布", on_screen)


def test_every_picture_is_there_small_and_shown() -> None:
    shown = [block.picture for name in PAGES for block in manual(name).blocks if block.kind is Kind.PICTURE]
    there = {path.stem: path.stat().st_size for path in PICTURES.glob("*.webp")}
    assert sorted(shown) == sorted(there)
    assert max(there.values()) <= LARGEST
    assert sum(there.values()) <= ALL_TOGETHER


@pytest.mark.parametrize("name", TOPICS)
def test_every_subject_goes_step_by_step_with_a_picture(name: str) -> None:
    kinds = {block.kind for block in manual(name).blocks}
    assert {Kind.STEPS, Kind.PICTURE} <= kinds


def test_every_link_leads_to_a_page_and_a_place_on_it() -> None:
    targets = {
        piece.target
        for name in PAGES
        for block in manual(name).blocks
        for line in block.lines
        for piece in line.pieces
        if piece.kind is Kind.LINK
    }
    assert [each for each in targets if not _leads(each)] == []


def _leads(target: str) -> bool:
    page, _, place = target.partition("#")
    return page in PAGES and (not place or place in _places(manual(page)))


def _places(page: Manual) -> set[str]:
    return {place for block in page.blocks for line in block.lines for place in line.places}


def test_every_kind_of_problem_is_explained() -> None:
    assert sorted({*_codes(), *REMEDIES} - _places(manual("problems"))) == []


def _codes() -> Iterator[str]:
    """Yield the codes that the checks give to what they find."""
    told = {"error", "warning", "at", "told", "refused", "Problem"}
    for path in (REPOSITORY / "bpmn").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in told:
                first = (each.value for each in node.args[:3] if isinstance(each, ast.Constant))
                yield from (each for each in first if isinstance(each, str) and re.fullmatch("[a-z_]+", each))


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


def test_help_leads_to_the_subject_of_the_page(site: Site) -> None:
    administrator = site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)
    for path, topic in (("/people", "people"), ("/calendar", "calendar"), ("/design", "design"), ("/units", "people")):
        assert f'href="/help/{topic}"' in administrator.get(path).text
    assert 'href="/help/campaigns"' in site.bureau().get("/campaigns").text
    page = administrator.get("/help/problems").text
    assert 'id="no_default"' in page
    assert 'href="/help/rehearsal"' in page
    assert 'src="/static/help/problems.webp"' in page
    assert administrator.get("/static/help/problems.webp").status_code == 200


def test_a_page_of_a_subject_is_a_page_there_is(site: Site) -> None:
    known = {*site.app.blueprints, *site.app.view_functions}
    assert [each for each in TOPIC_OF if each not in known] == []
    assert {*TOPIC_OF.values(), "problems"} == set(TOPICS)
    assert [topic_here("design.version", "design"), topic_here("design.edit", "design")] == ["publishing", "design"]
    assert topic_here("inbox.index", "inbox") is None
    assert help_link() == {}  # no page is asked for


def test_the_little_markdown_is_read_into_values() -> None:
    page = read_manual(
        "# 题\n\n## 节\n1. 点“甲”\n2. 写 `a == 'b'`\n![图](one)\n3. 看[乙](tables#gap)\n\n"
        "- {#x y_z} **重**，其余\n- 点\n段落<b>\n"
    )
    assert page.title == "题"
    (section,) = page.sections
    first, picture, then, points, paragraph = section.blocks
    assert [(each.kind, each.begins_at) for each in (first, then)] == [(Kind.STEPS, 1), (Kind.STEPS, 3)]
    assert [each.words for each in first.lines] == ["点“甲”", "写 a == 'b'"]
    assert (picture.kind, picture.picture, picture.lines[0].words) == (Kind.PICTURE, "one", "图")
    link = then.lines[0].pieces[1]
    assert (link.kind, link.words, link.target) == (Kind.LINK, "乙", "tables#gap")
    assert points.lines[0].places == ("x", "y_z")
    assert [each.kind for each in points.lines[0].pieces] == [Kind.STRONG, Kind.TEXT]
    assert (paragraph.kind, paragraph.lines[0].words) == (Kind.PARAGRAPH, "段落<b>")


def test_nothing_of_the_manual_is_outside_of_a_list(tmp_path: Path) -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(PAGES)
