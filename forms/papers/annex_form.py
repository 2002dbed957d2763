"""Annex 1, 2 and 3 as a template: the printed form with its joined cells, circles, boxes, seals and dates (F1–F3).

The three differ in number and heading only; what an annex does not concern is filled with “/” (F9).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from forms.papers.filling import name_of
from forms.papers.package import packed
from forms.papers.wml import BIAOSONG, HEITI, KAITI, SONGTI, Cell, Font, Line, row, table, tag, twips
from ledger.vocabulary import Category, Cause, Industry, Level, LinkageGap, OperatingMode

HEADINGS = {
    Level.VILLAGE: ("附件1", "（村本级主管和实施项目）"),
    Level.TOWNSHIP: ("附件2", "（乡镇（街道）主管项目）"),
    Level.DEPARTMENT: ("附件3", "（行业部门主管项目）"),
}
SOURCES = ("专项", "整合", "行业", "社会")
OPINIONS = ("村委会意见", "乡镇意见", "领导小组意见")
GRID = (11.0, 21.0, 23.0, 21.0, 24.0, 25.0, 45.0)  # mm
_MARGINS = {"top": 22, "right": 20, "bottom": 20, "left": 20, "footer": 12}  # mm
_FONT = Font(size=10.5)
_LABEL = Line(_FONT, "center", height=14)
_VALUE = Line(_FONT, "left", height=14)
_SEAL = replace(_VALUE, align="right", right=3)
_OPINION_HEIGHT = 26  # mm
_TAG = re.compile(r"(\{\{.*?\}\})")


def template(level: Level) -> bytes:
    """Return the form of `level` with its tags."""
    annex, heading = HEADINGS[level]
    top = (
        Line(Font(HEITI, 16), "left").of(annex),
        *(Line(Font(BIAOSONG, 18), "center", height=28).of(line) for line in _TITLE),
        Line(Font(KAITI, 14), "center", height=24, after=4).of(heading),
    )
    rows = (*_project_rows(), *_state_rows(), *_linkage_rows(), *_decided_rows())
    return packed("".join((*top, table(rows, GRID, padding=0.4), *_further_sheet(), _section())))


_TITLE = ("彭水自治县经营性帮扶产业项目“四个一批”", "分类及处置措施{{ 表名 }}")


def _section() -> str:
    sides = "".join(f' w:{side}="{twips(mm)}"' for side, mm in _MARGINS.items())
    size = f'<w:pgSz w:w="{twips(210)}" w:h="{twips(297)}"/>'
    return f'<w:sectPr>{size}<w:pgMar{sides} w:header="720" w:gutter="0"/></w:sectPr>'


def _label(text: str, span: int = 1, down: str = "") -> Cell:
    return Cell(_LABEL.of(text) if down != "continue" else _LABEL.of(""), span, down)


def _value(text: str, span: int, down: str = "") -> Cell:
    """Return a cell of lines; the signs of circles and boxes stand in a font that draws them all alike."""
    return Cell("".join(_signed(_VALUE, line) for line in text.split("\n")), span, down)


def _signed(line: Line, text: str) -> str:
    signs = replace(_FONT, name=SONGTI)
    return line.of(*((signs if _is_sign(part) else _FONT, part) for part in _TAG.split(text) if part))


def _is_sign(part: str) -> bool:
    return part.startswith("{{") and any(f" {group}." in part for group in _SIGN_GROUPS)


_SIGN_GROUPS = ("产业", "运营", "功能", "使用", "经营", "停产原因", "困难原因", "联农", "缺口", "认定")


def _ticks(group: str, labels: Sequence[str], between: str = "　") -> str:
    return between.join(f"{label}{{{{ {group}.{name_of(label)} }}}}" for label in labels)


def _project_rows() -> tuple[str, ...]:
    side = "continue"
    return (
        _pair("项目\n名称", "{{ 项目名称 }}", "项目\n编号", "{{ 项目编号 }}", side="restart"),
        _pair("项目\n地点", "{{ 项目地点 }}", "实施\n年度", "{{ 实施年度 }}"),
        _pair("责任\n单位", "{{ 责任单位 }}", "责任人及\n联系电话", "{{ 责任人及联系电话 }}"),
        _row(_side(side), _label("产业\n类型"), *_industries()),
        _row(_side(side), _label("投资\n规模", down="restart"), _value("合计：{{ 资金合计 }} 元", 5)),
        *(
            _row(_side(side), _label("", down="continue"), _value(_funding(number, source), 5))
            for number, source in enumerate(SOURCES, 1)
        ),
        _row(
            _side(side),
            _label("项目现值\n（估算）"),
            Cell("".join(_amounts(*pair) for pair in (_VALUES[:2], _VALUES[2:])), 5),
        ),
        _row(_side(side), _label("运营\n模式"), _value(_ticks("运营", [mode.label for mode in OperatingMode]), 5)),
    )


_VALUES = (
    ("1.货币资金结余", "货币资金结余"),
    ("2.待收待返资金", "待收待返资金"),
    ("3.资产估值", "资产估值"),
    ("4.其他", "其他"),
)


def _amounts(left: tuple[str, str], right: tuple[str, str]) -> str:
    line = replace(_VALUE, right_at=twips(sum(GRID[2:]) - 4))
    (one, first), (other, second) = left, right
    return line.of(f"{one}　{{{{ 现值.{first} }}}} 元\t{other}　{{{{ 现值.{second} }}}} 元")


def _funding(number: int, source: str) -> str:
    words = ("财政专项扶贫资金（衔接资金）", "整合其他涉农资金", "行业扶贫（帮扶）资金", "社会扶贫（帮扶）资金")[
        number - 1
    ]
    whole = f"{number}.{words}{{{{ 资金.{source} }}}} 元"
    if source == "社会":
        return f"{whole}；"
    tiers = "，".join(f"{tier}资金{{{{ 资金.{source}{tier} }}}} 元" for tier in ("中央", "市级", "区县"))
    return f"{whole}，其中：{tiers}；"


def _side(down: str) -> Cell:
    return Cell("".join(_LABEL.of(letter) for letter in "项目简介") if down == "restart" else _LABEL.of(""), 1, down)


def _row(*cells: Cell, height: float = 0, whole: bool = True) -> str:
    return row(cells, GRID, height=height, whole=whole)


def _pair(one: str, first: str, other: str, second: str, side: str = "continue") -> str:
    return _row(_side(side), _label(one), _value(first, 3), _label(other), _value(second, 1))


def _industries() -> tuple[Cell, ...]:
    kinds = [kind.label for kind in Industry]
    thirds = ((kinds[:2], kinds[2:3]), (kinds[3:4], kinds[6:]), (kinds[4:5], kinds[5:6]))
    texts = ["\n".join(_ticks("产业", line) for line in third) for third in thirds]
    spans, sides = (2, 2, 1), (("right",), ("left", "right"), ("left",))
    return tuple(replace(_value(text, span), open=side) for text, span, side in zip(texts, spans, sides, strict=True))


def _state_rows() -> tuple[str, ...]:
    causes = [cause.label for cause in Cause]
    side, again = _side("continue"), _label("", down="continue")
    return (
        _row(
            side,
            _label("项目\n现状", down="restart"),
            _value(f"功能现状：{_ticks('功能', ('正常', '损坏', '灭失'))}", 5),
        ),
        _row(side, again, _value(f"使用现状：{_ticks('使用', ('在用', '闲置'))}", 5)),
        _row(side, again, _value("生产经营正常{{ 经营.正常 }}", 5)),
        *(
            _row(
                side,
                again,
                _value(first, 1, down),
                _value(f"{label}{{{{ 经营.{name_of(label)} }}}}", 1),
                _value(_ticks(group, causes, ""), 3),
            )
            for first, down, label, group in (
                ("生产经营\n不正常{{ 经营.不正常 }}", "restart", "停产闲置", "停产原因"),
                ("", "continue", "经营遇到\n困难", "困难原因"),
            )
        ),
    )


def _linkage_rows() -> tuple[str, ...]:
    gaps = "\n".join(_ticks("缺口", (gap.label,)) for gap in LinkageGap)
    return (
        _row(_label("联农带农\n情况", 2, "restart"), _value("充分发挥联农带农作用{{ 联农.充分 }}", 5)),
        _row(_label("", 2, "continue"), _value("发挥联农带农作用\n不充分{{ 联农.不充分 }}", 2), _value(gaps, 3)),
    )


def _decided_rows() -> tuple[str, ...]:
    classes = _ticks("认定", [category.label for category in Category], "　　　　")
    names = ("村委会意见", "乡镇（街道）\n意见", "县实施乡村振兴\n战略领导小组\n意见")
    return (
        _row(_label("“四个一批”\n认定", 2), _value(classes, 5), height=9),
        _row(_label("处置措施", 2), _value("{{ 处置措施 }}", 5), height=24, whole=False),  # begins on the first page
        *(_opinion(label, variable) for label, variable in zip(names, OPINIONS, strict=True)),
    )


def _opinion(label: str, variable: str) -> str:
    words = _VALUE.of(f"{{{{ {variable}.内容 }}}}")
    signed = _SEAL.of(f"{{{{ {variable}.签字 }}}}（盖章）") + _SEAL.of(f"{{{{ {variable}.日期 }}}}")
    return _row(_label(label, 2), Cell(words + signed, 5, align="bottom"), height=_OPINION_HEIGHT)


def _further_sheet() -> tuple[str, ...]:
    """Return what is longer than its box, on a sheet of its own."""
    head = Line(Font(BIAOSONG, 18), "center", height=28, after=8, new_page=True)
    text = Line(Font(size=14), "both", first=2, height=24)
    return (
        tag("if 续页"),
        head.of("分类及处置措施{{ 表名 }}续页"),
        text.of("项目名称：{{ 项目全称 }}（{{ 项目编号 }}）"),
        tag("for 项 in 续页"),
        replace(text, font=Font(HEITI, 14)).of("{{ 项.名称 }}"),
        text.of("{{ 项.内容 }}"),
        tag("endfor"),
        tag("endif"),
    )
