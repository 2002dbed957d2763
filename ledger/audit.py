"""Verify the audit: every row's MAC, the chain of seals over them, and the anchors kept elsewhere (safety rule 14).

The verifier reads everything and trusts nothing but the key: it finds rows that were edited, deleted, inserted, doubled
or swapped, seals that were altered, cut off or put in another order, a table replaced by an older one, a clock that was
turned back, and anything written with a key that had been replaced: whoever took the old key cannot go on with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.audit_keys import Digest, key_of_link, maker_of
from ledger.db import Keys
from ledger.journal import Entry
from ledger.seals import FIRST_LINK, Anchor, Seal, digest_of, is_genuine, link_of, numbers_in
from ledger.vocabulary import Term
from ledger.writing import mac_of

_LONGEST = timedelta(hours=1)  # a row tells when its transaction began
_SKEW = timedelta(minutes=5)  # between the clocks of several machines
_CHUNK = 2_000
_MOST_FAULTS = 200


class FaultKind(Term):
    """What is wrong with the audit."""

    EDITED = "edited", "记录被改动"
    DELETED = "deleted", "记录被删除"
    INSERTED = "inserted", "记录被插入"
    SWAPPED = "swapped", "记录顺序或内容被调换"
    DOUBLED = "doubled", "编号重复"
    SEAL = "seal", "封印被改动"
    CUT = "cut", "封印缺失"
    REPLACED = "replaced", "记录整体被替换"
    CLOCK = "clock", "时钟被回拨"
    ANCHOR = "anchor", "外部锚点被改动"
    KEY = "key", "密钥不对"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and where."""

    kind: FaultKind
    where: str

    @property
    def sentence(self) -> str:
        return f"{self.kind.label}：{self.where}"


@dataclass
class Verdict:
    """What a verification found."""

    row_count: int = 0
    seal_count: int = 0
    unsealed_count: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.faults

    def note(self, kind: FaultKind, where: str) -> None:
        """Add a fault; the first two hundred are told."""
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(Fault(kind, where))


def verify(session: Session, anchors: Iterable[Anchor] = ()) -> Verdict:
    """Check the whole journal, its chain and the anchors given."""
    keys: Keys = session.info["keys"]
    verdict = Verdict()
    macs = _check_rows(session, keys, verdict)
    links = _check_chain(session, keys, macs, verdict)
    _check_anchors(list(anchors), links, keys, verdict)
    return verdict


@dataclass
class _Succession:
    """Keys follow each other: none is used before it was made, or after the next one was."""

    keys: Keys
    number: int = 0  # the key in use

    def fault(self, number: int) -> str:
        """Take what was made with a key; return in Chinese what is wrong with that, "" for nothing."""
        if number not in self.keys.audit_keys:
            return f"第 {number} 号密钥不在 keys.json 里"
        if number < self.number:
            return f"用了已停用的第 {number} 号密钥"
        self.number = number
        return ""


def _check_rows(session: Session, keys: Keys, verdict: Verdict) -> dict[int, tuple[str, datetime]]:
    """Check every row's own MAC; returns number → MAC and time."""
    macs: dict[int, tuple[str, datetime]] = {}
    latest: datetime | None = None
    succession = _Succession(keys)
    for entry in _entries(session):
        verdict.row_count += 1
        if latest is not None and entry.recorded_at < latest - _LONGEST:
            verdict.note(FaultKind.CLOCK, f"第 {entry.id} 号记录的时间早于前面的记录")
        latest = max(latest or entry.recorded_at, entry.recorded_at)
        if entry.id in macs:
            verdict.note(FaultKind.DOUBLED, f"第 {entry.id} 号记录")
        macs[entry.id] = entry.mac, entry.recorded_at
        _check_mac(entry, succession, verdict)
    if succession.number < keys.audit_key.number:
        verdict.note(FaultKind.CUT, f"第 {keys.audit_key.number} 号密钥启用以后的记录")
    return macs


def _check_mac(entry: Entry, succession: _Succession, verdict: Verdict) -> None:
    try:
        wrong = succession.fault(maker_of(entry.mac)[1])
        genuine = bool(wrong) or mac_of(entry, succession.keys) == entry.mac
    except ValueError:  # no MAC of ours looks so
        wrong, genuine = "", False
    if wrong:
        verdict.note(FaultKind.KEY, f"第 {entry.id} 号记录{wrong}")
    if not genuine:
        verdict.note(FaultKind.EDITED, f"第 {entry.id} 号记录（{entry.who}，{entry.act}）")


def _entries(session: Session) -> Iterator[Entry]:
    columns = [getattr(Entry, column.name) for column in Entry.__table__.columns]
    for row in session.execute(select(*columns).order_by(Entry.id).execution_options(yield_per=_CHUNK)):
        yield Entry(**row._mapping)


def _check_chain(
    session: Session, keys: Keys, macs: dict[int, tuple[str, datetime]], verdict: Verdict
) -> dict[int, str]:
    """Check every seal against the one before and against its rows; returns number → link."""
    links: dict[int, str] = {}
    before, expected, sealed = FIRST_LINK, 1, set[int]()
    latest: datetime | None = None
    through, succession = 0, _Succession(keys)
    for seal in session.scalars(select(Seal).order_by(Seal.number)):
        verdict.seal_count += 1
        if seal.number != expected:
            verdict.note(FaultKind.CUT, f"第 {expected} 至 {seal.number - 1} 号封印")
        else:
            _check_link(seal, before, succession, verdict)
        if latest is not None and seal.sealed_at < latest - _SKEW:
            verdict.note(FaultKind.CLOCK, f"第 {seal.number} 号封印的时间早于前一号")
        _check_seal(seal, macs, sealed, verdict)
        before, expected, latest = seal.link, seal.number + 1, seal.sealed_at
        through = max(through, seal.through_id)
        links[seal.number] = seal.link
    strange = {number for number in macs if number <= through} - sealed - _awaited(session)
    for number in sorted(strange):
        verdict.note(FaultKind.INSERTED, f"第 {number} 号记录不在任何封印内")
    verdict.unsealed_count = len(macs.keys() - sealed - strange)
    return links


def _check_link(seal: Seal, before: str, succession: _Succession, verdict: Verdict) -> None:
    try:
        number = key_of_link(seal.link)
        wrong = succession.fault(number)
        genuine = bool(wrong) or link_of(seal, before, succession.keys.audit_keys[number]) == seal.link
    except ValueError:  # no link of ours looks so, or no hash is called that
        wrong, genuine = "", False
    if wrong:
        verdict.note(FaultKind.KEY, f"第 {seal.number} 号封印{wrong}")
    if not genuine:
        verdict.note(FaultKind.SEAL, f"第 {seal.number} 号封印")


def _awaited(session: Session) -> set[int]:
    """Return the numbers that the newest seal still waits for: their transactions may have committed since."""
    newest = session.scalars(select(Seal.missing).order_by(Seal.number.desc()).limit(1)).one_or_none()
    return {int(number) for number in orjson.loads(newest or "{}")}


def _check_seal(seal: Seal, macs: dict[int, tuple[str, datetime]], sealed: set[int], verdict: Verdict) -> None:
    try:
        numbers, algorithm = numbers_in(seal.rows), Digest(seal.algorithm)
    except ValueError:
        verdict.note(FaultKind.SEAL, f"第 {seal.number} 号封印的记录清单或算法")
        return
    doubled = sealed.intersection(numbers)
    if doubled:
        verdict.note(FaultKind.DOUBLED, f"第 {seal.number} 号封印重复封存第 {min(doubled)} 号记录")
    sealed.update(numbers)
    gone = [number for number in numbers if number not in macs]
    for number in gone:
        verdict.note(FaultKind.DELETED, f"第 {number} 号记录（第 {seal.number} 号封印内）")
    rows = [(number, macs[number][0]) for number in numbers if number in macs]
    if not gone and digest_of(rows, algorithm) != seal.digest:
        verdict.note(FaultKind.SWAPPED, f"第 {seal.number} 号封印内的记录")
    for number in numbers:
        if number in macs and macs[number][1] > seal.sealed_at + _SKEW:
            verdict.note(FaultKind.CLOCK, f"第 {number} 号记录的时间晚于封印时间")


def _check_anchors(anchors: Sequence[Anchor], links: dict[int, str], keys: Keys, verdict: Verdict) -> None:
    expected = None
    for anchor in anchors:
        if not is_genuine(anchor, keys):
            verdict.note(FaultKind.ANCHOR, f"第 {anchor.number} 号锚点")
        elif anchor.number not in links:
            verdict.note(FaultKind.CUT, f"第 {anchor.number} 号封印（锚点里有，记录里没有）")
        elif links[anchor.number] != anchor.link:
            verdict.note(FaultKind.REPLACED, f"第 {anchor.number} 号封印与锚点不符")
        if expected is not None and anchor.number > expected:
            verdict.note(FaultKind.ANCHOR, f"第 {expected} 至 {anchor.number - 1} 号锚点缺失")
        expected = anchor.number + 1
