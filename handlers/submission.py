"""报送 (P5): the case joins a batch to the leading group, complete and attested as true (art. 13, 18, 22)."""

from __future__ import annotations

from handlers.facts import headline, measures_proposed
from handlers.outcome import Answers, BatchJoined, Handler, Outcome, Shown, Step
from handlers.rules import label_of, refuse_if, short
from ledger.vocabulary import Category


def prepare(step: Step) -> Answers:
    """Start with the batch and number of the first submission, which a second one usually joins."""
    before = step.answers.get("submission", {})
    return {name: before[name] for name in ("into", "batch") if name in before}


def show(step: Step) -> Shown:
    exits = step.variables.get("exit_proposed")
    return Shown(
        {
            "project": headline(step),
            "category": label_of(Category, step.variables.get("category")),
            "proposal": "审定退出追偿" if exits else "审定分类及处置措施",
            "measures": measures_proposed(step),
            "missing": missing_words(step),
        }
    )


def missing_words(step: Step) -> str:
    """Say what the package lacks."""
    return f"还缺：{'、'.join(step.missing_papers)}" if step.missing_papers else "材料齐全"


def complete(step: Step, answers: Answers) -> Outcome:
    """Join the batch; refused with the list while a piece is missing."""
    if step.missing_papers:
        refuse_if({"": f"材料不齐，不能报送。{missing_words(step)}"})
    if answers["into"] == "existing":
        return Outcome(batch=BatchJoined(int(answers["batch"])), summary="加入已有批次报送，已承诺数据真实")
    batch = BatchJoined(None, answers["title"], str(answers.get("number") or ""))
    return Outcome(batch=batch, summary=short(f"报送（{batch.number or batch.title}），已承诺数据真实"))


HANDLER = Handler("submission", complete, prepare, show)
