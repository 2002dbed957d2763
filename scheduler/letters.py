"""What a message says on each channel: a subject, a text, a page of HTML, and a line for a telephone (T3).

No personal data and no decisions (safety rule 11): names of projects and steps, dates and counts, and an address that
asks for a sign-in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

from ledger.outbox import DIGEST, Line, Message

MOST_LINES = 30  # a message stays readable; the rest is in 待办
MOST_URGENT = 3
SHORT_LIMIT = 200  # characters of a text message's own words: three parts at most
SIGNATURE = "“四个一批”管理系统"


@dataclass(frozen=True)
class Letter:
    """One message, ready for any channel. `key` is the same whenever the same message is sent again."""

    key: str
    at: datetime  # when it was written
    address: str
    subject: str
    text: str
    short: str
    name: str = ""
    html: str = ""
    kind: str = ""
    body: str = ""  # as it was written, without greeting and signature
    counts: Sequence[int] = field(default=(0, 0))  # due and overdue: what a provider's template is filled with


def letter_of(message: Message, lines: Sequence[Line], address: str, name: str, link: str) -> Letter:
    """Compose a message from what is still open of it."""
    gathered = message.kind == DIGEST
    subject = subject_of(lines) if gathered else message.subject
    body = body_of(lines) if gathered else message.body
    words = [f"{name}：", body, *([f"请登录办理：{link}"] if link else []), SIGNATURE]
    overdue = sum(line.left is not None and line.left < 0 for line in lines)
    return Letter(
        key=message.dedupe_key,
        at=message.created_at,
        address=address,
        name=name,
        subject=subject,
        text="\n\n".join(words),
        html=_page(subject, name, lines if gathered else (), message.body, link),
        short=short_of(message, lines, link),
        kind=message.kind,
        body=message.body,
        counts=(len(lines) - overdue, overdue),
    )


def subject_of(lines: Sequence[Line]) -> str:
    """Say how much is overdue, due soon and new."""
    overdue = sum(line.left is not None and line.left < 0 for line in lines)
    due = sum(line.left is not None and line.left >= 0 for line in lines)
    new = len(lines) - overdue - due
    counts = [(overdue, "件已超期"), (due, "件即将到期"), (new, "件新到")]
    return "办理提醒：" + "，".join(f"{count}{words}" for count, words in counts if count)


def body_of(lines: Sequence[Line]) -> str:
    """List the lines, the most urgent first."""
    ordered = urgency(lines)
    rest = len(ordered) - MOST_LINES
    more = [f"另有{rest}件，请到待办查看"] if rest > 0 else []
    return "\n".join([*(line.text for line in ordered[:MOST_LINES]), *more])


def short_of(message: Message, lines: Sequence[Line], link: str) -> str:
    """Return one line for a telephone: the counts, then as many of the three most urgent as fit."""
    if message.kind != DIGEST:
        return _fitted(message.subject, link)
    told = subject_of(lines)
    for line in urgency(lines)[:MOST_URGENT]:
        longer = f"{told}；{line.brief}"
        if len(longer) + len(link) > SHORT_LIMIT:
            break
        told = longer
    return _fitted(told, link)


def urgency(lines: Sequence[Line]) -> list[Line]:
    """Order lines: the longest overdue first, new ones without a date to tell last."""
    return sorted(lines, key=lambda line: (line.left is None, line.left or 0, line.item_id))


def _fitted(words: str, link: str) -> str:
    room = SHORT_LIMIT - len(link) - 1
    cut = words if len(words) <= room else f"{words[: room - 1]}…"
    return f"{cut}。{link}" if link else f"{cut}。"


def _page(subject: str, name: str, lines: Sequence[Line], body: str, link: str) -> str:
    """Return the message as HTML: plain tags, so that every mail program shows it alike."""
    rows = "".join(f"<li>{escape(line.text)}</li>" for line in urgency(lines)[:MOST_LINES])
    rest = len(lines) - MOST_LINES
    more = f"<p>另有{rest}件，请到待办查看</p>" if rest > 0 else ""
    told = f"<ol>{rows}</ol>{more}" if lines else "".join(f"<p>{escape(part)}</p>" for part in body.split("\n"))
    button = f'<p><a href="{escape(link, quote=True)}">登录办理</a></p>' if link else ""
    return (
        f'<html lang="zh-CN"><body><h3>{escape(subject)}</h3><p>{escape(name)}：</p>'
        f"{told}{button}<p>{SIGNATURE}</p></body></html>"
    )
