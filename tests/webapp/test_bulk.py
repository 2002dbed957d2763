"""批量办理: chosen in the list, looked over, done with one form, and a result for each (design point 8)."""

from __future__ import annotations

import re

from sqlalchemy import func, select, update

from ledger.db import transaction
from ledger.meetings import BatchCase, Reply, ReplyCase, SubmissionBatch
from ledger.papers import Attachment, attachments_of_case
from ledger.vocabulary import PaperKind
from tests.walk import Walk
from tests.webapp.conftest import Site


def own_walks(site: Site, count: int = 2) -> list[Walk]:
    town_id = site.ground.county.townships["桑柘镇"].id
    own = [n for n, project in enumerate(site.ground.projects) if project.responsible_unit_id == town_id]
    return [site.walk(number) for number in own[:count]]


def chosen(walks: list[Walk]) -> str:
    return "&".join(f"item={walk.items()[-1].id}" for walk in walks)


def hidden(page: str) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="(_[^"]+)" value="([^"]*)"', page):
        fields.setdefault(name, []).append(value)
    return fields


def test_items_chosen_in_the_list_are_done_with_one_form(both_sites: Site) -> None:
    walks, town = own_walks(both_sites), both_sites.town()
    assert town.get("/inbox").text.count('form="bulk" name="item"') == 2
    page = town.get(f"/inbox/bulk?{chosen(walks)}").text
    assert all(walk.project.name in page for walk in walks)
    assert "提交 2 件" in page
    assert page.count("系统导出的责任单位：") == 2  # of one project alone: told beside each, not asked for all
    done = town.post("/inbox/bulk", {**hidden(page), "verdict": "taken"})
    assert "已办结 2 件" in done.text, done.text
    assert [walk.waiting() for walk in walks] == [["field_survey"], ["field_survey"]]
    levels = {walk.items("receive")[0].answers["level"] for walk in walks}
    assert levels == {walk.project.level for walk in walks}


def test_what_somebody_did_meanwhile_is_told_and_the_rest_is_done(site: Site) -> None:
    walks, town = own_walks(site), site.town()
    fields = hidden(town.get(f"/inbox/bulk?{chosen(walks)}").text)
    fields[f"_revision-{walks[0].item('receive').id}"] = ["0"]
    done = town.post("/inbox/bulk", {**fields, "verdict": "taken"}).text
    assert "已办结 1 件，1 件没有办成" in done
    assert [walk.waiting() for walk in walks] == [["receive"], ["field_survey"]]
    wrong = town.post("/inbox/bulk", {**hidden(town.get(f"/inbox/bulk?{chosen(walks[:1])}").text), "verdict": "back"})
    assert "退回理由" in wrong.text
    assert walks[0].waiting() == ["receive"]


def test_only_ones_own_items_of_one_step_that_allows_it(site: Site) -> None:
    walks, town, stranger = own_walks(site), site.town(), site.town("保家镇")
    path = f"/inbox/bulk?{chosen(walks)}"
    assert stranger.get(path).status_code == 422
    assert stranger.post("/inbox/bulk", {"_item": [str(w.item("receive").id) for w in walks]}).status_code in (302, 422)
    assert town.get("/inbox/bulk").headers["Location"] == "/inbox"
    assert town.get("/inbox/bulk?item=x").status_code == 422
    walks[0].complete("receive")
    mixed = town.get(f"/inbox/bulk?{chosen(walks)}")
    assert (mixed.status_code, "须是同一环节" in mixed.text) == (422, True)
    single = town.get(f"/inbox/bulk?{chosen(walks[:1])}")
    assert (single.status_code, "须逐件办理" in single.text) == (422, True)
    many = "&".join("item=1" for _ in range(101))
    assert "一次最多" in town.get(f"/inbox/bulk?{many}").text
    assert 'name="item"' not in site.bureau().get("/under-way").text


def paper_names(site: Site, walk: Walk, kind: PaperKind) -> list[str]:
    """Return the hashes of the papers of a kind that lie on a case, on its batches and meetings."""
    with transaction(site.ground.sessions) as session:
        return [each.sha256 for each in attachments_of_case(session, walk.case.id) if each.kind == kind]


def sent_with(site: Site) -> list[tuple[str, int]]:
    with transaction(site.ground.sessions) as session:
        rows = session.execute(select(SubmissionBatch.title, func.count()).join(BatchCase).group_by(SubmissionBatch.id))
        return [(title, count) for title, count in rows]


def test_p5_all_of_a_step_is_sent_with_one_new_batch(both_sites: Site) -> None:
    """P5: 责任单位, in bulk: one 请示 for all, and its tables are written for all of them."""
    site = both_sites
    walks, town = own_walks(site), site.town()
    for walk in walks:
        walk.to("submission")
    assert "批量办理查到的全部" in town.get("/inbox?stem=submission").text
    page = town.get("/inbox/bulk?stem=submission").text
    assert "提交 2 件" in page
    assert page.count("材料检查：") == 2  # what each of them lacks stands beside it
    fields = {**hidden(page), "into": "new", "truth": "true"}
    wrong = town.post("/inbox/bulk", fields)
    assert (wrong.status_code, "处需要修改" in wrong.text) == (422, True)
    assert [walk.waiting() for walk in walks] == [["submission"], ["submission"]]
    done = town.post("/inbox/bulk", {**fields, "title": "桑柘镇关于审定项目的请示"})
    assert "已办结 2 件" in done.text, done.text
    assert [walk.waiting() for walk in walks] == [["acceptance_check"], ["acceptance_check"]]
    assert sent_with(site) == [("桑柘镇关于审定项目的请示", 2)]
    for kind in (PaperKind.REQUEST, PaperKind.ANNEX4, PaperKind.ANNEX5):
        first, second = (paper_names(site, walk, kind) for walk in walks)
        assert (len(first), first) == (1, second)


def test_p5_a_case_whose_papers_lack_stays_and_the_others_go_together(site: Site) -> None:
    walks, town = own_walks(site), site.town()
    for walk in walks:
        walk.to("submission")
    with transaction(site.ground.sessions) as session:
        wanted = (Attachment.case_id == walks[0].case.id, Attachment.kind == PaperKind.APPLICATION)
        session.execute(update(Attachment).where(*wanted).values(removed_at=walks[0].now))
    page = town.get("/inbox/bulk?stem=submission").text
    done = town.post("/inbox/bulk", {**hidden(page), "into": "new", "truth": "true", "title": "请示"}).text
    assert "已办结 1 件，1 件没有办成" in done
    assert "材料不齐" in done
    assert [walk.waiting() for walk in walks] == [["submission"], ["acceptance_check"]]
    assert sent_with(site) == [("请示", 1)]


def test_p6_a_units_projects_are_answered_with_one_reply(both_sites: Site) -> None:
    """P6: one 批复 per meeting and unit; each of its cases holds the same paper, and a number of its own unit."""
    site = both_sites
    walks, office = own_walks(site), site.office()
    elsewhere = next(
        site.walk(n)
        for n, each in enumerate(site.ground.projects)
        if each.responsible_unit_id != walks[0].project.responsible_unit_id
    )
    for walk in (*walks, elsewhere):
        walk.to("reply")
    page = office.get("/inbox/bulk?stem=reply").text
    assert "提交 3 件" in page
    assert "审定结果：" in page
    assert 'name="number"' not in page  # each unit's 批复 has its own
    fields = {**hidden(page), "copied": "true", "issued_on": walks[0].now.date().isoformat()}
    done = office.post("/inbox/bulk", fields).text
    assert "已办结 3 件" in done, done
    first, second, other = (paper_names(site, walk, PaperKind.REPLY) for walk in (*walks, elsewhere))
    assert (len(first), len(other)) == (1, 1)
    assert (first == second, first == other) == (numbers(site, walks[0]) == numbers(site, walks[1]), False)
    assert numbers(site, walks[0]) != numbers(site, elsewhere)


def numbers(site: Site, walk: Walk) -> list[str]:
    """Return the numbers of the replies a case was given."""
    with transaction(site.ground.sessions) as session:
        wanted = select(Reply.number).join(ReplyCase).where(ReplyCase.case_id == walk.case.id)
        return list(session.scalars(wanted))


def test_a_step_that_is_done_one_by_one_and_an_empty_search_say_so(site: Site) -> None:
    walks, town = own_walks(site, 1), site.town()
    walks[0].complete("receive")
    single = town.get("/inbox/bulk?stem=field_survey")
    assert (single.status_code, "须逐件办理" in single.text) == (422, True)
    assert "批量办理查到的全部" not in town.get("/inbox?stem=field_survey").text
    nothing = town.get("/inbox/bulk?stem=reply")
    assert (nothing.status_code, "没有可以批量办理的任务" in nothing.text) == (422, True)
