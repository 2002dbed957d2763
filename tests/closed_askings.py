"""The acts on a case and its steps as pages and programs ask for them, and in which states each is allowed.

Allowed where the rules say so, with the reason beside it; everywhere else refused (safety 5): who suspends a case lets
nobody go on with it, what is terminated or finished stays as it is, a step that is done is done once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from ledger.cases import WorkItem
from tests.audited import BUREAU, CLERK, OFFICE, SIGNER
from tests.walk import PDF, Walk

OPEN, SUSPENDED, TERMINATED, FINISHED, DONE = "open", "suspended", "terminated", "finished", "done"
WHY = "材料需要核对"
NOBODY = ""  # a reader of the notice on the wall

Sent = Callable[[Walk, WorkItem], Mapping[str, Any]]
WHILE_OPEN: Mapping[str, str] = {OPEN: "it waits"}
KEPT = {**WHILE_OPEN, SUSPENDED: "what was typed and its files are kept and decide nothing"}
ENDED = {**WHILE_OPEN, SUSPENDED: "what rests goes on, or is ended"}
RESUMED = {SUSPENDED: "what rests goes on, or is ended"}
HANGS = {**WHILE_OPEN, SUSPENDED: "the notice hangs: who reads it may object, unless it was taken down"}
REMARK = {
    **dict.fromkeys((OPEN, SUSPENDED), "people who see the case agree how to go on"),
    **dict.fromkeys((TERMINATED, FINISHED), "auditors ask about what has ended; nothing of it changes"),
}


@dataclass(frozen=True)
class Asking:
    """One act on a case brought to `stage`, at its step `stem`; `act` is its row in the trail."""

    act: str
    who: str
    place: tuple[str, str]  # the case's name in `tests.closed.World`, and the step
    path: str
    sent: Sent
    allowed: Mapping[str, str]

    @property
    def by_program(self) -> bool:
        return self.path.startswith("/api/")


def _made(more: Mapping[str, Any], walk: Walk, item: WorkItem) -> dict[str, Any]:
    return {name: value(walk, item) if callable(value) else value for name, value in more.items()}


def typed(**more: Any) -> Sent:
    """Return what a form sends: the revision its page shows, and more; a function gets the case and the step."""
    return lambda walk, item: {"_revision": str(item.revision), **_made(more, walk, item)}


def exactly(*names: str, **more: Any) -> Sent:
    """Return what a program sends: what the description names and nothing else."""

    def make(walk: Walk, item: WorkItem) -> Mapping[str, Any]:
        known = {"revision": item.revision, "reason": WHY}
        return {**{name: known[name] for name in names}, **_made(more, walk, item)}

    return make


def _town(walk: Walk, _item: WorkItem) -> int:
    return walk.ground.county.townships["鹿角镇"].id


def _department(walk: Walk, _item: WorkItem) -> int:
    return walk.ground.county.departments["县水利局"].id


def _agriculture(walk: Walk, _item: WorkItem) -> int:
    return walk.ground.county.agriculture.id


def _photo(_walk: Walk, item: WorkItem) -> Any:
    return BytesIO(PDF + str(item.id).encode()), "现场.pdf"


def _posted_on(walk: Walk, _item: WorkItem) -> str:
    return walk.now.date().isoformat()


def _later(walk: Walk, _item: WorkItem) -> str:
    return (walk.now.date().replace(day=28)).isoformat()


def _token(_walk: Walk, item: WorkItem) -> str:
    return item.token


RECEIVE, TAKEN, SURVEY = ("receive", "receive"), ("taken", "receive"), ("survey", "field_survey")
SURVEYED, REVIEW = ("survey", "receive"), ("review", "joint_review")
SIGNED, HANGING = ("signed", "evaluation"), ("hanging", "notice_site")
CASE, ITEM, API_CASE, API_ITEM = "/cases/{case}", "/items/{item}", "/api/v1/cases/{case}", "/api/v1/items/{item}"
RECEIVED = {"verdict": "taken", "level": "village"}
SAID = {"raised_by": "村民甲", "contact": "13800000001", "content": "面积不对"}
WHY_TYPED, WHY_SENT = typed(reason=WHY), exactly("reason")

ASKINGS = (
    Asking("complete", CLERK, RECEIVE, ITEM, typed(**RECEIVED, _action="submit"), WHILE_OPEN),
    Asking("complete", CLERK, RECEIVE, f"{API_ITEM}/complete", exactly("revision", answers=RECEIVED), WHILE_OPEN),
    Asking("upload", CLERK, SURVEY, ITEM, typed(_action="draft", photos=_photo), KEPT),
    Asking("upload", CLERK, SURVEY, f"{API_ITEM}/papers", typed(field="photos", file=_photo), KEPT),
    Asking("claim", CLERK, RECEIVE, f"{ITEM}/claim", typed(), WHILE_OPEN),
    Asking("claim", CLERK, RECEIVE, f"{API_ITEM}/claim", exactly("revision"), WHILE_OPEN),
    Asking("release", CLERK, TAKEN, f"{ITEM}/release", WHY_TYPED, WHILE_OPEN),
    Asking("release", CLERK, TAKEN, f"{API_ITEM}/release", exactly("revision", "reason"), WHILE_OPEN),
    Asking("transfer", CLERK, SURVEY, f"{ITEM}/transfer", typed(reason=WHY, unit=_town), WHILE_OPEN),
    Asking("transfer", CLERK, SURVEY, f"{API_ITEM}/transfer", exactly("revision", "reason", unit_id=_town), WHILE_OPEN),
    Asking("send_back", CLERK, SURVEY, f"{ITEM}/send-back", typed(reason=WHY, target="receive"), WHILE_OPEN),
    Asking(
        *("send_back", CLERK, SURVEY, f"{API_ITEM}/send-back"),
        exactly("revision", "reason", target="receive"),
        WHILE_OPEN,
    ),
    Asking("call_back", CLERK, SURVEYED, f"{ITEM}/call-back", WHY_TYPED, WHILE_OPEN),
    Asking("call_back", CLERK, SURVEYED, f"{API_ITEM}/call-back", WHY_SENT, WHILE_OPEN),
    Asking("urge", BUREAU, SURVEY, f"{ITEM}/urge", typed(words="请尽快"), WHILE_OPEN),
    Asking("urge", CLERK, REVIEW, f"{API_ITEM}/urge", exactly(), WHILE_OPEN),
    Asking("add_reviewer", CLERK, REVIEW, f"{ITEM}/reviewers", typed(reason=WHY, unit=_department), WHILE_OPEN),
    Asking(
        *("add_reviewer", CLERK, REVIEW, f"{API_ITEM}/add-reviewer"),
        exactly("reason", unit_id=_department),
        WHILE_OPEN,
    ),
    Asking("drop_reviewer", CLERK, REVIEW, f"{ITEM}/reviewers/drop", WHY_TYPED, WHILE_OPEN),
    Asking("drop_reviewer", CLERK, REVIEW, f"{API_ITEM}/drop-reviewer", WHY_SENT, WHILE_OPEN),
    Asking("overdue", CLERK, REVIEW, f"{ITEM}/overdue", typed(), WHILE_OPEN),
    Asking("overdue", CLERK, REVIEW, f"{API_ITEM}/overdue", exactly(), WHILE_OPEN),
    Asking("sign", SIGNER, SIGNED, f"{ITEM}/signature", typed(_action="approve", opinion=WHY), WHILE_OPEN),
    Asking("sign", SIGNER, SIGNED, f"{API_ITEM}/sign", exactly("revision", approve=True), WHILE_OPEN),
    Asking("suspend", BUREAU, SURVEY, f"{CASE}/suspend", WHY_TYPED, WHILE_OPEN),
    Asking("suspend", BUREAU, SURVEY, f"{API_CASE}/suspend", WHY_SENT, WHILE_OPEN),
    Asking("resume", BUREAU, SURVEY, f"{CASE}/resume", WHY_TYPED, RESUMED),
    Asking("resume", BUREAU, SURVEY, f"{API_CASE}/resume", WHY_SENT, RESUMED),
    Asking("terminate", BUREAU, SURVEY, f"{CASE}/terminate", typed(reason=WHY, sure="yes"), ENDED),
    Asking("terminate", BUREAU, SURVEY, f"{API_CASE}/terminate", WHY_SENT, ENDED),
    Asking("move", BUREAU, SURVEY, f"{CASE}/move", typed(reason=WHY, token=_token, target="receive"), WHILE_OPEN),
    Asking("move", BUREAU, SURVEY, f"{API_CASE}/move", exactly("reason", token=_token, target="receive"), WHILE_OPEN),
    Asking("copy", CLERK, RECEIVE, f"{CASE}/copies/new", typed(unit=_agriculture, note="请知悉"), REMARK),
    Asking(
        "copy",
        CLERK,
        RECEIVE,
        f"{API_CASE}/copies",
        exactly(units=lambda walk, item: [_agriculture(walk, item)]),
        REMARK,
    ),
    Asking("comment", CLERK, RECEIVE, f"{CASE}/comments", typed(text="请核对面积"), REMARK),
    Asking("waiver_requested", CLERK, RECEIVE, f"{CASE}/waivers/5", lambda *_: {"reason": "由村自营"}, WHILE_OPEN),
    Asking("waiver_confirmed", SIGNER, TAKEN, f"{CASE}/waivers/5/confirm", typed(), WHILE_OPEN),
    Asking("change_timer", BUREAU, HANGING, f"{CASE}/publicity/extend", typed(reason=WHY, last=_later), WHILE_OPEN),
    Asking("change_timer", BUREAU, HANGING, f"{CASE}/timers/{{timer}}", typed(reason=WHY, last=_later), WHILE_OPEN),
    Asking(
        *("change_timer", BUREAU, HANGING, f"{API_CASE}/change-timer"),
        lambda walk, item: {"timer_id": 0, "last_on": _later(walk, item), "reason": WHY},
        WHILE_OPEN,
    ),
    Asking(
        *("repost", CLERK, HANGING, f"{CASE}/publicity/repost"),
        typed(reason="被风雨损毁", places="notice_site", posted_on=_posted_on, photo_notice_site=_photo),
        WHILE_OPEN,
    ),
    Asking("objection", OFFICE, HANGING, f"{CASE}/objections/new", lambda *_: SAID, HANGS),
    Asking("objection", CLERK, HANGING, f"{API_CASE}/objections", lambda *_: SAID, HANGS),
    Asking("objection", NOBODY, HANGING, "/gonggao/{case}/{token}", lambda *_: SAID, HANGS),
)

LEFT_OUT = {
    "/items/<int:item_id>/draft": "keeps what was typed and nothing else; 410 afterwards (test_items)",
    "/items/<int:item_id>/delegate": "a step that waits, as claim and release (test_acts)",
    "/items/<int:item_id>/skip": "needs a diagram that allows it (test_acts)",
    "/cases/<int:case_id>/binder": "prints what the person may read, of any case",
    "/api/v1/items/<int:item_id>/delegate": "as its page",
    "/api/v1/items/<int:item_id>/hand-back": "the same act as complete, for who was asked",
    "/api/v1/items/<int:item_id>/skip": "as its page",
    "/api/v1/items/<int:item_id>/papers/<int:paper_id>/remove": "asks the same as adding one",
}
"""Acts on a case or a step that are in no row above, with the reason."""
