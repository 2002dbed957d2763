"""What every page shows: the menu a person may open, counts, and how dates, amounts and deadlines are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask, current_app, g, has_request_context, request, url_for
from flask_login import current_user

from ledger.db import SHANGHAI, day_of, last_day
from ledger.listing import MOST_COUNTED
from ledger.own_lists import menu_counts
from ledger.scope import Actor
from ledger.vocabulary import Category, Role, Term
from ledger.working_days import Calendar, load_calendar
from webapp.assets import asset
from webapp.permissions import STAFF
from webapp.previews import SHOWN
from webapp.request import Permission, here, settings
from webapp.uploads import ACCEPT, KINDS_TEXT

SYSTEM_NAME = "经营性帮扶产业项目“四个一批”管理系统"
_PILLS = {
    Category.CONSOLIDATE: "p-green",
    Category.UPGRADE: "p-blue",
    Category.REVIVE: "p-orange",
    Category.REBUILD: "p-red",
}
VERDICT_LABELS = {
    "on": "同意",
    "survey": "退回重新调研",
    "approve": "同意",
    "change": "调整后同意",
    "return": "退回研究",
}
COLUMN_LABELS = {
    "name": "项目名称",
    "township_text": "镇（乡、街道）",
    "village_text": "村（居）",
    "unit_text": "单位",
    "responsible_body": "责任单位",
    "responsible_person": "责任人",
    "telephone": "联系电话",
    "implementation_year": "实施年度",
    "level": "主管层级",
    "industry": "产业类型",
    "construction": "建设内容",
    "operating_mode": "运营模式",
    "use": "使用现状",
    "function": "功能现状",
    "balance_yuan": "货币资金结余",
    "receivable_yuan": "待收待返资金",
    "appraised_yuan": "资产估值",
    "other_value_yuan": "其他现值",
    "funding": "投资规模（元）",
}
STEP_LABELS = {"party_meeting": "党组研究", "decision": "领导小组审定", "reclassification": "重新分类"}
_FOR_ALL = frozenset({"notices.index", "own_settings.index", "procedure.show"})
_DIGITS = "零一二三四五六七八九"
_SOON_DAYS = 3
_INSTANT = timedelta(microseconds=1)  # a moment due at 24:00 belongs to the day before


@dataclass(frozen=True)
class Entry:
    """One line of the menu; shown to whom its route admits."""

    label: str
    endpoint: str
    counted: str = ""  # key of the counts
    within: tuple[str, ...] = ()  # blueprints whose pages belong to this line


MENU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "我的工作",
        (
            Entry("待办", "inbox.index", "open", ("items",)),
            Entry("待签收", "inbox.receipt", "receipt"),
            Entry("已办", "inbox.done"),
            Entry("我发起的", "own_lists.started"),
            Entry("抄送我的", "own_lists.copies", "copies"),
            Entry("草稿", "own_lists.drafts", "drafts"),
            Entry("消息", "notices.index", "notices"),
            Entry("我的设置", "own_settings.index", within=("substitutes", "handing")),
        ),
    ),
    (
        "项目",
        (
            Entry("项目台账", "projects.index", within=("projects", "cases")),
            Entry("在办事项", "inbox.under_way"),
            Entry("项目推送", "imports.new", within=("imports",)),
            Entry("待分派项目", "unassigned.index", within=("unassigned",)),
            Entry("会议", "meetings.index", within=("meetings", "agendas")),
            Entry("流程图", "procedure.show"),
        ),
    ),
    (
        "统计报送",
        (
            Entry("看板", "boards.show", within=("boards",)),
            Entry("流程监控", "process_map.show", within=("process_map",)),
            Entry("停滞项目", "stalled.index"),
            Entry("周期报送", "rounds.index", "rounds", ("rounds", "periods")),
            Entry("督查抽查", "spot_checks.index", within=("spot_checks",)),
            Entry("报送批次", "batches.index", within=("batches",)),
            Entry("发文登记", "numbering.index"),
            Entry("统计表和台账", "reports.index", within=("ledger_returns",)),
            Entry("台账快照", "snapshots.index", within=("snapshots",)),
        ),
    ),
    (
        "系统管理",
        (
            Entry("人员", "people.index", within=("people",)),
            Entry("单位", "units.index", within=("units",)),
            Entry("双人复核", "approvals.index"),
            Entry("审计", "auditing.index"),
            Entry("备份", "backups.index"),
            Entry("工作批次", "campaigns.index", within=("campaigns",)),
            Entry("工作日历", "working_calendar.index"),
            Entry(
                "流程设计",
                "design.index",
                within=(
                    "design",
                    "publishing",
                    "moving",
                    "form_design",
                    "form_permissions",
                    "table_design",
                    "bundles",
                    "playing",
                    "rehearsals",
                ),
            ),
            Entry("文书模板", "paper_designs.index", within=("paper_designs",)),
            Entry("词汇表", "vocabularies.index"),
            Entry("参数", "parameters.index"),
            Entry("异常处理", "incidents.index"),
            Entry("消息发送", "messaging.index", within=("message_texts",)),
            Entry("接口令牌", "tokens.index", within=("tokens", "hooks")),
        ),
    ),
)


@dataclass(frozen=True)
class DueWords:
    """A deadline in words: how it looks and what it says; `row` marks the left edge of a list's line."""

    pill: str
    row: str
    text: str
    on: date


def register(app: Flask, limit_mb: int) -> None:
    """Give templates the menu, the counts and the filters."""
    app.context_processor(_frame)
    app.jinja_env.globals.update(
        asset=asset,
        system_name=SYSTEM_NAME,
        upload_accept=ACCEPT,
        previewed=SHOWN,
        upload_kinds=KINDS_TEXT,
        upload_limit=limit_mb,
        verdict_labels=VERDICT_LABELS,
        column_labels=COLUMN_LABELS,
        step_labels=STEP_LABELS,
        role_label=lambda role: Role(role).label,
        due=due_words,
    )
    app.jinja_env.filters.update(
        day=day_text,
        last_day=lambda moment: last_day(moment).isoformat(),
        stamp=stamp_text,
        short_stamp=short_stamp,
        due_stamp=due_stamp,
        strata_text=strata_text,
        article=article_text,
        yuan=yuan_text,
        pill_of=pill_of,
        size=size_text,
        browser=browser_text,
        capped=capped_text,
    )


def _frame() -> dict[str, Any]:
    if not has_request_context() or g.get("actor") is None or not _ledger_open():
        return {"menu": (), "actor": None, "installation": None, "today": None}
    counts = menu_counts(g.session, g.actor)
    return {
        "menu": tuple(_menu(g.actor, counts)),
        "counts": counts,
        "actor": g.actor,
        "post": post_text(g.actor),
        "installation": here(),
        "now": g.moment.at,
        "today": day_of(g.moment.at),
        "big": current_user.user.large_type,
        "sign_in_ends": current_user.ends_at and _lasts(current_user.ends_at),
    }


def _lasts(ends_at: datetime) -> dict[str, int]:
    """Return after how many seconds without use a sign-in ends, and in how many in any case."""
    left = (ends_at - g.moment.real_at).total_seconds()
    return {"idle": settings().idle_minutes * 60, "left": max(0, int(left))}


def _ledger_open() -> bool:
    return g.get("session") is not None and g.session.in_transaction()


def _menu(actor: Actor, counts: Mapping[str, int]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    table: dict[str, Permission] = current_app.extensions["sigeyipi_permissions"]
    for label, entries in MENU:
        shown = [_line(entry, counts) for entry in entries if _is_shown(table[entry.endpoint], entry, actor)]
        if shown:
            yield label, shown


def _is_shown(permission: Permission, entry: Entry, actor: Actor) -> bool:
    """Leave the lists of work, which open for everybody, out of the menu of administrators: they have none."""
    works = permission.roles or STAFF.admits(actor) or entry.endpoint in _FOR_ALL
    return bool(works) and permission.admits(actor)


def _line(entry: Entry, counts: Mapping[str, int]) -> dict[str, Any]:
    here = request.endpoint == entry.endpoint or request.blueprint in entry.within
    count = counts.get(entry.counted, 0)
    return {"label": entry.label, "url": url_for(entry.endpoint), "on": here, "count": count, "key": entry.counted}


def post_text(actor: Actor) -> str:
    """Return who is signed in as the top bar shows it: 桑柘镇 · 张勇（经办人）."""
    if not actor.posts:
        return actor.name
    post = actor.posts[0]
    name = actor.name.removeprefix(post.unit_name)  # the demonstration's people are called by their unit
    return f"{post.unit_name} · {name or actor.name}（{Role(post.role).label}）"


def calendar() -> Calendar:
    """Return the working days, read once per request."""
    if "calendar" not in g:
        g.calendar = load_calendar(g.session)
    found: Calendar = g.calendar
    return found


def due_words(due_at: datetime) -> DueWords:
    """Say a deadline in working days, as people count them."""
    now: datetime = g.moment.at
    on, today = day_of(due_at - _INSTANT), day_of(now)
    if due_at <= now:
        late = calendar().count(on, today)
        return DueWords("p-red", "over", f"超期 {late} 个工作日" if late else "已超期", on)
    if on == today:
        return DueWords("p-orange", "today", "今日到期", on)
    left = calendar().count(today, on)
    soon = left <= _SOON_DAYS
    return DueWords("p-yellow" if soon else "", "soon" if soon else "", f"剩 {left} 个工作日", on)


def day_text(value: datetime | date | None) -> str:
    if value is None:
        return "—"
    return (day_of(value) if isinstance(value, datetime) else value).isoformat()


def stamp_text(value: datetime | None) -> str:
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if value else "—"


def strata_text(stratum: str) -> str:
    """Return a draw's layer as people read it: the classes by their labels."""
    known = {str(each): each.label for each in Category} | {"none": "待认定"}
    return " · ".join(known.get(part, part) for part in stratum.split(" · "))


def due_stamp(value: datetime) -> str:
    """Return a due moment as people say it: 24:00 belongs to the day it ends."""
    local = value.astimezone(SHANGHAI)
    return f"{last_day(value).isoformat()} 24:00" if local.time() == time() else stamp_text(value)


def short_stamp(value: datetime | None) -> str:
    return value.astimezone(SHANGHAI).strftime("%m-%d %H:%M") if value else "—"


def article_text(number: str) -> str:
    """Return an article's number as the directive prints it: 11 → 第（十一）条."""
    value = int(number)
    tens = ("" if value < 20 else _DIGITS[value // 10]) + "十" if value >= 10 else ""
    return f"第（{tens}{_DIGITS[value % 10] if value % 10 else ''}）条"


def yuan_text(value: Decimal | None) -> str:
    """Return an amount with thousands separators and two decimals; 元 is printed beside it."""
    return "—" if value is None else f"{value:,.2f}"


def capped_text(count: int) -> str:
    """Return a count as people read it: counting stops at a thousand."""
    return f"{MOST_COUNTED - 1}+" if count >= MOST_COUNTED else str(count)


def size_text(count: int) -> str:
    return f"{count / 1_048_576:.1f} MB" if count >= 1_048_576 else f"{max(1, count // 1024)} KB"


def browser_text(agent: str) -> str:
    """Return which program a session is used with, in a word: people know it as Edge, not as its user agent."""
    known = (
        ("Edg", "Edge 浏览器"),
        ("Firefox", "Firefox 浏览器"),
        ("Chrome", "Chrome 类浏览器"),
        ("Safari", "Safari 浏览器"),
    )
    name = next((label for mark, label in known if mark in agent), "其他程序")
    return f"手机 {name}" if "Mobile" in agent else name


def label_of(vocabulary: type[Term], identifier: str | None) -> str:
    """Return a stored identifier's Chinese label; a dash for nothing."""
    return vocabulary(identifier).label if identifier else "—"


def pill_of(category: str | None) -> tuple[str, str]:
    """Return the colour and the words of a class."""
    if not category:
        return "p-gray", "待认定"
    known = Category(category)
    return _PILLS[known], known.label
