"""What a message says on each channel: a subject, a text, a page of HTML, and a line for a telephone (T3).

No personal data and no decisions (safety rule 11): names of projects and steps, dates and counts, and an address that
asks for a sign-in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

from forms.sheets.workbook import write_table
from ledger.message_texts import USUAL, Wordings
from ledger.message_words import TextKind, Wording, fill, pairs_of
from ledger.outbox import DIGEST, Line, Message

MOST_LINES = 30  # a message stays readable; the rest is in 待办, and in the workbook that goes with an email
MOST_URGENT = 3
SHORT_LIMIT = 200  # characters of a text message's own words: three parts at most
SIGNATURE = "“四个一批”管理系统"
_RED, _GREY = "#b42318", "#667085"


@dataclass(frozen=True)
class Enclosure:
    """A file that goes with an email."""

    name: str
    content: bytes
    type: str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Addressee:
    """To whom a letter goes."""

    address: str
    name: str = ""


@dataclass(frozen=True)
class Paper:
    """What every letter of an installation has: its words, and the address at which a person signs in.

    `encloses` where the channel carries files.
    """

    link: str = ""
    texts: Wordings = field(default_factory=lambda: USUAL)
    encloses: bool = False


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
    template: str = ""  # the provider's number for a template; empty: the installation's
    parameters: tuple[tuple[str, str], ...] = ()  # what fills it: names with values, in order
    enclosures: tuple[Enclosure, ...] = ()


def letter_of(message: Message, lines: Sequence[Line], to: Addressee, paper: Paper) -> Letter:
    """Compose a message from what is still open of it."""
    gathered = message.kind == DIGEST
    wording = paper.texts[TextKind.DIGEST if gathered else TextKind.AT_ONCE]
    overdue = sum(line.left is not None and line.left < 0 for line in lines)
    subject = subject_of(lines, wording) if gathered else fill(wording.subject, {"主题": message.subject})
    body = body_of(lines) if gathered else message.body
    values = {
        "姓名": to.name,
        "汇总": counts_of(lines),
        "主题": message.subject,
        "内容": body,
        "链接": paper.link,
        "署名": SIGNATURE,
        "待办数": str(len(lines) - overdue),
        "超期数": str(overdue),
    }
    short = short_of(lines, wording, values) if gathered else _cut("主题", wording, values)
    return Letter(
        key=message.dedupe_key,
        at=message.created_at,
        address=to.address,
        name=to.name,
        subject=subject,
        text="\n\n".join(fill(part, values) for part in _parts(wording, paper.link)),
        html=_page(subject, lines if gathered else (), wording, values),
        short=short,
        kind=message.kind,
        body=message.body,
        template=wording.template,
        parameters=pairs_of(wording.parameters, values),
        enclosures=(_listed(lines),) if paper.encloses and len(lines) > MOST_LINES else (),
    )


def counts_of(lines: Sequence[Line]) -> str:
    """Say how much is overdue, due soon and new."""
    overdue = sum(line.left is not None and line.left < 0 for line in lines)
    due = sum(line.left is not None and line.left >= 0 for line in lines)
    new = len(lines) - overdue - due
    counts = [(overdue, "件已超期"), (due, "件即将到期"), (new, "件新到")]
    return "，".join(f"{count}{words}" for count, words in counts if count)


def subject_of(lines: Sequence[Line], wording: Wording = USUAL[TextKind.DIGEST]) -> str:
    """Return what a digest is headed with."""
    return fill(wording.subject, {"汇总": counts_of(lines)})


def body_of(lines: Sequence[Line]) -> str:
    """List the lines, the most urgent first."""
    ordered = urgency(lines)
    rest = len(ordered) - MOST_LINES
    more = [f"另有{rest}件，请到待办查看"] if rest > 0 else []
    return "\n".join([*(line.text for line in ordered[:MOST_LINES]), *more])


def short_of(lines: Sequence[Line], wording: Wording, values: Mapping[str, str]) -> str:
    """Return a digest for a telephone: the counts, then as many of the three most urgent as fit."""
    told = [line.brief for line in urgency(lines)[:MOST_URGENT]]
    for count in range(len(told), -1, -1):
        urgent = "".join(f"；{each}" for each in told[:count])
        short = fill(wording.short, {**values, "最急": urgent})
        if len(short) <= SHORT_LIMIT:
            return short
    return _cut("汇总", wording, values)


def urgency(lines: Sequence[Line]) -> list[Line]:
    """Order lines: the longest overdue first, new ones without a date to tell last."""
    return sorted(lines, key=lambda line: (line.left is None, line.left or 0, line.item_id))


def _cut(name: str, wording: Wording, values: Mapping[str, str]) -> str:
    """Return a text message in which one value is cut to what fits: the address must stay whole."""
    short = fill(wording.short, values)
    over = len(short) - SHORT_LIMIT
    if over <= 0:
        return short
    kept = values[name][: max(0, len(values[name]) - over - 1)]
    return fill(wording.short, {**values, name: f"{kept}…"})


def _parts(wording: Wording, link: str) -> list[str]:
    """Return the paragraphs of a letter; without an address, those that give it are left out."""
    parts = [part.strip() for part in wording.body.replace("\r\n", "\n").split("\n\n")]
    return [part for part in parts if part and (link or "{链接}" not in part)]


def _listed(lines: Sequence[Line]) -> Enclosure:
    """Return all lines as a workbook: more of them than a message can hold are still to be read."""
    rows = [(number, line.text, line.left) for number, line in enumerate(urgency(lines), 1)]
    heads = ("序号", "事项", "剩余工作日（负数为已超期）")
    return Enclosure("办理提醒清单.xlsx", write_table("办理提醒清单", heads, rows))


def _page(subject: str, lines: Sequence[Line], wording: Wording, values: Mapping[str, str]) -> str:
    """Return the message as HTML: plain tags with their own style, so that every mail program shows it alike."""
    parts = "".join(_paragraph(part, lines, values) for part in _parts(wording, values["链接"]))
    return (
        '<html lang="zh-CN"><body style="font-family:sans-serif;font-size:15px;line-height:1.6;color:#1d2939">'
        f'<div style="max-width:680px"><h3 style="margin:0 0 12px">{escape(subject)}</h3>{parts}</div></body></html>'
    )


def _paragraph(part: str, lines: Sequence[Line], values: Mapping[str, str]) -> str:
    marked = {name: escape(value) for name, value in values.items()}
    marked["链接"] = f'<a href="{escape(values["链接"], quote=True)}">{marked["链接"]}</a>'
    if lines and part == "{内容}":
        return _list(lines)
    marked["内容"] = marked["内容"].replace("\n", "<br>")
    return f"<p>{fill(escape(part, quote=False), marked)}</p>".replace("\n", "<br>")


def _list(lines: Sequence[Line]) -> str:
    rows = "".join(f"<li{_look(line)}>{escape(line.text)}</li>" for line in urgency(lines)[:MOST_LINES])
    rest = len(lines) - MOST_LINES
    more = f'<p style="color:{_GREY}">另有{rest}件，见所附清单，或到待办查看</p>' if rest > 0 else ""
    return f'<ol style="padding-left:24px;margin:0 0 12px">{rows}</ol>{more}'


def _look(line: Line) -> str:
    return f' style="color:{_RED}"' if line.left is not None and line.left < 0 else ""
