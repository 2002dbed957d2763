"""离岗移交: what hangs on a leaver goes to a colleague or back to the unit (issue 5 item 2)."""

from __future__ import annotations

from ledger.cases import Draft, WorkItem
from ledger.db import transaction
from ledger.vocabulary import Role
from tests.webapp.conftest import Site
from tests.webapp.test_acts import row, second_handler


def test_a_leavers_items_and_drafts_go_to_a_colleague(both_sites: Site) -> None:
    site = both_sites
    walks = [site.walk(number) for number in range(4)]
    unit = site.ground.county.townships["桑柘镇"].id
    first, second = [item for walk in walks if (item := walk.item("receive")).unit_id == unit][:2]
    town, leader, colleague = site.town(), site.town(role=Role.SIGNER), second_handler(site, unit)
    leaver, receiver = site.user_id("sangzhezhen.jingban"), site.user_id("yi")
    assert town.post(f"/items/{first.id}/claim", {"_revision": str(first.revision)}).status_code == 303
    assert town.post(f"/items/{second.id}/draft", {"reason": "写了一半"}).status_code == 204
    assert "已领取 1 件" in leader.get("/handovers").text
    page = leader.get(f"/handovers/{leaver}").text
    assert "共 2 件" in page
    refused = leader.post(f"/handovers/{leaver}", {"receiver": str(receiver), "reason": ""})
    assert (refused.status_code, "请填写移交的原因" in refused.text) == (422, True)
    assert f'<option value="{receiver}" selected>' in refused.text
    done = leader.post(f"/handovers/{leaver}", {"receiver": str(receiver), "reason": "调离"})
    assert done.status_code == 303
    assert row(site, first).claimed_by_id == receiver
    assert "写了一半" in colleague.get(f"/items/{second.id}").text
    trail = leader.get(f"/cases/{first.case_id}?tab=trail").text
    assert "离岗移交" in trail
    assert "移交给经办乙：调离" in trail


def test_without_a_receiver_the_unit_has_it_again(site: Site) -> None:
    item = site.walk().item("receive")
    town, system = site.town(), site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)
    town.post(f"/items/{item.id}/claim", {"_revision": str(item.revision)})
    leaver = site.user_id("sangzhezhen.jingban")
    page = system.get(f"/handovers/{leaver}").text
    with transaction(site.ground.sessions, writes=False) as session:
        name = session.get_one(WorkItem, item.id).case.project.name
    assert "共 1 件" in page
    assert name not in page  # who runs the system sees no project
    assert system.post(f"/handovers/{leaver}", {"receiver": "0", "reason": "退休"}).status_code == 303
    assert row(site, item).claimed_by_id is None
    assert site.count(Draft) == 0


def test_only_who_leads_the_unit_hands_over(site: Site) -> None:
    leaver = site.user_id("sangzhezhen.jingban")
    assert site.town("保家镇", Role.SIGNER).get(f"/handovers/{leaver}").status_code == 404
    assert site.town().get(f"/handovers/{leaver}").status_code == 403
    leader = site.town(role=Role.SIGNER)
    stranger = site.user_id("baojiazhen.jingban")
    item = site.walk().item("receive")
    site.town().post(f"/items/{item.id}/claim", {"_revision": str(item.revision)})
    answer = leader.post(f"/handovers/{leaver}", {"receiver": str(stranger), "reason": "调离"})
    assert (answer.status_code, "不能接收" in answer.text) == (422, True)
