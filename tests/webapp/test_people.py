"""人员、单位和双人复核 over HTTP: entered by one administrator, given rights by two (O2; safety rules 12, 15)."""

from __future__ import annotations

import re
from io import BytesIO

from sqlalchemy import select

from forms.sheets.workbook import write_table
from ledger.db import transaction
from ledger.journal import Entry
from ledger.people import Post, User
from tests.webapp.conftest import Person, Site

HEADS = ("单位", "姓名", "登录名", "岗位", "手机号码", "电子邮箱")


def admin(site: Site, login: str = "xitong") -> Person:
    person = site.visitor()
    assert person.sign_in(login).status_code == 303
    return person


def enter(site: Site, login: str = "zhang.jia") -> tuple[int, str]:
    """Enter a person; returns the row's number and the one-time password that the page tells."""
    page = admin(site).post("/people/new", {"login": login, "name": "桑柘镇经办乙", "telephone": "13800000777"})
    assert page.status_code == 200
    told = re.search(r'id="one-time-password">([^<]+)<', page.get_data(as_text=True))
    assert told is not None
    return site.user_id(login), told[1]


def acts(site: Site) -> list[str]:
    with transaction(site.ground.sessions, writes=False) as session:
        return list(session.scalars(select(Entry.act).order_by(Entry.id)))


def test_a_person_comes_to_work_through_two_administrators(both_sites: Site) -> None:
    site = both_sites
    user_id, password = enter(site)
    town = site.ground.county.townships["桑柘镇"].id
    fresh = site.visitor()
    assert fresh.sign_in("zhang.jia", password).status_code == 303
    assert fresh.get("/").headers["Location"] == "/password"
    system, security = admin(site), admin(site, "anquan")
    asked = system.post(f"/people/{user_id}/posts", {"unit": town, "role": "handler", "reason": "接替原经办人"})
    assert asked.status_code == 303
    page = security.get("/approvals").get_data(as_text=True)
    number = re.search(r'name="approval" value="(\d+)"', page)
    assert number is not None
    assert "桑柘镇 经办人" in page
    assert system.post("/approvals", {"approval": number[1], "verdict": "approve"}).status_code == 303
    assert "不能复核自己的申请" in system.get("/approvals").get_data(as_text=True)
    assert security.post("/approvals", {"approval": number[1], "verdict": "approve"}).status_code == 303
    with transaction(site.ground.sessions, writes=False) as session:
        posts = session.execute(select(Post.unit_id, Post.role).where(Post.user_id == user_id)).all()
    assert [tuple(row) for row in posts] == [(town, "handler")]
    new = {"old": password, "new": "Ganbu-2023!", "again": "Ganbu-2023!"}
    again = site.visitor()
    again.sign_in("zhang.jia", password)
    assert again.post("/password", new).status_code == 303
    assert again.sign_in("zhang.jia", "Ganbu-2023!").status_code == 303
    assert "待办" in again.get("/inbox").get_data(as_text=True)
    assert [act for act in acts(site) if act.startswith(("person", "posts"))] == [
        "person_entered",
        "posts_asked",
        "posts_changed",
    ]


def test_roles_that_exclude_each_other_are_not_even_asked_for(site: Site) -> None:
    user_id = site.user_id("ducha")
    county = site.ground.county.county.id
    kept = {"post": [f"{county}:supervisor"], "unit": county, "role": "audit_admin", "reason": "兼任"}
    answer = admin(site).post(f"/people/{user_id}/posts", kept)
    assert answer.status_code == 422
    assert "互斥" in answer.get_data(as_text=True)
    assert "posts_asked" not in acts(site)


def test_a_reset_and_a_disabled_account_end_every_session(both_sites: Site) -> None:
    site = both_sites
    town = site.town()
    user_id = site.user_id("sangzhezhen.jingban")
    assert town.get("/inbox").status_code == 200
    page = admin(site).post(f"/people/{user_id}/reset").get_data(as_text=True)
    told = re.search(r'id="one-time-password">([^<]+)<', page)
    assert told is not None
    assert town.get("/inbox").headers["Location"].startswith("/login")
    fresh = site.visitor()
    assert fresh.sign_in("sangzhezhen.jingban", told[1]).status_code == 303
    assert fresh.get("/").headers["Location"] == "/password"
    assert admin(site).post(f"/people/{user_id}/disable").status_code == 303
    assert fresh.get("/inbox").headers["Location"].startswith("/login")
    assert site.visitor().sign_in("sangzhezhen.jingban", told[1]).status_code == 422
    assert admin(site).post(f"/people/{user_id}/enable").status_code == 303
    assert site.visitor().sign_in("sangzhezhen.jingban", told[1]).status_code == 303


def test_the_only_administrator_of_a_kind_stays(site: Site) -> None:
    system = admin(site)
    system.post(f"/people/{site.user_id('anquan')}/disable")
    assert "唯一的安全管理员" in system.get("/people").get_data(as_text=True)
    with transaction(site.ground.sessions, writes=False) as session:
        assert session.scalars(select(User.disabled_at).where(User.login == "anquan")).one() is None


def test_business_people_and_the_security_administrator_enter_nobody(site: Site) -> None:
    for person in (site.town(), site.bureau(), admin(site, "anquan"), admin(site, "shenji")):
        assert person.post("/people/new", {"login": "zhang.jia", "name": "甲"}).status_code == 403
        assert person.post("/units", {"name": "甲"}).status_code == 403
    assert site.town().get("/people").status_code == 403
    assert admin(site, "anquan").get("/people").status_code == 200


def test_a_list_is_entered_whole_or_not_at_all(both_sites: Site) -> None:
    site = both_sites
    good = [
        ("桑柘镇", "桑柘镇经办乙", "li.yi", "经办人", "13800000701", ""),
        ("桑柘镇云顶村", "云顶村经办乙", "li.bing", "经办人", "", ""),
        ("县财政局", "财政局会审乙", "li.yi", "审核人", "", ""),
    ]
    system = admin(site)

    def send(rows: list[tuple[str, ...]]) -> str:
        file = (BytesIO(write_table("人员名单", HEADS, rows)), "名单.xlsx")
        sent = {"file": file, "reason": "系统启用"}
        return system.post("/people/import", sent, content_type="multipart/form-data").get_data(as_text=True)

    wrong = send([*good, ("没有的镇", "某", "li.ding", "经理", "", "")])
    assert "没有“没有的镇”" in wrong
    assert "第 6 行“岗位”" in wrong
    assert "person_entered" not in acts(site)
    page = send(good)
    assert "已登记 2 人" in page
    assert page.count("user-select-all") == 2
    assert [act for act in acts(site) if act.startswith(("person", "posts"))] == ["person_entered", "posts_asked"] * 2
    assert "li.bing" in admin(site, "anquan").get("/approvals").get_data(as_text=True)


def test_units_are_entered_renamed_and_closed(site: Site) -> None:
    system, town = admin(site), site.ground.county.townships["桑柘镇"].id
    sent = {
        "code": "500243107209",
        "name": "新村村民委员会",
        "short_name": "新村",
        "kind": "village",
        "parent_id": town,
    }
    assert system.post("/units", sent).status_code == 303
    assert "已有单位使用" in system.post("/units", sent).get_data(as_text=True)
    page = system.get("/units").get_data(as_text=True)
    number = re.search(r'href="/units/(\d+)" aria-label="修改：新村"', page)
    assert number is not None
    renamed = {"name": "新村居民委员会", "short_name": "新居"}
    assert system.post(f"/units/{number[1]}", renamed).status_code == 303
    assert system.post(f"/units/{number[1]}/close").status_code == 303
    assert "新居" not in system.get("/units").get_data(as_text=True).replace("新居已撤销", "")
    assert acts(site)[-3:] == ["unit_entered", "unit_renamed", "unit_closed"]
