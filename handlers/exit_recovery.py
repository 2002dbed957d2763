"""退出追偿 (P9, art. 2): money due and money recovered, payment by payment, until settled or put up for write-off."""

from __future__ import annotations

from decimal import Decimal

from forms.rendering import yuan
from handlers.outcome import Answers, Handler, Outcome, Shown, Step
from handlers.rules import amount_in, day_in, refuse_if, short


def due_of(step: Step) -> Decimal:
    """Return what the last decision asked to recover, in 元."""
    return amount_in(step.answers.get("decision", {}), "recover_yuan")


def recovered_of(step: Step) -> Decimal:
    """Return what the earlier entries on this item recovered, in 元."""
    return sum((amount_in(entry, "recovered_yuan") for entry in step.entries), Decimal(0))


def prepare(step: Step) -> Answers:
    return {"write_off_yuan": f"{max(due_of(step) - recovered_of(step), Decimal(0)):.2f}"}


def show(step: Step) -> Shown:
    due, recovered = due_of(step), recovered_of(step)
    outstanding = yuan(max(due - recovered, Decimal(0)))
    return Shown({"due": yuan(due), "recovered": yuan(recovered), "outstanding": outstanding})


def complete(step: Step, answers: Answers) -> Outcome:
    if answers["action"] == "write_off":
        return _written_off(step, answers)
    recovered = recovered_of(step) + amount_in(answers, "recovered_yuan")
    errors = _payment_errors(step, answers)
    if answers["action"] == "settled" and recovered < due_of(step):
        lacking = yuan(due_of(step) - recovered)
        errors["action"] = f"还有{lacking}没有追回，不能结清；确实无法追回的，请提请核销"
    refuse_if(errors)
    if answers["action"] == "payment":
        paid = yuan(amount_in(answers, "recovered_yuan"))
        return Outcome(remains=True, summary=short(f"追回{paid}，累计{yuan(recovered)}"))
    return Outcome(variables={"write_off_proposed": False}, summary=short(f"追偿结清，共追回{yuan(recovered)}"))


def _payment_errors(step: Step, answers: Answers) -> dict[str, str]:
    errors: dict[str, str] = {}
    if not amount_in(answers, "recovered_yuan"):
        return {"recovered_yuan": "请填写本次追回金额"} if answers["action"] == "payment" else errors
    for name, sentence in (
        ("recovered_on", "请填写追回日期"),
        ("method", "请选择追回方式"),
        ("vouchers", "请上传凭证"),
    ):
        if not answers.get(name):
            errors[name] = sentence
    recovered_on = day_in(answers, "recovered_on")
    if recovered_on is not None and recovered_on > step.today:
        errors["recovered_on"] = "追回日期不能晚于今天"
    return errors


def _written_off(step: Step, answers: Answers) -> Outcome:
    outstanding = due_of(step) - recovered_of(step)
    amount = amount_in(answers, "write_off_yuan")
    if outstanding <= 0:
        refuse_if({"action": "已全部追回，请办理结清"})
    if amount != outstanding:
        refuse_if({"write_off_yuan": f"提请核销金额应等于尚未追回的{yuan(outstanding)}"})
    return Outcome(
        variables={"write_off_proposed": True},
        summary=short(f"提请核销{yuan(amount)}：{answers['write_off_reason']}"),
    )


HANDLER = Handler("exit_recovery", complete, prepare, show)
