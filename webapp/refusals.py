"""An act that is refused is told on the page it was asked on, and what was typed for it stands there again.

The act is tried in a savepoint: a refusal leaves nothing behind, and the page is drawn in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from bpmn.refusals import ActRefused, AlreadyDone, CaseClosed, ItemChanged, ItemGone, NotYours
from webapp import kept
from webapp.request import ledger_session
from webapp.uploads import FileRefused

View = Callable[..., ResponseReturnValue]
_REASON = "原因"
_SUBJECTS = ("item_id", "case_id")


@dataclass(frozen=True)
class Refusal:
    """What was asked for at `url`, why not, and what was typed for it."""

    url: str = ""
    sentence: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)

    def of(self, url: str, name: str = "", value: str = "") -> bool:
        """Say whether the form at `url` was refused; of several at one address, the one whose `name` has `value`."""
        return bool(self.sentence) and url == self.url and (not name or self.typed.get(name) == value)

    @property
    def at_reason(self) -> bool:
        """Whether it is the reason that is missing or too long."""
        return _REASON in self.sentence


NOTHING = Refusal()


def told_on(draw: Callable[..., str]) -> Callable[[View], View]:
    """Draw the page anew with the `refused` act when the view's act is refused; `draw` takes its case or item."""

    def wrap(view: View) -> View:
        @wraps(view)
        def answer(**arguments: Any) -> ResponseReturnValue:
            try:
                with ledger_session().begin_nested():
                    return view(**arguments)
            except (ActRefused, ItemChanged, FileRefused) as refused:
                sentence, status = str(refused), 422 if isinstance(refused, FileRefused) else 409
            except (AlreadyDone, ItemGone, NotYours, CaseClosed) as late:
                if not any(request.form.get(name) for name in kept.LABELS):
                    raise
                return kept.too_late(str(late), kept.LABELS, 403 if isinstance(late, NotYours) else 409)
            of_what = {name: arguments[name] for name in _SUBJECTS if name in arguments}
            return draw(refused=Refusal(request.path, sentence, request.form), **of_what), status

        return answer

    return wrap
