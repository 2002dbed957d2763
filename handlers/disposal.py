"""处置落实 (P8): progress entry by entry until all is done, or until it is plain that linkage cannot be built."""

from __future__ import annotations

from typing import Any

from forms.rendering import yuan
from handlers.outcome import Answers, Handler, Outcome, Shown, Step
from handlers.rules import amount_in, refuse_if, short

ALL = 100  # percent


def show(step: Step) -> Shown:
    lines = [f"{entry['percent']}%：{entry['text']}" for entry in step.entries if "percent" in entry]
    spent = sum(amount_in(entry, "spent_yuan") for entry in step.entries)
    if spent:
        lines.append(f"累计投入{yuan(spent)}")
    return Shown({"earlier": "\n".join(lines) or "还没有登记"})


def complete(step: Step, answers: Answers) -> Outcome:
    """Keep an entry, end the disposal, or propose the exit (art. 2)."""
    if answers["action"] == "exit":
        return Outcome(variables={"exit_proposed": True}, summary=short(f"提出退出：{answers['exit_reason']}"))
    percent = answers["percent"]
    columns: dict[str, Any] = {"progress": answers["text"], "progress_percent": percent}
    mark = "（阶段性成效）" if answers.get("first_results") else ""
    summary = short(f"{percent}%{mark}：{answers['text']}")
    if answers["action"] == "progress":
        return Outcome(project=columns, remains=True, summary=summary)
    errors: dict[str, str] = {}
    if percent != ALL:
        errors["percent"] = "处置完毕时进度应为100%；还没有完成的，请选“登记进展”"
    if not any(entry.get("photos") for entry in (*step.entries, answers)):
        errors["photos"] = "处置完毕前至少要上传一次现场照片"
    refuse_if(errors)
    return Outcome(variables={"exit_proposed": False}, project=columns, summary=short(f"处置完毕：{answers['text']}"))


HANDLER = Handler("disposal", complete, show=show)
