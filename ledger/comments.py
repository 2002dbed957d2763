"""留言: what people say to each other about a case, with files, and whose attention they ask for (@)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.cases import Case
from ledger.copies import copy_units
from ledger.db import Base, SealedText
from ledger.journal import Act, Moment
from ledger.message_texts import worded
from ledger.message_words import TextKind
from ledger.outbox import PAGE, Notice, post
from ledger.people import Post, User
from ledger.scope import BUSINESS, Actor, signature_of
from ledger.writing import record

TEXT_LENGTH = 1000
MOST_MENTIONS = 20
_QUOTED = 80  # characters of a comment that its notice repeats
COMMENT_FIELD = "comment"  # of the attachments of a comment: comment:17


class Comment(Base):
    """One remark on a case; never changed and never taken back: it is part of the file."""

    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    author: Mapped[str]  # unit and person, as they were
    text: Mapped[str] = mapped_column(SealedText)
    mentioned: Mapped[list[str]] = mapped_column(JSON)  # names, as they were
    written_at: Mapped[datetime]


class CommentRefused(ValueError):
    """留言不能发出."""


@dataclass(frozen=True)
class Said:
    """A remark before it is kept: its words, and whose attention it asks for beside the names in it."""

    text: str
    mentions: Collection[int] = ()
    file_count: int = 0


@dataclass(frozen=True)
class Member:
    """Somebody of a case's circle: who sees the case anyway."""

    user_id: int
    name: str
    unit: str


def circle(session: Session, case: Case) -> Sequence[Member]:
    """Return the people who may be addressed: those of the units that see the case, in the order of the units."""
    units = {unit.id: unit.short_name for unit in copy_units(session, case)}
    wanted = (
        select(User.id, User.name, Post.unit_id)
        .join(Post, Post.user_id == User.id)
        .where(Post.unit_id.in_(units), Post.role.in_(BUSINESS), User.disabled_at.is_(None))
        .order_by(Post.unit_id, User.id)
    )
    found: dict[int, Member] = {}
    for user_id, name, unit_id in session.execute(wanted):
        found.setdefault(user_id, Member(user_id, name, units[unit_id]))
    return tuple(found.values())


def comment(session: Session, actor: Actor, case: Case, said: Said, now: Moment) -> Comment:
    """Keep a remark and tell whom it addresses, by “@姓名” in it or chosen beside it. CommentRefused with the reason.

    Whether the actor may see the case is the caller's to ask; the files of a remark are attached by the caller.
    """
    words = _words(said)
    people = {member.user_id: member for member in circle(session, case)}
    if not set(said.mentions) <= people.keys():
        raise CommentRefused("只能提醒能够查看该项目的人员")
    addressed = sorted({*said.mentions, *_named(words, people)} - {actor.user_id})
    if len(addressed) > MOST_MENTIONS:
        raise CommentRefused(f"一次最多提醒 {MOST_MENTIONS} 人")
    kept = Comment(
        case_id=case.id,
        user_id=actor.user_id,
        author=signature_of(actor),
        text=words,
        mentioned=[people[user_id].name for user_id in addressed],
        written_at=now.at,
    )
    session.add(kept)
    session.flush()
    if addressed:
        post(session, _notices(session, kept, case, addressed), now.at)
    # the words themselves stay in the sealed column: the journal holds no personal data
    record(session, now, actor, Act("comment", case_id=case.id, detail={"comment": kept.id, "told": kept.mentioned}))
    return kept


def _words(said: Said) -> str:
    words = said.text.replace("\r\n", "\n").strip()
    if not words and not said.file_count:
        raise CommentRefused("请写下要说的话，或附上文件")
    if len(words) > TEXT_LENGTH:
        raise CommentRefused(f"留言最多 {TEXT_LENGTH} 字")
    if any(not (character.isprintable() or character in "\n\t") for character in words):
        raise CommentRefused("留言里有看不见的控制字符，请删去后重新输入")
    return words


def _named(words: str, people: Mapping[int, Member]) -> set[int]:
    """Return whom “@姓名” means; of two names that begin alike the longer, of two people of one name both."""
    by_name: dict[str, set[int]] = {}
    for member in people.values():
        by_name.setdefault(member.name, set()).add(member.user_id)
    if not by_name or "@" not in words:
        return set()
    names = "|".join(re.escape(name) for name in sorted(by_name, key=len, reverse=True))
    return {user_id for name in re.findall(f"@({names})", words) for user_id in by_name[name]}


def _notices(session: Session, kept: Comment, case: Case, user_ids: Sequence[int]) -> list[Notice]:
    quoted = kept.text if len(kept.text) <= _QUOTED else f"{kept.text[:_QUOTED]}…"
    said = {"谁": kept.author, "项目": case.project.name, "内容": quoted or "（见附件）"}
    subject, body = worded(session, TextKind.COMMENT, **said)
    link = f"/cases/{case.id}?tab=comments#comment-{kept.id}"
    return [Notice(f"comment:{kept.id}:{each}", PAGE, each, subject, body, link=link) for each in user_ids]


def comments_of(session: Session, case_id: int) -> Sequence[Comment]:
    """Return a case's remarks, oldest first."""
    return session.scalars(select(Comment).where(Comment.case_id == case_id).order_by(Comment.id)).all()


def comments_for(session: Session, actor: Actor, case_id: int) -> Sequence[Comment]:
    """Return those remarks that a unit asked for nothing but its opinion may read: its own, and what addresses it (P3).

    What another body thinks may stand in the others, and no body sees another's opinion.
    """
    own = {post.unit_id for post in actor.posts if post.role in BUSINESS}
    people = session.execute(
        select(User.id, User.name).join(Post, Post.user_id == User.id).where(Post.unit_id.in_(own))
    )
    names = {row.id: row.name for row in people}
    mine = set(names.values())
    return [one for one in comments_of(session, case_id) if one.user_id in names or mine & set(one.mentioned)]


def field_of(kept: Comment) -> str:
    """Return the name under which a remark's files are attached to the case."""
    return f"{COMMENT_FIELD}:{kept.id}"
