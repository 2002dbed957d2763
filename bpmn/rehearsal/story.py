"""What becomes of one project in a rehearsal: its class, its returns, objections, rounds, its exit; drawn from a seed.

Everything is drawn before the case begins, so that one project's story does not hang on when another's step was done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from ledger.vocabulary import Category, Cause, LinkageGap, Operation, ProjectProblem

# how often something happens, of all projects that could meet it
_CLASSES = {Category.CONSOLIDATE: 40, Category.UPGRADE: 30, Category.REVIVE: 20, Category.REBUILD: 10}
_STATES: Mapping[Category, tuple[Operation, ...]] = {
    Category.CONSOLIDATE: (Operation.NORMAL,),
    Category.UPGRADE: (Operation.NORMAL, Operation.DIFFICULT),
    Category.REVIVE: (Operation.STOPPED,),
    Category.REBUILD: (Operation.STOPPED, Operation.DIFFICULT),
}
_RETURNS = {
    "receive": 0.03,
    "preliminary_opinion": 0.03,
    "party_meeting": 0.01,
    "village_opinion": 0.03,
    "unit_opinion": 0.03,
    "acceptance_check": 0.05,
    "decision": 0.03,
    "filing": 0.03,
}
_WITHDRAWN, _CHANGED, _UNSIGNED, _SENT_BACK = 0.1, 0.06, 0.04, 0.02
_DISSENT, _LATE_REVIEWER, _LATE_STEP = 0.15, 0.04, 0.02
_EXIT, _EXIT_REFUSED, _WRITE_OFF, _WRITE_OFF_REFUSED = 0.04, 0.2, 0.4, 0.25
_OBJECTION, _UPHELD, _ANOTHER_OBJECTION = 0.06, 0.35, 0.25
_UNREACHED, _UNREACHED_TWICE = 0.1, 0.2
_PARTIAL_LINKAGE = 0.3
_MOST_CAUSES = 3


@dataclass(frozen=True)
class Story:
    """Everything made up about one project before its case begins."""

    category: Category
    operation: Operation
    causes: tuple[str, ...]
    problems: tuple[str, ...]
    gaps: tuple[str, ...]  # none: linkage is full
    returned_at: frozenset[str]  # steps that send the case back when they are first done
    withdrawn: bool  # of a project handed back: it is no operating project
    changed: bool  # by the leading group
    unsigned: bool  # the signer gives back what was first prepared
    sent_back: bool  # once by an act of a person, along no drawn line
    dissent: int | None  # which reviewing body has remarks
    late_reviewer: bool
    exit_at: str | None  # the step that proposes the exit
    exit_refused: bool
    write_off: bool
    write_off_refused: bool
    objections: tuple[tuple[bool, ...], ...]  # per publicity period: each objection, upheld or not
    unreached: int  # rounds of disposal that do not reach their results
    reclassified: Category
    seed: str

    def lag(self, stem: str, visit: int) -> tuple[float, bool]:
        """Return after how many hours a step is taken up for the n-th time, and whether that is late."""
        random = Random(f"{self.seed}:{stem}:{visit}")  # noqa: S311  # made-up decisions, no secret
        return random.uniform(1, 30), random.random() < _LATE_STEP


def story_of(seed: int, number: str) -> Story:
    """Draw a project's story; the same seed and number give the same story."""
    name = f"{seed}:{number}"
    random = Random(name)  # noqa: S311  # made-up decisions, no secret
    category = random.choices(list(_CLASSES), list(_CLASSES.values()))[0]
    operation = random.choice(_STATES[category])
    troubled = operation is not Operation.NORMAL
    gone = random.random() < _EXIT
    return Story(
        category=category,
        operation=operation,
        causes=_some(random, list(Cause), _MOST_CAUSES) if troubled else (),
        problems=_some(random, list(ProjectProblem), 2) if troubled else (),
        gaps=_some(random, list(LinkageGap), 2) if random.random() < _PARTIAL_LINKAGE else (),
        returned_at=frozenset(stem for stem, share in _RETURNS.items() if random.random() < share),
        withdrawn=random.random() < _WITHDRAWN,
        changed=random.random() < _CHANGED,
        unsigned=random.random() < _UNSIGNED,
        sent_back=random.random() < _SENT_BACK,
        dissent=random.randrange(3) if random.random() < _DISSENT else None,
        late_reviewer=random.random() < _LATE_REVIEWER,
        exit_at=random.choice(("party_meeting", "disposal")) if gone else None,
        exit_refused=random.random() < _EXIT_REFUSED,
        write_off=random.random() < _WRITE_OFF,
        write_off_refused=random.random() < _WRITE_OFF_REFUSED,
        objections=_objections(random),
        unreached=_unreached(random),
        reclassified=random.choice((Category.CONSOLIDATE, Category.UPGRADE)),
        seed=name,
    )


def _some(random: Random, identifiers: Sequence[str], most: int) -> tuple[str, ...]:
    return tuple(str(each) for each in random.sample(identifiers, random.randint(1, most)))


def _objections(random: Random) -> tuple[tuple[bool, ...], ...]:
    """Draw the objections of each period: the first may bring about a second period, in which all is quiet or not."""
    periods: list[tuple[bool, ...]] = []
    while random.random() < _OBJECTION:
        raised = [random.random() < _UPHELD]
        if random.random() < _ANOTHER_OBJECTION:
            raised.append(random.random() < _UPHELD)
        periods.append(tuple(raised))
    return tuple(periods)


def _unreached(random: Random) -> int:
    if random.random() >= _UNREACHED:
        return 0
    return 2 if random.random() < _UNREACHED_TWICE else 1
