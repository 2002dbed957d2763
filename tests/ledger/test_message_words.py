"""The words of every message, one by one, and what may not be written into them (T3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.message_faults import faults_of
from ledger.message_words import KINDS, MEANINGS, TextGroup, TextKind, Wording, fill, pairs_of

GREENHOUSE = "桑柘镇高山蔬菜大棚"
SURVEY = f"{GREENHOUSE}：实地调研，"
BOTTOM = "\n\n请登录办理：https://sgyp.example.gov.cn/\n\n“四个一批”管理系统"
SAID: dict[TextKind, tuple[str, str, str]] = {  # subject, body, text message, as an official reads them
    TextKind.BEFORE: (
        "",
        f"{SURVEY}办理期限11月21日，还剩1个工作日",
        f"{GREENHOUSE}实地调研还剩1个工作日",
    ),
    TextKind.OVERDUE: (
        "",
        f"{SURVEY}办理期限11月21日，已超期1个工作日",
        f"{GREENHOUSE}实地调研已超期1个工作日",
    ),
    TextKind.SIGNER: (
        "",
        f"{SURVEY}办理期限11月21日，已超期1个工作日",
        f"{GREENHOUSE}实地调研已超期1个工作日",
    ),
    TextKind.SUPERVISOR: (
        "",
        f"桑柘镇“{GREENHOUSE}”：实地调研，办理期限11月21日，已超期3个工作日",
        f"桑柘镇{GREENHOUSE}实地调研已超期3个工作日",
    ),
    TextKind.ROUND: ("", "11月第4周调度：填报，办理期限11月23日16:00，还剩1个工作日", "11月第4周调度填报还剩1个工作日"),
    TextKind.NEW: ("", f"{SURVEY}新任务，办理期限11月21日", f"{GREENHOUSE}实地调研新到"),
    TextKind.RETURNED: (
        "",
        f"{SURVEY}已退回，请重新办理，办理期限11月21日",
        f"{GREENHOUSE}实地调研退回",
    ),
    TextKind.PUBLICITY: ("", f"{GREENHOUSE}：公告11月21日还剩1个工作日期满", f"{GREENHOUSE}公告还剩1个工作日期满"),
    TextKind.ROUND_CLOSED: ("", "11月第4周调度已截止：37个单位已报，2个未报，请汇总", "11月第4周调度已截止"),
    TextKind.CALENDAR: ("", "2027年的放假安排还没有录入，公告期和办理期限暂按周末计算", "2027年放假安排未录入"),
    TextKind.INCIDENT: ("", "有2条异常等待处理", "有2条异常等待处理"),
    TextKind.DIGEST: (
        "办理提醒：1件已超期，1件即将到期，1件新到",
        f"张三：\n\n（各行）{BOTTOM}",
        "办理提醒：1件已超期，1件即将到期，1件新到；桑柘镇高山蔬菜大棚实地调研已超期1个工作日。https://sgyp.example.gov.cn/",
    ),
    TextKind.AT_ONCE: (
        "催办：桑柘镇高山蔬菜大棚 实地调研",
        f"张三：\n\n（消息正文）{BOTTOM}",
        "催办：桑柘镇高山蔬菜大棚 实地调研。https://sgyp.example.gov.cn/",
    ),
    TextKind.URGE: (f"催办：{GREENHOUSE} 实地调研", "县乡村振兴局经办人李四催办“实地调研”：请本周内办结", ""),
    TextKind.CHASE: (
        "催办：11月第4周调度",
        "桑柘镇的“11月第4周调度”还没有上报，请在“周期报送”里尽快办理。",
        "",
    ),
    TextKind.DELEGATED: (f"委托办理：{GREENHOUSE} 实地调研", "县乡村振兴局经办人李四委托您填写：请核对面积", ""),
    TextKind.HANDED_BACK: (
        f"已交回：{GREENHOUSE} 实地调研",
        "县乡村振兴局经办人李四已填好“实地调研”，请核对后提交",
        "",
    ),
    TextKind.COPY: (f"抄送：{GREENHOUSE}", "县乡村振兴局经办人李四把该项目抄送给您，在“抄送我的”里查看", ""),
    TextKind.COMMENT: (f"县乡村振兴局经办人李四在“{GREENHOUSE}”里提到了您", "请补充现场照片", ""),
    TextKind.SUBSTITUTE: (
        "请您代张三办理任务",
        "县乡村振兴局经办人李四安排您 2023-11-20 至 2023-11-24 代办桑柘镇经办人的任务：学习",
        "",
    ),
    TextKind.SUBSTITUTED: (
        "您的任务由王五代办",
        "县乡村振兴局经办人李四安排 2023-11-20 至 2023-11-24 由王五代办桑柘镇经办人的任务",
        "",
    ),
    TextKind.DRAFT: (
        "流程修改待审核",
        "系统管理员提交了“四个一批”的修改：实地调研改为10个工作日。请到“流程设计”审核。",
        "",
    ),
    TextKind.BACKUP: (
        "备份没有成功",
        "夜间备份没有成功：磁盘空间不足。请检查备份文件夹和磁盘，然后在“备份”页面重做一次。",
        "",
    ),
    TextKind.AUDIT: (
        "审计记录核验发现问题",
        "夜间核验发现 1 处问题，第一处：第 120 条记录的校验值不符。请到“审计”页面查看并保护现场。",
        "",
    ),
    TextKind.TEST: (
        "测试消息",
        "这是一条测试消息，由张三在消息设置中发送。收到即表示短信可以使用。",
        "",
    ),
}


@pytest.mark.parametrize("kind", TextKind)
def test_t3_each_message_reads_as_it_should(kind: TextKind) -> None:
    about = KINDS[kind]
    usual = about.usual
    assert tuple(fill(each, about.samples) for each in (usual.subject, usual.body, usual.short)) == SAID[kind]
    assert faults_of(kind, usual) == {}
    assert about.samples.keys() <= MEANINGS.keys()
    assert set(about.fields) >= {name for name, words in usual.fields().items() if words}


@pytest.mark.parametrize(
    ("kind", "name", "words", "sentence"),
    [
        (TextKind.NEW, "body", "{项目}{任务}{密码}", "“{密码}”不是这里可用的变量"),
        (TextKind.NEW, "body", "{项目}{任务.__class__}", "“{任务.__class__}”不是这里可用的变量"),
        (TextKind.NEW, "body", "{项目}{任务}{", "“{”和“}”只用来写变量，须成对"),
        (TextKind.NEW, "body", "{{项目}}{任务}", "“{”和“}”只用来写变量，须成对"),
        (TextKind.NEW, "body", "{任务}", "“正文”须写明 {项目}"),
        (TextKind.NEW, "body", " ", "“正文”不能为空"),
        (TextKind.NEW, "body", "{项目}\n{任务}", "“正文”里有换行或看不见的字符"),
        (TextKind.NEW, "body", "{项目}{任务}\u202e", "“正文”里有换行或看不见的字符"),
        (TextKind.NEW, "body", "{项目}{任务}" + "长" * 500, "“正文”最多 500 字"),
        (TextKind.NEW, "body", "{项目}{任务}见 https://bad.example", "不能写网址，登录地址用 {链接}"),
        (TextKind.NEW, "body", "{项目}{任务}见 WWW.bad.example", "不能写网址，登录地址用 {链接}"),
        (TextKind.NEW, "body", "{项目}{任务}电话13800000001", "不能写手机号码和身份证号码"),
        (TextKind.NEW, "body", "{项目}{任务}50024319900101123X", "不能写手机号码和身份证号码"),
        (TextKind.NEW, "subject", "新任务", "“标题”在这里没有用处"),
        (TextKind.DIGEST, "body", "{姓名}：\n\n{内容}", "“正文”须写明 {链接}"),
        (TextKind.DIGEST, "template", "SMS 1", "模板编号只能用字母、数字、横线和下划线"),
        (TextKind.DIGEST, "parameters", "{待办数}", "参数写成“名称={变量}”，多个用逗号隔开"),
        (TextKind.DIGEST, "parameters", "due={姓}", "“{姓}”不是这里可用的变量"),
    ],
)
def test_what_may_not_be_written(kind: TextKind, name: str, words: str, sentence: str) -> None:
    assert faults_of(kind, replace(KINDS[kind].usual, **{name: words})) == {name: sentence}


def test_every_fault_is_told_at_once() -> None:
    assert set(faults_of(TextKind.DIGEST, Wording("", "", "", "?", "?"))) == {
        *("subject", "body", "short", "template", "parameters")
    }


def test_a_value_is_never_read_as_a_text() -> None:
    assert fill("{项目}：{任务}", {"项目": "{任务}大棚", "任务": "调研"}) == "{任务}大棚：调研"


def test_parameters_keep_their_order_and_names() -> None:
    assert pairs_of("b={超期数}，a={待办数}", {"待办数": "2", "超期数": "1"}) == (("b", "1"), ("a", "2"))


def test_lines_name_the_step_also_on_a_telephone() -> None:
    lines = [about for about in KINDS.values() if about.group is TextGroup.LINE]
    assert len(lines) == 11
    assert all(about.required["short"] for about in lines)
