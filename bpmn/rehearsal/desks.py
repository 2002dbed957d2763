"""The people of a rehearsed county and what their units have at hand: today's meeting, the batch being gathered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from bpmn.casefile import Acting
from ledger.demonstration import holders_of_posts
from ledger.gatherings import NewMeeting, create_meeting
from ledger.scope import Actor
from ledger.vocabulary import MeetingKind, Role

FULL = 50  # cases of one meeting or batch; then the next one is held
_MINUTES = "会议听取了调研和会审情况汇报，逐项目研究了分类和处置措施，形成一致意见。"


class NobodyActs(LookupError):
    """没有人可以办理."""


@dataclass
class _Gathering:
    """A meeting or batch that more cases can join."""

    id: int
    day: date
    count: int = 0

    def open_on(self, day: date) -> bool:
        return self.day == day and self.count < FULL


@dataclass
class Desks:
    """Who acts for a unit, and the gathering its next case joins."""

    people: Mapping[tuple[int, str], Actor]
    campaign_id: int
    meetings: dict[tuple[int, str], _Gathering] = field(default_factory=dict)
    batches: dict[int, _Gathering] = field(default_factory=dict)

    def person(self, unit_id: int, role: str) -> Actor:
        """Return who acts in a role of a unit; NobodyActs when there is none."""
        found = self.people.get((unit_id, str(role)))
        if found is None:
            raise NobodyActs(f"单位{unit_id}没有{Role(role).label}")
        return found

    def has_meeting(self, unit_id: int, kind: MeetingKind, day: date) -> bool:
        """Say whether the unit meets on `day` and the meeting can take one more case."""
        known = self.meetings.get((unit_id, kind))
        return known is not None and known.open_on(day)

    def join_meeting(self, unit_id: int, kind: MeetingKind) -> int:
        """Return the meeting that takes one more case."""
        known = self.meetings[unit_id, kind]
        known.count += 1
        return known.id

    def hold_meeting(self, acting: Acting, unit_id: int, kind: MeetingKind, day: date) -> int:
        """Enter a meeting of the unit and return it; its first case is with it."""
        held = self._held(acting, unit_id, kind, day)
        self.meetings[unit_id, kind] = _Gathering(held, day, 1)
        return held

    def _held(self, acting: Acting, unit_id: int, kind: MeetingKind, day: date) -> int:
        new = NewMeeting(
            kind=kind,
            unit_id=unit_id,
            campaign_id=self.campaign_id,
            title=f"{acting.actor.posts[0].unit_name}{day.year}年{day.month}月{day.day}日{kind.label}",
            held_on=day,
            place="二楼会议室",
            chair="主持人甲",
            attendance=("参会人甲", "参会人乙", "参会人丙"),
            minutes=_MINUTES,
        )
        return create_meeting(acting.session, new, acting.actor, acting.now).id

    def batch(self, unit_id: int, day: date) -> int | None:
        """Return the batch a unit gathers today, or None when the case begins a new one."""
        known = self.batches.get(unit_id)
        if known is None or not known.open_on(day):
            return None
        known.count += 1
        return known.id

    def begun(self, unit_id: int, batch_id: int, day: date) -> None:
        """Note the batch a case has just begun."""
        self.batches[unit_id] = _Gathering(batch_id, day, 1)


def desks_of(session: Session, campaign_id: int) -> Desks:
    """Return the desks of everybody who holds a post; the first person of a role acts."""
    return Desks(holders_of_posts(session), campaign_id)
