"""Email against a real server, over TLS: Chinese intact, one connection, each refusal as its kind (T3)."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from pydantic import SecretStr

from forms.sheets.workbook import write_table
from ledger.channel_settings import Security, Smtp
from scheduler.channels import ChannelAway, ChannelFailed
from scheduler.channels.mail import MailChannel
from scheduler.letters import Enclosure, Letter
from tests.scheduler.providers import Certificate, Post, certificate, mail_server
from tests.walk import local

LETTER = Letter(
    key="digest:2023-11-20T09:7:email",
    at=local(2023, 11, 20),
    address="jingban@example.test",
    name="桑柘镇经办甲",
    subject="办理提醒：1件已超期，2件即将到期",
    text="桑柘镇高山蔬菜大棚：实地调研，办理期限11月21日，还剩1个工作日",
    short="",
    html="<p>桑柘镇高山蔬菜大棚</p>",
)


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls"))


def channel(port: int, papers: Certificate | None, security: Security, **more: object) -> MailChannel:
    account = {"login": "reminder", "password": SecretStr("secret")} if papers is not None else {}
    given = {"host": "127.0.0.1", "port": port, "security": security, "sender": "sgyp@example.test", **account, **more}
    return MailChannel(Smtp(authority=None if papers is None else papers.certificate, **given))


def read(post: Post, number: int = 0) -> EmailMessage:
    content = post.got[number].content
    assert isinstance(content, bytes)
    parsed = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_t3_chinese_arrives_whole_over_tls(papers: Certificate, security: Security) -> None:
    post = Post()
    how = {"tls": papers} if security is Security.TLS else {"starttls": papers}
    with mail_server(post, **how) as port, channel(port, papers, security).opened() as send:
        receipt = send(LETTER)
    got = read(post)
    assert got["Subject"] == "【四个一批】办理提醒：1件已超期，2件即将到期"
    assert str(got["To"]) == "桑柘镇经办甲 <jingban@example.test>"
    assert got["Date"].datetime == LETTER.at
    assert got["Message-ID"] == receipt
    plain, rich = got.get_body(("plain",)), got.get_body(("html",))
    assert plain is not None
    assert plain.get_content().strip() == LETTER.text
    assert rich is not None
    assert "<p>桑柘镇高山蔬菜大棚</p>" in rich.get_content()


def test_t3_a_batch_takes_one_connection_and_a_repeated_letter_keeps_its_number(papers: Certificate) -> None:
    post = Post()
    with mail_server(post, tls=papers) as port, channel(port, papers, Security.TLS).opened() as send:
        receipts = [send(LETTER), send(LETTER)]
    assert post.connections == 1
    assert receipts[0] == receipts[1] == read(post, 1)["Message-ID"]


@pytest.mark.parametrize(
    ("answer", "permanent"), [("450 4.2.1 busy", False), ("550 5.1.1 no such mailbox", True), ("552 5.2.2 full", True)]
)
def test_a_refused_receiver_is_tried_again_or_not_and_the_next_still_goes(answer: str, permanent: bool) -> None:
    post = Post(refuse={LETTER.address: answer})
    with mail_server(post) as port, channel(port, None, Security.NONE).opened() as send:
        with pytest.raises(ChannelFailed) as failed:
            send(LETTER)
        send(Letter(**{**vars(LETTER), "address": "other@example.test"}))
    assert failed.value.permanent is permanent
    assert answer.split()[0] in str(failed.value)
    assert [envelope.rcpt_tos for envelope in post.got] == [["other@example.test"]]


def test_a_wrong_account_or_an_unknown_authority_blames_no_message(papers: Certificate, tmp_path: Path) -> None:
    stranger = certificate(tmp_path)
    with mail_server(Post(), tls=papers) as port:
        wrong = channel(port, papers, Security.TLS, password=SecretStr("wrong"))
        with pytest.raises(ChannelAway, match="535"), wrong.opened():
            pytest.fail("a wrong password was let in")
        with pytest.raises(ChannelAway, match="连不上"), channel(port, stranger, Security.TLS).opened():
            pytest.fail("a stranger's certificate was trusted")
    with pytest.raises(ChannelAway, match="连不上"), channel(port, papers, Security.TLS).opened():
        pytest.fail("nobody is there any more")


@pytest.mark.parametrize("address", ["", "no-at-sign", "a@b\r\nBcc: c@example.test", "a b@example.test"])
def test_an_address_that_is_none_is_refused_before_it_is_sent(address: str) -> None:
    made = MailChannel(Smtp(host="127.0.0.1", sender="sgyp@example.test"))
    with pytest.raises(ChannelFailed) as failed:
        made.message(Letter(**{**vars(LETTER), "address": address}))
    assert failed.value.permanent


def test_a_name_cannot_add_a_header() -> None:
    made = MailChannel(Smtp(host="127.0.0.1", sender="sgyp@example.test"))
    with pytest.raises(ChannelFailed):
        made.message(Letter(**{**vars(LETTER), "name": "甲\r\nBcc: c@example.test"}))


def test_t3_a_digests_attachment_is_readable_and_its_name_too(papers: Certificate) -> None:
    rows = [(1, "桑柘镇高山蔬菜大棚：实地调研", -1)]
    enclosure = Enclosure("办理提醒清单.xlsx", write_table("办理提醒清单", ("序号", "事项", "剩余"), rows))
    post, long = Post(), "办理提醒：" + "一二三四五六七八九十" * 8 + "𠮷"  # over several lines, one sign of four bytes
    letter = replace(LETTER, enclosures=(enclosure,), subject=long, name="A. Zhang")
    with mail_server(post, tls=papers) as port, channel(port, papers, Security.TLS).opened() as send:
        send(letter)
    got = read(post)
    (attached,) = got.iter_attachments()
    assert attached.get_filename() == "办理提醒清单.xlsx"
    sheet = openpyxl.load_workbook(BytesIO(attached.get_content())).worksheets[0]
    assert next(sheet.iter_rows(min_row=3, values_only=True)) == rows[0]
    plain = got.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().strip() == LETTER.text
    assert (got["Subject"], str(got["To"])) == (f"【四个一批】{long}", '"A. Zhang" <jingban@example.test>')
    assert isinstance(post.got[0].content, bytes)
    assert max(map(len, post.got[0].content.split(b"\r\n"))) <= 998  # RFC 5322
    assert got.defects == []
