"""月度更新 (R3): the ledger and Annex 4 are brought up to date and confirmed; both are filed as they stood."""

from __future__ import annotations

from handlers.outcome import Answers, Handler, Outcome, Shown, Step

COMPLETE = "台账各项都已填写。"


def show(step: Step) -> Shown:
    gaps = step.round.gaps if step.round is not None else ()
    return Shown({"gaps": "\n".join(gaps) or COMPLETE}, context={"gaps": "yes" if gaps else "no"})


def complete(step: Step, _answers: Answers) -> Outcome:
    """Confirm both tables; what is still missing needs the unit's words, not the system's leave."""
    gaps = len(step.round.gaps) if step.round is not None else 0
    return Outcome(summary=f"已确认台账和统计表，{gaps}处待补充" if gaps else "已确认台账和统计表")


HANDLER = Handler("monthly_update", complete, show=show)
