"""Start a case, complete an item, fire a timer, send back: every act on a case, by its name.

Acts are the only writers of case state. Each is the same walk in the caller's transaction: lock the case → check
item, person and revision → read the answers → let the handler decide → let the engine move → write rows → one journal
row (`bpmn.moving_on`). It commits nothing: whoever began the transaction does, so that an error anywhere changes
nothing.
"""

from __future__ import annotations

from bpmn.acts import call_back, return_targets, send_back, skip, transfer, urge
from bpmn.casefile import Acting
from bpmn.completed import Completed
from bpmn.firing import fire_timer
from bpmn.holding import claim, colleagues, delegate, hand_back, release
from bpmn.moving_on import Decided, carry_on, complete_item, decide
from bpmn.objections import record_overdue, register_objection
from bpmn.opening import OpenItem, answer_item, open_item
from bpmn.publicity_acts import Repost, extend_publicity, repost
from bpmn.refusals import ActRefused, AlreadyDone, CannotStart, CaseClosed, ItemGone, NotYours, OutsidePublicity
from bpmn.reviewers import add_reviewer, candidates, drop_reviewer
from bpmn.signing import sign_item
from bpmn.starting import start_case, start_cases, starting_variables
from bpmn.supervision import change_timer, move_targets, move_token, resume, suspend, terminate

__all__ = [
    "ActRefused",
    "Acting",
    "AlreadyDone",
    "CannotStart",
    "CaseClosed",
    "Completed",
    "Decided",
    "ItemGone",
    "NotYours",
    "OpenItem",
    "OutsidePublicity",
    "Repost",
    "add_reviewer",
    "answer_item",
    "call_back",
    "candidates",
    "carry_on",
    "change_timer",
    "claim",
    "colleagues",
    "complete_item",
    "decide",
    "delegate",
    "drop_reviewer",
    "extend_publicity",
    "fire_timer",
    "hand_back",
    "move_targets",
    "move_token",
    "open_item",
    "record_overdue",
    "register_objection",
    "release",
    "repost",
    "resume",
    "return_targets",
    "send_back",
    "sign_item",
    "skip",
    "start_case",
    "start_cases",
    "starting_variables",
    "suspend",
    "terminate",
    "transfer",
    "urge",
]
