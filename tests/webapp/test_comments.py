"""留言 over HTTP: who reads and writes it, its files, and the notice that leads to it (issue 5 item 2)."""

from __future__ import annotations

import re
from io import BytesIO

from tests.walk import PDF
from tests.webapp.conftest import Site


def test_a_remark_with_a_file_reaches_whom_it_addresses(both_sites: Site) -> None:
    walk = both_sites.walk()
    town, bureau, address = both_sites.town(), both_sites.bureau(), f"/cases/{walk.case_id}/comments"
    page = town.get(f"/cases/{walk.case_id}?tab=comments").text
    assert "还没有留言" in page
    member = page.split('name="mention" value="')[1].split('"')[0]
    files = {"text": "请看<附件>", "mention": member, "files": (BytesIO(PDF), "说明.pdf")}
    answer = town.post(address, files, content_type="multipart/form-data")
    assert answer.status_code == 303
    shown = bureau.get(f"/cases/{walk.case_id}?tab=comments").text
    assert "请看&lt;附件&gt;" in shown
    assert "说明.pdf" in shown
    assert "说明.pdf" in bureau.get(f"/cases/{walk.case_id}?tab=papers").text


def test_a_refused_remark_keeps_its_words_and_stores_nothing(site: Site) -> None:
    walk, town = site.walk(), site.town()
    address = f"/cases/{walk.case_id}/comments"
    bureau = str(site.user_id("xiangcunzhenxingju.jingban"))
    broken = {"text": "请看附件", "mention": bureau, "files": (BytesIO(b"<html>"), "照片.jpg")}
    answer = town.post(address, broken, content_type="multipart/form-data")
    assert (answer.status_code, "请看附件" in answer.text, "不是 jpg 文件" in answer.text) == (422, True, True)
    assert re.search(rf'name="mention" value="{bureau}"[^>]* checked', answer.text)
    assert town.post(address, {"text": "请看", "mention": "999999"}).status_code == 422
    assert "还没有留言" in town.get(f"/cases/{walk.case_id}?tab=comments").text
    assert site.town("保家镇").post(address, {"text": "看不到"}).status_code == 404


def test_own_sentences_are_offered_where_opinions_are_written(site: Site) -> None:
    walk, town = site.walk(), site.town()
    item = walk.item("receive")
    assert "情况属实，同意上报。" in town.get(f"/items/{item.id}").text
    assert town.post("/settings/own/phrases", {"text": ""}).status_code == 422
    assert town.post("/settings/own/phrases", {"text": "现场已核。", "shared": "1"}).status_code == 303
    offered = town.get(f"/items/{item.id}").text
    assert "现场已核。" in offered
    assert "情况属实，同意上报。" not in offered
    assert "现场已核。" not in site.bureau().get("/settings/own").text
