"""Nothing typed is lost: the page that shows what somebody filled in when it could not be taken.

It is shown when the sign-in has ended, when the page's token is too old, and when another person was quicker. Nothing
is stored and nothing is changed by it: what was typed travels in the page itself, and goes on by a button.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.request import typed

DRAFTED = frozenset({"items.submit", "rounds.submit"})
"""Forms with a draft: they go on by keeping one; what else was posted goes on by being posted again."""
_BLUEPRINTS = frozenset(
    {
        *("acts", "agendas", "bulk", "case_acts", "cases", "comments", "items", "meetings", "own_lists"),
        *("public_notice", "publicity", "rounds"),
    }
)
"""Where people write. Never where they sign in or set a password: that is not shown again."""
_SAVED_BY_SCRIPT = "items.draft"
LABELS = {
    "reason": "原因",
    "words": "要说的话",
    "opinion": "意见",
    "text": "留言",
    "minutes": "会议纪要",
    "note": "附言",
    "content": "内容",
    "measures": "处置措施",
}
"""What fields are called whose form is not at hand."""


def is_form() -> bool:
    """Say whether the request brings what somebody typed into a form of a page."""
    if request.method != "POST" or request.blueprint not in _BLUEPRINTS or request.endpoint == _SAVED_BY_SCRIPT:
        return False
    by_script = request.accept_mimetypes.best == "application/json" or "HX-Request" in request.headers
    return not by_script and any(any(each) for each in typed().values())


def signed_out() -> ResponseReturnValue:
    """Answer a form posted after the sign-in had ended: sign in beside it, then go on from here."""
    steps = f"请先点“重新登录”，在新窗口里登录；然后回到本页点“{_going_on()}”。"
    return _resumable("登录已失效，您填写的内容没有丢失。", steps, 401, signs_in=True)


def page_too_old() -> ResponseReturnValue:
    """Answer a form whose page belongs to an earlier sign-in."""
    return _resumable("页面已过期，您填写的内容没有丢失。", f"请核对后点“{_going_on()}”。", 400)


def _going_on() -> str:
    return "继续填写" if request.endpoint in DRAFTED else "重新提交"


def too_late(sentence: str, labels: Mapping[str, str], status: int) -> ResponseReturnValue:
    """Answer who was not quick enough: why it was not taken, and what they had written."""
    return render_template(
        "items/kept.html", sentence=sentence, steps="", rows=_rows(labels), resume=None, lost=_files()
    ), status


def _resumable(sentence: str, steps: str, status: int, *, signs_in: bool = False) -> ResponseReturnValue:
    drafted, sent = request.endpoint in DRAFTED, request.form.to_dict(flat=False)
    following = request.path if request.endpoint == "items.submit" else None  # its page has the same address
    resume = {
        "url": request.full_path.rstrip("?"),
        "sign_in": url_for("auth.login", next=following) if signs_in else None,
        "typed": typed() if drafted else {name: each for name, each in sent.items() if name != "csrf_token"},
        "drafted": drafted,
        "button": _going_on(),
    }
    page = render_template(
        "items/kept.html", sentence=sentence, steps=steps, rows=_rows(LABELS), resume=resume, lost=_files()
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
