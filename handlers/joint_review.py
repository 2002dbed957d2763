"""会审 (P3): one opinion of each reviewing body; whoever does not simply agree says what is wrong."""

from __future__ import annotations

from forms.rendering import project_text
from handlers.classing import suggestion_text, surveyed_suggestion
from handlers.facts import headline, state, value
from handlers.outcome import Answers, Handler, Outcome, Print, Shown, Step
from handlers.rules import label_of, project_rows, refuse_if, short
from ledger.vocabulary import PaperKind, ReviewOpinion


def prepare(step: Step) -> Answers:
    return {"reviewers": step.actor_name} if step.actor_name else {}


def show(step: Step) -> Shown:
    project = step.project
    assessment = step.answers.get("assessment", {})
    return Shown(
        {
            "project": headline(step),
            "funding": project_text("funding", project.get("funding")),
            "value": value(project),
            "state": state(project),
            "suggestion": suggestion_text(surveyed_suggestion(step)),
            "conclusion": step.answers.get("field_survey", {}).get("conclusion", ""),
            "assessment": assessment.get("failure_cause", ""),
        },
        context={"assessed": "true" if assessment else "false"},
    )


def complete(step: Step, answers: Answers) -> Outcome:
    """Take the opinion; the answers themselves are what 初步意见 reads."""
    opinion = ReviewOpinion(answers["opinion"])
    text = answers.get("text", "")
    if opinion is not ReviewOpinion.AGREE and not text:
        refuse_if({"text": f"{opinion.label}的，请写明意见内容"})
    rows = (
        *project_rows(step),
        ("会审单位", step.unit_name),
        ("项目责任单位", str(step.project.get("responsible_unit") or "责任单位")),
        ("意见", label_of(ReviewOpinion, opinion)),
        ("意见内容", text or "同意调研结论和处置建议"),
        ("会审人员", answers.get("reviewers", "")),
    )
    paper = Print(
        PaperKind.REVIEW_OPINION, f"{step.project['name']}会审意见（{step.unit_name}）", rows, "review_opinion"
    )
    return Outcome(
        prints=() if answers.get("paper") else (paper,),
        summary=short(f"{opinion.label}：{text}" if text else opinion.label),
    )


HANDLER = Handler("joint_review", complete, prepare, show)
