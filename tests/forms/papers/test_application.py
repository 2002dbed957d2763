"""Annex 1–3 on paper (F1–F3, F9): every combination of conditions, the printed cells, long text on a further sheet."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO
from itertools import pairwise, product
from typing import Any

import pytest
from docx import Document

from forms.papers.application import EMPTY, FURTHER, NOBODY, Opinion, blank_facts, form_facts
from forms.papers.catalogue import BY_NAME
from forms.papers.filling import print_paper
from ledger.vocabulary import Category, Cause, Function, Industry, LinkageGap, OperatingMode, Use

DAY = date(2023, 11, 25)
PROJECT: dict[str, Any] = {
    "name": "高山蔬菜大棚",
    "number": "0007",
    "township_text": "桑柘镇",
    "village": "鹿青村",
    "implementation_year": 2019,
    "responsible_body": "鹿青村联合社",
    "responsible_person": "冉某某",
    "telephone": "13900009296",
    "industry": "tourism",
    "operating_mode": "cooperation",
    "function": "damaged",
    "use": "idle",
    "operation": "stopped",
    "causes": ["facilities", "other"],
    "linkage": "partial",
    "linkage_gaps": ["jobs", "returns"],
    "category": "revive",
    "measures": "发包给企业经营。",
    "funding": {
        "earmarked": {"central": Decimal("1200000"), "city": Decimal("300000.50"), "unsplit": Decimal("9")},
        "social": {"unsplit": Decimal("50000")},
    },
    "balance_yuan": Decimal("0.01"),
}


def printed(project: dict[str, Any], *opinions: Opinion, annex: str = "annex1") -> Document:
    facts = BY_NAME[annex].complete(form_facts(project, opinions or (EMPTY,) * 3, "申请表"))
    return Document(BytesIO(print_paper("表", facts, BY_NAME[annex].shipped, DAY)))


def lines(document: Document) -> list[str]:
    """Return the form row by row, joined cells once."""
    rows = []
    for row in document.tables[0].rows:
        cells: list[str] = []
        for cell in row.cells:
            if not cells or cells[-1] != cell.text:
                cells.append(cell.text)
        rows.append("｜".join(cells))
    return rows


def test_the_form_row_by_row() -> None:
    text = "\n".join(lines(printed(PROJECT)))
    for line in (
        "项目\n名称｜高山蔬菜大棚｜项目\n编号｜0007",
        "项目\n地点｜桑柘镇鹿青村｜实施\n年度｜2019",
        "责任\n单位｜鹿青村联合社｜责任人及\n联系电话｜冉某某　13900009296",
        "种植业○　养殖业○\n仓储冷链物流○｜休闲农业与乡村旅游●\n其他○｜光伏电站○\n加工业○",
        "合计：1,550,009.50 元",
        "1.财政专项扶贫资金（衔接资金）1,500,009.50 元，其中：中央资金1,200,000.00 元，市级资金300,000.50 元，"
        "区县资金0.00 元；",
        "2.整合其他涉农资金0.00 元，其中：中央资金0.00 元，市级资金0.00 元，区县资金0.00 元；",
        "4.社会扶贫（帮扶）资金50,000.00 元；",
        "自主经营☐　委托运营☐　租赁☐　合作发展(入股)☑　股权投资☐　其他☐",
        "功能现状：正常☐　损坏☑　灭失☐",
        "使用现状：在用☐　闲置☑",
        "生产经营正常☐",
        "生产经营\n不正常☑｜停产闲置☑｜产业选择不准☐配套设施原因☑资金短缺☐管理不善☐用工短缺☐原材料供应困难☐技术原因☐"
        "产品价格波动☐自然灾害☐其他☑",
        "经营遇到\n困难☐｜产业选择不准☐配套设施原因☐资金短缺☐",
        "联农带农\n情况｜充分发挥联农带农作用☐",
        "发挥联农带农作用\n不充分☑｜未按约定有效带动农户发展生产☐\n未按约定吸纳农村劳动力稳定就业☑\n"
        "未按约定及时足额分配资产收益☑",
        "“四个一批”\n认定｜巩固☐　　　　提升☐　　　　盘活☑　　　　重建☐",
        "处置措施｜发包给企业经营。",
    ):
        assert line in text


@pytest.mark.parametrize(
    ("annex", "number", "heading"),
    [
        ("annex1", "附件1", "（村本级主管和实施项目）"),
        ("annex2", "附件2", "（乡镇（街道）主管项目）"),
        ("annex3", "附件3", "（行业部门主管项目）"),
    ],
    ids=["F1", "F2", "F3"],
)
def test_each_annex_has_its_number_and_heading(annex: str, number: str, heading: str) -> None:
    heads = [each.text for each in printed(PROJECT, annex=annex).paragraphs if each.text]
    assert heads[:4] == [number, "彭水自治县经营性帮扶产业项目“四个一批”", "分类及处置措施申请表", heading]


def test_every_combination_of_conditions_ticks_what_was_chosen_and_nothing_else() -> None:
    for operation, linkage, category in product(
        ("normal", "difficult", "stopped", None), ("full", "partial"), Category
    ):
        facts = form_facts(
            {**PROJECT, "operation": operation, "linkage": linkage, "category": category}, (EMPTY,) * 3, "申请表"
        )
        badly = operation in ("difficult", "stopped")
        assert facts["经营"] == {
            "正常": "☑" if operation == "normal" else "☐",
            "不正常": "☑" if badly else "☐",
            "停产闲置": "☑" if operation == "stopped" else "☐",
            "经营遇到困难": "☑" if operation == "difficult" else "☐",
        }
        ticked = {"配套设施原因", "其他"}
        for group, chosen in (("停产原因", operation == "stopped"), ("困难原因", operation == "difficult")):
            assert {name for name, sign in facts[group].items() if sign == "☑"} == (ticked if chosen else set())
        gaps = {name for name, sign in facts["缺口"].items() if sign == "☑"}
        assert len(gaps) == (2 if linkage == "partial" else 0)
        assert [name for name, sign in facts["认定"].items() if sign == "☑"] == [category.label]


@pytest.mark.parametrize(
    ("column", "terms", "group", "sign"),
    [
        ("industry", Industry, "产业", "●"),
        ("operating_mode", OperatingMode, "运营", "☑"),
        ("function", Function, "功能", "☑"),
        ("use", Use, "使用", "☑"),
    ],
)
def test_each_choice_has_its_own_sign(column: str, terms: Any, group: str, sign: str) -> None:
    for term in terms:
        facts = form_facts({**PROJECT, column: str(term)}, (EMPTY,) * 3, "申请表")
        chosen = [name for name, drawn in facts[group].items() if drawn == sign]
        assert [name.replace("合作发展入股", "合作发展(入股)") for name in chosen] == [term.label]


def test_the_opinions_stand_with_seal_and_day() -> None:
    opinions = (Opinion("同意上报。", date(2023, 11, 18), "鹿青村 冉某某"), NOBODY, EMPTY)
    village, township, group = lines(printed(PROJECT, *opinions))[-3:]
    assert village == "村委会意见｜同意上报。\n鹿青村 冉某某　（盖章）\n2023年11月18日"
    assert township == "乡镇（街道）\n意见｜/\n（盖章）\n"  # F9
    assert group == "县实施乡村振兴\n战略领导小组\n意见｜\n（盖章）\n　　　　年　　月　　日"


@pytest.mark.parametrize(("length", "further"), [(300, False), (301, True), (3000, True)])
def test_longer_measures_stand_whole_on_a_further_sheet(length: int, further: bool) -> None:
    document = printed({**PROJECT, "measures": "措" * length})
    boxed = next(each for each in lines(document) if each.startswith("处置措施｜"))
    sheet = [each.text for each in document.paragraphs]
    assert (FURTHER in boxed) is further
    assert len(boxed) - len("处置措施｜") <= 300
    assert ("措" * length in sheet) is further


def test_lines_count_as_well_as_characters_and_what_is_over_stands_whole_on_a_further_sheet() -> None:
    """A name of 200 characters, a unit of 100, measures of 300 in 15 lines: more than a page and a half holds."""
    long = {
        "name": "大棚" * 100,
        "responsible_body": "合作社" * 33,
        "measures": "\n".join(["一二三四五六七八九十" * 2] * 15),
    }
    document = printed({**PROJECT, **long}, EMPTY, Opinion("同意。\n" * 20, DAY), EMPTY)
    cells = [each for line in lines(document) for each in line.split("｜")]
    rows = dict(pairwise(cells))
    for label, most, wide in (("项目\n名称", 4, 17), ("责任\n单位", 3, 17), ("处置措施", 9, 35)):
        shown = rows[label]
        assert shown.endswith(f"…{FURTHER}")
        assert sum(-(-len(line) // wide) for line in shown.split("\n")) <= most
    assert rows["乡镇（街道）\n意见"].split("\n")[:3][-1].endswith(FURTHER)
    sheet = "\n".join(each.text for each in document.paragraphs)
    for text in (*long.values(), "同意。\n" * 20):
        assert text.strip() in sheet


def test_longer_opinions_stand_whole_on_a_further_sheet() -> None:
    words = "同意，" * 40
    document = printed(PROJECT, EMPTY, Opinion(words, DAY), EMPTY)
    assert words in [each.text for each in document.paragraphs]
    assert max(len(each) for each in lines(document)[-2].split("｜")[1].split("\n")) <= 100


def test_the_blank_form_has_nothing_ticked_and_room_to_write() -> None:
    facts = blank_facts()
    assert {sign for group in ("产业", "运营", "停产原因", "联农", "认定") for sign in facts[group].values()} == {
        "○",
        "☐",
    }
    document = Document(BytesIO(print_paper("表", facts, BY_NAME["annex2"].shipped, DAY)))
    text = "\n".join(lines(document))
    assert "项目\n地点｜　　　　镇（乡）　　　　村（居）" in text
    assert "合计：　　　　 元" in text
    assert "0.00" not in text


def test_no_cause_or_gap_of_the_scheme_is_missing() -> None:
    facts = blank_facts()
    assert list(facts["停产原因"]) == list(facts["困难原因"]) == [cause.label for cause in Cause]
    assert list(facts["缺口"]) == [gap.label for gap in LinkageGap]
