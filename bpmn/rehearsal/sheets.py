"""The form of a step of a pretended case, as its item page would show it: asked, read and decided like a real one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bpmn.engine import Element, ReadyTask, Run
from bpmn.lookups import ASK_REVIEWS
from bpmn.rehearsal.pretended import Done, Pretended, lane_of, round_facts
from bpmn.round_checks import ROUND_PROCESSES
from bpmn.steps import RECLASSIFICATION, decided_so_far, word
from bpmn.surroundings import CLASSIFICATION
from bpmn.versions import Version
from forms.changes import carried
from forms.fields import Asked, FieldType, Form, Posted, plain_answers, published_values, with_words
from forms.parsing import parse_thoroughly
from forms.permissions import Written, texts_to_read
from forms.rendering import posted_from, project_answers
from handlers import HANDLERS, ROUND_STEMS, plain
from handlers.outcome import Answers, Handler, MeetingFacts, Outcome, Step, StepRefused
from handlers.plain import GENERIC, stem_of
from ledger.classification import Suggestion, suggest
from ledger.db import day_of
from ledger.findings import inputs
from ledger.vocabulary import PaperKind, Role
from ledger.working_days import Calendar

PERSON = "经办人甲"


@dataclass(frozen=True)
class Table:
    """What a pretended case is played on: the version, the calendar, the campaign's dates, the present moment."""

    version: Version
    calendar: Calendar
    dates: Mapping[str, Any]
    now: datetime


@dataclass(frozen=True)
class Sheet:
    """One waiting step with its form; `who` says by whose hand it is filled in."""

    token: str
    element: Element
    instance: str | None
    form: Form
    handler: Handler
    step: Step
    asked: Asked
    initial: Posted
    who: str


@dataclass(frozen=True)
class Filled:
    """What was answered on a sheet and what comes of it; nothing is changed yet."""

    sheet: Sheet
    answers: Answers
    outcome: Outcome

    @property
    def variables(self) -> dict[str, Any]:
        """Return what the run learns: what the form publishes, over it what the handler decided."""
        return {**published_values(self.sheet.form, self.answers), **self.outcome.variables}


def has_form(version: Version, element: Element) -> bool:
    """Say whether a step is asked with a form of its bundle, and not with the one question that every task has."""
    stem, owner = stem_of(element.attributes), version.owner(element.id)
    if stem in ROUND_STEMS and owner.diagram.process_id not in ROUND_PROCESSES.values():
        return False  # the checks refuse it there, and its handler asks for a period
    return stem != GENERIC and stem in owner.forms


def form_of(version: Version, element: Element) -> Form:
    """Return the form of a step as it may be filled in there."""
    return version.form_of(element.id, stem_of(element.attributes))


def who_fills(case: Pretended, element: Element, instance: str | None) -> str:
    """Say whose a step is: the lane and its unit, the role, and whether somebody signs."""
    lane, role = lane_of(element), Role(element.attributes.get("role", Role.HANDLER))
    unit = unit_of(case, element, instance)
    signed = "，填好后由审核人签字" if element.attributes.get("signed") == "true" else ""
    return f"{lane}{f'（{unit}）' if unit != lane else ''}　{role.label}{signed}"


def unit_of(case: Pretended, element: Element, instance: str | None) -> str:
    """Return the name of the unit that does a step of a pretended case."""
    if instance is not None:
        return case.county.name(instance)
    lane = lane_of(element)
    return case.county.offices.get(lane) or str(case.project.get("responsible_unit") or lane)


def sheet_of(table: Table, case: Pretended, run: Run, task: ReadyTask) -> Sheet:
    """Return the form that a waiting step is asked with; KeyError where `has_form` says there is none."""
    element = run.diagram.elements[task.element]
    instance = None if task.instance is None else str(task.instance)
    form, stem = form_of(table.version, element), stem_of(element.attributes)
    handler = HANDLERS.get(stem, plain.HANDLER)
    step = _step(table, case, run, element, task)
    shown = handler.show(step)
    context = {
        "level": str(case.project.get("level") or ""),
        "party": instance or "",
        "round": str(case.round),
        "by_township": word(False),
        **decided_so_far(run.variables),
        **shown.context,
    }
    options = {source: case.county.options.get(source, ()) for source in form.sources}
    asked = Asked(options=options, records=shown.records, display=shown.display, context=context)
    if form.to_read:
        told = texts_to_read(form, Written(case.project, run.variables, step.answers.get(stem, {})), asked)
        asked = replace(asked, display={**asked.display, **told})
    started = posted_from(form, {**project_answers(form, case.project), **handler.prepare(step)})
    initial = carried(form, case.last(element.id, instance), started)
    who = who_fills(case, element, instance)
    return Sheet(task.token, element, instance, form, handler, step, asked, initial, who)


def _step(table: Table, case: Pretended, run: Run, element: Element, task: ReadyTask) -> Step:
    stem, variables, today = stem_of(element.attributes), dict(run.variables), day_of(table.now)
    instance = None if task.instance is None else str(task.instance)
    return Step(
        stem=stem,
        now=table.now,
        today=today,
        calendar=table.calendar,
        project=case.project,
        dates=table.dates,
        variables=variables,
        answers=case.answers,
        answered_on=case.answered_on,
        reviews=case.reviews(element.parent) if stem in ASK_REVIEWS else (),
        entries=tuple(case.entries.get(task.token, ())),
        papers=case.papers,
        objections=case.open_objections(today) if variables.get("objection_open") else (),
        reply_number=case.reply_number if stem == "reply" else "",
        instance=instance,
        actor_name=PERSON,
        unit_name=unit_of(case, element, instance),
        suggest=_suggesting(table.version),
        round=round_facts(table.version, today),
    )


def _suggesting(version: Version) -> Any:
    table = version.tables.get(CLASSIFICATION)
    if table is None:
        return None

    def ask(findings: Collection[str]) -> Suggestion:
        return suggest([row.values for row in table.decide(inputs(findings))], findings)

    return ask


def with_files(sheet: Sheet, fields: Collection[str]) -> Sheet:
    """Return a sheet as if files were uploaded to these fields, as many as each of them asks for at least."""
    asks = {each.name: each for _section, each in sheet.form.fields() if each.type is FieldType.FILE}
    counts = {name: max(1, asks[name].min or 0) for name in fields if name in asks}
    attached = {name: list(range(1, count + 1)) for name, count in counts.items()}
    return replace(sheet, asked=replace(sheet.asked, attached=attached))


def decide(sheet: Sheet, posted: Posted) -> Filled:
    """Read what is posted as the server does and let the step's handler decide; raises FormErrors, StepRefused."""
    read = plain_answers(sheet.form, posted, sheet.asked)
    if read is None:
        read = parse_thoroughly(sheet.form, posted, sheet.asked)
    answers = with_words(sheet.form, read, sheet.asked)
    try:
        return Filled(sheet, answers, sheet.handler.complete(_at_meeting(sheet, answers), answers))
    except KeyError as missing:  # a draft's form may lack, or its step hide, what only the checks say is needed
        name = str(missing.args[0])
        labels = {each.name: each.label for _section, each in sheet.form.fields()}
        words = f"处理程序要用的“{labels.get(name, name)}”在这张表单里填不到，请检查表单和字段权限"
        raise StepRefused({"": words}) from missing


def _at_meeting(sheet: Sheet, answers: Answers) -> Step:
    """Return the step with the meeting that is named: held today, with its minutes."""
    named = next((each.name for _section, each in sheet.form.fields() if each.type is FieldType.MEETING), None)
    chosen = answers.get(named) if named else None
    if sheet.step.stem == "reply":
        chosen = sheet.step.answers.get("decision", {}).get("meeting")
    if not chosen:
        return sheet.step
    return replace(sheet.step, meeting=MeetingFacts(int(chosen), "预演会议", sheet.step.today, has_minutes=True))


def carry_out(case: Pretended, filled: Filled) -> None:
    """Let a pretended case learn what came of a sheet, as an entry or as a step that is done."""
    sheet, outcome = filled.sheet, filled.outcome
    case.learn(sheet.form, sheet.asked, filled.answers, outcome)
    if sheet.step.stem == RECLASSIFICATION:
        case.papers[PaperKind.APPLICATION] += 1  # the form that the real act prints anew
    if outcome.remains:
        case.entries.setdefault(sheet.token, []).append(filled.answers)
        return
    unit = unit_of(case, sheet.element, sheet.instance)
    phase, stem, on = sheet.element.parent, sheet.step.stem, sheet.step.today
    case.done.append(Done(sheet.element.id, phase, stem, sheet.instance, unit, filled.answers, on))
