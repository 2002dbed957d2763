"""Try again what failed: the same step, in a transaction of its own, by the clock or by a person, one or many.

A retry does exactly what was asked for at first, as who asked for it; whoever presses the button only asks for the
repetition, and that stands in the journal. What meanwhile was done otherwise is closed without doing it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bpmn.casefile import ROUND_LIMIT, Acting, take_case
from bpmn.demands import reason_of
from bpmn.engine import StateRefused
from bpmn.incidents import cause_of, note_failure
from bpmn.refusals import AlreadyDone, CaseClosed, ItemGone, NotYours
from bpmn.runtime import complete_item, fire_timer, sign_item
from forms.parsing import FormErrors
from handlers.outcome import StepRefused
from ledger.cases import Incident
from ledger.db import SessionFactory, day_of, transaction
from ledger.incidents import (
    county_of_case,
    items_to_retry,
    open_incident,
    resolve_incidents,
    timer_waits,
)
from ledger.journal import Act, Moment
from ledger.outbox import revive
from ledger.people import User
from ledger.scope import CLOCK, Actor, actor_of
from ledger.taking import drop_drafts
from ledger.vocabulary import IncidentKind, Role, UnitKind
from ledger.writing import record

COMPLETE, SIGN = "complete", "sign"
_REFUSALS = (NotYours, CaseClosed, FormErrors, StepRefused)


@dataclass(frozen=True)
class Site:
    """Where retries are made: every one in a transaction of its own."""

    sessions: SessionFactory
    papers: Path
    round_limit: int = ROUND_LIMIT


@dataclass(frozen=True)
class Retried:
    """What became of one retry, in a sentence."""

    incident_id: int
    mended: bool
    sentence: str


class StillFailing(Exception):
    """Tried again and refused in words: it waits for a person."""


def retry_due(site: Site, moment: Moment) -> int:
    """Try the completions whose next try is due; returns how many are mended. Timers are retried by the sweep."""
    with transaction(site.sessions, writes=False) as session:
        due = items_to_retry(session, moment.at)
    return sum(_retry(site, CLOCK, moment, incident_id, "").mended for incident_id in due)


def retry_incident(site: Site, actor: Actor, moment: Moment, incident_id: int, reason: str) -> Retried:
    """Try one incident again (重试); NotYours for who may not, ActRefused without a reason."""
    words = reason_of(reason, "重试")
    with transaction(site.sessions, writes=False) as session:
        incident = session.get(Incident, incident_id)
        if incident is None or not _may_retry(actor, _county(incident, session)):
            raise NotYours("异常由本县乡村振兴局经办人或系统管理员重试")
    return _retry(site, actor, moment, incident_id, words)


def retry_incidents(
    site: Site,
    actor: Actor,
    moment: Moment,
    incident_ids: Sequence[int],
    reason: str,
    progress: Callable[[int, int], None] | None = None,
) -> list[Retried]:
    """Try many incidents again, each by itself; one that fails again leaves the others."""
    report: list[Retried] = []
    for incident_id in incident_ids:
        try:
            report.append(retry_incident(site, actor, moment, incident_id, reason))
        except NotYours as refused:
            report.append(Retried(incident_id, False, str(refused)))
        if progress is not None:
            progress(len(report), len(incident_ids))
    return report


def _county(incident: Incident, session: Any) -> int | None:
    return None if incident.case_id is None else county_of_case(session, incident.case_id)


def _may_retry(actor: Actor, county_id: int | None) -> bool:
    bureaus = [p for p in actor.posts if p.role is Role.HANDLER and p.unit_kind is UnitKind.BUREAU]
    return actor.holds(Role.SYSTEM_ADMIN) or any(county_id in (None, post.county_id) for post in bureaus)


def _retry(site: Site, actor: Actor, moment: Moment, incident_id: int, words: str) -> Retried:
    """Do it again in one transaction with its journal row; a new failure renews the incident in a second one."""
    known: Incident | None = None
    try:
        with transaction(site.sessions) as session:
            known = open_incident(session, incident_id)
            if known is None:
                return Retried(incident_id, True, "该异常已经处理")
            session.expunge(known)  # so that what it says outlives a transaction that fails
            again = _AGAIN.get(known.kind, _wait)
            sentence = again(Acting(session, CLOCK, moment, site.papers), known, site)
            _close(session, known, moment)
            detail = {"incident": known.id, "cause": known.cause, "reason": words, "summary": sentence}
            record(session, moment, actor, Act("retry", case_id=known.case_id, detail=detail))
            return Retried(incident_id, True, sentence)
    except StillFailing as still:
        return Retried(incident_id, False, _leave_to_person(site, incident_id, str(still)))
    except Exception as error:  # one broken case must not keep the others from being retried
        if known is None:
            raise
        failing = (site.sessions, known.kind, error, moment.at)
        note_failure(*failing, case_id=known.case_id, subject_id=known.subject_id, attempt=known.attempt)
        return Retried(incident_id, False, cause_of(error))


def _close(session: Any, incident: Incident, moment: Moment) -> None:
    if incident.subject_id is not None:
        resolve_incidents(session, incident.kind, incident.subject_id, moment.at)
    else:
        session.get_one(Incident, incident.id).resolved_at = moment.at


def _leave_to_person(site: Site, incident_id: int, sentence: str) -> str:
    with transaction(site.sessions) as session:
        incident = open_incident(session, incident_id)
        if incident is not None:
            incident.cause, incident.retry_at = sentence, None
    return sentence


def _fire_again(acting: Acting, incident: Incident, _site: Site) -> str:
    timer_id = incident.subject_id or 0
    if fire_timer(acting, timer_id):
        return "到期事项已办理"
    if timer_waits(acting.session, timer_id):
        raise StillFailing("该项目的流程没有在办理中，或期限未到，恢复后再试")
    return "该期限已经到期或取消，不用再办"


def _complete_again(acting: Acting, incident: Incident, site: Site) -> str:
    """Complete the item as the person did who posted it."""
    attempt = incident.attempt
    if attempt is None:
        raise StillFailing("提交的内容没有保留，请办理人重新提交")
    user = acting.session.get(User, attempt["user_id"])
    if user is None or user.disabled_at is not None:
        raise StillFailing("提交人已停用，请本单位其他人员重新办理")
    again = Acting(
        acting.session, actor_of(user, on=day_of(acting.now)), acting.moment, acting.papers, site.round_limit
    )
    item_id, revision = attempt["item_id"], attempt["revision"]
    try:
        if attempt["act"] == SIGN:
            sign_item(again, item_id, revision, attempt["approve"], attempt["opinion"])
        else:
            complete_item(again, item_id, revision, attempt["posted"])
    except (AlreadyDone, ItemGone) as gone:
        return f"不用再办：{gone}"
    except _REFUSALS as refused:
        raise StillFailing(_words(refused)) from refused
    drop_drafts(acting.session, item_id)
    return "已按原来提交的内容办理"


def _words(refused: Exception) -> str:
    errors = getattr(refused, "errors", None)
    return f"请办理人重新提交：{'；'.join(errors.values())}" if errors else str(refused)


def _send_again(acting: Acting, incident: Incident, _site: Site) -> str:
    revived = revive(acting.session, incident.subject_id or 0, acting.now)
    return "消息已重新发送" if revived else "消息已经发出"


def _read_again(acting: Acting, incident: Incident, _site: Site) -> str:
    if incident.case_id is None:
        return "没有指明项目，请重新操作"
    try:
        take_case(acting, incident.case_id)
    except StateRefused as refused:
        raise StillFailing(str(refused)) from refused
    return "流程状态已可读取，请重新操作"


def _wait(_acting: Acting, _incident: Incident, _site: Site) -> str:
    raise StillFailing("这类异常不用重试，恢复后系统会自动继续")


_AGAIN: dict[str, Callable[[Acting, Incident, Site], str]] = {
    IncidentKind.TIMER: _fire_again,
    IncidentKind.ITEM: _complete_again,
    IncidentKind.MESSAGE: _send_again,
    IncidentKind.STATE: _read_again,
}
