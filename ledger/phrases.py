"""常用意见: sentences a person writes often, kept for oneself or for the whole unit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, delete, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base
from ledger.scope import Actor
from ledger.vocabulary import Role

PHRASE_LENGTH = 200
MOST_PHRASES = 30


class Phrase(Base):
    """One sentence; `unit_id` when the colleagues of that unit are offered it too."""

    __tablename__ = "phrase"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    text: Mapped[str]
    kept_at: Mapped[datetime]


class PhraseRefused(ValueError):
    """常用意见不能保存."""


def keep_phrase(session: Session, actor: Actor, text: str, shared: bool, now: datetime) -> Phrase:
    """Keep a sentence, `shared` with the unit; one that is there already is not kept twice. PhraseRefused."""
    words = " ".join(text.split())
    if not words:
        raise PhraseRefused("请填写常用意见的内容")
    if len(words) > PHRASE_LENGTH:
        raise PhraseRefused(f"常用意见最多 {PHRASE_LENGTH} 字")
    if not words.isprintable():
        raise PhraseRefused("内容里有看不见的控制字符，请删去后重新输入")
    own = [phrase for phrase in phrases_of(session, actor) if phrase.user_id == actor.user_id]
    known = next((phrase for phrase in own if phrase.text == words), None)
    if known is None and len(own) >= MOST_PHRASES:
        raise PhraseRefused(f"最多保存 {MOST_PHRASES} 条，请先删去不用的")
    kept = known or Phrase(user_id=actor.user_id, text=words, kept_at=now)
    kept.unit_id = actor.posts[0].unit_id if shared and actor.posts else None
    session.add(kept)
    return kept


def phrases_of(session: Session, actor: Actor) -> Sequence[Phrase]:
    """Return a person's sentences: the own first, then those that colleagues share."""
    units = {post.unit_id for post in actor.posts}
    wanted = select(Phrase).where(or_(Phrase.user_id == actor.user_id, Phrase.unit_id.in_(units)))
    return sorted(session.scalars(wanted.order_by(Phrase.id)), key=lambda each: each.user_id != actor.user_id)


def drop_phrase(session: Session, actor: Actor, phrase_id: int) -> None:
    """Forget an own sentence, or as 审核人 one that the unit shares; any other is left alone."""
    led = {post.unit_id for post in actor.posts if post.role is Role.SIGNER}
    mine = or_(Phrase.user_id == actor.user_id, Phrase.unit_id.in_(led))
    session.execute(delete(Phrase).where(Phrase.id == phrase_id, mine))
