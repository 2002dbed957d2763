"""W9: 10,000 emails to a mail server on this machine by one sender; the floor is the bare connection (T3)."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from time import perf_counter

from ledger.channel_settings import Security, Smtp
from ledger.db import transaction
from ledger.demonstration import BEGINS_AT
from ledger.outbox import Notice, post
from ledger.people import User
from scheduler.channels.mail import MailChannel
from scheduler.sending import Outgoing, send_waiting
from tests.benchmarks.figures import DATABASES, Figure, place
from tests.scheduler.providers import Post, mail_server

EMAILS, FLOOR_EMAILS = 10_000, 1_000
NOW = BEGINS_AT + timedelta(hours=1)


def measure() -> Iterator[Figure]:
    """Seconds for 10,000 emails, beside the same number sent bare, reckoned from 1,000."""
    for database in DATABASES:
        with place(database) as made, mail_server(Post()) as port:
            with transaction(made.sessions) as session:
                person = User(login="a", name="甲", password_hash="", email="a@example.test", created_at=NOW)
                session.add(person)
                session.flush()
                for first in range(0, EMAILS, 500):
                    numbers = range(first, first + 500)
                    post(session, [Notice(f"m{n}", "email", person.id, "办理提醒", "内容" * 50) for n in numbers], NOW)
            settings = Smtp(host="127.0.0.1", port=port, security=Security.NONE, sender="sgyp@example.test")
            began = perf_counter()
            sent = send_waiting(made.sessions, Outgoing("email", MailChannel(settings)), NOW)
            taken = perf_counter() - began
            assert sent == EMAILS
            yield Figure("w9 emails", database, 1, taken, "s for 10000", _bare(port) * EMAILS / FLOOR_EMAILS)


def _bare(port: int) -> float:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "办理提醒", "sgyp@example.test", "a@example.test"
    message.set_content("内容" * 50)
    began = perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as server:
        for _ in range(FLOOR_EMAILS):
            server.send_message(message)
    return perf_counter() - began
