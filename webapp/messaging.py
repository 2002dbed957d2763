"""消息渠道: what a person wants to hear over which channel; for the administrator, what became of each message."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from io import BytesIO
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from forms.sheets.workbook import write_table
from ledger.campaigns import Campaign, campaigns_of
from ledger.journal import Act
from ledger.message_choices import (
    CHANNELS,
    CHAT,
    EMAIL,
    OFFERED,
    SMS,
    allow_hours,
    allowed_hours,
    choices_of,
    choose,
    reachable,
    without_address,
)
from ledger.message_texts import worded
from ledger.message_words import TextKind
from ledger.notices import Fate, fate_of, message_counts, outgoing_messages
from ledger.outbox import PAGE, Message, Notice, post, revive
from ledger.people import counties
from ledger.reminder_rules import (
    OF_ITEMS,
    WITH_DAYS,
    ReminderKind,
    Rule,
    change_campaign_rule,
    change_rule,
    in_order,
    rule_book,
    rule_fault,
)
from ledger.webhooks import WEBHOOK
from ledger.writing import record
from webapp.layout import stamp_text
from webapp.opening import local_address
from webapp.permissions import PUBLIC, SIGNED_IN, SYSTEM, allows
from webapp.receipts import take_report
from webapp.request import actor, ledger_session, moment, row_number, settings

bp = Blueprint("messaging", __name__)
LABELS: Mapping[str, str] = {PAGE: "系统内消息", EMAIL: "电子邮件", SMS: "短信", CHAT: "工作群"}
_OUTSIDE: Mapping[str, str] = {EMAIL: LABELS[EMAIL], SMS: LABELS[SMS], CHAT: LABELS[CHAT], WEBHOOK: "事件通知"}
_PAGE = 30
_EXPORTED = 10_000
_DIGITS = 3  # a rule counts at most 30 days
_WEEK = timedelta(days=7)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DELIVERED = "DELIVRD"  # 云MAS: the handset has it


@bp.get("/notices/choices")
@allows(SIGNED_IN)
def choices() -> ResponseReturnValue:
    user_id = actor().user_id or 0
    person = reachable(ledger_session(), [user_id], CHANNELS)[user_id]
    return render_template(
        "messaging/choices.html",
        labels=LABELS,
        allowed=allowed_hours(ledger_session()),
        chosen=choices_of(ledger_session(), user_id),
        addresses={EMAIL: masked_mail(person.addresses[EMAIL]), SMS: masked_number(person.addresses[SMS])},
        working=_working(),
    )


@bp.post("/notices/choices")
@allows(SIGNED_IN)
def keep_choices() -> ResponseReturnValue:
    user_id, session = actor().user_id or 0, ledger_session()
    before = choices_of(session, user_id)
    for channel in CHANNELS:
        choose(session, user_id, channel, _hours(channel))
    after = choices_of(session, user_id)
    changed = {name: [list(before[name]), list(after[name])] for name in CHANNELS if before[name] != after[name]}
    if changed:
        record(session, moment(), actor(), Act("message_choices", detail=changed))
    flash("消息设置已保存。")
    return redirect(url_for("messaging.choices"), 303)


def _hours(name: str) -> list[int]:
    return [int(hour) for hour in request.form.getlist(name) if hour in map(str, OFFERED)]


@bp.post("/notices/choices/test")
@allows(SIGNED_IN)
def test() -> ResponseReturnValue:
    """Send a test message to oneself, one a minute and channel."""
    channel = request.form.get("channel", "")
    if channel not in _working():
        abort(404)
    user_id, now = actor().user_id or 0, moment().at
    minute = now.replace(second=0, microsecond=0)
    key = f"test:{minute:%Y-%m-%dT%H:%M}:{user_id}:{channel}"
    subject, body = worded(ledger_session(), TextKind.TEST, 姓名=actor().name, 渠道=LABELS[channel])
    new = post(ledger_session(), [Notice(key, channel, user_id, subject, body, "test")], now)
    flash(f"测试{LABELS[channel]}已交付发送。" if new else "一分钟内只能发送一条测试消息，请稍后再试。")
    return redirect(local_address(request.form.get("back")) or url_for("messaging.choices"), 303)


@bp.get("/messages")
@allows(SYSTEM)
def index() -> ResponseReturnValue:
    fate, channel = _fate(), request.args.get("channel", "")
    session, before = ledger_session(), request.args.get("before", type=row_number)
    found = outgoing_messages(session, fate, channel, before, _PAGE + 1)
    older = None
    if len(found) > _PAGE:
        older = url_for("messaging.index", fate=fate or "", channel=channel, before=found[_PAGE - 1][0].id)
    county = counties(session)[0]
    return render_template(
        "messaging/index.html",
        rows=[(message, name, fate_of(message)) for message, name in found[:_PAGE]],
        older_url=older,
        fates=Fate,
        fate=fate,
        channel=channel,
        labels=_OUTSIDE,
        working=(*_working(), *((WEBHOOK,) if settings().channels.webhooks is not None else ())),
        tested=_working(),
        totals=message_counts(session, moment().at - _WEEK),
        unreachable=without_address(session, county.id),
    )


@bp.get("/messages/rules")
@allows(SYSTEM)
def rules() -> ResponseReturnValue:
    book = rule_book(ledger_session())
    return _rules_page(book.of(_campaign_id()), {})


@bp.post("/messages/rules")
@allows(SYSTEM)
def change_rules() -> ResponseReturnValue:
    """Keep all rules, or none when one of them makes no sense."""
    campaign_id = _campaign_id()
    kinds = OF_ITEMS if campaign_id else tuple(ReminderKind)
    asked = {kind: _asked(kind) for kind in kinds}
    errors = {kind: fault for kind in kinds if (fault := _fault(kind, asked[kind]))}
    if errors:
        return _rules_page(asked, errors), 422
    before = _standing(campaign_id)
    _keep_rules(asked, campaign_id)
    after = _standing(campaign_id)
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if changed:
        own = {"campaign": campaign_id} if campaign_id else {}
        record(ledger_session(), moment(), actor(), Act("reminder_rules", detail={**own, **changed}))
    flash("提醒规则已保存。")
    return redirect(url_for("messaging.rules", campaign=campaign_id or None), 303)


def _days_typed(kind: ReminderKind) -> list[str]:
    return re.findall(r"[^\s,，、]+", request.form.get(f"{kind}.days", ""))


def _asked(kind: ReminderKind) -> Rule:
    return Rule(
        f"{kind}.enabled" in request.form,
        tuple(int(word) for word in _days_typed(kind) if word.isascii() and word.isdigit()),
        tuple(in_order(request.form.getlist(f"{kind}.channels"))),
    )


def _fault(kind: ReminderKind, rule: Rule) -> str:
    plain = all(word.isascii() and word.isdigit() and len(word) < _DIGITS for word in _days_typed(kind))
    if kind in WITH_DAYS and not plain:
        return f"“{kind.label}”的天数应为数字，多个用逗号隔开"
    return rule_fault(kind, rule)


def _keep_rules(asked: Mapping[ReminderKind, Rule], campaign_id: int) -> None:
    session = ledger_session()
    for kind, rule in asked.items():
        if campaign_id:
            change_campaign_rule(session, campaign_id, kind, rule)
        else:
            change_rule(session, kind, rule)
    if "hours" in request.form and not campaign_id:
        for channel in CHANNELS:
            allow_hours(session, channel, _hours(f"hours.{channel}"))


def _standing(campaign_id: int) -> dict[str, Any]:
    """Return the rules and hours as they stand, for the audit."""
    rules = {str(kind): _told(rule) for kind, rule in rule_book(ledger_session()).of(campaign_id).items()}
    return rules | {f"hours.{name}": list(hours) for name, hours in allowed_hours(ledger_session()).items()}


def _campaign_id() -> int:
    """Return the campaign whose rules are asked for; 0 for the county's."""
    asked = request.values.get("campaign", 0, type=int)
    known = {each.id for each in _campaigns()}
    if asked and asked not in known:
        abort(404)
    return asked


def _campaigns() -> Sequence[Campaign]:
    return campaigns_of(ledger_session(), [county.id for county in counties(ledger_session())])


def _told(rule: Rule) -> list[Any]:
    return [rule.enabled, list(rule.days), list(rule.channels)]


def _rules_page(shown: Mapping[ReminderKind, Rule], errors: Mapping[ReminderKind, str]) -> str:
    campaign_id = _campaign_id()
    return render_template(
        "messaging/rules.html",
        rules={kind: rule for kind, rule in shown.items() if not campaign_id or kind in OF_ITEMS},
        errors=errors,
        labels=LABELS,
        with_days=WITH_DAYS,
        working=_working(),
        campaigns=_campaigns(),
        campaign_id=campaign_id,
        offered=OFFERED,
        allowed=allowed_hours(ledger_session()),
    )


@bp.post("/messages/<int:message_id>/retry")
@allows(SYSTEM)
def retry(message_id: int) -> ResponseReturnValue:
    if not revive(ledger_session(), message_id, moment().at):
        abort(404)
    record(ledger_session(), moment(), actor(), Act("message_retried", detail={"message": message_id}))
    flash("已重新交付发送。")
    return redirect(url_for("messaging.index"), 303)


@bp.get("/messages.xlsx")
@allows(SYSTEM)
def export() -> ResponseReturnValue:
    found = outgoing_messages(ledger_session(), _fate(), request.args.get("channel", ""), None, _EXPORTED)
    heads = ("编号", "渠道", "接收人", "主题", "状态", "计费条数", "写入时间", "发出时间", "送达时间", "失败原因")
    content = write_table("消息发送记录", heads, [_row(message, name) for message, name in found])
    return send_file(BytesIO(content), mimetype=_XLSX, as_attachment=True, download_name="消息发送记录.xlsx")


@bp.post("/receipts/yunmas/<token>")
@allows(PUBLIC)
def yunmas(token: str) -> ResponseReturnValue:
    """Take a status report from 云MAS; whoever does not know the address's secret part finds nothing here."""
    here = settings().channels.yunmas
    secret = here.report_token.get_secret_value() if here is not None else ""
    if not secret or not hmac.compare_digest(secret.encode(), token.encode()):
        abort(404)
    told = request.get_json(force=True, silent=True)
    for report in told if isinstance(told, list) else [told]:
        if isinstance(report, dict):
            code = str(report.get("errorCode") or report.get("reportStatus") or "")
            take_report(str(report.get("msgGroup") or ""), code == _DELIVERED, code)
    return {"rspcod": "success"}


def _row(message: Message, name: str) -> tuple[object, ...]:
    moments = (message.created_at, message.sent_at, message.delivered_at)
    stamps = tuple("" if at is None else stamp_text(at) for at in moments)
    label = _OUTSIDE.get(message.channel, message.channel)
    return (message.id, label, name, message.subject, fate_of(message).label, message.parts, *stamps, message.error)


def _fate() -> Fate | None:
    asked = request.args.get("fate", "")
    return Fate(asked) if asked in set(Fate) else None


def _working() -> tuple[str, ...]:
    """Return the channels that are set up, the page among them."""
    here = settings().channels
    mail = here.smtp is not None or here.folder is not None
    texts = (here.yunmas, here.aliyun, here.tencent, here.gateway, here.folder)
    found = {EMAIL: mail, SMS: any(each is not None for each in texts), CHAT: here.chat is not None}
    return (PAGE, *(name for name, working in found.items() if working))


def masked_number(number: str) -> str:
    """Return 138****0000."""
    return f"{number[:3]}****{number[-4:]}" if number else ""


def masked_mail(address: str) -> str:
    """Return the first letter and the domain: z***@example.test."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}***@{domain}" if domain else ""
