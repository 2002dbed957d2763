"""The values a handler takes and returns: everything it may know, everything it may decide."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from ledger.classification import Suggestion
from ledger.vocabulary import PaperKind

if TYPE_CHECKING:  # the checks' child process needs the handlers' names, and no database
    from ledger.working_days import Calendar

Answers = Mapping[str, Any]
Scalar = str | int | bool | None | Sequence[str] | Sequence[int]


@dataclass(frozen=True)
class OpenObjection:
    """An objection that waits for its finding."""

    id: int
    raised_by: str
    content: str
    entered_on: date


@dataclass(frozen=True)
class MeetingFacts:
    """The meeting that an answer names."""

    id: int
    title: str
    held_on: date
    has_minutes: bool  # text or a signed scan
    signed: bool = False  # the minutes written with its verdicts were signed: what they list is closed


@dataclass(frozen=True)
class RoundFacts:
    """What a step of a round may look at: the unit's figures now and as last confirmed, and what is to be said."""

    kind: str  # RoundKind
    title: str
    figures: Mapping[str, int]  # by the names of ledger.round_figures.FIGURES
    rates: tuple[tuple[str, str], ...] = ()  # the three rates: name and percentage, as printed
    progress: tuple[str, ...] = ()  # a line for each 盘活 and 重建 project
    gaps: tuple[str, ...] = ()  # what the ledger still lacks, a line each
    invested: str = ""  # 投资规模 of its projects in 万元, as printed
    projects: tuple[tuple[str, str, str], ...] = ()  # each project's name, number and class, as printed
    annexes: tuple[str, ...] = ()  # names of the files the unit adds to its report


@dataclass(frozen=True)
class Step:
    """What a handler may look at. Nothing in it can be changed, and nothing else may be asked."""

    stem: str
    now: datetime
    today: date  # in Asia/Shanghai
    calendar: Calendar
    project: Mapping[str, Any]  # the columns of ledger.projects.Project by name, amounts as Decimal
    dates: Mapping[str, date]  # the campaign's dates by the names of ledger.campaigns.MOMENTS
    variables: Mapping[str, Any]  # of the case
    answers: Mapping[str, Answers]  # the latest answers of each stem completed in this case
    answered_on: Mapping[str, date] = field(default_factory=dict)  # when each stem was completed last
    reviews: tuple[Answers, ...] = ()  # joint_review / consultation answers of the present round, each with `body`
    entries: tuple[Answers, ...] = ()  # earlier entries on this very item (disposal, exit_recovery, filing)
    papers: Mapping[str, int] = field(default_factory=dict)  # PaperKind → how many the case holds
    missing_papers: tuple[str, ...] = ()  # what this step's completeness check finds missing, in Chinese
    objections: tuple[OpenObjection, ...] = ()
    meeting: MeetingFacts | None = None
    reply_number: str = ""  # of the 批复 that the deciding meeting already gave this unit
    instance: str | None = None  # multi-instance: for whom this item is
    actor_name: str = ""
    unit_name: str = ""
    suggest: Callable[[Collection[str]], Suggestion] | None = None  # the decision table over findings
    round: RoundFacts | None = None  # of a step that is about a unit and a period instead of a project

    @property
    def assessed(self) -> bool:
        """Say whether the case holds a 项目评估报告, without which nothing may become 重建 (art. 10)."""
        return bool(self.answers.get("assessment")) or self.papers.get(PaperKind.ASSESSMENT, 0) > 0


@dataclass(frozen=True)
class CategoryChange:
    """A class decided at this step: the dated history of 四个一批认定."""

    category: str
    article: str
    reason: str


@dataclass(frozen=True)
class Verdict:
    """What a meeting decided on this case."""

    meeting_id: int
    verdict: str
    category: str | None = None
    measures: str = ""
    reason: str = ""


@dataclass(frozen=True)
class ObjectionFinding:
    objection_id: int
    upheld: bool
    finding: str


@dataclass(frozen=True)
class ReplyIssued:
    """The case joins the 批复 of its meeting and unit; `number` is used when it is the first."""

    meeting_id: int
    number: str
    issued_on: date | None = None  # its date on paper, when it differs from the day it is entered
    request: str = ""  # what the paper asks of the unit
    brought: bool = False  # a signed scan was uploaded, and none is written beside it


@dataclass(frozen=True)
class BatchJoined:
    """The case is sent with a 报送批次: an existing one, or a new one with this title and 文号."""

    batch_id: int | None
    title: str = ""
    number: str = ""


@dataclass(frozen=True)
class Print:
    """A paper the software writes from the data and files on the case."""

    kind: str  # PaperKind
    title: str
    rows: tuple[tuple[str, str], ...] = ()  # label, text: what the template calls by the label
    template: str = "record"  # of `forms.papers.catalogue`
    more: Mapping[str, Any] = field(default_factory=dict)  # lists and groups of text by name


@dataclass(frozen=True)
class Outcome:
    """What a handler decided; `bpmn.runtime` carries it out in one transaction."""

    variables: Mapping[str, Scalar] = field(default_factory=dict)
    project: Mapping[str, Any] = field(default_factory=dict)  # columns of Project; `funding` as a matrix of Decimal
    remains: bool = False  # the item stays open; the answers are kept as an entry
    category: CategoryChange | None = None
    verdict: Verdict | None = None
    findings: tuple[ObjectionFinding, ...] = ()
    reply: ReplyIssued | None = None
    batch: BatchJoined | None = None
    prints: tuple[Print, ...] = ()
    responsible_unit_id: int | None = None  # reassign: the unit that runs the case from now on
    next_round: bool = False  # evaluation not reached: the round is counted (P10)
    summary: str = ""  # one line for 流转记录: 同意 / 退回补充 …


class StepRefused(ValueError):
    """The answers are well-formed but the step cannot be taken; `errors` maps field (or "") to a Chinese sentence."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("；".join(errors.values()))
        self.errors = dict(errors)


@dataclass(frozen=True)
class Shown:
    """What a form shows beside its fields, computed from the step; the runtime puts it into `forms.fields.Asked`."""

    display: Mapping[str, str] = field(default_factory=dict)  # display field → text
    records: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)  # records field → (key, caption)
    context: Mapping[str, str] = field(default_factory=dict)  # for "$name" conditions; the name without "$"


def no_preparation(_step: Step) -> Answers:
    """Start with an empty form."""
    return {}


def nothing_shown(_step: Step) -> Shown:
    """Show the form's own fields only."""
    return Shown()


@dataclass(frozen=True)
class Handler:
    """A step's three questions: what does the form start with, what does it show, what do the answers decide."""

    stem: str
    complete: Callable[[Step, Answers], Outcome]
    prepare: Callable[[Step], Answers] = no_preparation
    show: Callable[[Step], Shown] = nothing_shown
