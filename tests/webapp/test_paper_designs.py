"""文书模板 (F8): brought by one administrator, approved by another; old cases keep theirs; every variable explained."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from docx import Document
from sqlalchemy import select

from forms.papers.catalogue import BY_NAME
from forms.papers.gongwen import paper, para, signature
from ledger.db import transaction
from ledger.journal import Entry
from ledger.paper_templates import PaperTemplate, template_of
from ledger.papers import Attachment
from ledger.vocabulary import PaperKind, Role
from tests.walk import Walk
from tests.webapp.conftest import Person, Site

OWN = paper((para("本县样式：{{ 项目名称 }}，{{ 意见 }}"), signature()))


def administrator(site: Site, role: Role) -> Person:
    return site.person(site.ground.county.county.id, role)


def brought(person: Person, content: bytes = OWN, paper_name: str = "review_opinion", note: str = "加上样式"):  # type: ignore[no-untyped-def]
    return person.post(f"/templates/{paper_name}", {"note": note, "file": (BytesIO(content), "意见.docx")})


def approved(site: Site, person: Person, verdict: str = "approve") -> None:
    person.post("/approvals", {"approval": "1", "verdict": verdict})


def opinion_of(site: Site, walk: Walk) -> list[str]:
    """Return the paragraphs of the case's first 会审意见."""
    with walk.session() as session:
        wanted = (Attachment.case_id == walk.case_id, Attachment.kind == PaperKind.REVIEW_OPINION)
        digest = session.scalars(select(Attachment.sha256).where(*wanted).order_by(Attachment.id)).first()
    assert digest is not None
    content = (site.ground.papers / digest[:2] / digest[2:]).read_bytes()
    return [each.text for each in Document(BytesIO(content)).paragraphs]


def test_an_approved_template_is_for_cases_begun_afterwards(site: Site) -> None:
    system, security = (administrator(site, role) for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN))
    old = Walk(site.ground, site.ground.projects[0])
    assert brought(system).status_code == 303
    approved(site, system)  # nobody approves what they brought
    with transaction(site.ground.sessions, writes=False) as session:
        row = session.scalars(select(PaperTemplate)).one()
        assert (row.number, row.in_force_at, row.content) == (1, None, OWN)
    assert "等待复核" in system.get("/templates/review_opinion").text
    approved(site, security)
    with transaction(site.ground.sessions, writes=False) as session:
        row = session.scalars(select(PaperTemplate)).one()
        assert row.in_force_at is not None
        later = row.in_force_at + timedelta(minutes=1)
        acts = session.scalars(select(Entry.act).where(Entry.act.startswith("template"))).all()
        assert acts == ["template_brought", "template_approved"]
    new = Walk(site.ground, site.ground.projects[1], now=later)
    old.now = later
    for walk, own in ((old, False), (new, True)):
        walk.to("preliminary_opinion")
        assert any("本县样式" in each for each in opinion_of(site, walk)) is own


@pytest.mark.parametrize("begins", [0, 5])
def test_what_was_in_force_is_asked_for_the_moment_something_began(site: Site, begins: int) -> None:
    now = site.ground.now
    with transaction(site.ground.sessions) as session:
        user = session.scalars(select(PaperTemplate.uploaded_by_id)).first() or 1
        for number, minutes in ((1, 2), (2, 4)):
            session.add(
                PaperTemplate(
                    **{"paper": "reply", "number": number, "sha256": f"{begins}-{number}", "note": "", "file_name": ""},
                    **{"content": b"%d" % number, "uploaded_at": now, "uploaded_by_id": user},
                    in_force_at=now + timedelta(minutes=minutes),
                )
            )
    with transaction(site.ground.sessions, writes=False) as session:
        found = [
            template_of(session, "reply", now + timedelta(minutes=since), now + timedelta(minutes=9))
            for since in (begins, 1, 2, 3, 5)
        ]
        assert template_of(session, "notice", now, now + timedelta(minutes=9)) is None
    assert found == [None if begins == 0 else b"2", None, b"1", b"1", b"2"]


def test_what_is_wrong_is_said_at_once_and_nothing_is_kept(site: Site) -> None:
    system = administrator(site, Role.SYSTEM_ADMIN)
    answer = brought(system, paper((para("{{ 甲 }}{{ 乙 }}"),)), note="注<b>")
    assert answer.status_code == 422
    assert "没有“甲”这个变量" in answer.text
    assert "没有“乙”这个变量" in answer.text
    assert "注&lt;b&gt;" in answer.text
    assert brought(system, b"PK\x03\x04").status_code == 422
    assert brought(system, note=" ").status_code == 422
    assert system.post("/templates/review_opinion", {"note": "甲"}).status_code == 422
    with transaction(site.ground.sessions, writes=False) as session:
        assert session.scalars(select(PaperTemplate)).all() == []
        assert session.scalars(select(Entry.act).where(Entry.act == "template_rejected")).all() != []


def test_a_page_explains_every_variable_and_gives_the_files(site: Site) -> None:
    security = administrator(site, Role.SECURITY_ADMIN)
    assert BY_NAME["reply"].title in security.get("/templates").text
    page = security.get("/templates/reply").text
    for variable in BY_NAME["reply"].variables:
        assert f"<code>{variable.name}</code>" in page
        assert variable.meaning in page
    assert security.get("/templates/reply/template.docx").data == BY_NAME["reply"].shipped
    trial = Document(BytesIO(security.get("/templates/reply/trial.docx").data))
    (number,) = (each.example for each in BY_NAME["reply"].variables if each.name == "文号")
    assert any(str(number) in each.text for each in trial.paragraphs)
    assert [security.get(f"/templates/{path}").status_code for path in ("none", "reply/template.docx?version=1")] == [
        404
    ] * 2
