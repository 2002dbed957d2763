"""The interface: the addresses that are told what happens to the person's cases (事件通知)."""

from __future__ import annotations

from typing import Any

from flask import abort

from ledger.journal import Act
from ledger.webhooks import URL_LENGTH, HookRefused, Webhook, create_hook, end_hook, hooks_of, told
from ledger.writing import record
from webapp.api.operations import BodyRefused, acts, reads
from webapp.api.shapes import MOMENT, NUMBER, TEXT, listed, named
from webapp.hooks import admitted
from webapp.permissions import STAFF
from webapp.request import actor, ledger_session, moment

Given = dict[str, Any]
_COUNTS = {"sent": NUMBER, "waiting": NUMBER, "given_up": NUMBER}
HOOK = named(id=NUMBER, url=TEXT, created_at=MOMENT, **_COUNTS)


@reads("/webhooks", "本人的事件通知和发送情况", STAFF, listed(HOOK))
def webhooks() -> list[dict[str, Any]]:
    return [_hook(each) for each in hooks_of(ledger_session(), actor().user_id or 0)]


@acts(
    "/webhooks",
    "新建事件通知；secret 是签名密钥，只在这里给出一次",
    STAFF,
    named(url={"type": "string", "minLength": 1, "maxLength": URL_LENGTH}),
    named(hook=HOOK, secret={**TEXT, "description": "核对 X-Sigeyipi-Signature 用"}),
)
def webhook_create(given: Given) -> dict[str, Any]:
    try:
        secret, hook = create_hook(ledger_session(), actor().user_id or 0, admitted(given["url"].strip()), moment())
    except HookRefused as refused:
        raise BodyRefused({"url": str(refused)}) from refused
    record(
        ledger_session(),
        moment(),
        actor(),
        Act("hook_created", detail={"url": hook.url, "changes": {"state": ["", "启用"]}}),
    )
    return {"hook": _hook(hook), "secret": secret}


@acts("/webhooks/<int:hook_id>/end", "停用事件通知，等待发送的一并停止", STAFF, named(), HOOK)
def webhook_end(hook_id: int, given: Given) -> dict[str, Any]:
    del given  # an empty object
    hook = end_hook(ledger_session(), actor().user_id or 0, hook_id, moment()) or abort(404)
    record(
        ledger_session(),
        moment(),
        actor(),
        Act("hook_ended", detail={"url": hook.url, "changes": {"state": ["启用", "停用"]}}),
    )
    return _hook(hook)


def _hook(hook: Webhook) -> dict[str, Any]:
    counts = told(ledger_session(), hook)
    known = {"id": hook.id, "url": hook.url, "created_at": hook.created_at}
    return {**known, "sent": counts.sent_count, "waiting": counts.waiting_count, "given_up": counts.dead_count}
