"""A message as it goes out: plain, as HTML, for a telephone, with its workbook (T3)."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import openpyxl
import pytest

from ledger.message_texts import USUAL
from ledger.message_words import TextKind
from ledger.outbox import AT_ONCE, DIGEST, Line, Message
from scheduler.letters import MOST_LINES, SHORT_LIMIT, Addressee, Letter, Paper, letter_of
from tests.walk import local

LINK = "https://sgyp.example.test/"
LINES = (
    Line(1, "桑柘镇大棚：实地调研，办理期限11月21日，还剩1个工作日", "桑柘镇大棚实地调研还剩1个工作日", 1),
    Line(2, "保家镇<茶园>：签收项目，办理期限11月17日，已超期1个工作日", "保家镇茶园签收项目已超期1个工作日", -1),
    Line(3, "鹿角镇酒厂：实地调研，新任务，办理期限11月28日", "鹿角镇酒厂实地调研新到"),
)


def letter(kind: str, lines: tuple[Line, ...] = (), subject: str = "", body: str = "", **more: object) -> Letter:
    message = Message(dedupe_key="k", kind=kind, subject=subject, body=body, created_at=local(2023, 11, 20))
    paper = Paper(**{"link": LINK, **more})  # type: ignore[arg-type]
    return letter_of(message, lines, Addressee("a@example.test", "张三"), paper)


def test_t3_a_digest_in_full() -> None:
    made = letter(DIGEST, LINES)
    assert made.subject == "办理提醒：1件已超期，1件即将到期，1件新到"
    assert made.text == (
        "张三：\n\n"
        "保家镇<茶园>：签收项目，办理期限11月17日，已超期1个工作日\n"
        "桑柘镇大棚：实地调研，办理期限11月21日，还剩1个工作日\n"
        "鹿角镇酒厂：实地调研，新任务，办理期限11月28日\n\n"
        "请登录办理：https://sgyp.example.test/\n\n"
        "“四个一批”管理系统"
    )
    assert made.short == (
        "办理提醒：1件已超期，1件即将到期，1件新到；保家镇茶园签收项目已超期1个工作日；"
        "桑柘镇大棚实地调研还剩1个工作日；鹿角镇酒厂实地调研新到。https://sgyp.example.test/"
    )
    assert "保家镇&lt;茶园&gt;" in made.html
    assert f'<a href="{LINK}">' in made.html
    assert (made.parameters, made.enclosures) == ((("due", "2"), ("overdue", "1")), ())


def test_without_an_address_the_sentence_with_it_is_left_out() -> None:
    made = letter(DIGEST, LINES[:1], link="")
    assert ("请登录" in made.text, made.short) == (False, "办理提醒：1件即将到期；桑柘镇大棚实地调研还剩1个工作日。")


def test_t3_a_long_digest_brings_all_of_it_as_a_workbook() -> None:
    lines = tuple(Line(n, f"第{n}件，已超期{n}个工作日", f"第{n}件", -n) for n in range(1, MOST_LINES + 6))
    made = letter(DIGEST, lines, encloses=True)
    (enclosure,) = made.enclosures
    sheet = openpyxl.load_workbook(BytesIO(enclosure.content)).worksheets[0]
    rows = list(sheet.iter_rows(min_row=3, values_only=True))
    assert (len(rows), rows[0], rows[-1]) == (
        35,
        (1, "第35件，已超期35个工作日", -35),
        (35, "第1件，已超期1个工作日", -1),
    )
    assert "另有5件" in made.text
    assert letter(DIGEST, lines).enclosures == ()  # a text message carries no file


@pytest.mark.parametrize("length", [0, 150, 400])
def test_t3_a_text_is_cut_and_its_address_stays_whole(length: int) -> None:
    made = letter(AT_ONCE, subject="催办：" + "长" * length, body="请签收")
    assert len(made.short) <= SHORT_LIMIT
    assert made.short.endswith(f"。{LINK}")


def test_t3_changed_words_are_used_everywhere_and_a_template_number_travels() -> None:
    wording = replace(
        USUAL[TextKind.AT_ONCE],
        subject="【急】{主题}",
        short="{主题}，见{链接}",
        template="SMS_9",
        parameters="what={主题}",
    )
    made = letter(AT_ONCE, subject="催办：签收", body="一\n二", texts={**USUAL, TextKind.AT_ONCE: wording})
    assert (made.subject, made.short) == ("【急】催办：签收", f"催办：签收，见{LINK}")
    assert (made.template, made.parameters) == ("SMS_9", (("what", "催办：签收"),))
    assert "<p>一<br>二</p>" in made.html
