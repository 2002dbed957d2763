"""Email over SMTP: one connection per batch, text and HTML, a Message-ID that a repeated sending keeps."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.header import Header
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr
from hashlib import sha256

from ledger.channel_settings import Security, Smtp
from scheduler.channels import ChannelAway, ChannelFailed, Reach, Send
from scheduler.letters import Enclosure, Letter

NAME = "email"
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\\\x00-\x1f\x7f-\uffff]+@[A-Za-z0-9.-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_WIRE = compat32.clone(linesep="\r\n")
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
        message = self.message(letter)
        try:
            content = message.as_bytes(policy=_WIRE)
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
        return str(message["Message-ID"])

    def message(self, letter: Letter) -> Message:
        """Return a letter as it goes over the wire; ChannelFailed for an address that is none.

        Made with the older half of the library: the newer one parses each header it is given and takes five times
        as long. What could break out of a header is refused here instead.
        """
        here = self._settings
        if not _ADDRESS.fullmatch(letter.address) or _CONTROL.search(letter.name + letter.subject):
            raise ChannelFailed("邮箱地址写法有误", permanent=True)
        made = MIMEMultipart("alternative")
        made["Subject"] = Header(f"【四个一批】{letter.subject}", "utf-8")  # type: ignore[assignment]  # the stubs know str only
        made["From"] = formataddr((here.sender_name, here.sender))
        made["To"] = formataddr((letter.name, letter.address))
        made["Date"] = format_datetime(letter.at)
        domain = here.sender.rpartition("@")[2]
        made["Message-ID"] = f"<{sha256(letter.key.encode()).hexdigest()[:32]}@{domain}>"
        made["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice is to answer
        made.attach(MIMEText(letter.text, "plain", "utf-8"))
        if letter.html:
            made.attach(MIMEText(letter.html, "html", "utf-8"))
        return made if not letter.enclosures else _enclosing(made, letter.enclosures)


def _enclosing(made: MIMEMultipart, enclosures: Sequence[Enclosure]) -> MIMEMultipart:
    """Put a letter and its files under one cover; the headers move to the cover."""
    cover = MIMEMultipart("mixed")
    for name in [name for name in made.keys() if name not in ("Content-Type", "MIME-Version")]:  # noqa: SIM118  # no dict
        cover[name] = made[name]
        del made[name]
    cover.attach(made)
    for each in enclosures:
        part = MIMEApplication(each.content, each.type.partition("/")[2])
        part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", each.name))
        cover.attach(part)
    return cover


def _again(code: int) -> bool:
    return _TEMPORARY[0] <= code < _TEMPORARY[1]


def _words(reason: bytes | str) -> str:
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
