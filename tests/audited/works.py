"""Drives of everything beside single cases: imports, meetings, rounds, checks, procedures, messages, upkeep."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from itertools import count
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bpmn.casefile import Acting
from bpmn.round_periods import Period, chase, close, open_due, pause
from bpmn.rounds import complete_round_item
from ledger.cases import Case
from ledger.choice_lists import ChoiceList, ListEntry
from ledger.db import transaction
from ledger.import_runs import ImportRun
from ledger.installation import installation
from ledger.journal import Entry, Moment
from ledger.outbox import Message
from ledger.papers import Attachment
from ledger.people import User
from ledger.procedures import Procedure
from ledger.projects import Project
from ledger.rehearsals import Scenario
from ledger.rounds import RoundItem, UnitRound
from ledger.scope import CLOCK, actor_of
from ledger.spot_checks import SpotCheckProject
from ledger.verifications import Verification
from ledger.vocabulary import ImportStage, RoundKind
from tests.audited import (
    AUDIT,
    BUREAU,
    CLERK,
    LEAVER,
    MULTIPART,
    OFFICE,
    SECURITY,
    SYSTEM,
    Drive,
    Maker,
    Stage,
)
from tests.conftest import KEYS
from tests.kill_acts import deploy_anew
from tests.walk import PDF, local
from tests.webapp.test_imports import own_workbook
from tests.webapp.test_ledger_returns import edited
from tests.webapp.test_lists import campaign_form
from tests.webapp.test_message_texts import SHORT
from tests.webapp.test_messaging import everything
from tests.webapp.test_numbering import STARTED
from tests.webapp.test_receipts import SECRET
from webapp.key_commands import _begin_audit, _seal_again

_SERIAL = count()
WEEK, IN_WEEK, IN_PLAN = "2023-W47", local(2023, 11, 22, 9), local(2023, 11, 8, 9)
AFTER_WEEK = local(2023, 11, 24, 9)


def sheet(text: str = "") -> Callable[[], Any]:
    """Make an export with one project, and a column nobody knows."""
    content = own_workbook(("PX9", f"加工车间{text}", "桑柘镇", "云顶村", 1))
    return lambda: (BytesIO(content), "项目清单.xlsx")


def pdf(name: str = "扫描件.pdf") -> Callable[[], Any]:
    return lambda: (BytesIO(PDF + name.encode()), name)


def location(answer: Any) -> str:
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


# -- taking in


def _uploaded(stage: Stage, text: str) -> str:
    sent = stage.post(BUREAU, "/imports/new", {"workbook": sheet(text)}, content_type=MULTIPART)
    return location(sent())


def _run_stage(session: Session) -> object:
    return session.scalars(select(func.count()).where(ImportRun.stage == ImportStage.DONE)).one()


def _project_names(session: Session) -> object:
    return session.scalars(select(Project.name).where(Project.number == "PX9")).all()


def _import(text: str, effect: Callable[[Session], object]) -> Maker:
    """Take a workbook in: its parts commit one by one, and what failed is taken up again."""

    def make(stage: Stage) -> Drive:
        with transaction(stage.site.ground.sessions) as session:  # so that it has nothing else to push
            idle = Project.id.not_in(select(Case.project_id))
            session.execute(update(Project).where(idle).values(responsible_unit_id=None))
        run = _uploaded(stage, text)
        campaign = {"campaign": str(stage.site.ground.county.campaign.id), "partly": "1"}
        state = {"tried": False}

        def do() -> object:
            again, state["tried"] = state["tried"], True
            return stage.person(BUREAU).post(f"{run}/resume" if again else run, campaign)

        return Drive(do, BUREAU, effect=effect)

    return make


def _refuse_import(stage: Stage) -> Drive:
    sent = {"workbook": lambda: (BytesIO(b"PK\x03\x04 broken"), "坏.xlsx")}
    return Drive(stage.post(BUREAU, "/imports/new", sent, content_type=MULTIPART), BUREAU, {"file": "坏.xlsx"})


def _columns(stage: Stage) -> Drive:
    run = _uploaded(stage, "丙")
    return Drive(
        stage.post(BUREAU, f"{run}/columns", {"column:项目大小": "skip"}), BUREAU, {"columns": {"项目大小": "skip"}}
    )


def _assign(stage: Stage) -> Drive:
    project = stage.site.ground.projects[-1]
    with transaction(stage.site.ground.sessions) as session:
        session.execute(update(Project).where(Project.id == project.id).values(responsible_unit_id=None))
    unit = stage.site.ground.county.townships["桑柘镇"]
    asked = {"unit": str(unit.id), "level": "township"}
    told = {"project": project.number, "unit": unit.short_name, "level": "township"}
    return Drive(stage.post(BUREAU, f"/unassigned/{project.id}", asked), BUREAU, told)


def _push(stage: Stage) -> Drive:
    county, project = stage.site.ground.county, stage.site.ground.projects[-2]
    page = stage.person(BUREAU).post("/tokens", {"name": "推送", "days": "30"}).text
    token = re.search(r">([\w-]{40,})<", page)
    assert token is not None
    given = {"campaign_id": county.campaign.id, "project_ids": [project.id]}
    client, headers = stage.site.app.test_client(), {"Authorization": f"Bearer {token[1]}"}
    return Drive(lambda: client.post("/api/v1/cases", json=given, headers=headers), BUREAU, {"cases": 1})


def _returned(told: dict[str, Any], text: str) -> Maker:
    """Take a changed 管理台账 back: the row about the workbook and those about its projects are one act."""

    def make(stage: Stage) -> Drive:
        bureau = stage.person(BUREAU)
        content = edited(bureau.get("/reports/annex5.xlsx").data, AA5=text)
        workbook = {"workbook": (BytesIO(content), "台账.xlsx")}
        page = location(bureau.post("/reports/annex5/return", workbook, content_type=MULTIPART))
        seal = re.search(r'name="seal" value="(\w+)"', bureau.get(page).text)
        assert seal is not None
        return Drive(stage.post(BUREAU, page, {"seal": seal[1]}), BUREAU, told)

    return make


def _correct_facts(stage: Stage) -> Drive:
    """Correct a project of the leading town with its monthly update."""
    _opened(stage, local(2023, 12, 4))
    item_id, town = _round_item(stage, "monthly").id, stage.site.ground.county.townships["桑柘镇"]
    own = select(Project).where(Project.responsible_unit_id == town.id, Project.exited_on.is_(None))
    with transaction(stage.site.ground.sessions, writes=False) as session:
        project = session.scalars(own.order_by(Project.id)).first()
    assert project is not None
    facts = {"operation": "stopped", "causes": "funds", "reason": f"入户核实{next(_SERIAL)}"}
    revision, number, project_id = str(project.revision), project.number, project.id
    path = f"/rounds/items/{item_id}/projects/{project_id}"
    return Drive(
        stage.post(CLERK, path, {"_revision": revision, **facts, "balance_yuan": str(next(_SERIAL))}),
        CLERK,
        {"number": number},
    )


def _refuse_ledger(stage: Stage) -> Drive:
    sent = {"workbook": lambda: (BytesIO(b"PK\x03\x04 broken"), "坏.xlsx")}
    return Drive(stage.post(CLERK, "/reports/annex5/return", sent, content_type=MULTIPART), CLERK, {"file": "坏.xlsx"})


def _upload(stage: Stage) -> Drive:
    item = stage.shared("field_survey").item("field_survey")
    sent = {"_revision": str(item.revision), "_action": "draft", "photos": pdf("现场.pdf")}
    return Drive(stage.post(CLERK, f"/items/{item.id}", sent, content_type=MULTIPART), CLERK, {"file": "现场.pdf"})


def _refuse_file(stage: Stage) -> Drive:
    case = stage.shared("receive").case_id
    sent = {"text": "见附件", "files": lambda: (BytesIO(b"<html>"), "现场.pdf")}
    told = {"file": "现场.pdf", "route": "comments.say"}
    return Drive(stage.post(CLERK, f"/cases/{case}/comments", sent, content_type=MULTIPART), CLERK, told)


def _remove(stage: Stage) -> Drive:
    item = stage.shared("field_survey").item("field_survey")
    sent = {"_revision": str(item.revision), "_remove": str(stage.newest(Attachment))}
    return Drive(stage.post(CLERK, f"/items/{item.id}", sent), CLERK, {"file": "现场.pdf"})


def _comment(stage: Stage) -> Drive:
    case = stage.shared("receive").case_id
    return Drive(stage.post(CLERK, f"/cases/{case}/comments", {"text": "请核对面积"}), CLERK)


# -- meetings, campaigns, the calendar, numbers


def _meeting_typed(stage: Stage, **more: str) -> dict[str, str]:
    county = stage.site.ground.county
    place = {"unit_id": str(county.office.id), "campaign_id": str(county.campaign.id), "place": "二楼会议室"}
    told = {"title": "领导小组会议", "held_on": "2023-11-06", "chair": "组长甲", "attendance": "成员甲、成员乙"}
    return {**place, **told, **more}


def _meeting(stage: Stage) -> Drive:
    return Drive(stage.post(OFFICE, "/meetings/new", _meeting_typed(stage)), OFFICE)


def _held_meeting(stage: Stage) -> str:
    return location(stage.person(OFFICE).post("/meetings/new", _meeting_typed(stage)))


def _change_meeting(stage: Stage) -> Drive:
    typed = _meeting_typed(stage, chair="组长乙")
    del typed["unit_id"], typed["campaign_id"]
    return Drive(
        stage.post(OFFICE, f"{_held_meeting(stage)}/edit", typed), OFFICE, {"changed": {"chair": ["组长甲", "组长乙"]}}
    )


def _scan(stage: Stage) -> Drive:
    send = stage.post(OFFICE, f"{_held_meeting(stage)}/scans", {"scan": pdf("纪要.pdf")}, content_type=MULTIPART)
    return Drive(send, OFFICE)


def _campaign(act: str, told: dict[str, Any], **changed: str) -> Maker:
    def make(stage: Stage) -> Drive:
        number = stage.site.ground.county.campaign.id
        path = "/campaigns/new" if act == "campaign_opened" else f"/campaigns/{number}/edit"
        typed = campaign_form(stage.site, **changed, _confirmed="1", _reason="雨雪天气")
        return Drive(stage.post(BUREAU, path, typed), BUREAU, told)

    return make


def _number(stage: Stage) -> Drive:
    unit = stage.site.ground.county.townships["鹿角镇"].id
    again = stage.site.visitor()
    again.sign_in(LEAVER)  # whose sessions ended with the hand-over
    return Drive(lambda: again.post("/numbers", {"unit": str(unit), **STARTED}), LEAVER, {"kind": "request"})


# -- rounds


def acting_at(stage: Stage, login: str, now: datetime, act: Callable[[Acting], object]) -> Callable[[], object]:
    """Do an act as a person, or the clock, at a moment."""

    def do() -> object:
        with transaction(stage.site.ground.sessions) as session:
            person = session.scalars(select(User).where(User.login == login)).one_or_none()
            actor = actor_of(person) if person is not None else CLOCK
            return act(Acting(session, actor, Moment(now, now), stage.site.ground.papers))

    return do


def _county(stage: Stage) -> int:
    return stage.site.ground.county.county.id


def _week(stage: Stage) -> Period:
    return Period(_county(stage), RoundKind.WEEKLY, WEEK)


def _round_item(stage: Stage, kind: str) -> RoundItem:
    unit = stage.site.ground.county.townships["桑柘镇"].id
    wanted = select(RoundItem).join(UnitRound, UnitRound.id == RoundItem.round_id)
    wanted = wanted.where(UnitRound.unit_id == unit, UnitRound.kind == kind, RoundItem.completed_at.is_(None))
    with transaction(stage.site.ground.sessions, writes=False) as session:
        return session.scalars(wanted.order_by(RoundItem.id.desc())).first()  # type: ignore[return-value]


def _opened(stage: Stage, now: datetime) -> None:
    acting_at(stage, "", now, lambda acting: open_due(acting, _county(stage)))()


def _open_round(stage: Stage) -> Drive:
    return Drive(acting_at(stage, "", IN_WEEK, lambda acting: open_due(acting, _county(stage))), "")


def _report(stage: Stage) -> Drive:
    item = _round_item(stage, "weekly")
    posted = {"measures": ["按计划推进"], "confirmed": ["true"]}
    return Drive(
        acting_at(stage, CLERK, IN_WEEK, lambda a: complete_round_item(a, item.id, item.revision, posted)), CLERK
    )


def _chase(stage: Stage) -> Drive:
    return Drive(acting_at(stage, BUREAU, IN_WEEK, lambda acting: chase(acting, _week(stage))), BUREAU)


def _close(stage: Stage) -> Drive:
    return Drive(acting_at(stage, BUREAU, AFTER_WEEK, lambda acting: close(acting, _week(stage), "两个镇迟报")), BUREAU)


def _due(stage: Stage) -> Drive:
    moved = {"due_at": "2023-12-06T12:00", "reason": "全县会议"}
    path = f"/rounds/{_county(stage)}/weekly/2023-W49/due"
    return Drive(stage.post(BUREAU, path, moved), BUREAU, {"reason": "全县会议"})


def _pause(*, paused: bool) -> Maker:
    def make(stage: Stage) -> Drive:
        county = _county(stage)
        act = acting_at(stage, BUREAU, IN_WEEK, lambda a: pause(a, county, RoundKind.MONTHLY, paused=paused))
        return Drive(act, BUREAU)

    return make


def _round_upload(stage: Stage) -> Drive:
    _opened(stage, IN_PLAN)
    item = _round_item(stage, "plan")
    sent = {"_revision": str(item.revision), "_action": "draft", "paper": pdf("意见.pdf")}
    return Drive(
        stage.post(CLERK, f"/rounds/items/{item.id}", sent, content_type=MULTIPART), CLERK, {"file": "意见.pdf"}
    )


def _round_remove(stage: Stage) -> Drive:
    item = _round_item(stage, "plan")
    sent = {"_remove": str(stage.newest(Attachment))}
    return Drive(stage.post(CLERK, f"/rounds/items/{item.id}", sent), CLERK, {"file": "意见.pdf"})


# -- spot checks


def _draw(stage: Stage) -> Drive:
    asked = {"title": "第四季度抽查", "strata": ["unit"], "percent": "100", "seed": "7", "county": str(_county(stage))}
    return Drive(stage.post(BUREAU, "/checks/new", asked), BUREAU)


def _drawn(login: str, **typed: str) -> Maker:
    """Go on with the one drawn project of 桑柘镇."""

    def make(stage: Stage) -> Drive:
        unit = stage.site.ground.county.townships["桑柘镇"].id
        with transaction(stage.site.ground.sessions, writes=False) as session:
            wanted = select(SpotCheckProject.id).where(SpotCheckProject.unit_id == unit)
            row = session.scalars(wanted.order_by(SpotCheckProject.id)).first()
        return Drive(stage.post(login, f"/checks/projects/{row}", typed), login)

    return make


def _settle_check(stage: Stage) -> Drive:
    _drawn(CLERK, text="已通电")(stage).do()
    return _drawn(BUREAU, text="到位")(stage)


# -- procedures


def _deploy(stage: Stage) -> Drive:
    return Drive(deploy_anew(stage.shared("receive")), "")


def _small(stage: Stage) -> int:
    """Return the number of the newest small procedure, deployed when no act before has done so."""
    small = select(func.max(Procedure.id)).where(Procedure.process_id == "survey")
    if stage.read(lambda session: session.scalar(small)) is None:
        deploy_anew(stage.shared("receive"))()
    with transaction(stage.site.ground.sessions, writes=False) as session:
        return session.scalars(small).one()


def _draft(stage: Stage, *, drawn: bool = True) -> str:
    """Begin a draft of the newest small procedure, with a change."""
    drawer = stage.person(SYSTEM)
    draft = location(drawer.post(f"/design/versions/{_small(stage)}/drafts"))
    if drawn:
        diagram = drawer.get(f"{draft}/diagram.bpmn").text
        changed = re.sub('(id="look" name=")[^"]*', rf"\g<1>核查{draft.rpartition('/')[2]}", diagram)
        assert changed != diagram
        drawer.post(f"{draft}/diagram", {"revision": 1, "content": changed})
    return draft


def _begin_draft(stage: Stage) -> Drive:
    return Drive(stage.post(SYSTEM, f"/design/versions/{_small(stage)}/drafts"), SYSTEM)


def _submitted(stage: Stage, **more: str) -> str:
    draft = _draft(stage)
    location(stage.person(SYSTEM).post(f"{draft}/submit", {"note": "改名", **more}))
    return draft


def _submit(stage: Stage) -> Drive:
    return Drive(stage.post(SYSTEM, f"{_draft(stage)}/submit", {"note": "改名"}), SYSTEM)


def _take_back(stage: Stage) -> Drive:
    return Drive(stage.post(SYSTEM, f"{_submitted(stage)}/take-back"), SYSTEM)


def _discard(stage: Stage) -> Drive:
    return Drive(stage.post(SYSTEM, f"{_draft(stage, drawn=False)}/discard"), SYSTEM)


def _refuse_draft(stage: Stage) -> Drive:
    return Drive(stage.post(SECURITY, f"{_submitted(stage)}/refuse", {"reason": "请写明依据"}), SECURITY)


def _approve_draft(**more: str) -> Maker:
    def make(stage: Stage) -> Drive:
        draft = _submitted(stage, **more)
        seen = re.search(r'name="revision" value="(\d+)"', stage.person(SECURITY).get(f"{draft}/changes").text)
        assert seen is not None
        return Drive(stage.post(SECURITY, f"{draft}/approve", {"revision": seen[1]}), SECURITY)

    return make


def _refuse_bundle(stage: Stage) -> Drive:
    sent = {"bundle": lambda: (BytesIO(b"no diagram"), "流程.bpmn")}
    return Drive(stage.post(SYSTEM, "/design/import", sent, content_type=MULTIPART), SYSTEM, {"file": "流程.bpmn"})


def _move_run(stage: Stage) -> Drive:
    path = f"/design/versions/{_small(stage)}/moving"
    return Drive(stage.post(SYSTEM, path, {"checked": "1"}), SYSTEM, {"count": 0, "back": False})


def _keep_scenario(stage: Stage) -> Drive:
    steps = json.dumps([{"element": "look", "instance": "", "values": {}, "day": 0}])
    typed = {"moves": steps, "began": "2023-11-06T01:00:00+00:00", "name": "一次通过"}
    return Drive(stage.post(SYSTEM, f"{_draft(stage)}/scenarios", typed), SYSTEM)


def _retire_scenario(stage: Stage) -> Drive:
    _keep_scenario(stage).do()  # of the name kept before it is that one again
    path = f"{_draft(stage)}/scenarios/{stage.newest(Scenario)}/retire"
    return Drive(stage.post(SYSTEM, path), SYSTEM)


def _rehearse(stage: Stage) -> Drive:
    asked = {"which": "made_up", "count": "10"}
    return Drive(stage.post(SYSTEM, f"{_draft(stage)}/rehearsals", asked), SYSTEM)


def _list(stage: Stage) -> str:
    """Make a list of the installation's own with one entry; return its address."""
    stage.post(SYSTEM, "/vocabularies", {"title": f"经营主体{next(_SERIAL)}"})()
    path = f"/vocabularies/{stage.newest(ChoiceList)}/entries"
    stage.post(SYSTEM, path, {"label": "合作社"})()
    return path


def _make_list(stage: Stage) -> Drive:
    return Drive(stage.post(SYSTEM, "/vocabularies", {"title": "村级组织"}), SYSTEM, {"title": "村级组织"})


def _add_entry(stage: Stage) -> Drive:
    return Drive(stage.post(SYSTEM, _list(stage), {"label": "家庭农场"}), SYSTEM, {"value": ["", "家庭农场"]})


def _retire_entry(stage: Stage) -> Drive:
    path = f"{_list(stage)}/{stage.newest(ListEntry)}/retire"
    return Drive(stage.post(SYSTEM, path), SYSTEM, {"value": ["合作社：可选", "合作社：停用"]})


def _restore_entry(stage: Stage) -> Drive:
    path = f"{_list(stage)}/{stage.newest(ListEntry)}"
    stage.post(SYSTEM, f"{path}/retire")()
    return Drive(stage.post(SYSTEM, f"{path}/restore"), SYSTEM, {"value": ["合作社：停用", "合作社：可选"]})


def _parameter(stage: Stage) -> Drive:
    typed = {"name": "round_limit", "value": "7"}
    return Drive(stage.post(SYSTEM, "/parameters", typed), SYSTEM, {"parameter": "round_limit"})


# -- messages and upkeep


def _rules(stage: Stage) -> Drive:
    return Drive(stage.post(SYSTEM, "/messages/rules", everything(**{"before.days": "5, 2"})), SYSTEM)


def _choices(stage: Stage) -> Drive:
    return Drive(stage.post(CLERK, "/notices/choices", {"page": ["14"]}), CLERK)


def _text(stage: Stage) -> Drive:
    return Drive(
        stage.post(SYSTEM, "/messages/texts/new", {**SHORT, "seen": "0"}), SYSTEM, {"kind": "new", "number": 1}
    )


def _message(stage: Stage, **given: Any) -> int:
    now = stage.site.ground.now
    words = {"subject": "提醒", "body": "", "kind": "digest", "channel": "sms", "user_id": stage.user_id(CLERK)}
    with transaction(stage.site.ground.sessions) as session:
        row = Message(**words, **given, created_at=now, not_before_at=now)
        session.add(row)
        session.flush()
        return row.id


def _retry_message(stage: Stage) -> Drive:
    number = _message(stage, dedupe_key="dead", dead_at=stage.site.ground.now)
    return Drive(stage.post(SYSTEM, f"/messages/{number}/retry"), SYSTEM, {"message": number})


def _undelivered(stage: Stage) -> Drive:
    _message(stage, dedupe_key="gone", receipt="id-2", sent_at=stage.site.ground.now)
    report = [{"biz_id": "id-2", "success": False, "err_code": "MK:0001"}]
    platform = stage.site.app.test_client()
    told = {"receipt": "id-2", "code": "MK:0001"}
    return Drive(lambda: platform.post(f"/receipts/aliyun/{SECRET}", json=report), "", told)


def _clock(stage: Stage) -> Drive:
    def shown(session: Session) -> object:
        return installation(session).clock_offset_seconds

    return Drive(stage.post(BUREAU, "/demonstration/clock", {"by": "day"}), BUREAU, {"seconds": 86400}, effect=shown)


def _verify(stage: Stage) -> Drive:
    def found(session: Session) -> object:
        return session.scalars(select(func.count(Verification.id))).one()

    return Drive(stage.post(AUDIT, "/audit/verify"), AUDIT, effect=found)


def _rows_of(act: str) -> Callable[[Session], object]:
    """Count the rows of an act whose work is a file outside the ledger, or is told when all of it is done."""
    return lambda session: session.scalars(select(func.count()).where(Entry.act == act)).one()


def _backup(stage: Stage) -> Drive:
    return Drive(stage.post(SYSTEM, "/backups"), SYSTEM, {"faults": 0}, effect=_rows_of("backup"))


def _rotate(stage: Stage) -> Drive:
    settings = stage.site.app.extensions["sigeyipi_settings"]
    return Drive(lambda: _seal_again(settings, KEYS), "", {"cipher": "aes"}, effect=_rows_of("rotate_keys"))


def _rotate_audit(stage: Stage) -> Drive:
    settings = stage.site.app.extensions["sigeyipi_settings"]
    return Drive(lambda: _begin_audit(settings, KEYS), "", {"number": 0}, effect=_rows_of("rotate_audit_key"))


def _snapshot(stage: Stage) -> Drive:
    return Drive(stage.post(BUREAU, "/snapshots", {"note": "报送前"}), BUREAU, {"county": _county(stage)})


DRIVES: dict[str, Maker] = {
    "import_refused": _refuse_import,
    "columns": _columns,
    "assign": _assign,
    "push": _push,
    "ledger_refused": _refuse_ledger,
    "ledger_taken": _returned({"file": "台账.xlsx", "cells": 1}, "已签订"),
    "ledger_edit": _returned({}, "已续签"),
    "fact_correction": _correct_facts,
    "upload": _upload,
    "file_refused": _refuse_file,
    "remove_paper": _remove,
    "comment": _comment,
    "meeting": _meeting,
    "meeting_changed": _change_meeting,
    "minutes": _scan,
    "campaign_opened": _campaign("campaign_opened", {}, name="2024年批次", year="2024"),
    "campaign_changed": _campaign("campaign_changed", {}, survey_on="2023-11-22"),
    "campaign_renamed": _campaign("campaign_renamed", {}, name="2023年第一批"),
    "number_started": _number,
    "round_upload": _round_upload,
    "round_paper_removed": _round_remove,
    "round_due_set": _due,
    "round_opened": _open_round,
    "round_completed": _report,
    "round_chased": _chase,
    "round_closed": _close,
    "round_paused": _pause(paused=True),
    "round_held": _pause(paused=False),
    "spot_check_drawn": _draw,
    "spot_check_found": _drawn(BUREAU, checked_on="2023-11-06", text="冷库停用", until="2023-11-10"),
    "spot_check_mended": _drawn(CLERK, text="已恢复使用"),
    "spot_check_again": _drawn(BUREAU, text="仍未通电", until="2023-11-20"),
    "spot_check_settled": _settle_check,
    "deploy": _deploy,
    "draft_begin": _begin_draft,
    "draft_submit": _submit,
    "draft_take_back": _take_back,
    "draft_discard": _discard,
    "draft_refuse": _refuse_draft,
    "draft_approve": _approve_draft(live_on="2023-12-01"),
    "draft_publish": _approve_draft(),
    "bundle_refused": _refuse_bundle,
    "scenario_keep": _keep_scenario,
    "draft_scenarios": _approve_draft(live_on="2023-12-02"),
    "scenario_retire": _retire_scenario,
    "rehearsal_run": _rehearse,
    "move_run": _move_run,
    "list_made": _make_list,
    "list_entry_added": _add_entry,
    "list_entry_retired": _retire_entry,
    "list_entry_restored": _restore_entry,
    "parameter_changed": _parameter,
    "reminder_rules": _rules,
    "message_choices": _choices,
    "message_text": _text,
    "message_retried": _retry_message,
    "message_undelivered": _undelivered,
    "snapshot": _snapshot,
    "audit_verified": _verify,
    "backup": _backup,
    "rotate_keys": _rotate,
    "rotate_audit_key": _rotate_audit,
    "clock_moved": _clock,
    "import_rows": _import("甲", _project_names),
    "import": _import("乙", _run_stage),
}
