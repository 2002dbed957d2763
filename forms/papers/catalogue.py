"""The papers the software writes: a name, a template as shipped, and every variable with its meaning and an example.

What an administrator's template may say is exactly this; a variable left unfilled is an empty text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from forms.papers import annex_form
from forms.papers.application import Opinion, form_facts
from forms.papers.issued import PROJECT, issued
from forms.papers.official_texts import OFFICIAL
from forms.papers.variables import Variable, list_of, texts_of
from ledger.vocabulary import Level


@dataclass(frozen=True)
class PaperForm:
    """One paper: what it is called and what its template may say."""

    name: str
    title: str
    variables: tuple[Variable, ...]

    @property
    def shipped(self) -> bytes:
        return _annex(self.name) if self.name in _LEVELS else OFFICIAL[self.name]

    @property
    def example(self) -> dict[str, Any]:
        """Return the facts of a made-up paper, every variable filled."""
        return {variable.name: variable.sample for variable in self.variables}

    def complete(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return `facts` with an empty text, group or list for each variable they lack."""
        nothing = {variable.name: variable.nothing for variable in self.variables}
        return {**nothing, **{name: fact for name, fact in facts.items() if fact is not None}}


V = Variable
_OF_PROJECT = (
    V("项目名称", "项目名称", "高山蔬菜大棚"),
    V("项目编号", "项目编号", "PS2023-1007"),
    V("实施年度", "实施年度", "2019"),
    V("责任单位", "项目的责任单位", "桑柘镇鹿青村股份经济合作联合社"),
)
_STATE = V("项目现状", "功能、使用、生产经营和联农带农现状，一行一项", "功能现状：正常\n使用现状：在用")
_ROWS = list_of(
    "项目",
    "项目清单，逐个列出",
    V("名称", "项目名称", "高山蔬菜大棚"),
    V("编号", "项目编号", "PS2023-1007"),
    V("分类", "“四个一批”分类", "提升"),
    V("措施", "处置措施", "建冷库，上分拣线。"),
)
_DECIDED = list_of(
    "项目",
    "会议研究的项目，逐个列出",
    *_ROWS.parts,
    V("决定", "会议的决定", "同意认定为提升类"),
    V("理由", "理由", ""),
)
_COUNTED = (
    V("项目数", "项目个数", "9"),
    V("分类情况", "四类项目各有多少", "其中巩固类2个、提升类4个、盘活类2个、重建类1个。"),
    V("投资合计", "投资规模合计（万元）", "1630"),
)
_ANNEXED = list_of("附件", "附件清单", V("名称", "附件名称", "“四个一批”分类统计表"))
_SAID = (V("名称", "单位", "桑柘镇"), V("内容", "报告的内容", "冷库已通电，合作社已进场"))
_PLANNED = (
    *_OF_PROJECT,
    V("类别", "“四个一批”类别", "盘活"),
    V("审定措施", "审定的处置措施", "发包给企业经营。"),
    V("选用的措施", "选用的措施，分号隔开", "将闲置的资产资源发包给企业经营"),
    V("处置方案", "处置方案正文", "与县供销集团签订承包协议，明年三月恢复生产。"),
    V("联农带农整改", "联农带农整改措施", "每户年分红不少于五百元。"),
    V("计划投入资金", "计划投入资金", "300,000.00 元"),
    V("牵头人", "牵头人", "冉某某"),
    V("计划完成日期", "计划完成日期", "2024年3月31日"),
    V("失败原因", "失败原因", "品种滞后：病害多，产量低"),
    list_of(
        "停产闲置原因",
        "停产闲置原因，逐个分析（第九条）",
        V("原因", "原因", "资金短缺"),
        V("情况", "具体情况", "流动资金不足"),
        V("办法", "解决办法", "申请贴息贷款"),
    ),
    list_of(
        "资源资产",
        "资源资产，逐个查清（第九条）",
        V("名称", "名称", "冷库"),
        V("数量", "数量", "1座"),
        V("现值", "现值", "200,000.00 元"),
        V("用途", "用途", "出租"),
    ),
    list_of("意见采纳", "征求的意见和采纳情况", V("单位", "提意见的单位", "桑柘镇"), V("答复", "采纳情况", "已采纳")),
    list_of(
        "重建办法",
        "按失败原因写明的重建办法（第十条）",
        V("类型", "办法的类型", "新品种、新技术"),
        V("内容", "内容", "引进抗病品种"),
    ),
)
_MEETING = (
    _DECIDED,
    V("会议名称", "会议名称", "桑柘镇党委会"),
    V("召开日期", "召开日期", "2023年11月20日"),
    V("地点", "地点", "镇政府二楼会议室"),
    V("主持人", "主持人", "冉某某"),
    V("出席人员", "出席人员", "冉某某、张某某"),
    V("列席人员", "列席人员", "谭某某"),
    V("缺席人员", "缺席人员", "李某某（请假）"),
    V("记录人", "记录人", "任某某"),
    V("会议内容", "会议内容", "会议听取了项目调研情况的汇报。"),
)


_MEANINGS = {
    "产业": "产业类型，选中的是 ●，其余 ○",
    "资金": "投资规模各行的金额（元）",
    "现值": "项目现值各项（元）",
    **{"项目全称": "项目名称，一栏放不下时也是全文", "续页": "超出栏目长度、另页印的内容"},
    **dict.fromkeys(
        ("运营", "功能", "使用", "经营", "停产原因", "困难原因", "联农", "缺口", "认定"), "选中的是 ☑，其余 ☐"
    ),
    **dict.fromkeys(annex_form.OPINIONS, "意见、签字和盖章日期"),
}
_SAMPLE_PROJECT: Mapping[str, Any] = {
    **{"name": "高山蔬菜大棚", "number": "PS2023-1007", "township": "桑柘镇", "village": "鹿青村"},
    **{"implementation_year": 2019, "responsible_body": "桑柘镇鹿青村股份经济合作联合社"},
    **{"responsible_person": "冉某某", "telephone": "023-78840000", "industry": "planting", "operating_mode": "lease"},
    **{"function": "normal", "use": "in_use", "operation": "difficult", "causes": ["funds"], "linkage": "partial"},
    **{"linkage_gaps": ["returns"], "category": "upgrade", "measures": "建冷库，上分拣线。" * 40},
    **{"funding": {"earmarked": {"central": Decimal(1200000)}, "social": {"unsplit": Decimal(50000)}}},
}


def _form_example() -> dict[str, Any]:
    opinions = (Opinion("同意。", date(2023, 11, 18)), Opinion("同意。", date(2023, 11, 20)), Opinion("", None))
    return form_facts(_SAMPLE_PROJECT, opinions, "申请表")


def _variable_of(name: str, example: Any) -> Variable:
    """Return a variable of the forms by what its example is: a text, a group or a list."""
    meaning = _MEANINGS.get(name, name)
    if isinstance(example, str):
        return Variable(name, meaning, example)
    entry = example[0] if isinstance(example, list) else example
    parts = tuple(Variable(part, part, text) for part, text in entry.items())
    return Variable(name, meaning, parts=parts, is_list=isinstance(example, list))


_FORM = (*(_variable_of(name, example) for name, example in _form_example().items()), PROJECT)

FORMS = (
    *(
        PaperForm(f"annex{number}", f"附件{number} 分类及处置措施申请表{heading[1]}", _FORM)
        for number, heading in enumerate(annex_form.HEADINGS.values(), 1)
    ),
    PaperForm(
        "survey_report",
        "实地调研情况报告",
        (
            *issued("survey_report"),
            *_OF_PROJECT,
            _STATE,
            *texts_of(
                ("项目地点", "桑柘镇鹿青村"),
                ("产业类型", "种植业"),
                ("建设内容", "大棚20亩"),
                ("投资规模", "合计 1,630,000.00 元"),
                ("项目现值估算", "货币资金结余：120,000.00 元"),
                ("运营模式", "租赁"),
                ("现场发现", "产业链条存在明显短板弱项"),
                ("分类建议", "提升（第四条）"),
                ("调研日期", "2023年11月15日"),
                ("专业力量", "冉某某，县农业农村委，农艺师"),
                ("群众意见", "希望按时分红"),
                ("调研结论和处置建议", "补齐冷链短板"),
            ),
        ),
    ),
    PaperForm(
        "assessment",
        "项目评估报告",
        (
            *issued("assessment"),
            *_OF_PROJECT,
            _STATE,
            *texts_of(
                ("评估日期", "2023年11月16日"),
                ("市场环境", "销路不畅"),
                ("经营状况", "停产"),
                ("发展空间", "较小"),
                ("失败原因", "品种滞后。"),
                ("失败教训", "论证不足"),
            ),
        ),
    ),
    PaperForm(
        "review_opinion",
        "会审意见",
        (
            *issued("review_opinion"),
            *_OF_PROJECT,
            *texts_of(
                ("项目责任单位", "桑柘镇"),
                ("会审单位", "县财政局"),
                ("意见", "同意"),
                ("意见内容", "同意调研结论"),
                ("会审人员", "张某某"),
            ),
        ),
    ),
    PaperForm(
        "preliminary_opinion",
        "会审意见汇总及初步处置意见",
        (
            *issued("preliminary_opinion"),
            *_OF_PROJECT,
            *texts_of(
                ("现场发现", "产业链条存在短板"),
                ("会审意见及处理", "县财政局：同意"),
                ("初步分类", "提升"),
                ("分类理由", "第四条"),
                ("初步处置意见", "建冷库"),
            ),
        ),
    ),
    PaperForm(
        "request",
        "报送请示",
        (
            *issued("request"),
            *_COUNTED,
            _ROWS,
            _ANNEXED,
            V("单位意见", "行业部门的单位意见（附件3没有这一栏）", "同意报送。"),
        ),
    ),
    PaperForm("party_minutes", "党组（委）会议纪要", (*issued("party_minutes"), *_MEETING)),
    PaperForm("group_minutes", "领导小组会议纪要", (*issued("group_minutes"), *_MEETING)),
    PaperForm(
        "reply",
        "批复",
        (
            *issued("reply"),
            *_COUNTED,
            _ROWS,
            *texts_of(
                ("来文", "你单位《请示》收悉。"),
                ("会议名称", "领导小组第4次会议"),
                ("会议日期", "2023年11月24日"),
                ("批复要求", "请迅速开展处置工作。"),
            ),
        ),
    ),
    PaperForm(
        "notice",
        "公告",
        (
            *issued("notice"),
            *_OF_PROJECT,
            *texts_of(
                *(("公告内容", "现将项目分类及处置措施公告如下。"), ("项目地点", "桑柘镇鹿青村")),
                *(("公告处", "项目实施地（桑柘镇鹿青村）"), ("张贴地点", "村务公开栏")),
                *(("张贴日期", "2023年11月26日"), ("异议受理", "023-78840000")),
            ),
        ),
    ),
    PaperForm(
        "notice_certificate",
        "公告期满证明",
        (
            *issued("notice_certificate"),
            *_OF_PROJECT,
            *texts_of(
                *(("起算日期", "2023年11月27日（星期一）"), ("天数", "5"), ("期满日期", "2023年12月4日（星期一）")),
                ("主管单位张贴", "2023年11月27日（星期一）张贴于镇政府大门左侧公示栏"),
                ("实施地张贴", "2023年11月27日（星期一）张贴于村便民服务中心公示栏"),
                ("日历", "工作日按国务院办公厅公布的放假安排计算"),
                ("异议情况", "公告期内没有收到异议"),
                ("变动情况", "公告期由2023-12-04延长到2023-12-08：元旦前后群众外出多"),
            ),
            list_of("工作日", "计入公告期的工作日", V("序号", "第几个", "1"), V("日期", "日期", "2023年11月28日")),
        ),
    ),
    PaperForm("plan", "巩固、提升方案", (*issued("plan"), *_PLANNED)),
    PaperForm("revive_plan", "盘活方案", (*issued("revive_plan"), *_PLANNED)),
    PaperForm("revive_ledger", "盘活一项目一台账", (*issued("revive_ledger"), *_PLANNED)),
    PaperForm("rebuild_plan", "重建方案", (*issued("rebuild_plan"), *_PLANNED)),
    PaperForm(
        "cleanup_opinion",
        "清理处置意见",
        (
            *issued("cleanup_opinion"),
            *_COUNTED,
            _ROWS,
            *texts_of(
                ("工作措施", "逐个开展实地调研。"),
                ("调研日期", "2023年11月21日"),
                ("审定日期", "2023年11月25日"),
                ("阶段日期", "2023年12月5日"),
                ("组织保障", "成立工作专班。"),
            ),
        ),
    ),
    PaperForm(
        "yearly_report",
        "年度报告",
        (
            *issued("yearly_report"),
            *_COUNTED,
            _ANNEXED,
            *texts_of(
                ("年度", "2023"),
                ("处置情况", "已完成处置5个，正在处置4个。"),
                ("停产闲置率", "11.1%"),
                ("经营困难率", "22.2%"),
                ("未联农带农率", "33.3%"),
                ("下一步打算", "继续抓好处置落实。"),
                ("审核人", "冉某某"),
            ),
        ),
    ),
    PaperForm(
        "weekly_summary",
        "周调度情况汇总",
        (
            *issued("weekly_summary"),
            *texts_of(
                *(("应报", "41"), ("已报", "39"), ("迟报", "鹿角镇"), ("未报", "保家镇、县林业局")),
                (
                    "台账情况",
                    "在库项目9个，其中巩固2个、提升4个、盘活2个、重建1个，待认定0个；已退出0个；超期事项1个。",
                ),
                ("措施合计", "盘活类项目2个，已动工1个，已完成0个；重建类项目1个，已动工0个，已完成0个。"),
                ("停产闲置率", "11.1%（上期22.2%）"),
                ("经营困难率", "22.2%（上期22.2%）"),
                ("未联农带农率", "33.3%（上期33.3%）"),
                ("说明", "两个单位迟报，已提醒。"),
            ),
            list_of(
                *(
                    "单位",
                    "各单位情况，逐个列出",
                    V("名称", "单位", "桑柘镇"),
                    V("状态", "按时、迟报、补报或未报", "按时"),
                ),
                V("项目数", "在库项目个数", "9"),
                *(V(name, f"{name}类项目个数", "2") for name in ("巩固", "提升", "盘活", "重建")),
                *(V(name, f"{name}（百分数）", "11.1%") for name in ("停产率", "困难率", "联农率")),
            ),
            list_of("措施", "各单位的盘活、重建措施进展", *_SAID),
            list_of("其他", "各单位的其他工作", *_SAID),
            list_of("数据说明", "各单位对数字的说明", *_SAID),
        ),
    ),
    PaperForm(
        "record",
        "登记表（其他材料）",
        (
            *issued("record"),
            list_of("内容", "逐项内容", V("名称", "栏目", "项目名称"), V("内容", "内容", "高山蔬菜大棚")),
        ),
    ),
)
BY_NAME = {form.name: form for form in FORMS}
_LEVELS = dict(zip(("annex1", "annex2", "annex3"), annex_form.HEADINGS, strict=True))


@cache
def _annex(name: str) -> bytes:
    return annex_form.template(_LEVELS[name])


def annex_name(level: Level) -> str:
    """Return the name of the form for projects run at `level`."""
    return next(name for name, known in _LEVELS.items() if known is level)
