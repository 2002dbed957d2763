"""A step without a programmer: its form records what was filled in, and nothing is decided beyond that.

An administrator draws a task, names one of the bundle's forms (`sgyp:form`) and is done; what the form publishes or
writes into the project happens as for every form. A task that names nothing is asked the one question below.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.outcome import Answers, Handler, Outcome, Step

GENERIC = "generic"  # the stem of a task that names neither a handler nor a form
GENERIC_FORM: Mapping[str, Any] = {
    "stem": GENERIC,
    "title": "办理情况",
    "article": "",
    "sections": [
        {
            "title": "办理情况",
            "fields": [{"name": "opinion", "label": "办理情况", "type": "textarea", "required": True, "width": 12}],
        }
    ],
}


def stem_of(attributes: Mapping[str, str]) -> str:
    """Return the stem of the form that a step with these attributes is asked."""
    return attributes.get("handler") or attributes.get("form") or GENERIC


def complete(_step: Step, _answers: Answers) -> Outcome:
    """Record the answers; the form alone says what the case learns from them."""
    return Outcome(summary="已办理")


HANDLER = Handler(GENERIC, complete)
