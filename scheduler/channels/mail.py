"""Email over SMTP: one connection per batch, text and HTML, a Message-ID that a repeated sending keeps."""

from __future__ import annotations

import re
import smtplib
import ssl
from base64 import b64encode, encodebytes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

from ledger.channel_settings import Security, Smtp
from scheduler.channels import ChannelAway, ChannelFailed, Reach, Send
from scheduler.letters import Enclosure, Letter

NAME = "email"
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\\\x00-\x1f\x7f-\uffff]+@[A-Za-z0-9.-]+")
_PLAIN = re.compile(r"[A-Za-z0-9 ._-]{1,40}")
_ENCODED_BYTES = 45  # 60 characters of base64 in a line of a header
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TEMPORARY = 400, 500  # SMTP answers 4xx may be tried again (RFC 5321, 4.2.1)


class MailChannel:
    """The county's mail server."""

    reach = Reach.EMAIL
    batch = 50

    def __init__(self, settings: Smtp) -> None:
        self._settings = settings

    @contextmanager
    def opened(self) -> Iterator[Send]:
        """Connect and sign in; raises ChannelAway with what the server said."""
        server = self._connect()
        try:
            yield lambda letter: self._send(server, letter)
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()

    def _connect(self) -> smtplib.SMTP:
        here = self._settings
        server: smtplib.SMTP | None = None
        try:
            server = self._reach()
            if here.security is Security.STARTTLS:
                server.starttls(context=self._trust())
            if here.login:
                server.login(here.login, here.password.get_secret_value())
            server.ehlo_or_helo_if_needed()  # else the first letter would wait for that too
        except (smtplib.SMTPException, OSError) as away:
            if server is not None:
                server.close()
            if isinstance(away, smtplib.SMTPAuthenticationError):
                raise ChannelAway(f"邮件服务器不接受账号（{away.smtp_code}）") from away
            raise ChannelAway(f"邮件服务器 {here.host}:{here.port} 连不上：{away}") from away
        return server

    def _reach(self) -> smtplib.SMTP:
        here = self._settings
        if here.security is Security.TLS:
            return smtplib.SMTP_SSL(here.host, here.port, timeout=here.timeout_seconds, context=self._trust())
        return smtplib.SMTP(here.host, here.port, timeout=here.timeout_seconds)

    def _trust(self) -> ssl.SSLContext:
        authority = self._settings.authority
        return ssl.create_default_context(cafile=None if authority is None else str(authority))

    def _send(self, server: smtplib.SMTP, letter: Letter) -> str:
        number, content = self.message(letter)
        try:
            server.sendmail(self._settings.sender, [letter.address], content)
        except smtplib.SMTPRecipientsRefused as refused:
            code, reason = next(iter(refused.recipients.values()))
            raise ChannelFailed(f"收件地址被拒收（{code} {_words(reason)}）", permanent=not _again(code)) from refused
        except smtplib.SMTPSenderRefused as refused:
            raise ChannelAway(f"发件地址被拒绝（{refused.smtp_code} {_words(refused.smtp_error)}）") from refused
        except smtplib.SMTPDataError as refused:
            words = f"邮件被拒收（{refused.smtp_code} {_words(refused.smtp_error)}）"
            raise ChannelFailed(words, permanent=not _again(refused.smtp_code)) from refused
        except (smtplib.SMTPException, OSError) as away:
            raise ChannelAway(f"邮件服务器中断：{away}") from away
        return number

    def message(self, letter: Letter) -> tuple[str, bytes]:
        """Return a letter's Message-ID and the letter as it goes over the wire; ChannelFailed for no address.

        Put together by hand: the standard library parses and folds each header it is given, and takes longer for
        that than a mail server for the letter. What could break out of a header is refused here instead.
        """
        here = self._settings
        if not _ADDRESS.fullmatch(letter.address) or _CONTROL.search(letter.name + letter.subject):
            raise ChannelFailed("邮箱地址写法有误", permanent=True)
        mark = sha256(letter.key.encode()).hexdigest()[:32]
        number = f"<{mark}@{here.sender.rpartition('@')[2]}>"
        heads = (
            ("Subject", encoded(f"【四个一批】{letter.subject}")),
            ("From", f"{encoded(here.sender_name)} <{here.sender}>"),
            ("To", f"{encoded(letter.name)} <{letter.address}>"),
            ("Date", format_datetime(letter.at)),
            ("Message-ID", number),
            ("Auto-Submitted", "auto-generated"),  # RFC 3834: nobody's holiday notice is to answer
            ("MIME-Version", "1.0"),
        )
        texts = [_part("text/plain; charset=utf-8", letter.text.encode())]
        if letter.html:
            texts.append(_part("text/html; charset=utf-8", letter.html.encode()))
        body = _parts("alternative", texts, f"a{mark}")
        if letter.enclosures:
            body = _parts("mixed", [body, *(_enclosed(each) for each in letter.enclosures)], f"m{mark}")
        return number, "".join(f"{name}: {value}\r\n" for name, value in heads).encode() + body


@lru_cache(maxsize=512)
def encoded(words: str) -> str:
    """Return words for a header: encoded where they are not plain, each line at most 75 characters (RFC 2047)."""
    if _PLAIN.fullmatch(words):
        return words
    lines, taken = [], b""
    for character in words:
        sign = character.encode()
        if len(taken) + len(sign) > _ENCODED_BYTES:
            lines.append(taken)
            taken = b""
        taken += sign
    return "\r\n ".join(f"=?utf-8?b?{b64encode(line).decode()}?=" for line in (*lines, taken))


def _part(kind: str, content: bytes, *more: str) -> bytes:
    heads = "\r\n".join((f"Content-Type: {kind}", "Content-Transfer-Encoding: base64", *more))
    return f"{heads}\r\n\r\n".encode() + encodebytes(content).replace(b"\n", b"\r\n")


def _parts(kind: str, parts: Sequence[bytes], boundary: str) -> bytes:
    """Put parts under one cover; base64 holds no line that begins with two dashes, so any boundary is one."""
    inside = b"".join(f"--{boundary}\r\n".encode() + part for part in parts)
    return (
        f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
        + inside
        + (f"--{boundary}--\r\n".encode())
    )


def _enclosed(each: Enclosure) -> bytes:
    name = quote(each.name)  # RFC 2231
    return _part(each.type, each.content, f"Content-Disposition: attachment;\r\n filename*=utf-8''{name}")


def _again(code: int) -> bool:
    return _TEMPORARY[0] <= code < _TEMPORARY[1]


def _words(reason: bytes | str) -> str:
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
