"""Send what the outbox holds for one channel: lease, look again, send with no transaction open, settle one by one.

Each message is settled by itself, so that a sender killed at any moment leaves at most one that went out unsettled.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from time import monotonic

import structlog

from bpmn.incidents import note_failure
from ledger.db import SHANGHAI, SessionFactory, day_of, transaction
from ledger.deadlines import still_open
from ledger.message_choices import reachable
from ledger.message_texts import wordings_of
from ledger.outbox import (
    NO_ITEM,
    Line,
    Message,
    claim_messages,
    give_back,
    lines_of,
    note_sent,
    parts_sent,
    settle_message,
)
from ledger.people import colleagues_of
from ledger.round_lists import round_items_open
from scheduler.channels import PATIENCE, Channel, ChannelAway, ChannelFailed, Reach, Send
from scheduler.channels.sms import NAME as SMS
from scheduler.channels.sms import part_count
from scheduler.letters import Addressee, Letter, Paper, letter_of

OPENS, CLOSES = time(8, 30), time(20, 0)  # text messages disturb nobody outside these hours (T3)
REST = timedelta(minutes=1)  # after which a channel that was away is tried again
_ANSWERS = 5  # that sending one letter waits for: by SMTP sender, addressee, start, text and receipt
_WORK = timedelta(seconds=30)  # in which a batch's letters are begun: what is not is given back
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Outgoing:
    """One channel with what it needs to know: `link` stands in every message, `quota` bounds a unit's texts a day.

    Its lease outlasts the slowest letter begun in time, so that nobody else sends one which is still on its way.
    """

    name: str
    channel: Channel
    link: str = ""
    quota: int = 0
    signature: str = ""
    patience: float = PATIENCE

    @property
    def lease(self) -> timedelta:
        return _WORK + timedelta(seconds=_ANSWERS * self.patience)


@dataclass
class Passing:
    """Time as it passes during one long sending, from the moment it began: a lease must not outlive its clock."""

    began_at: datetime
    _start: float = 0.0

    def __post_init__(self) -> None:
        self._start = monotonic()

    @property
    def now(self) -> datetime:
        return self.began_at + timedelta(seconds=monotonic() - self._start)


def may_send(name: str, now: datetime) -> bool:
    """Say whether a channel may be used at this hour."""
    return name != SMS or OPENS <= now.astimezone(SHANGHAI).time() < CLOSES


def send_waiting(
    sessions: SessionFactory, outgoing: Outgoing, now: datetime, going_on: Callable[[], bool] = lambda: True
) -> int:
    """Send everything that waits for a channel and return how many went out."""
    passing, sent = Passing(now), 0
    while going_on() and may_send(outgoing.name, passing.now):
        with transaction(sessions) as session:
            claimed_at = passing.now
            claimed = claim_messages(session, outgoing.name, claimed_at, outgoing.channel.batch, outgoing.lease)
        if not claimed:
            break
        batch = _Batch(sessions, outgoing, passing, going_on, claimed_at + _WORK)
        try:
            batch.send(claimed)
        except ChannelAway as away:
            _log.warning("channel_away", channel=outgoing.name, reason=str(away))
            note_failure(sessions, f"channel:{outgoing.name}", away, passing.now, case_id=None, subject_id=None)
            going_on = _never
        sent += batch.sent_count
    return sent


def _never() -> bool:
    return False


def _stands(line: Line, open_ids: Collection[int], open_rounds: Collection[int]) -> bool:
    """Say whether what a line speaks of still waits; one that speaks of no item nothing overtakes."""
    if line.round_item_id != NO_ITEM:
        return line.round_item_id in open_rounds
    return line.item_id in open_ids or line.item_id == NO_ITEM


@dataclass
class _Batch:
    sessions: SessionFactory
    outgoing: Outgoing
    passing: Passing
    going_on: Callable[[], bool]
    begun_by: datetime  # later than that no letter is begun
    sent_count: int = 0

    def send(self, claimed: Sequence[Message]) -> None:
        """Send claimed messages; ChannelAway after giving back what was not tried."""
        left = list(claimed)
        try:
            letters = self._letters(claimed)
            with self.outgoing.channel.opened() as send:
                while left and self.going_on() and self.passing.now < self.begun_by:
                    self._one(send, left[0], letters.get(left[0].id))
                    left.pop(0)
        finally:
            if left:
                # an account refused or a server away blames no message: its attempt does not count
                with transaction(self.sessions) as session:
                    give_back(session, [each.id for each in left], self.passing.now + REST)

    def _letters(self, claimed: Sequence[Message]) -> dict[int, Letter]:
        """Compose what is still to be told; a message whose items are all done, or without an address, has none."""
        name = self.outgoing.name
        with transaction(self.sessions, writes=False) as session:
            told = [line for each in claimed for line in lines_of(each)]
            open_ids = still_open(session, {line.item_id for line in told})
            open_rounds = round_items_open(session, {line.round_item_id for line in told} - {NO_ITEM})
            people = reachable(session, {each.user_id for each in claimed}, (name,))
            paper = Paper(self.outgoing.link, wordings_of(session), self.outgoing.channel.reach is Reach.EMAIL)
        letters = {}
        for message in claimed:
            lines = [line for line in lines_of(message) if _stands(line, open_ids, open_rounds)]
            person = people.get(message.user_id)
            if person is not None and (lines or message.lines is None):
                to = Addressee(person.addresses.get(name, ""), person.name)
                letters[message.id] = letter_of(message, lines, to, paper)
        return letters

    def _one(self, send: Send, message: Message, letter: Letter | None) -> None:
        failure = self._refusal(message, letter)
        if failure is None and letter is not None:
            try:
                receipt = send(letter)
            except ChannelFailed as refused:
                failure = refused
            except ChannelAway:
                raise
            except Exception as error:  # a channel's own mistake must not stop the other messages
                _log.exception("channel_failed", channel=self.outgoing.name, message_id=message.id)
                failure = ChannelFailed(f"{type(error).__name__}: {error}")
            else:
                with transaction(self.sessions) as session:
                    note_sent(session, message.id, self.passing.now, receipt, self._parts(letter))
                self.sent_count += 1
                return
        self._give_up(message, failure)

    def _refusal(self, message: Message, letter: Letter | None) -> ChannelFailed | None:
        if letter is None:
            return None
        if self.outgoing.channel.reach and not letter.address:
            return ChannelFailed("没有填写地址或号码", permanent=True)
        if self.outgoing.quota and self.outgoing.name == SMS and self._used(message.user_id) >= self.outgoing.quota:
            return ChannelFailed(f"本单位今天的短信已用完（{self.outgoing.quota}条）", permanent=True)
        return None

    def _used(self, user_id: int) -> int:
        midnight = datetime.combine(day_of(self.passing.now), time.min, SHANGHAI)
        with transaction(self.sessions, writes=False) as session:
            return parts_sent(session, SMS, colleagues_of(session, user_id), midnight)

    def _parts(self, letter: Letter) -> int:
        return part_count(letter.short, self.outgoing.signature) if self.outgoing.name == SMS else 0

    def _give_up(self, message: Message, failure: ChannelFailed | None) -> None:
        """Settle a message that did not go out; one that nobody needs any more leaves no incident."""
        now = self.passing.now
        reason = "所涉任务都已办结" if failure is None else str(failure)
        for_good = failure is None or failure.permanent
        with transaction(self.sessions) as session:
            dead = settle_message(session, message.id, now, reason, for_good=for_good)
        if dead and failure is not None:
            note_failure(self.sessions, "message", failure, now, case_id=None, subject_id=message.id)
