"""填申请表 (P4): Annex 1, 2 or 3 confirmed column by column and written, before anybody signs it."""

from __future__ import annotations

from typing import Any

from forms.papers.application import Opinion
from forms.rendering import project_text
from handlers.class_form import ANNEXES, APPLICATION, TITLES, Opinions, class_form
from handlers.facts import measures_proposed, place, state, value
from handlers.outcome import Answers, Handler, Outcome, Print, Shown, Step
from handlers.rules import day_in, label_of
from ledger.vocabulary import Category, Level

BOX_LENGTH = 300  # characters that the form's 处置措施 holds; longer text goes to a sheet of its own
_PLAIN = ("industry", "operating_mode", "funding")


def level_of(step: Step) -> Level:
    """Return who runs the project: what `receive` published, else the register's column."""
    return Level(step.variables.get("level") or step.project["level"])


def prepare(step: Step) -> Answers:
    """Start with the meeting's measures where they fit the box, after a return with what was written before."""
    full = measures_proposed(step)
    before = step.answers.get("application", {}).get("measures", "")
    fitting = full if len(full) <= BOX_LENGTH else before
    return {"measures": fitting} if fitting else {}


def show(step: Step) -> Shown:
    project, level, returned = step.project, level_of(step), returned_reason(step)
    contact = f"{project.get('responsible_person') or ''} {project.get('telephone') or ''}"
    display = {
        "returned": returned,
        "annex": f"{ANNEXES[level]}（{TITLES[level]}）",
        "name": project["name"],
        "number": project["number"],
        "place": place(project),
        "implementation_year": str(project["implementation_year"]),
        "responsible_body": project.get("responsible_body") or step.unit_name,
        "contact": contact.strip(),
        "value": value(project),
        "state": state(project),
        "linkage": _linkage(project),
        "category": label_of(Category, step.variables.get("category")),
        "decided_measures": _decided(step),
        **{name: project_text(name, project.get(name)) for name in _PLAIN},
    }
    return Shown(display, context={"returned": "true" if returned else "false"})


def _decided(step: Step) -> str:
    """Return the meeting's own words: the register already holds the form's when it comes back."""
    said = step.answers.get("party_meeting", {}).get("measures")
    return str(said) if said and not step.variables.get("exit_proposed") else measures_proposed(step)


def _linkage(project: Any) -> str:
    gaps = project_text("linkage_gaps", project.get("linkage_gaps"))
    return project_text("linkage", project.get("linkage")) + (f"：{gaps}" if gaps else "")


def returned_reason(step: Step) -> str:
    """Return why the form came back; "" when it is filled in for the first time."""
    if "application" not in step.answers:
        return ""
    for stem, verdict, words in (  # the earliest step that sent it back did so last
        ("village_opinion", "back", "opinion"),
        ("unit_opinion", "back", "reason"),
        ("acceptance_check", "application", "reason"),
    ):
        said = step.answers.get(stem, {})
        if said.get("verdict") == verdict:
            return str(said[words])
    return ""


def complete(step: Step, answers: Answers) -> Outcome:
    """Write the form; measures longer than its box stay whole in the ledger and on a sheet of their own."""
    fits = len(measures_proposed(step)) <= BOX_LENGTH and not step.variables.get("exit_proposed")
    return Outcome(
        project={"measures": answers["measures"]} if fits else {},
        prints=(form_with(step, answers["measures"], Opinions()),),
        summary=f"填写申请表（{ANNEXES[level_of(step)]}）",
    )


def form_with(step: Step, measures: str, opinions: Opinions, name: str = APPLICATION, note: str = "") -> Print:
    """Return the form of this level with the opinions given so far; longer measures stand on a further sheet."""
    full = measures_proposed(step)
    project = {
        **step.project,
        "level": level_of(step),
        "measures": measures,
        "category": step.variables.get("category"),
        "full_measures": full if len(full) > BOX_LENGTH else "",
    }
    return class_form(project, opinions, name, note)


def village_opinion(step: Step) -> Opinion:
    """Return what the village said and when, as its box prints it."""
    said = step.answers.get("village_opinion", {})
    on = day_in(said, "opinion_on")
    return Opinion(str(said["opinion"]), on) if on else Opinion()


HANDLER = Handler("application", complete, prepare, show)
