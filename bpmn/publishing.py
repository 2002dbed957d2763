"""A draft becomes a version: submitted by one person, approved by another, in force from a day (safety rule 15, F8).

Whoever changed a draft cannot approve it; that is decided here, not by what a page shows.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from bpmn.casefile import Acting
from bpmn.comparison import differences
from bpmn.deployment import Bundle, deploy
from bpmn.difference import ChangeKind, Difference
from bpmn.drafting import DraftGone, bundle_of, draft_findings, open_draft
from bpmn.engine import DiagramProblems, Severity
from bpmn.refusals import ActRefused, NotYours
from bpmn.rehearsal.drafted import DraftUnreadable, try_scenarios
from bpmn.uploads import Finding
from bpmn.versions import pins_for
from forms.definition import DefinitionRefused
from ledger.approvals import LIVES
from ledger.db import SessionFactory, day_of, transaction
from ledger.deadlines import holders
from ledger.journal import Act, Moment
from ledger.message_texts import worded
from ledger.message_words import TextKind
from ledger.outbox import PAGE, Notice, post
from ledger.procedure_drafts import OPEN_STAGES, DraftStage, ProcedureDraft, author_ids, drafts_due, parts_of
from ledger.procedures import Pins, Procedure, newest_number, newest_versions, procedure_by_hash, versions_by_hash
from ledger.scope import CLOCK, Actor
from ledger.vocabulary import Role
from ledger.writing import record

_MOST_PAIRS = 300  # of one version's changes in the trail; the versions themselves keep all
_SIDE_LENGTH = 200
NOTE_LENGTH = 500
"""Characters of what is written beside a submission or a refusal."""


NOTHING = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"><bpmn:process/></bpmn:definitions>'
)
"""A diagram without anything in it: what a first version is compared with."""


class DraftFaulty(Exception):
    """草稿里还有错误，不能提交."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(f"草稿里还有 {len(findings)} 处错误，不能提交")
        self.findings = findings


def current_bundle(session: Session, process_id: str) -> Bundle | None:
    """Return the newest version's bundle of a process; None before its first."""
    newest = newest_versions(session).get(process_id)
    return None if newest is None else Bundle(newest.diagram, newest.decisions, newest.forms)


def draft_differences(session: Session, draft: ProcedureDraft) -> list[Difference]:
    """Return what a draft changes of the newest version; everything is new where there is none."""
    new, old = bundle_of(session, draft), current_bundle(session, draft.process_id)
    return differences(old or Bundle(NOTHING, {}, {}), new)


def draft_pins(session: Session, draft: ProcedureDraft) -> Pins | None:
    """Return which versions of the processes it calls a draft would be bound to; None for a diagram nobody can read."""
    bundle = bundle_of(session, draft)
    try:
        return pins_for(session, Procedure(diagram=bundle.diagram))
    except DiagramProblems:
        return None


def bindings(session: Session, old: Pins | None, new: Pins | None) -> list[Difference]:
    """Return which versions of the processes called are bound otherwise: each is kept as it was at the deploy."""
    before, after = old or {}, new or {}
    known = {row.sha256: row for row in versions_by_hash(session, [*before.values(), *after.values()])}
    found = []
    for process in sorted({*before, *after}):
        rows = [known.get(side.get(process, "")) for side in (before, after)]
        said = [f"第{row.number}版" if row is not None else "（没有调用）" for row in rows]
        if before.get(process) != after.get(process):
            name = next((row.name for row in reversed(rows) if row is not None), process)
            found.append(Difference(ChangeKind.CHANGED, "调用的流程", "", name, "绑定的版本", *said))
    return found


def submit(acting: Acting, draft_id: int, note: str, live_on: date | None) -> ProcedureDraft:
    """Hand a draft to the second person.

    Raises DraftGone, DraftFaulty with every error, and ActRefused where nothing was changed or the day is past.
    """
    session = acting.session
    draft = open_draft(session, draft_id, lock=True)
    if not note.strip():
        raise ActRefused("请写明改了什么、为什么改，供审核人核对")
    if live_on is not None and live_on < day_of(acting.now):
        raise ActRefused("生效日期不能早于今天")
    faults = [each for each in draft_findings(session, parts_of(session, draft.id)) if _weighs(each)]
    if faults:
        raise DraftFaulty(faults)
    if not draft_differences(session, draft):
        raise ActRefused("内容与现行版本相同，不产生新版本")
    draft.stage, draft.note, draft.live_on, draft.reason = DraftStage.REVIEW, note.strip()[:NOTE_LENGTH], live_on, ""
    draft.submitted_at, draft.submitted_by = acting.now, acting.actor.name
    _journal(acting, draft, "draft_submit", f"提交审核：{draft.note}")
    session.flush()
    _tell_reviewers(acting, draft)
    return draft


def _weighs(finding: Finding) -> bool:
    return finding.problem.severity is Severity.ERROR


def _tell_reviewers(acting: Acting, draft: ProcedureDraft) -> None:
    said = {"姓名": draft.submitted_by or "", "流程": draft.name, "附言": f"：{draft.note}"}
    subject, body = worded(acting.session, TextKind.DRAFT, **said)
    people = {each.user_id for each in holders(acting.session, (Role.SECURITY_ADMIN,))}
    notices = [
        Notice(f"draft:{draft.id}:{draft.revision}:{user_id}", PAGE, user_id, subject, body)
        for user_id in sorted(people)
    ]
    post(acting.session, notices, acting.now)


def take_back(acting: Acting, draft_id: int) -> ProcedureDraft:
    """Go on editing what waits for the second person or for its day; raises DraftGone."""
    draft = open_draft(acting.session, draft_id, DraftStage.REVIEW, DraftStage.SCHEDULED, lock=True)
    draft.stage = DraftStage.EDITING
    _journal(acting, draft, "draft_take_back", "收回继续修改")
    return draft


def discard(acting: Acting, draft_id: int) -> ProcedureDraft:
    """Give a draft up; it is kept and can be looked at. Raises DraftGone."""
    draft = open_draft(acting.session, draft_id, *OPEN_STAGES, lock=True)
    draft.stage = DraftStage.DISCARDED
    _journal(acting, draft, "draft_discard", "作废草稿")
    return draft


def refuse(acting: Acting, draft_id: int, reason: str) -> ProcedureDraft:
    """Send a draft back to its authors; raises DraftGone, NotYours, and ActRefused without a reason."""
    draft = open_draft(acting.session, draft_id, DraftStage.REVIEW, lock=True)
    _second_person(acting, draft)
    if not reason.strip():
        raise ActRefused("请写明退回的理由")
    draft.stage, draft.reason = DraftStage.EDITING, reason.strip()[:NOTE_LENGTH]
    draft.decided_at, draft.decided_by = acting.now, acting.actor.name
    _journal(acting, draft, "draft_refuse", f"退回修改：{draft.reason}")
    return draft


def approve(acting: Acting, draft_id: int, revision: int, *, acknowledged: bool = False) -> ProcedureDraft:
    """Publish a draft as it was seen at `revision`, at once or from its day; every scenario is played once more.

    Raises DraftGone, NotYours for an author, ActRefused when it has waited too long, changed meanwhile or a scenario
    does not hold and that is not `acknowledged`, and DiagramProblems for what the ledger stands against by now.
    """
    draft = open_draft(acting.session, draft_id, DraftStage.REVIEW, lock=True)
    _second_person(acting, draft)
    if draft.submitted_at is not None and acting.now >= draft.submitted_at + LIVES:
        raise ActRefused(f"提交已超过 {LIVES.days} 天未审核，已失效，请提交的人收回后重新提交")
    if draft.revision != revision:
        raise ActRefused("草稿在您打开之后有过改动，请重新核对后再发布")
    _play_scenarios(acting, draft, acknowledged=acknowledged)
    draft.decided_at, draft.decided_by = acting.now, acting.actor.name
    if draft.live_on is not None and draft.live_on > day_of(acting.now):
        draft.stage = DraftStage.SCHEDULED
        _journal(acting, draft, "draft_approve", f"审核通过，{draft.live_on.isoformat()}起生效")
        return draft
    put_in_force(acting.session, draft, acting.actor, acting.moment)
    return draft


def _play_scenarios(acting: Acting, draft: ProcedureDraft, *, acknowledged: bool) -> None:
    """Play every scenario in what is about to be published; one that fails must be known to who publishes."""
    try:
        tried = try_scenarios(acting.session, draft, acting.now)
    except DraftUnreadable as unreadable:
        raise ActRefused(str(unreadable)) from unreadable
    if tried is None:
        return
    if tried.failed and not acknowledged:
        raise ActRefused(f"{tried.summary}。请核对后勾选“已知晓”再发布，或退回修改")
    _journal(acting, draft, "draft_scenarios", tried.summary + ("（审核人已知晓）" if tried.failed else ""))


def _second_person(acting: Acting, draft: ProcedureDraft) -> None:
    if not acting.actor.holds(Role.SECURITY_ADMIN):
        raise NotYours("只有安全管理员可以审核发布流程")
    if acting.actor.user_id in author_ids(acting.session, draft):
        raise NotYours("您改过这份草稿，须由另一位安全管理员审核发布")


def put_in_force(session: Session, draft: ProcedureDraft, actor: Actor, moment: Moment) -> Procedure:
    """Make a draft the current version; raises DiagramProblems and DefinitionRefused.

    The content of an older version becomes a new one, with its own number and day.
    """
    bundle, former = bundle_of(session, draft), newest_versions(session).get(draft.process_id)
    changes = {"version": [f"第{former.number}版" if former is not None else "", ""], **_pairs(session, draft)}
    if procedure_by_hash(session, bundle.sha256) is not None:
        bundle = replace(bundle, after=newest_number(session, draft.process_id))
    signature = f"{draft.submitted_by}、{draft.decided_by}" if draft.submitted_by else draft.decided_by
    draft.procedure = deploy(session, bundle, signature, moment.at, moment.real_at)
    draft.stage = DraftStage.PUBLISHED
    words = f"发布为第{draft.procedure.number}版"
    changes["version"][1] = f"第{draft.procedure.number}版"
    told = {"process": draft.process_id, "sha256": draft.procedure.sha256, "summary": words}
    detail = {"draft": draft.id, **told, "changes": changes}
    record(session, moment, actor, Act("draft_publish", detail=detail))
    return draft.procedure


def _pairs(session: Session, draft: ProcedureDraft) -> dict[str, list[str]]:
    """Return old → new of what a draft changes, for the trail: settings of steps, permissions, forms, tables."""
    found = [each for each in draft_differences(session, draft) if each.kind is not ChangeKind.MOVED]
    return {
        f"{each.part}“{each.name}”：{each.what}": [each.before[:_SIDE_LENGTH], each.after[:_SIDE_LENGTH]]
        for each in found[:_MOST_PAIRS]
    }


def publish_due(sessions: SessionFactory, moment: Moment) -> int:
    """Put the approved drafts in force whose day has come, each by itself; returns how many are.

    One that has become impossible meanwhile goes back to its authors with the reason.
    """
    with transaction(sessions, writes=False) as session:
        due = drafts_due(session, day_of(moment.at))
    done = 0
    for draft_id in due:
        try:
            with transaction(sessions) as session:
                put_in_force(session, open_draft(session, draft_id, DraftStage.SCHEDULED, lock=True), CLOCK, moment)
            done += 1
        except DraftGone:
            continue  # another clock was quicker
        except (DiagramProblems, DefinitionRefused, json.JSONDecodeError) as wrong:
            with transaction(sessions) as session:
                draft = open_draft(session, draft_id, DraftStage.SCHEDULED, lock=True)
                draft.stage, draft.reason = DraftStage.EDITING, f"到期没有生效：{wrong}"[:NOTE_LENGTH]
                detail = {"draft": draft.id, "process": draft.process_id, "summary": draft.reason}
                record(session, moment, CLOCK, Act("draft_refuse", detail=detail))
    return done


def _journal(acting: Acting, draft: ProcedureDraft, act: str, summary: str) -> None:
    detail = {"draft": draft.id, "process": draft.process_id, "summary": summary}
    record(acting.session, acting.moment, acting.actor, Act(act, detail=detail))
