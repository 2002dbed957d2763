"""事件通知: what happens to cases, told to a system elsewhere as signed messages through the outbox.

The journal is what is read out, so that nothing is told that did not happen and nothing that happened is passed over;
an act on a case pays nothing for who listens. Told are facts and numbers, no personal data and no decisions
(safety rule 11): who wants more asks the interface with a token.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

import orjson
from sqlalchemy import ForeignKey, String, cast, exists, func, literal, select, update
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger.cases import Case
from ledger.db import SHANGHAI, Base, SealedText
from ledger.journal import Entry, Moment
from ledger.outbox import Message, Notice, post
from ledger.people import Post, User
from ledger.projects import Project
from ledger.scope import Actor, actor_of, visible_projects

WEBHOOK = "webhook"  # the channel
KIND = "event"
MOST_HOOKS = 5
URL_LENGTH = 300
EVENTS = (
    *("start", "complete", "prepare", "sign", "unsigned", "entry", "timer", "objection", "overdue", "skip"),
    *("send_back", "call_back", "transfer", "claim", "release", "delegate", "hand_back"),
    *("add_reviewer", "drop_reviewer", "suspend", "resume", "terminate", "move", "change_timer"),
)
_BATCH = 500
_SETTLED_AFTER = timedelta(minutes=10)  # longer than any transaction: no older journal row can still be committed


class Webhook(Base):
    """An address that is told; what happened up to `entry_id` has all been told. Rows are ended, never deleted."""

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    url: Mapped[str]
    secret: Mapped[str] = mapped_column(SealedText)
    entry_id: Mapped[int]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class HookRefused(ValueError):
    """事件通知不能创建."""


@dataclass(frozen=True)
class Told:
    """What became of an address's messages."""

    sent_count: int
    waiting_count: int
    dead_count: int


def create_hook(session: Session, user_id: int, url: str, now: Moment) -> tuple[str, Webhook]:
    """Return the secret, told this once, and the hook, which tells what happens from now on; HookRefused.

    Whether the installation may send there is the caller's to ask.
    """
    if len(url) > URL_LENGTH:
        raise HookRefused(f"地址最多 {URL_LENGTH} 字")
    live = hooks_of(session, user_id)
    if any(hook.url == url for hook in live):
        raise HookRefused("这个地址已经在接收通知")
    if len(live) >= MOST_HOOKS:
        raise HookRefused(f"最多 {MOST_HOOKS} 个接收地址，请先停用不用的")
    secret = token_urlsafe(32)
    last = session.scalars(select(func.coalesce(func.max(Entry.id), 0))).one()
    hook = Webhook(user_id=user_id, url=url, secret=secret, entry_id=last, created_at=now.real_at)
    session.add(hook)
    session.flush()
    return secret, hook


def hooks_of(session: Session, user_id: int) -> Sequence[Webhook]:
    """Return the addresses a person has told, oldest first."""
    own = (Webhook.user_id == user_id, Webhook.ended_at.is_(None))
    return session.scalars(select(Webhook).where(*own).order_by(Webhook.id)).all()


def end_hook(session: Session, user_id: int, hook_id: int, now: Moment) -> Webhook | None:
    """Stop telling one of a person's own addresses, what waits included; None for a foreign one."""
    hook = next((each for each in hooks_of(session, user_id) if each.id == hook_id), None)
    if hook is not None:
        hook.ended_at = now.real_at
        waiting = (*_messages(hook), Message.sent_at.is_(None), Message.dead_at.is_(None))
        session.execute(update(Message).where(*waiting).values(dead_at=now.at, error="接收地址已停用"))
    return hook


def told(session: Session, hook: Webhook) -> Told:
    """Count what was told to an address, what waits to be, and what was given up."""
    counted = select(func.count(Message.sent_at), func.count(), func.count(Message.dead_at)).where(*_messages(hook))
    sent, every, dead = session.execute(counted).one()
    return Told(sent, every - sent - dead, dead)


def _messages(hook: Webhook) -> tuple[Any, ...]:
    return (Message.channel == WEBHOOK, Message.user_id == hook.user_id, Message.dedupe_key.startswith(_key(hook, "")))


def _key(hook: Webhook, entry_id: object) -> str:
    return f"hook:{hook.id}:{entry_id}"


def tell_hooks(session: Session, now: Moment) -> int:
    """Write what happened since to the outbox, for each address what its person may see; returns how many are new.

    Rows are read again until they are old enough: on PostgreSQL a lower number may be committed after a higher one.
    """
    old = select(Entry.id).where(Entry.recorded_at <= now.real_at - _SETTLED_AFTER)
    settled = session.scalars(old.order_by(Entry.id.desc()).limit(1)).one_or_none()  # from the end: a few rows are read
    live = select(Webhook).join(User, User.id == Webhook.user_id)
    wanted = live.where(Webhook.ended_at.is_(None), User.disabled_at.is_(None)).order_by(Webhook.id)
    people = joinedload(Webhook.user).joinedload(User.posts).joinedload(Post.unit)
    count = 0
    for hook in session.scalars(wanted.options(people)).unique().all():
        rows = _untold(session, hook, actor_of(hook.user))
        count += post(session, [_notice(hook, entry, project) for entry, project in rows], now.at)
        if len(rows) < _BATCH:
            hook.entry_id = max(hook.entry_id, settled or 0)
    return count


def _untold(session: Session, hook: Webhook, actor: Actor) -> Sequence[tuple[Entry, Project]]:
    key = literal(_key(hook, "")) + cast(Entry.id, String)
    query = (
        select(Entry, Project)
        .join(Case, Case.id == Entry.case_id)
        .join(Project, Project.id == Case.project_id)
        .where(Entry.id > hook.entry_id, Entry.act.in_(EVENTS), visible_projects(actor))
        .where(~exists().where(Message.dedupe_key == key))
        .order_by(Entry.id)
        .limit(_BATCH)
    )
    return [(entry, project) for entry, project in session.execute(query)]


def _notice(hook: Webhook, entry: Entry, project: Project) -> Notice:
    detail = orjson.loads(entry.detail)
    payload = orjson.dumps(
        {
            "id": entry.id,
            "event": entry.act,
            "at": entry.at.astimezone(SHANGHAI).isoformat(),
            "case_id": entry.case_id,
            "item_id": entry.item_id,
            "element": entry.element,
            "step": detail.get("name") or "",
            "next": [{"name": name, "unit": unit} for name, unit in detail.get("sent_to", ())],
            "project": {"id": project.id, "number": project.number, "name": project.name},
        }
    ).decode()
    body = f"{signature(hook.secret, payload, entry.recorded_at)}\n{payload}"
    return Notice(_key(hook, entry.id), WEBHOOK, hook.user_id, hook.url, body, KIND)


def signature(secret: str, payload: str, at: datetime) -> str:
    """Return what the receiver checks: the moment and an HMAC-SHA256 over moment and payload (t=…,v1=…)."""
    moment = int(at.timestamp())
    mac = hmac.new(secret.encode(), f"{moment}.{payload}".encode(), sha256).hexdigest()
    return f"t={moment},v1={mac}"
