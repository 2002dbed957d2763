"""主管单位公告 (P7): the notice at the responsible unit."""

from __future__ import annotations

from handlers.outcome import Answers, Handler, Outcome, Step
from handlers.posting import AT_UNIT, notice_text, post


def complete(step: Step, answers: Answers) -> Outcome:
    return post(step, answers, "unit_posted_on", AT_UNIT)


HANDLER = Handler("notice_unit", complete, notice_text)
