"""Drives of signing in, of people, units, rights, personal data and what programs may do."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from io import BytesIO
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import update

from forms.papers.catalogue import BY_NAME
from ledger.api_tokens import ApiToken
from ledger.approvals import Approval
from ledger.cases import Case
from ledger.db import transaction
from ledger.demonstration import PASSWORD
from ledger.people import Substitution, Unit
from ledger.second_factors import factor_of
from ledger.webhooks import Webhook
from tests.audited import (
    AUDIT,
    CLERK,
    HOOK,
    LEAVER,
    MULTIPART,
    OTHER,
    SECURITY,
    SIGNER,
    SYSTEM,
    WATCH,
    Drive,
    Maker,
    Stage,
)
from tests.webapp.test_working_calendar import TEXT
from webapp.request import real_now

NEW_PASSWORD = "Ganbu-2023!"
NOTICE = {"year": 2027, "source": "国办发明电"}


def _by_visitor(who: str, login: str, password: str) -> Maker:
    def make(stage: Stage) -> Drive:
        visitor = stage.site.visitor()
        visitor.token()
        return Drive(lambda: visitor.sign_in(login, password), who)

    return make


def _sign_out(stage: Stage) -> Drive:
    leaving = stage.site.visitor()
    leaving.sign_in(OTHER)
    return Drive(lambda: leaving.post("/logout"), OTHER)


def _end_sessions(stage: Stage) -> Drive:
    stage.site.visitor().sign_in(WATCH)
    return Drive(stage.post(WATCH, "/account/sessions/end", {"session": "others"}), WATCH, {"count": 1})


def _change_password(stage: Stage) -> Drive:
    person = stage.site.visitor()
    person.sign_in(OTHER)
    new = {"old": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD}
    return Drive(lambda: person.post("/password", new), OTHER)


def _factor(stage: Stage, login: str) -> str:
    """Return the secret of a person's second factor, begun when there is none."""
    with transaction(stage.site.ground.sessions, writes=False) as session:
        known = factor_of(session, stage.user_id(login))
        return known.secret if known is not None else ""


def _code(secret: str) -> str:
    return TOTP(base64.b32decode(secret), 6, SHA1(), 30).generate(int(real_now().timestamp())).decode()


def _confirm_factor(stage: Stage) -> Drive:
    secret = _factor(stage, LEAVER)

    def do() -> object:
        answer = stage.person(LEAVER).post("/account/factor/confirm", {"code": _code(secret)})
        stage.recovery[:] = re.findall(r"<span>([a-z0-9]{5}-[a-z0-9]{5})</span>", answer.text)
        return answer

    return Drive(do, LEAVER)


def _recover(stage: Stage) -> Drive:
    def do() -> object:
        lost = stage.site.visitor()  # whoever gets no answer begins with the password again
        lost.sign_in(LEAVER)
        return lost.post("/login/code", {"code": stage.recovery[0]})

    return Drive(do, LEAVER)


def _denied(stage: Stage) -> Drive:
    return Drive(lambda: stage.person(CLERK).get("/people"), CLERK, {"route": "people.index"})


def _enter(stage: Stage) -> Drive:
    typed = {"login": "xin.ren", "name": "新人甲", "telephone": "13800000777"}
    return Drive(stage.post(SYSTEM, "/people/new", typed), SYSTEM, {"login": "xin.ren"})


def _on_person(
    path: str, told: dict[str, Any] | None = None, data: dict[str, Any] | None = None, who: str = SYSTEM
) -> Maker:
    def make(stage: Stage) -> Drive:
        number = stage.user_id("xin.ren")
        return Drive(stage.post(who, f"/people/{number}/{path}", data), who, {"user_id": number, **(told or {})})

    return make


def _change_person(stage: Stage) -> Drive:
    typed = {"login": "xin.ren", "name": "新人乙", "telephone": "13800000777"}
    return _on_person("edit", {"changes": {"name": ["新人甲", "新人乙"]}}, typed)(stage)


def _drop_factor(stage: Stage) -> Drive:
    return Drive(stage.post(LEAVER, "/account/factor/drop", {"password": PASSWORD}), LEAVER)


def _ask_posts(stage: Stage) -> Drive:
    unit = stage.site.ground.county.townships["桑柘镇"].id
    asked = {"unit": str(unit), "role": "handler", "reason": "接替"}
    return _on_person("posts", {"before": [], "after": ["桑柘镇 经办人"]}, asked)(stage)


def _settle(ask: Maker | None, verdict: str, told: dict[str, Any]) -> Maker:
    """Ask for what a second person must agree to, unless it waits already; the act is the second person's."""

    def make(stage: Stage) -> Drive:
        if ask is not None:
            ask(stage).do()
        number = stage.newest(Approval)
        asked = {"approval": str(number), "verdict": verdict}
        return Drive(stage.post(SECURITY, "/approvals", asked), SECURITY, {"approval_id": number, **told})

    return make


def _ask_calendar(stage: Stage) -> Drive:
    asked = {"year": "2027", "text": TEXT, "source": NOTICE["source"]}
    return Drive(stage.post(SYSTEM, "/calendar", asked), SYSTEM, NOTICE)


def _enter_unit(stage: Stage) -> Drive:
    county = stage.site.ground.county.county
    typed = {"code": "500243999", "name": "彭水县测试局", "short_name": "测试局", "kind": "department"}
    return Drive(stage.post(SYSTEM, "/units", {**typed, "parent_id": str(county.id)}), SYSTEM, {"name": "彭水县测试局"})


def _rename_unit(stage: Stage) -> Drive:
    number = stage.newest(Unit)
    typed = {"name": "彭水县试验局", "short_name": "测试局"}
    changes = {"name": ["彭水县测试局", "彭水县试验局"]}
    return Drive(stage.post(SYSTEM, f"/units/{number}", typed), SYSTEM, {"unit_id": number, "changes": changes})


def _close_unit(stage: Stage) -> Drive:
    number = stage.newest(Unit)
    return Drive(stage.post(SYSTEM, f"/units/{number}/close"), SYSTEM, {"unit_id": number})


def _substitute(stage: Stage) -> Drive:
    unit = stage.site.ground.county.townships["桑柘镇"].id
    today = stage.site.ground.now.date()
    asked = {
        "post": f"{stage.user_id(CLERK)}:{unit}:handler",
        "substitute": str(stage.user_id(SIGNER)),
        "first_on": (today + timedelta(days=20)).isoformat(),
        "last_on": (today + timedelta(days=25)).isoformat(),
        "reason": "下乡培训",
    }
    return Drive(stage.post(CLERK, "/settings/own/substitutes", asked), CLERK, {"reason": "下乡培训"})


def _end_substitute(stage: Stage) -> Drive:
    return Drive(stage.post(CLERK, f"/settings/own/substitutes/{stage.newest(Substitution)}/end"), CLERK)


def _hand_over(stage: Stage) -> Drive:
    leaver = stage.user_id(LEAVER)
    asked = {"receiver": "0", "reason": "退休"}
    return Drive(stage.post(SYSTEM, f"/handovers/{leaver}", asked), SYSTEM, {"user_id": leaver})


def _reveal(stage: Stage) -> Drive:
    project = stage.shared("receive").project
    told = {"project_id": project.id, "number": project.number, "reason": "核实异议"}
    return Drive(stage.post(WATCH, f"/projects/{project.id}/telephone", {"reason": "核实异议"}), WATCH, told)


def _ask_purge(stage: Stage) -> Drive:
    walk = stage.walk()
    with transaction(stage.site.ground.sessions) as session:
        long_ago = stage.site.ground.now - timedelta(days=6 * 365)
        session.execute(update(Case).where(Case.id == walk.case_id).values(ended_at=long_ago))
    return Drive(stage.post(SYSTEM, "/purge", {"reason": "保存期满"}), SYSTEM, {"projects": 1, "reason": "保存期满"})


def _export(stage: Stage) -> Drive:
    return Drive(lambda: stage.person(AUDIT).get("/audit/export?act=sign_in"), AUDIT, {"what": "audit"})


def _bring(stage: Stage) -> Drive:
    form = BY_NAME["review_opinion"]
    sent = {"note": "换字体", "file": lambda: (BytesIO(form.shipped), "意见.docx")}
    send = stage.post(SYSTEM, f"/templates/{form.name}", sent, content_type=MULTIPART)
    return Drive(send, SYSTEM, {"name": form.title, "file": "意见.docx", "note": "换字体"})


def _reject(stage: Stage) -> Drive:
    sent = {"note": "坏的", "file": lambda: (BytesIO(b"no paper"), "意见.docx")}
    send = stage.post(SYSTEM, "/templates/review_opinion", sent, content_type=MULTIPART)
    return Drive(send, SYSTEM, {"name": BY_NAME["review_opinion"].title})


def _hook(stage: Stage) -> Drive:
    return Drive(stage.post(CLERK, "/hooks", {"url": HOOK}), CLERK, {"url": HOOK})


def _end_hook(stage: Stage) -> Drive:
    return Drive(stage.post(CLERK, f"/hooks/{stage.newest(Webhook)}/end"), CLERK)


def _token(stage: Stage) -> Drive:
    return Drive(stage.post(CLERK, "/tokens", {"name": "报表", "days": "30"}), CLERK, {"name": "报表", "days": 30})


def _revoke(stage: Stage) -> Drive:
    return Drive(stage.post(CLERK, f"/tokens/{stage.newest(ApiToken)}/revoke"), CLERK, {"name": "报表"})


DRIVES: dict[str, Maker] = {
    "sign_in": _by_visitor(CLERK, CLERK, PASSWORD),
    "sign_in_failed": _by_visitor("", "wu.ci.ren", PASSWORD),
    "sign_in_refused": _by_visitor(CLERK, CLERK, "wrong"),
    "sign_out": _sign_out,
    "sessions_ended": _end_sessions,
    "password_changed": _change_password,
    "second_factor_begun": lambda stage: Drive(stage.post(LEAVER, "/account/factor", {"password": PASSWORD}), LEAVER),
    "second_factor_set": _confirm_factor,
    "recovery_code_used": _recover,
    "second_factor_dropped": _drop_factor,
    "denied": _denied,
    "person_entered": _enter,
    "person_changed": _change_person,
    "password_reset": _on_person("reset"),
    "posts_asked": _ask_posts,
    "posts_refused": _settle(None, "refuse", {}),
    "posts_changed": _settle(_ask_posts, "approve", {"before": [], "after": ["桑柘镇 经办人"]}),
    "person_disabled": _on_person("disable"),
    "person_enabled": _on_person("enable"),
    "unit_entered": _enter_unit,
    "unit_renamed": _rename_unit,
    "unit_closed": _close_unit,
    "substitute": _substitute,
    "substitute_ended": _end_substitute,
    "handed_over": _hand_over,
    "telephone_revealed": _reveal,
    "purge_asked": _ask_purge,
    "purge_refused": _settle(None, "refuse", {}),
    "purged": _settle(_ask_purge, "approve", {}),
    "export": _export,
    "template_brought": _bring,
    "template_refused": _settle(None, "refuse", {}),
    "template_approved": _settle(_bring, "approve", {}),
    "calendar_asked": _ask_calendar,
    "calendar_refused": _settle(None, "refuse", NOTICE),
    "calendar_entered": _settle(_ask_calendar, "approve", NOTICE),
    "template_rejected": _reject,
    "hook_created": _hook,
    "hook_ended": _end_hook,
    "token_created": _token,
    "token_revoked": _revoke,
}
