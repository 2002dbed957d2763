"""实施地公告 (P7): the notice at the place of the project, by the village or for it by its township."""

from __future__ import annotations

from handlers.outcome import Answers, Handler, Outcome, Step
from handlers.posting import AT_SITE, notice_text, post


def complete(step: Step, answers: Answers) -> Outcome:
    return post(step, answers, "site_posted_on", AT_SITE)


HANDLER = Handler("notice_site", complete, notice_text)
