"""分类建议 beside the defects as they are ticked (C1–C5): the case's own table, its reasons, what differs from it."""

from __future__ import annotations

import pytest

from tests.walk import Walk
from tests.webapp.conftest import Person, Site

pytestmark = pytest.mark.usefixtures("quick_prints")
TWO_DEFECTS = "findings=runs_normally&findings=chain_weak&findings=processing_weak"


def at(site: Site, stem: str) -> tuple[Walk, Person, str]:
    walk = site.walk()
    walk.to(stem)
    site.catch_up(walk)
    return walk, site.town(), f"/items/{walk.item(stem).id}"


def test_c5_what_is_ticked_is_answered_at_once_with_reasons_and_article(site: Site) -> None:
    _walk, clerk, item = at(site, "field_survey")
    told = clerk.get(f"{item}/suggestion?{TWO_DEFECTS}").text
    assert "提升" in told
    assert "第（四）条" in told
    assert "产业链条存在明显短板弱项；加工转化能力弱，产品附加值低" in told
    both = clerk.get(f"{item}/suggestion?{TWO_DEFECTS}&findings=failed").text
    assert "没有建议" in both
    assert "同时符合重建、提升" in both
    assert "没有建议" in clerk.get(f"{item}/suggestion?findings=made_up").text


def test_c5_the_conditions_stand_under_their_articles_and_the_advice_without_a_script(site: Site) -> None:
    _walk, clerk, item = at(site, "field_survey")
    page = clerk.get(item).text
    named = ("第（三）条　巩固类", "第（四）条　提升类", "第（五）条　盘活类", "第（六）条　重建类")
    headings = [page.index(words) for words in named]
    assert headings == sorted(headings)
    assert headings[2] < page.index("项目暂时停工停产") < headings[3]
    saved = {"_action": "draft", "findings": ["failed", "management_failed"], "_revision": "1"}
    assert clerk.post(item, saved).status_code == 303
    assert "有一项以上重建类缺陷" in clerk.get(item).text


def test_c5_a_class_other_than_suggested_asks_for_its_reason(site: Site) -> None:
    _walk, clerk, item = at(site, "preliminary_opinion")
    assert "不同：请写明理由" not in clerk.get(f"{item}/suggestion?category=upgrade").text
    assert "您选的是盘活，与建议的提升不同：请写明理由" in clerk.get(f"{item}/suggestion?category=revive").text


def test_only_who_fills_the_form_asks_its_table(site: Site) -> None:
    _walk, _clerk, item = at(site, "field_survey")
    assert site.town("保家镇").get(f"{item}/suggestion").status_code == 404
    assert site.bureau().get(f"{item}/suggestion").status_code == 404  # sees the case, fills nothing
    receive = site.walk(1).item("receive")
    assert site.person(receive.unit_id).get(f"/items/{receive.id}/suggestion").status_code == 404
