"""A made-up situation for a handler: what the case looks like, what a person posts, what comes of it.

What is posted goes through the shipped form, as in the house: a test fails when form and handler drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from forms.definition import read_form, shipped_forms
from forms.fields import Asked, Option
from forms.parsing import FormErrors, parse
from handlers.outcome import Handler, MeetingFacts, Outcome, Step, StepRefused
from ledger.working_days import Calendar

FORMS = {stem: read_form(definition) for stem, definition in shipped_forms().items()}
TODAY = date(2023, 11, 27)  # a Monday
HELD = MeetingFacts(4, "第4次会议", date(2023, 11, 25), has_minutes=True)
PROJECT: Mapping[str, Any] = {
    "id": 7,
    "name": "高山蔬菜大棚",
    "number": "PS2023-1007",
    "implementation_year": 2019,
    "level": "township",
    "responsible_unit_id": 31,
    "responsible_body": "",
    "responsible_person": "张三",
    "telephone": "13800000000",
    "township_text": "桑柘镇",
    "village_text": "太坪村",
    "industry": "planting",
    "funding": {"earmarked": {"central": Decimal("120000.00")}},
    "balance_yuan": Decimal("1000.00"),
    "receivable_yuan": None,
    "appraised_yuan": Decimal("80000.00"),
    "other_value_yuan": None,
    "operating_mode": "own",
    "function": "normal",
    "use": "in_use",
    "operation": "normal",
    "causes": [],
    "problems": [],
    "linkage": "full",
    "linkage_gaps": [],
    "findings": ["runs_normally"],
    "category": "upgrade",
    "measures": "建冷库，上分拣线",
    "progress": "",
    "progress_percent": None,
    "remark": "",
    "exited_on": None,
}
DATES = {
    "survey": date(2023, 11, 21),
    "decision": date(2023, 11, 25),
    "disposal": date(2023, 11, 30),
    "first_results": date(2023, 12, 5),
    "report": date(2023, 12, 15),
}
UNITS = (Option("31", "桑柘镇人民政府"), Option("52", "县农业农村委"))


def step(stem: str, project: Mapping[str, Any] | None = None, **known: Any) -> Step:
    """Return a step on the standing project, changed as `project` says, with what else is `known`."""
    plain = Step(
        stem=stem,
        now=datetime.combine(TODAY, datetime.min.time(), UTC),
        today=TODAY,
        calendar=Calendar({}, frozenset({2023, 2024})),
        project={**PROJECT, **(project or {})},
        dates=DATES,
        variables={"category": "upgrade", "level": "township"},
        answers={},
        actor_name="李四",
        unit_name="桑柘镇人民政府",
    )
    return replace(plain, **known)


def asked(handler: Handler, at: Step, files: Mapping[str, list[int]], context: Mapping[str, str]) -> Asked:
    """Return what the page asks: what the handler shows, the meetings and units to choose, the files uploaded."""
    shown = handler.show(at)
    meetings = (Option(str(at.meeting.id), at.meeting.title),) if at.meeting else ()
    return Asked(
        attached=files,
        options={
            "meetings": meetings,
            "business_units": UNITS,
            "units": UNITS,
            "reviewers": UNITS,
            "batches": (Option("9", "关于报送的请示"),),
        },
        records=shown.records,
        display=shown.display,
        context={**shown.context, **context},
    )


def take(
    handler: Handler,
    at: Step,
    posted: Mapping[str, Any],
    files: Mapping[str, list[int]] | None = None,
    context: Mapping[str, str] | None = None,
) -> Outcome:
    """Post what a person typed (lists for several choices) through the form to the handler."""
    form = FORMS[handler.stem]
    boxes = {name: value if isinstance(value, list) else [value] for name, value in posted.items()}
    answers = parse(form, boxes, asked(handler, at, files or {}, context or {}))
    return handler.complete(at, answers)


def refused(
    handler: Handler,
    at: Step,
    posted: Mapping[str, Any],
    files: Mapping[str, list[int]] | None = None,
    context: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the errors, whether the form or the handler found them."""
    with pytest.raises((FormErrors, StepRefused)) as caught:
        take(handler, at, posted, files, context)
    errors: dict[str, str] = caught.value.errors
    assert all(errors.values())
    return errors
