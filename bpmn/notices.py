"""公告 as it is put up: the official paper of one place, written before it hangs, with the code of its public page."""

from __future__ import annotations

from dataclasses import replace

from bpmn.casefile import Acting
from bpmn.opening import open_item
from bpmn.prints import written
from bpmn.publicity_record import SITE, UNIT
from forms.papers.pictured import with_picture
from handlers.outcome import Answers
from handlers.posting import AT_SITE, AT_UNIT, notice
from ledger.papers import File

WHERE = {UNIT: AT_UNIT, SITE: AT_SITE}
_CAPTION = "扫码查看公告、提出异议"


def notice_for_board(acting: Acting, item_id: int, words: Answers, code: bytes) -> File:
    """Return the notice of one of the two places with `words`; `code` is its QR code as PNG. Nothing is filed."""
    shown = open_item(acting, item_id)
    printed = notice(shown.step, WHERE[shown.item.stem], words)
    paper = written(acting, printed, shown.item.unit, shown.case.started_at)
    return replace(paper, content=with_picture(paper.content, code, _CAPTION))
