"""The words of every message: what is usual, which variables may stand in them, what an administrator may not write.

A text is filled by putting values for `{变量}` and by nothing else: no expression, no attribute, no format, so that
whoever edits one can reach nothing but the values listed for it. Personal data and decisions are not among them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from ledger.vocabulary import Term

MOST = {"subject": 60, "body": 500, "short": 120, "template": 40, "parameters": 120}
"""Characters a field may have."""
FIELD_LABELS = {
    "subject": "标题",
    "body": "正文",
    "short": "短信",
    "template": "短信模板编号",
    "parameters": "短信模板参数",
}
VARIABLE = re.compile(r"\{([^{}]*)\}")
PARAMETER = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,19})=(\{[^{}]*\})")


class TextKind(Term):
    """What a message is about; the first eleven are lines of a digest, the next two what stands around a message."""

    BEFORE = "before", "到期前"
    OVERDUE = "overdue", "超期（告知办理单位）"
    SIGNER = "signer", "超期（告知本单位审核人）"
    SUPERVISOR = "supervisor", "超期（告知督查）"
    ROUND = "round", "周期报送到期前"
    NEW = "new", "新到的任务"
    RETURNED = "returned", "退回的任务"
    PUBLICITY = "publicity", "公告期满"
    ROUND_CLOSED = "round_closed", "周期报送截止"
    CALENDAR = "calendar", "放假安排没有录入"
    INCIDENT = "incident", "有异常等待处理"
    DIGEST = "digest", "汇总提醒"
    AT_ONCE = "at_once", "即时消息"
    URGE = "urge", "催办任务"
    CHASE = "chase", "催办周期报送"
    DELEGATED = "delegated", "委托填写"
    HANDED_BACK = "handed_back", "委托填写后交回"
    COPY = "copy", "抄送"
    COMMENT = "comment", "留言里提到"
    SUBSTITUTE = "substitute", "请人代办"
    SUBSTITUTED = "substituted", "本人任务由人代办"
    DRAFT = "draft", "流程修改待审核"
    BACKUP = "backup", "备份没有成功"
    AUDIT = "audit", "审计核验发现问题"
    TEST = "test", "测试消息"


class TextGroup(Term):
    """Where a text stands."""

    LINE = "line", "汇总里的一行"
    FRAME = "frame", "整条消息"
    SINGLE = "single", "单独的消息"


@dataclass(frozen=True)
class Wording:
    """What a kind says; a field that it has no use for is empty.

    `template` is the provider's number for a template, empty for the installation's own; `parameters` fill it.
    """

    subject: str = ""
    body: str = ""
    short: str = ""
    template: str = ""
    parameters: str = ""

    def filled(self, **values: str) -> tuple[str, str]:
        """Return subject and body with the values in them."""
        return fill(self.subject, values), fill(self.body, values)

    def fields(self) -> dict[str, str]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True)
class Kind:
    """One kind's usual words, where and to whom they are told, and the variables with a sample for each."""

    group: TextGroup
    heard: str
    usual: Wording
    samples: Mapping[str, str]
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by_sms: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields that are edited: those with usual words, and the provider's template where one is used."""
        return tuple(
            name for name, words in self.usual.fields().items() if words or (self.by_sms and name in _SMS_ONLY)
        )


_SMS_ONLY = ("template", "parameters")
MEANINGS = {
    "项目": "项目名称",
    "项目简称": "项目名称，最多12个字",
    "任务": "任务名称",
    "单位": "办理单位",
    "期限类别": "办理期限，或阶段性成效",
    "期限": "到期的日子，周调度带钟点",
    "剩余": "还剩几个工作日、今天到期、已超期几个工作日",
    "周期": "周期报送的名称",
    "已报": "已报单位数",
    "未报": "未报单位数",
    "暂定": "工作日历没有录入时的说明，平时为空",
    "年度": "年份",
    "条数": "异常的条数",
    "姓名": "接收人姓名",
    "汇总": "几件已超期、几件即将到期、几件新到",
    "最急": "最急的三件，短信放得下几件就写几件；自带分号",
    "内容": "各行，或消息正文",
    "主题": "消息标题",
    "链接": "登录地址，须登录才能看到内容",
    "署名": "系统名称",
    "待办数": "没有超期的件数",
    "超期数": "已超期的件数",
    "谁": "办理人所在单位、岗位和姓名",
    "附言": "办理人写的话，自带冒号；没有写时为空",
    "日期": "起止日期",
    "岗位": "单位和岗位",
    "代办人": "代办人姓名",
    "流程": "流程名称",
    "原因": "第一处问题",
    "渠道": "消息渠道",
}
_LINE = {
    "项目": "桑柘镇高山蔬菜大棚",
    "项目简称": "桑柘镇高山蔬菜大棚",
    "任务": "实地调研",
    "单位": "桑柘镇",
    "期限类别": "办理期限",
    "期限": "11月21日",
    "剩余": "还剩1个工作日",
}
_OVERDUE = {**_LINE, "剩余": "已超期1个工作日"}
_ROUND = {
    **_LINE,
    **{"项目": "11月第4周调度", "项目简称": "11月第4周调度", "任务": "填报", "期限": "11月23日16:00"},
}
_CAME = {name: _LINE[name] for name in ("项目", "项目简称", "任务", "单位", "期限")}
_NAMED = {"body": ("项目", "任务"), "short": ("任务",)}
_DUE = Wording(body="{项目}：{任务}，{期限类别}{期限}，{剩余}", short="{项目简称}{任务}{剩余}")
_SIGNED = {"姓名": "张三", "链接": "https://sgyp.example.gov.cn/", "署名": "“四个一批”管理系统"}
_COUNTS = {"待办数": "2", "超期数": "1"}
_PARAMETERS = "due={待办数}，overdue={超期数}"
_LETTER = "{姓名}：\n\n{内容}\n\n请登录办理：{链接}\n\n{署名}"
_CASE = {"项目": "桑柘镇高山蔬菜大棚", "任务": "实地调研", "谁": "县乡村振兴局经办人李四"}


def _line(heard: str, usual: Wording, samples: Mapping[str, str], required: Mapping[str, tuple[str, ...]]) -> Kind:
    return Kind(TextGroup.LINE, heard, usual, samples, required)


def _single(heard: str, subject: str, body: str, samples: Mapping[str, str]) -> Kind:
    return Kind(TextGroup.SINGLE, heard, Wording(subject, body), samples)


KINDS: Mapping[TextKind, Kind] = {
    TextKind.BEFORE: _line("任务的办理人，在提醒规则定的日子", _DUE, _LINE, _NAMED),
    TextKind.OVERDUE: _line("任务的办理人，超期后每个工作日", _DUE, _OVERDUE, _NAMED),
    TextKind.SIGNER: _line("办理单位的审核人", _DUE, _OVERDUE, _NAMED),
    TextKind.SUPERVISOR: _line(
        "督查人员",
        Wording(body="{单位}“{项目}”：{任务}，{期限类别}{期限}，{剩余}", short="{单位}{项目简称}{任务}{剩余}"),
        {**_OVERDUE, "剩余": "已超期3个工作日"},
        _NAMED,
    ),
    TextKind.ROUND: _line("报送单位的办理人", _DUE, _ROUND, _NAMED),
    TextKind.NEW: _line(
        "任务的办理人，在下一个时点",
        Wording(body="{项目}：{任务}，新任务，办理期限{期限}", short="{项目简称}{任务}新到"),
        _CAME,
        _NAMED,
    ),
    TextKind.RETURNED: _line(
        "任务的办理人，在下一个时点",
        Wording(body="{项目}：{任务}，已退回，请重新办理，办理期限{期限}", short="{项目简称}{任务}退回"),
        _CAME,
        _NAMED,
    ),
    TextKind.PUBLICITY: _line(
        "责任单位的经办人",
        Wording(body="{项目}：公告{期限}{剩余}{暂定}", short="{项目简称}公告{剩余}"),
        {**{name: _LINE[name] for name in ("项目", "项目简称", "期限")}, "剩余": "还剩1个工作日期满", "暂定": ""},
        {"body": ("项目",), "short": ("项目简称",)},
    ),
    TextKind.ROUND_CLOSED: _line(
        "汇总单位的经办人，截止后的第一个工作日",
        Wording(body="{周期}已截止：{已报}个单位已报，{未报}个未报，请汇总", short="{周期}已截止"),
        {"周期": "11月第4周调度", "已报": "37", "未报": "2"},
        {"body": ("周期",), "short": ("周期",)},
    ),
    TextKind.CALENDAR: _line(
        "系统管理员，11月1日起",
        Wording(body="{年度}年的放假安排还没有录入，公告期和办理期限暂按周末计算", short="{年度}年放假安排未录入"),
        {"年度": "2027"},
        {"body": ("年度",), "short": ("年度",)},
    ),
    TextKind.INCIDENT: _line(
        "系统管理员",
        Wording(body="有{条数}条异常等待处理", short="有{条数}条异常等待处理"),
        {"条数": "2"},
        {"body": ("条数",), "short": ("条数",)},
    ),
    TextKind.DIGEST: Kind(
        TextGroup.FRAME,
        "每个人，在自己选的时点；正文用于邮件",
        Wording("办理提醒：{汇总}", _LETTER, "办理提醒：{汇总}{最急}。{链接}", "", _PARAMETERS),
        {
            **_SIGNED,
            **_COUNTS,
            "汇总": "1件已超期，1件即将到期，1件新到",
            "最急": "；桑柘镇高山蔬菜大棚实地调研已超期1个工作日",
            "内容": "（各行）",
        },
        {"subject": ("汇总",), "body": ("内容", "链接"), "short": ("汇总", "链接")},
        by_sms=True,
    ),
    TextKind.AT_ONCE: Kind(
        TextGroup.FRAME,
        "催办、委托填写和测试消息的接收人；正文用于邮件",
        Wording("{主题}", _LETTER, "{主题}。{链接}", "", _PARAMETERS),
        {**_SIGNED, **_COUNTS, "主题": "催办：桑柘镇高山蔬菜大棚 实地调研", "内容": "（消息正文）"},
        {"subject": ("主题",), "body": ("内容", "链接"), "short": ("主题", "链接")},
        by_sms=True,
    ),
    TextKind.URGE: _single(
        "任务的办理人，马上",
        "催办：{项目} {任务}",
        "{谁}催办“{任务}”{附言}",
        {**_CASE, "附言": "：请本周内办结"},
    ),
    TextKind.CHASE: _single(
        "未报单位的经办人，马上",
        "催办：{周期}",
        "{单位}的“{周期}”还没有上报，请在“周期报送”里尽快办理。",
        {"周期": "11月第4周调度", "单位": "桑柘镇"},
    ),
    TextKind.DELEGATED: _single(
        "受委托的同事，马上", "委托办理：{项目} {任务}", "{谁}委托您填写{附言}", {**_CASE, "附言": "：请核对面积"}
    ),
    TextKind.HANDED_BACK: _single("委托的人，马上", "已交回：{项目} {任务}", "{谁}已填好“{任务}”，请核对后提交", _CASE),
    TextKind.COPY: _single(
        "抄送单位的人员",
        "抄送：{项目}",
        "{谁}把该项目抄送给您{附言}",
        {"项目": _CASE["项目"], "谁": _CASE["谁"], "附言": "，在“抄送我的”里查看"},
    ),
    TextKind.COMMENT: _single(
        "留言里提到的人",
        "{谁}在“{项目}”里提到了您",
        "{内容}",
        {"谁": _CASE["谁"], "项目": _CASE["项目"], "内容": "请补充现场照片"},
    ),
    TextKind.SUBSTITUTE: _single(
        "代办人",
        "请您代{姓名}办理任务",
        "{谁}安排您 {日期} 代办{岗位}的任务：{原因}",
        {"姓名": "张三", "谁": _CASE["谁"], "日期": "2023-11-20 至 2023-11-24", "岗位": "桑柘镇经办人", "原因": "学习"},
    ),
    TextKind.SUBSTITUTED: _single(
        "不在岗的人",
        "您的任务由{代办人}代办",
        "{谁}安排 {日期} 由{代办人}代办{岗位}的任务",
        {"代办人": "王五", "谁": _CASE["谁"], "日期": "2023-11-20 至 2023-11-24", "岗位": "桑柘镇经办人"},
    ),
    TextKind.DRAFT: _single(
        "安全保密管理员",
        "流程修改待审核",
        "{姓名}提交了“{流程}”的修改{附言}。请到“流程设计”审核。",
        {"姓名": "系统管理员", "流程": "四个一批", "附言": "：实地调研改为10个工作日"},
    ),
    TextKind.BACKUP: _single(
        "系统管理员",
        "备份没有成功",
        "夜间备份没有成功：{原因}。请检查备份文件夹和磁盘，然后在“备份”页面重做一次。",
        {"原因": "磁盘空间不足"},
    ),
    TextKind.AUDIT: _single(
        "审计管理员",
        "审计记录核验发现问题",
        "夜间核验发现 {条数} 处问题，第一处：{原因}。请到“审计”页面查看并保护现场。",
        {"条数": "1", "原因": "第 120 条记录的校验值不符"},
    ),
    TextKind.TEST: _single(
        "本人，在消息设置里点“测试”",
        "测试消息",
        "这是一条测试消息，由{姓名}在消息设置中发送。收到即表示{渠道}可以使用。",
        {"姓名": "张三", "渠道": "短信"},
    ),
}


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values for the variables of a text; a variable without a value becomes nothing."""
    return VARIABLE.sub(lambda found: values.get(found[1], ""), text)


def pairs_of(parameters: str, values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what fills a provider's template: names with their values, in order."""
    return tuple((name, fill(text, values)) for name, text in PARAMETER.findall(parameters))
