"""What who posts a notice does with its running period: extend it, or post it again after it was torn down (T1).

Nobody makes a period shorter than its working days: an extension is later than the last day, and a notice that hangs
anew counts anew in full.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bpmn.casefile import Acting, CaseFile, take_case
from bpmn.completed import Completed
from bpmn.counting import EXTENDED
from bpmn.demands import is_bureau, reason_of, require_running, settled_case
from bpmn.publicity_record import POSTED_ON, REPOST, SITE, UNIT, Posting, period_of, publicities, runs, timer_element
from bpmn.refusals import ActRefused, NotYours
from bpmn.supervision import require_full_publicity, set_timers
from ledger.db import day_of, end_of_day
from ledger.papers import File, Place, attach
from ledger.scope import Actor
from ledger.vocabulary import PaperKind, Role, UnitKind

PLACES = {UNIT: "主管单位", SITE: "实施地"}


def keeps_publicity(actor: Actor, responsible_unit_id: int | None, county_id: int) -> bool:
    """Say whether the person looks after a notice: the responsible unit, the leading group's office, the bureau."""
    office = any(
        p.role is Role.HANDLER and p.unit_kind is UnitKind.OFFICE and p.county_id == county_id for p in actor.posts
    )
    runs_it = responsible_unit_id is not None and actor.holds(Role.HANDLER, responsible_unit_id)
    return office or runs_it or is_bureau(actor, county_id)


def extend_publicity(acting: Acting, case_id: int, last: date, reason: str) -> Completed:
    """Let the running period last to 24:00 of a later working day (延长公告期); objections are heard until then.

    The end stays also when an objection is examined meanwhile and dismissed. Raises ItemGone, NotYours, CaseClosed,
    ActRefused.
    """
    file = _running(acting, case_id, "延长公告期")
    words = reason_of(reason, "延长公告期")
    before = period_of(file)
    assert before is not None  # it runs, so both notices hang
    if end_of_day(before.end) <= file.now:  # over, but for an objection that is still examined
        raise ActRefused("公告期已满，不能再延长")
    if last <= before.end:
        raise ActRefused(f"公告期到{before.end.isoformat()}为止，只能延长到以后的工作日")
    require_full_publicity(file, last)
    file.run.variables[EXTENDED] = last.isoformat()
    detail = {"variables": {EXTENDED: last.isoformat()}, "timers": _recount(file), "reason": words}
    told = f"公告期由{before.end.isoformat()}延长到{last.isoformat()}：{words}"
    element = timer_element(file)
    return settled_case(
        file, "change_timer", {**detail, "summary": told}, element=element.id if element is not None else ""
    )


@dataclass(frozen=True)
class Repost:
    """Which notices (of `PLACES`) were posted again, on what day and why; with a photograph for each place."""

    places: Collection[str]
    posted_on: date
    reason: str
    photos: Mapping[str, tuple[File, ...]]


def repost(acting: Acting, case_id: int, posted: Repost) -> Completed:
    """Count the period anew after a notice was taken down before its time and posted again (重新张贴).

    It runs in full from the later of the two days the notices hang since. Where the bureau interrupted it, it runs
    again once both hang, whether the case is resumed by then or not. Raises ItemGone, NotYours, CaseClosed, ActRefused.
    """
    file = _torn_down(acting, case_id)
    words = reason_of(posted.reason, "重新张贴")
    _check_day(file, posted)
    places = [name for name in PLACES if name in posted.places]
    if not places:
        raise ActRefused("请勾选重新张贴的是哪一处")
    present = publicities(file)[0]
    waiting = {each.item.stem: each.again for each in present.postings}
    down = [each.item.stem for each in present.postings if each.item.stem not in places and _is_down(file, each)]
    if any(not posted.photos.get(name) and not waiting.get(name) for name in places):
        raise ActRefused("重新张贴的每一处都要有张贴照片")
    variables: dict[str, Any] = {POSTED_ON[name]: posted.posted_on.isoformat() for name in places}
    variables[EXTENDED] = None
    file.run.variables.update(variables)
    _keep_photos(file, places, posted.photos)
    for photo in (each for name in places for each in waiting.get(name, ())):
        photo.field = "photo"
    told = f"{'、'.join(PLACES[name] for name in places)}{posted.posted_on.isoformat()}重新张贴，"
    if down:
        timers = set_timers(file, {})
        told += f"{'、'.join(PLACES[name] for name in down)}张贴以后公告期重新计算：{words}"
    else:
        file.case.publicity_interrupted_at, timers = None, _recount(file)
        period = period_of(file)
        assert period is not None
        told += f"公告期重新计至{period.end.isoformat()}：{words}"
    return settled_case(file, REPOST, {"variables": variables, "timers": timers, "reason": words, "summary": told})


def _torn_down(acting: Acting, case_id: int) -> CaseFile:
    """Return a case whose notices may be posted again: its period runs, or rests because the bureau interrupted it."""
    file = _kept(acting, case_id, "重新张贴")
    return file if file.case.publicity_interrupted_at is not None else _require_period(file, "重新张贴")


def _running(acting: Acting, case_id: int, act: str) -> CaseFile:
    return _require_period(_kept(acting, case_id, act), act)


def _kept(acting: Acting, case_id: int, act: str) -> CaseFile:
    file = take_case(acting, case_id)
    if not keeps_publicity(acting.actor, file.project.responsible_unit_id, file.project.county_id):
        raise NotYours(f"{act}由项目的责任单位、领导小组办公室或县乡村振兴局办理")
    return file


def _require_period(file: CaseFile, act: str) -> CaseFile:
    require_running(file)
    if not runs(file):
        raise ActRefused(f"现在不在公告期内，不能{act}")
    return file


def _check_day(file: CaseFile, posted: Repost) -> None:
    if posted.posted_on > day_of(file.now):
        raise ActRefused("重新张贴的日期不能晚于今天")
    interrupted_at = file.case.publicity_interrupted_at
    if interrupted_at is not None:
        if posted.posted_on < day_of(interrupted_at):
            raise ActRefused(f"重新张贴的日期不能早于公告中止的日期{day_of(interrupted_at).isoformat()}")
        return
    for name in posted.places:
        before = file.run.variables.get(POSTED_ON.get(name, ""))
        if before and posted.posted_on <= date.fromisoformat(str(before)):
            raise ActRefused(f"重新张贴的日期不能早于或等于原来的张贴日期{before}")


def _is_down(file: CaseFile, posting: Posting) -> bool:
    """Say whether a notice does not hang: the bureau had it taken down, and no photograph of it came since."""
    since = file.case.publicity_interrupted_at
    return since is not None and not any(photo.attached_at > since for photo in posting.photos)


def _recount(file: CaseFile) -> dict[str, str]:
    """Set the waiting timer to the period's end; while an objection is examined none waits, and the end is kept."""
    element, period = timer_element(file), period_of(file)
    assert element is not None
    assert period is not None
    waiting = [timer.token for timer in file.run.timers if timer.element == element.id]
    return set_timers(file, {token: end_of_day(period.end) for token in waiting})


def _keep_photos(file: CaseFile, places: Collection[str], photos: Mapping[str, tuple[File, ...]]) -> None:
    """Put the photographs beside those of the first posting."""
    acting, present = file.acting, publicities(file)[0]
    for posting in present.postings:
        for photo in photos.get(posting.item.stem, ()) if posting.item.stem in places else ():
            place = Place(PaperKind.NOTICE, case_id=file.case.id, item_id=posting.item.id, field="photo")
            attach(acting.session, acting.papers, photo, place, acting.actor, acting.now)
