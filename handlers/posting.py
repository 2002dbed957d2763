"""A public notice at one of its two places (P7): when it was posted decides when the period ends (T1)."""

from __future__ import annotations

from forms.rendering import chinese_date
from handlers.facts import place
from handlers.outcome import Answers, Outcome, Print, Step
from handlers.reply import decided
from handlers.rules import day_in, project_rows, refuse_if, short
from ledger.vocabulary import PaperKind

AT_UNIT, AT_SITE = "项目实施主管单位", "项目实施地"
"""The two places of a notice (art. 14)."""


def notice_text(step: Step) -> Answers:
    """Start with the words of the notice; place, day and photo are facts nobody can prepare."""
    project = step.project
    reply = step.answers.get("reply", {})
    number = f"（{reply['number']}）" if reply.get("number") else ""
    content = (
        f"经县实施乡村振兴战略领导小组会议审定{number}，现将经营性帮扶产业项目“{project['name']}”"
        f"（项目编号{project['number']}）“四个一批”分类及处置措施公告如下：{decided(step).rstrip('。；')}。"
        "公告期自两处均张贴之次日起，不少于5个工作日。如有异议，请在公告期内提出。"
    )
    return {"content": content}


def notice(step: Step, where: str, words: Answers) -> Print:
    """Return the notice of one place (`where`), as it hangs there or, before, with room for its spot and day."""
    posted_on = day_in(words, "posted_on")
    name = step.project["name"]
    rows = (
        *project_rows(step),
        ("项目地点", place(step.project)),
        ("公告处", f"{where}（{step.unit_name}）"),
        ("公告内容", str(words.get("content") or "")),
        ("张贴地点", str(words.get("place") or "")),
        ("张贴日期", chinese_date(posted_on) if posted_on else ""),
        ("异议受理", str(words.get("contact") or "")),
    )
    head = {"标题": f"关于{name}“四个一批”分类及处置措施的公告"}
    return Print(PaperKind.NOTICE, f"{name}“四个一批”分类及处置措施公告（{where}）", rows, "notice", head)


def post(step: Step, answers: Answers, variable: str, where: str) -> Outcome:
    """Register the posting in `variable`; it lies between the reply and today."""
    posted_on = day_in(answers, "posted_on")
    assert posted_on is not None  # the form requires it
    replied_on = day_in(step.answers.get("reply", {}), "issued_on")
    errors: dict[str, str] = {}
    if posted_on > step.today:
        errors["posted_on"] = "张贴日期不能晚于今天"
    elif replied_on is not None and posted_on < replied_on:
        errors["posted_on"] = f"张贴日期不能早于批复日期{chinese_date(replied_on)}"
    refuse_if(errors)
    anew = {"publicity_extended_to": None} if step.variables.get("publicity_extended_to") else {}
    return Outcome(
        variables={variable: posted_on.isoformat(), **anew},
        prints=(notice(step, where, answers),),
        summary=short(f"{chinese_date(posted_on)}张贴于{answers['place']}"),
    )
