"""Drives of what happens to a case, by who holds a step, by the bureau and by the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import func, select

from bpmn import acts, holding
from bpmn.casefile import Acting
from bpmn.deployment import deploy, shipped_bundle
from bpmn.publicity_acts import Repost, repost
from bpmn.recounting import recount
from bpmn.replanning import replan
from bpmn.runtime import change_timer, start_case
from ledger.campaigns import Campaign
from ledger.cases import Case
from ledger.copies import copy_units, send_copies
from ledger.db import transaction
from ledger.incidents import Incident
from ledger.papers import File
from ledger.people import Post, User
from ledger.projects import Project
from ledger.scope import actor_of
from ledger.vocabulary import Level, Role
from ledger.working_days import dates_of, load_calendar, with_year
from tests.audited import BUREAU, CLERK, SIGNER, SYSTEM, Drive, Maker, Stage
from tests.interleavings import scenes
from tests.kill_acts import try_again
from tests.walk import PDF, Walk, local

WHY = scenes.WHY
PHOTO = (File("张贴.pdf", "application/pdf", PDF),)
HOLIDAY = {date(2023, 11, 28): False, date(2023, 11, 29): False}


def scene(stem: str, prepare: scenes.Preparing, who: str, *, fresh: bool = True, **told: Any) -> Maker:
    """Drive an act of the scenes on a case that waits at a step."""

    def make(stage: Stage) -> Drive:
        walk = stage.walk(stem) if fresh else stage.shared(stem)
        return Drive(prepare(walk), who, told)

    return make


def brought(bring: Callable[[Walk], None], prepare: scenes.Preparing, who: str, **told: Any) -> Maker:
    """Drive an act of the scenes on a case that was brought to its stage by an act before."""

    def make(stage: Stage) -> Drive:
        walk = stage.walk()
        bring(walk)
        return Drive(prepare(walk), who, told)

    return make


def held(stage: Stage, walk: Walk, stem: str, act: Callable[[Acting, Any], object], who: str = CLERK) -> Drive:
    item = walk.item(stem)
    return Drive(scenes.as_holder(walk, item, lambda acting: act(acting, item)), who)


def _start(stage: Stage) -> Drive:
    walk, ground = stage.walk(), stage.site.ground
    following = next(each for each in ground.projects[stage.used :])
    stage.used += 1

    def push(acting: Acting) -> object:
        project = acting.session.get_one(Project, following.id)
        return start_case(acting, project, acting.session.get_one(Campaign, ground.county.campaign.id))

    return Drive(scenes.bureau(walk, push), BUREAU)


def _evaluated(stage: Stage) -> Walk:
    """Return the case that was at its disposal before, at its 成效评定."""
    walk = stage.shared("disposal")
    walk.to("evaluation")
    return walk


def _prepare(stage: Stage) -> Drive:
    return Drive(scenes.complete("evaluation")(_evaluated(stage)), CLERK)


def _give_back(stage: Stage) -> Drive:
    return Drive(scenes.sign("evaluation", approve=False)(_evaluated(stage)), SIGNER, {"opinion": WHY})


def _sign(stage: Stage) -> Drive:
    walk = _evaluated(stage)
    scenes.complete("evaluation")(walk)()
    return Drive(scenes.sign("evaluation", approve=True)(walk), SIGNER)


def _entry(stage: Stage) -> Drive:
    walk = stage.shared("disposal")
    return Drive(scenes.complete("disposal", action="progress", percent=50)(walk), CLERK)


def _release(stage: Stage) -> Drive:
    walk = stage.walk()
    scenes.claim("receive")(walk)()
    return held(stage, walk, "receive", lambda acting, item: holding.release(acting, item.id, item.revision))


def _colleague(stage: Stage) -> int:
    """Return a second 经办人 of 桑柘镇, entered once."""
    unit = stage.site.ground.county.townships["桑柘镇"].id
    with transaction(stage.site.ground.sessions) as session:
        found = session.scalars(select(User.id).where(User.login == "sangzhe.er")).one_or_none()
        if found is not None:
            return found
        user = User(login="sangzhe.er", name="经办人乙", password_hash="", created_at=stage.site.ground.now)
        user.posts = [Post(unit_id=unit, role=Role.HANDLER)]
        session.add(user)
        session.flush()
        return user.id


def _delegated(stage: Stage) -> tuple[Walk, Callable[[], object]]:
    walk, other = stage.walk(), _colleague(stage)
    item = walk.item("receive")
    act = scenes.as_holder(walk, item, lambda acting: holding.delegate(acting, item.id, item.revision, other, WHY))
    return walk, act


def _delegate(stage: Stage) -> Drive:
    return Drive(_delegated(stage)[1], CLERK, {"reason": WHY, "to": "经办人乙"})


def _hand_back(stage: Stage) -> Drive:
    walk, delegate = _delegated(stage)
    delegate()
    item, row = scenes.filled(walk, "receive", 0, {})
    other = _colleague(stage)

    def act() -> object:
        with transaction(stage.site.ground.sessions) as session:
            colleague = actor_of(session.get_one(User, other))
            acting = Acting(session, colleague, walk.moment, stage.site.ground.papers)
            return holding.hand_back(acting, item.id, item.revision, row.posted)

    return Drive(act, "sangzhe.er")


def _skip(stage: Stage) -> Drive:
    written = 'sgyp:handler="village_opinion"'
    bundle = shipped_bundle()
    with transaction(stage.site.ground.sessions) as session:
        diagram = bundle.diagram.replace(written, f'{written} sgyp:skippable="true"')
        deploy(session, replace(bundle, diagram=diagram), "测试", stage.site.ground.now)
    ground = stage.site.ground
    fresh = next(each for each in ground.projects[stage.used :] if each.level == Level.VILLAGE)
    ground.projects.remove(fresh)
    walk = Walk(ground, fresh)
    walk.to("village_opinion")
    item = walk.item("village_opinion")
    return Drive(
        scenes.bureau(walk, lambda acting: acts.skip(acting, item.id, item.revision, WHY)), BUREAU, {"reason": WHY}
    )


def _resume(stage: Stage) -> Drive:
    walk = stage.shared("receive")
    scenes.suspend(walk)()
    return Drive(scenes.bureau(walk, lambda acting: scenes.supervision.resume(acting, walk.case_id, WHY)), BUREAU)


def _hanging(stage: Stage) -> Walk:
    """Return the case whose notices hang since Monday, 27 November 2023."""

    def post() -> Walk:
        walk = stage.walk("notice_unit")
        walk.now = local(2023, 11, 27)
        walk.complete("notice_unit")
        walk.complete("notice_site")
        return walk

    return stage.once("hanging", post)


def _change_timer(stage: Stage) -> Drive:
    walk = _hanging(stage)
    timer = scenes.timer_id(walk)
    last = date(2023, 12, 15)
    act = scenes.bureau(walk, lambda acting: change_timer(acting, walk.case_id, timer, last, WHY))
    return Drive(act, BUREAU, {"reason": WHY})


def _repost(stage: Stage) -> Drive:
    walk = _hanging(stage)
    walk.now = local(2023, 11, 28)
    again = Repost(("notice_site",), date(2023, 11, 28), "被风雨损毁", {"notice_site": PHOTO})
    return Drive(scenes.responsible(walk, lambda acting: repost(acting, walk.case_id, again)), CLERK)


def _recount(stage: Stage) -> Drive:
    walk = _hanging(stage)

    def act(acting: Acting) -> object:
        known = load_calendar(acting.session)
        return recount(acting, known, with_year(known, 2023, HOLIDAY), write=True)

    return Drive(scenes.bureau(walk, act), BUREAU)


def _replan(stage: Stage) -> Drive:
    walk = stage.walk("field_survey")

    def act(acting: Acting) -> object:
        campaign = acting.session.get_one(Campaign, stage.site.ground.county.campaign.id)
        return replan(acting, campaign, {**dates_of(campaign), "survey": date(2023, 11, 24)}, "连日暴雨", write=True)

    return Drive(scenes.bureau(walk, act), BUREAU, {"reason": "连日暴雨"})


def _open_incidents(session: Any) -> object:
    return session.scalars(select(func.count()).where(Incident.resolved_at.is_not(None))).one()


def _retry(stage: Stage) -> Drive:
    walk = stage.walk()
    again = try_again(walk)
    return Drive(again, BUREAU, {"reason": WHY}, effect=_open_incidents)


def _copy(stage: Stage) -> Drive:
    walk = stage.shared("receive")

    def act(acting: Acting) -> object:
        case = acting.session.get_one(Case, walk.case_id)
        units = [unit.id for unit in copy_units(acting.session, case) if unit.id != walk.project.responsible_unit_id]
        return send_copies(acting.session, acting.actor, case, units[:1], "请知悉", acting.moment)

    return Drive(scenes.responsible(walk, act), CLERK, {"note": "请知悉"})


def _hand_over(stage: Stage) -> Drive:
    walk = stage.walk()
    scenes.claim("receive")(walk)()
    return Drive(scenes.leave("receive")(walk), SYSTEM, {"reason": WHY})


def _waive(stage: Stage) -> Drive:
    case = stage.shared("receive").case_id
    send = stage.post(CLERK, f"/cases/{case}/waivers/5", {"reason": "项目由村自营，没有合同"})
    return Drive(send, CLERK, {"reason": "项目由村自营，没有合同"})


def _agree(stage: Stage) -> Drive:
    case = stage.shared("receive").case_id
    return Drive(stage.post(SIGNER, f"/cases/{case}/waivers/5/confirm"), SIGNER)


DRIVES: dict[str, Maker] = {
    "start": _start,
    "complete": scene("receive", scenes.complete("receive"), CLERK),
    "send_back": scene("field_survey", scenes.send_back("field_survey", "receive"), CLERK, reason=WHY),
    "transfer": scene("field_survey", scenes.transfer("field_survey"), CLERK, reason=WHY),
    "call_back": scene("field_survey", scenes.call_back("receive"), CLERK, reason=WHY),
    "move": scene("field_survey", scenes.move("field_survey", "receive"), BUREAU, reason=WHY),
    "urge": scene("receive", scenes.urge("receive"), BUREAU, fresh=False),
    "claim": scene("receive", scenes.claim("receive"), CLERK),
    "release": _release,
    "delegate": _delegate,
    "hand_back": _hand_back,
    "hand_over": _hand_over,
    "add_reviewer": scene("joint_review", scenes.ask_more(), CLERK, fresh=False, reason=WHY),
    "drop_reviewer": scene("joint_review", scenes.ask_fewer(3), CLERK, fresh=False, reason=WHY),
    "overdue": brought(scenes.late, scenes.overdue(), CLERK),
    "suspend": scene("receive", scenes.suspend, BUREAU, reason=WHY),
    "resume": _resume,
    "terminate": scene("receive", scenes.terminate, BUREAU, reason=WHY),
    "retry": _retry,
    "copy": _copy,
    "waiver_requested": _waive,
    "waiver_confirmed": _agree,
    "timer": brought(scenes.publicity_over, scenes.fire, ""),
    "repost": _repost,
    "recount": _recount,
    "change_timer": _change_timer,
    "objection": lambda stage: Drive(scenes.objection(_hanging(stage)), BUREAU),
    "replan": _replan,
    "entry": _entry,
    "prepare": _prepare,
    "unsigned": _give_back,
    "sign": _sign,
    "migrate": scene("receive", scenes.another_version, BUREAU),
    "migrate_back": brought(scenes.moved_over("receive"), scenes.former_version, BUREAU),
    "skip": _skip,
}
