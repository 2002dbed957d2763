"""The papers of rounds say what the directive asks for: the week's summary the four points of art. 22 (R2)."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from zipfile import ZipFile

from forms.papers.catalogue import BY_NAME
from forms.papers.filling import print_paper


def text_of(name: str) -> str:
    form = BY_NAME[name]
    content = print_paper("2023年11月23日周调度情况汇总", form.complete(form.example), form.shipped, date(2023, 11, 24))
    with ZipFile(BytesIO(content)) as package:
        return re.sub("<[^>]+>", "", package.read("word/document.xml").decode())


def test_r2_the_weeks_summary_has_the_four_points_of_article_22_in_order() -> None:
    text = text_of("weekly_summary")
    points = ("台账建立情况", "处置整改措施落实情况", "停产闲置率、经营困难率、未发挥联农带农率", "其他工作进展等情况")
    places = [text.index(point) for point in points]
    assert places == sorted(places)
    assert "应报41个单位，已报39个。迟报单位：鹿角镇。未报单位：保家镇、县林业局。" in text
    assert "以上" not in text
    assert text.count("桑柘镇：冷库已通电，合作社已进场。") == 6  # two lines under each of three heads
