"""The bar above a list: searching is remembered, saved, shared and taken away; the menu's numbers stay fresh."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from python_calamine import load_workbook
from sqlalchemy import select

from ledger.cases import WorkItem
from ledger.db import transaction
from ledger.demonstration import BEGINS_AT
from ledger.journal import Entry
from ledger.people import SignIn
from ledger.saved_filters import SavedFilter
from ledger.vocabulary import Role
from tests.webapp.conftest import Site
from tests.webapp.test_acts import second_handler
from webapp import lists

LISTS = ("/inbox", "/inbox/receipt", "/inbox/done", "/started", "/copies", "/drafts", "/under-way")


@pytest.mark.parametrize("path", LISTS)
def test_every_list_says_what_is_missing_and_finds_what_is_there(site: Site, path: str) -> None:
    town = site.town("保家镇")
    empty = town.get(path)
    assert (empty.status_code, 'class="empty"' in empty.text) == (200, True)
    assert "清空" in town.get(f"{path}?q=nichts").text
    assert site.visitor().get(path).status_code == 302


def test_what_was_chosen_is_taken_up_at_the_next_visit_but_no_words(both_sites: Site) -> None:
    both_sites.walk()
    town = both_sites.town()
    answer = town.post("/lists/inbox", {"_action": "search", "limit": "soon", "order": "newest", "q": "蔬菜"})
    assert answer.headers["Location"] == "/inbox?q=%E8%94%AC%E8%8F%9C&limit=soon&order=newest"
    assert town.get("/inbox").headers["Location"] == "/inbox?limit=soon&order=newest"
    assert both_sites.town(role=Role.SIGNER).get("/inbox").status_code == 200
    assert town.post("/lists/inbox", {"_action": "clear", "limit": "soon"}).headers["Location"] == "/inbox"
    assert town.get("/inbox").status_code == 200


def test_a_counter_is_remembered_and_switched_off_again(site: Site) -> None:
    """Interface 4 and 6: also when another counter was remembered, and whatever the choice below says."""
    site.walk()
    town = site.town()
    assert town.post("/lists/inbox", {"limit": "", "_limit": "overdue"}).headers["Location"] == "/inbox?limit=overdue"
    assert town.get("/inbox").headers["Location"] == "/inbox?limit=overdue"
    page = town.get("/inbox?limit=overdue").text
    assert 'name="_limit" value="" aria-pressed="true">已超期 0<' in page
    assert town.post("/lists/inbox", {"limit": "overdue", "_limit": ""}).headers["Location"] == "/inbox"
    assert "共 1 条" in town.get("/inbox").text
    assert "共 1 条" in town.get("/inbox?limit=soon").text


def test_the_foot_counts_what_the_chosen_counter_counts(site: Site) -> None:
    first, _second = site.walk(0), site.walk(1)
    with site.ground.sessions.begin() as session:
        session.get_one(WorkItem, first.item("receive").id).due_at = BEGINS_AT
    bureau = site.bureau()
    assert "共 2 条" in bureau.get("/under-way").text
    assert "共 1 条" in bureau.get("/under-way?limit=overdue").text


def test_what_is_under_way_is_filtered_by_step_and_by_unit(site: Site) -> None:
    first, second = site.walk(0), site.walk(1)
    first.complete("receive")
    bureau, unit_id = site.bureau(), first.item("field_survey").unit_id
    page = bureau.get("/under-way").text
    assert '<option value="field_survey">实地调研</option>' in page
    assert f'<option value="{unit_id}">桑柘镇</option>' in page
    for query, names in (
        ("stem=field_survey", {first.project.name}),
        (f"stem=receive&unit={unit_id}", set()),
        (f"unit={second.item('receive').unit_id}", {second.project.name}),
        ("unit=x", {first.project.name, second.project.name}),
    ):
        shown = bureau.get(f"/under-way?{query}").text
        assert {walk.project.name for walk in (first, second) if walk.project.name in shown} == names
    kept = bureau.post("/lists/under_way", {"_action": "search", "stem": "receive", "unit": str(unit_id)})
    assert kept.headers["Location"] == f"/under-way?stem=receive&unit={unit_id}"


@pytest.mark.parametrize("path", ["/inbox/done", "/started", "/copies", "/drafts"])
def test_lists_without_limits_are_sorted_too(site: Site, path: str) -> None:
    town = site.town()
    assert '<option value="oldest">最早' in town.get(path).text
    assert '<option value="oldest" selected>最早' in town.get(f"{path}?order=oldest").text


def test_a_workbook_that_holds_not_all_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MOST_EXPORTED", 1)
    site.walk(0)
    site.walk(1)
    bureau = site.bureau()
    answer = bureau.post("/lists/under_way", {"_action": "export"})
    rows = load_workbook(BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert "只列出前 1 行，还有更多" in rows[0][0]
    assert "只有前 1 行" in bureau.get("/under-way").text


def test_a_draft_on_an_item_that_went_elsewhere_rests(site: Site) -> None:
    walk = site.walk()
    walk.to("field_survey")
    item, town = walk.item("field_survey"), site.town()
    town.post(f"/items/{item.id}/draft", {"construction": "新建大棚三座"})
    assert walk.project.name in town.get("/drafts").text
    other = site.ground.county.townships["保家镇"].id
    given = {"unit": str(other), "reason": "项目在保家镇", "_revision": str(item.revision)}
    assert town.post(f"/items/{item.id}/transfer", given).status_code == 303
    page = town.get("/drafts").text
    assert "没有草稿" in page
    assert 'd-none" id="count-drafts"' in page


def test_what_one_took_oneself_can_be_ticked(site: Site) -> None:
    item, town = site.walk().item("receive"), site.town()
    town.post(f"/items/{item.id}/claim", {"_revision": str(item.revision)})
    tick = f'name="item" value="{item.id}"'
    assert tick in town.get("/inbox").text
    assert tick not in second_handler(site, item.unit_id).get("/inbox").text


def test_a_saved_search_is_offered_to_the_unit_and_dropped_by_its_owner_alone(site: Site) -> None:
    town, signer, stranger = site.town(), site.town(role=Role.SIGNER), site.town("保家镇")
    saved = {"_action": "save", "save_as": "快到期的", "shared": "1", "limit": "soon"}
    assert town.post("/lists/inbox", saved).status_code == 303
    page = signer.get("/inbox").text
    assert "快到期的" in page
    assert "桑柘镇经办甲共享" in page
    assert "快到期的" not in stranger.get("/inbox").text
    with transaction(site.ground.sessions, writes=False) as session:
        number = session.scalars(select(SavedFilter.id).where(SavedFilter.name == "快到期的")).one()
    signer.post("/lists/inbox", {"_drop": str(number)})
    assert "快到期的" in town.get("/inbox?limit=soon").text
    town.post("/lists/inbox", {"_drop": str(number), "limit": "soon"})
    assert "快到期的" not in town.get("/inbox?limit=soon").text
    nameless = town.post("/lists/inbox", {"_action": "save", "limit": "soon"}, follow_redirects=True)
    assert "请给保存的条件起个名字" in nameless.text


@pytest.mark.parametrize("name", ["inbox", "receipt", "under_way", "started", "done"])
def test_the_filtered_list_is_taken_away_and_the_rows_are_written_down(site: Site, name: str) -> None:
    walk = site.walk()
    if name == "done":
        walk.complete("receive")
    reader = site.bureau() if name == "started" else site.town()
    answer = reader.post(f"/lists/{name}", {"_action": "export", "q": walk.project.number})
    assert answer.status_code == 200
    rows = load_workbook(BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert rows[1][:3] == ["序号", "项目名称", "项目编号"]
    assert [row[1:3] for row in rows[2:]] == [[walk.project.name, walk.project.number]]
    with transaction(site.ground.sessions, writes=False) as session:
        entry = session.scalars(select(Entry).where(Entry.act == "export")).one()
    assert '"rows":1' in entry.detail


def test_a_list_nobody_has_is_not_found(site: Site) -> None:
    town = site.town()
    assert town.post("/lists/unsinn", {"_action": "search"}).status_code == 404
    assert town.post("/lists/inbox", {"_drop": "x"}).status_code == 404


def test_the_numbers_are_asked_for_without_keeping_a_session_alive(both_sites: Site) -> None:
    both_sites.walk()
    town = both_sites.town()
    before = datetime.now(UTC) - timedelta(minutes=5)
    with transaction(both_sites.ground.sessions) as session:
        for sign_in in session.scalars(select(SignIn)):
            sign_in.seen_at = before
    answer = town.get("/counts?title=<b>待办")
    assert "<title>(1) &lt;b&gt;待办 - 四个一批</title>" in answer.text
    assert 'id="count-open" hx-swap-oob="true">1<' in answer.text
    with transaction(both_sites.ground.sessions, writes=False) as session:
        assert {sign_in.seen_at for sign_in in session.scalars(select(SignIn))} == {before}
    town.get("/inbox")
    with transaction(both_sites.ground.sessions, writes=False) as session:
        assert {sign_in.seen_at for sign_in in session.scalars(select(SignIn))} != {before}
    administrator = both_sites.person(both_sites.ground.county.county.id, Role.SYSTEM_ADMIN)
    assert "count-open" not in administrator.get("/counts").text  # no menu of theirs shows it


def test_a_copy_reaches_the_bureau_and_no_stranger(both_sites: Site) -> None:
    walk = both_sites.walk()
    town, bureau = both_sites.town(), both_sites.bureau()
    path = f"/cases/{walk.case_id}/copies/new"
    assert "县乡村振兴局" in town.get(path).text
    assert [both_sites.town("保家镇").get(path).status_code, town.get("/cases/98765/copies/new").status_code] == [
        404,
        404,
    ]
    wrong = town.post(path, {"note": "请知悉"})
    assert (wrong.status_code, "请选择抄送单位" in wrong.text, "请知悉" in wrong.text) == (422, True, True)
    sent = town.post(path, {"unit": str(both_sites.ground.county.bureau.id), "note": "请知悉"})
    assert sent.headers["Location"] == f"/cases/{walk.case_id}"
    page = bureau.get("/copies").text
    assert walk.project.name in page
    assert "未阅" in page
    assert bureau.post("/copies/1/read").status_code == bureau.post("/copies/2/read").status_code == 303
    assert "未阅" not in bureau.get("/copies").text
    assert "抄送" in town.get(f"/cases/{walk.case_id}?tab=trail").text
