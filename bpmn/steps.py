"""One item of one case: what its handler may look at and its form is asked with, and what its decision changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bpmn import effects, lookups
from bpmn.casefile import CaseFile, Later, stands_in
from forms.fields import Asked, FieldType, Form, project_values, published_values
from forms.permissions import Written, texts_to_read
from handlers import HANDLERS, plain
from handlers.outcome import Answers, Handler, Outcome, Shown, Step
from ledger.cases import WorkItem
from ledger.db import day_of
from ledger.projects import FUNDING_SUMS, columns_of, funding_of, set_funding, told_changes
from ledger.scope import signed

RECLASSIFICATION = "reclassification"
OBJECTION = "objection"  # the message that opens 异议核查, and the stem that examines it


@dataclass(frozen=True)
class Posing:
    """One item ready to be shown or completed."""

    item: WorkItem
    form: Form
    handler: Handler
    step: Step
    asked: Asked


def pose(file: CaseFile, item: WorkItem, *, page: bool = False) -> Posing:
    """Build the step and what its form is asked with; a step without a handler of its own only records its answers.

    What stands beside the questions is worked out for a `page`, and where the questions depend on it.
    """
    form, handler = file.form_of(item), HANDLERS.get(item.stem, plain.HANDLER)
    step = step_of(file, item)
    shown = handler.show(step) if page or form.asks_beside else Shown()
    asked = Asked(
        attached=lookups.attached_to(file, item) if asks(form, FieldType.FILE) else {},
        options=lookups.options_for(file, item, form.sources) if form.sources else {},
        records=shown.records,
        display=shown.display,
        context=Later(lambda: {**context_of(file, item), **shown.context}),
    )
    if page and form.to_read:
        last = step.answers.get(item.stem, {})
        told = texts_to_read(form, Written(step.project, step.variables, last), asked)
        asked = replace(asked, display={**asked.display, **told})
    return Posing(item, form, handler, step, asked)


def step_of(file: CaseFile, item: WorkItem) -> Step:
    """Return everything a handler may look at for `item`; `meeting` is added once the answers name one.

    What most handlers never look at is read when one does: the project whole, and what was answered before.
    """
    variables = dict(file.run.variables)
    return Step(
        stem=item.stem,
        now=file.now,
        today=day_of(file.now),
        calendar=file.calendar,
        project=Later(lambda: project_columns(file)),
        dates=file.dates,
        variables=variables,
        answers=Later(lambda: {past.stem: past.answers or {} for past in file.done}),
        answered_on=Later(lambda: {past.stem: day_of(past.completed_at or file.now) for past in file.done}),
        reviews=lookups.reviews(file, item) if item.stem in lookups.ASK_REVIEWS else (),
        # an untouched row has no entries: an entry raises the revision
        entries=lookups.entries(file, item) if item.revision > 1 else (),
        papers=lookups.papers(file) if item.stem in lookups.ASK_PAPERS else {},
        missing_papers=lookups.missing(file, item.stem) if item.stem in lookups.ASK_MISSING else (),
        objections=lookups.objections(file) if variables.get("objection_open") else (),
        reply_number=lookups.reply_number(file, file.done) if item.stem == "reply" else "",
        instance=item.instance,
        actor_name=file.acting.actor.name,
        unit_name=item.unit.short_name,
        suggest=file.suggest,
    )


def project_columns(file: CaseFile) -> dict[str, Any]:
    """Return a project's columns by name, 投资规模 as exact amounts, with the names of its units beside the ids."""
    project = file.project
    columns = columns_of(project)
    ids = {name: columns[f"{name}_id"] for name in ("responsible_unit", "township", "village")}
    names = {name: file.places.unit(unit_id).short_name if unit_id else "" for name, unit_id in ids.items()}
    return {**columns, **names, "funding": funding_of(project)}


def context_of(file: CaseFile, item: WorkItem) -> dict[str, str]:
    """Return the values for a form's “$…” conditions."""
    element = file.element(item.element)
    lane = element.attributes.get("who") or element.lane or ""
    about = {
        "level": file.project.level or "",
        "party": item.instance or "",
        "round": str(file.case.round),
        "by_township": word(stands_in(lane, item.instance, item.unit)),
    }
    return {**about, **decided_so_far(file.run.variables)}


def decided_so_far(variables: Mapping[str, Any]) -> dict[str, str]:
    """Return what a case's variables say to a form's “$…” conditions."""
    truths = ("exit_decided", "exit_proposed", "write_off_proposed", "write_off_approved", "needs_assessment")
    return {
        "category": str(variables.get("category") or ""),
        "exit": word(bool(variables.get("exit_decided"))),
        **{name: word(bool(variables.get(name))) for name in truths},
    }


def word(truth: bool) -> str:
    """Write a truth as a form's conditions name it."""
    return "yes" if truth else "no"


def asks(form: Form, kind: FieldType) -> bool:
    """Say whether any question is of a kind."""
    return any(each.type is kind for _section, each in form.fields())


def with_meeting(file: CaseFile, posing: Posing, answers: Mapping[str, Any]) -> Step:
    """Return the step with the meeting that the answers name; a 批复 answers for the meeting that decided."""
    named = [each.name for _section, each in posing.form.fields() if each.type is FieldType.MEETING]
    chosen = answers.get(named[0]) if named else None
    if posing.item.stem == "reply":
        chosen = posing.step.answers.get("decision", {}).get("meeting")
    return lookups.at_meeting(file, posing.step, int(chosen)) if chosen else posing.step


# -- what is decided


def variables_of(posing: Posing, answers: Answers, outcome: Outcome) -> dict[str, Any]:
    """Return what the run learns: what the form publishes, over it what the handler decided."""
    return {**published_values(posing.form, answers), **outcome.variables}


def carry_out(file: CaseFile, posing: Posing, answers: Answers, outcome: Outcome) -> None:
    """Write everything the outcome names; raises StepRefused for a number or batch that cannot be taken.

    What may be refused comes first, so that a refusal has changed nothing.
    """
    item = posing.item
    batch = effects.numbered(file, item, outcome) if outcome.reply or outcome.batch else None
    columns = {**project_values(posing.form, answers, posing.asked), **outcome.project}
    if outcome.responsible_unit_id is not None:
        columns["responsible_unit_id"] = outcome.responsible_unit_id
    if outcome.category is not None:
        columns["category"] = outcome.category.category
    change_project(file, columns)
    if outcome.category or outcome.verdict or outcome.findings:
        effects.judge(file, item, outcome)
    if outcome.prints or batch is not None or item.stem == RECLASSIFICATION:
        effects.file_papers(file, item, outcome.prints, batch, brought=bool(posing.asked.attached.get("request")))
    if outcome.next_round:
        file.case.round += 1


def change_project(file: CaseFile, columns: Mapping[str, Any]) -> None:
    """Set a project's columns and note old → new for the journal, personal data masked (M2)."""
    project = file.project
    for name, value in columns.items():
        before = {each: getattr(project, each) for each in (name, *(FUNDING_SUMS if name == "funding" else ()))}
        if name == "funding":
            set_funding(project, value)
        elif before[name] != value:
            setattr(project, name, value)
        after = {each: getattr(project, each) for each in before}
        for each, change in told_changes(before, after).items() if after != before else ():
            file.changed[each] = (file.changed.get(each, change)[0], change[1])


def signature(file: CaseFile, item: WorkItem) -> str:
    """Return who acts on an item, as lists show it: 桑柘镇 经办甲."""
    name = file.acting.actor.name
    return signed(item.unit.short_name, f"{name}（代{file.lent.for_name}）" if file.lent is not None else name)
