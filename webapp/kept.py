"""Nothing typed is lost: the page that shows what somebody filled in when it could not be taken.

It is shown when the sign-in has ended, when the page's token is too old, and when another person was quicker. Nothing
is stored and nothing is changed by it: what was typed travels in the page itself, and goes on by a button.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.request import typed

FORM = "items.submit"


def is_form() -> bool:
    """Say whether the request brings what somebody typed into the form of an item."""
    return request.method == "POST" and request.endpoint == FORM and any(any(each) for each in typed().values())


def signed_out() -> ResponseReturnValue:
    """Answer a form posted after the sign-in had ended: sign in beside it, then go on from here."""
    steps = "请先点“重新登录”，在新窗口里登录；然后回到本页点“继续填写”。"
    return _resumable("登录已失效，您填写的内容没有丢失。", steps, 401, signs_in=True)


def page_too_old() -> ResponseReturnValue:
    """Answer a form whose page belongs to an earlier sign-in."""
    return _resumable("页面已过期，您填写的内容没有丢失。", "核对后点“继续填写”，内容会回到表单里。", 400)


def too_late(sentence: str, labels: Mapping[str, str], status: int) -> ResponseReturnValue:
    """Answer who was not quick enough: why it was not taken, and what they had written."""
    return render_template(
        "items/kept.html", sentence=sentence, steps="", rows=_rows(labels), resume=None, lost=_files()
    ), status


def _resumable(sentence: str, steps: str, status: int, *, signs_in: bool = False) -> ResponseReturnValue:
    item_id = (request.view_args or {})["item_id"]
    resume = {
        "url": url_for(FORM, item_id=item_id),
        "sign_in": url_for("auth.login", next=url_for("items.show", item_id=item_id)) if signs_in else None,
        "typed": typed(),
    }
    page = render_template(
        "items/kept.html", sentence=sentence, steps=steps, rows=_rows({}), resume=resume, lost=_files()
    )
    return page, status


def _files() -> list[str]:
    """Return the names of the files that were chosen and could not be taken."""
    return [sent.filename for _field, sent in request.files.items(multi=True) if sent.filename]


def _rows(labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what was typed, each under its question where that is known."""
    return [(labels.get(name.split(".")[0], ""), _joined(values)) for name, values in typed().items() if any(values)]


def _joined(values: Sequence[str]) -> str:
    return "、".join(value for value in values if value)
