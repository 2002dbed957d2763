"""留言 and 常用意见: who is addressed and told, and what is kept for whom (interface 13, issue 5 item 2)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ledger.cases import Case
from ledger.comments import CommentRefused, Said, circle, comment, comments_of
from ledger.db import transaction
from ledger.journal import Entry, Moment
from ledger.outbox import Message
from ledger.phrases import MOST_PHRASES, PHRASE_LENGTH, PhraseRefused, drop_phrase, keep_phrase, phrases_of
from ledger.vocabulary import Role
from tests.walk import Ground, Walk, person


def test_names_in_a_remark_are_told_once(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[0])
    with transaction(ground.sessions) as session:
        case = session.get_one(Case, walk.case_id)
        town = person(session, ground.county.townships["桑柘镇"].id, Role.HANDLER)
        bureau = person(session, ground.county.bureau.id, Role.HANDLER)
        stranger = person(session, ground.county.townships["保家镇"].id, Role.HANDLER)
        members = {member.user_id for member in circle(session, case)}
        assert bureau.user_id in members
        assert stranger.user_id not in members
        said = Said(f"请@{bureau.name}看一下，@{bureau.name}，电话13800001234", {bureau.user_id or 0})
        kept = comment(session, town, case, said, Moment(walk.now, walk.now))
        with pytest.raises(CommentRefused, match="只能提醒"):
            comment(session, town, case, Said("请看", {stranger.user_id or 0}), Moment(walk.now, walk.now))
    with transaction(ground.sessions, writes=False) as session:
        told = session.scalars(select(Message).where(Message.dedupe_key.startswith("comment:"))).all()
        assert [(message.user_id, message.link) for message in told] == [
            (bureau.user_id, f"/cases/{walk.case_id}?tab=comments#comment-{kept.id}")
        ]
        assert [one.mentioned for one in comments_of(session, walk.case_id)] == [[bureau.name]]
        entry = session.scalars(select(Entry).where(Entry.act == "comment")).one()
        assert "13800001234" not in entry.detail  # no personal data in the journal


@pytest.mark.parametrize(
    ("text", "sentence"), [("  ", "请写下"), ("字" * 1001, "最多 1000 字"), ("看\u202e这里", "控制字符")]
)
def test_what_cannot_be_read_is_no_remark(sqlite_ground: Ground, text: str, sentence: str) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    with transaction(sqlite_ground.sessions) as session:
        case = session.get_one(Case, walk.case_id)
        town = person(session, sqlite_ground.county.townships["桑柘镇"].id, Role.HANDLER)
        with pytest.raises(CommentRefused, match=sentence):
            comment(session, town, case, Said(text), Moment(walk.now, walk.now))


def test_sentences_are_ones_own_or_the_units(sqlite_ground: Ground) -> None:
    ground = sqlite_ground
    with transaction(ground.sessions) as session:
        unit = ground.county.townships["桑柘镇"].id
        clerk, signer = person(session, unit, Role.HANDLER), person(session, unit, Role.SIGNER)
        other = person(session, ground.county.townships["保家镇"].id, Role.SIGNER)
        keep_phrase(session, clerk, "  同意，\n请抓紧。 ", shared=False, now=ground.now)
        shared = keep_phrase(session, clerk, "情况属实。", shared=True, now=ground.now)
        keep_phrase(session, clerk, "情况属实。", shared=True, now=ground.now)
        session.flush()
        assert [each.text for each in phrases_of(session, clerk)] == ["同意， 请抓紧。", "情况属实。"]
        assert [each.text for each in phrases_of(session, signer)] == ["情况属实。"]
        assert phrases_of(session, other) == []
        drop_phrase(session, other, shared.id)
        assert len(phrases_of(session, clerk)) == 2
        drop_phrase(session, signer, shared.id)
        assert [each.text for each in phrases_of(session, clerk)] == ["同意， 请抓紧。"]


def test_too_many_or_too_long_sentences_are_refused(sqlite_ground: Ground) -> None:
    with transaction(sqlite_ground.sessions) as session:
        clerk = person(session, sqlite_ground.county.townships["桑柘镇"].id, Role.HANDLER)
        with pytest.raises(PhraseRefused, match="最多 200 字"):
            keep_phrase(session, clerk, "字" * (PHRASE_LENGTH + 1), shared=False, now=sqlite_ground.now)
        for number in range(MOST_PHRASES):
            keep_phrase(session, clerk, f"第{number}条", shared=False, now=sqlite_ground.now)
            session.flush()
        with pytest.raises(PhraseRefused, match="最多保存 30 条"):
            keep_phrase(session, clerk, "再一条", shared=False, now=sqlite_ground.now)
