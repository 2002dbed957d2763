"""A made-up step of a round, and answers through its shipped form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from forms.definition import read_form, shipped_forms
from forms.fields import Asked
from forms.parsing import parse
from handlers.outcome import Answers, Handler, Outcome, RoundFacts, Step
from ledger.vocabulary import RoundKind
from ledger.working_days import Calendar

FORMS = {stem: read_form(definition) for stem, definition in shipped_forms().items()}
FIGURES = {"project_count": 8, "consolidate_count": 3, "upgrade_count": 2, "revive_count": 2, "rebuild_count": 1}
RATES = (("停产闲置率", "25.00%"), ("经营困难率", "12.50%"), ("未按约定联农带农率", "0.00%"))


def step(stem: str, kind: RoundKind, answers: Mapping[str, Answers] | None = None, **facts: Any) -> Step:
    """Return the step as 桑柘镇 has it on 23 November 2023."""
    return Step(
        stem=stem,
        now=datetime(2023, 11, 23, 2, tzinfo=UTC),
        today=date(2023, 11, 23),
        calendar=Calendar({}, frozenset({2023})),
        project={},
        dates={},
        variables={},
        answers=answers or {},
        actor_name="李四",
        unit_name="桑柘镇",
        round=RoundFacts(kind, f"2023年{kind.label}", FIGURES, RATES, **facts),
    )


def decide(handler: Handler, given: Step, attached: tuple[str, ...] = (), **posted: str) -> Outcome:
    """Read what was posted by the shipped form and let the handler decide; a file lies in each of `attached`."""
    shown = handler.show(given)
    asked = Asked(attached={key: [1] for key in attached}, display=shown.display, context=shown.context)
    answers = parse(FORMS[handler.stem], {name: [value] for name, value in posted.items()}, asked)
    return handler.complete(given, answers)
