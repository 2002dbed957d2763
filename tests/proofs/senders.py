"""Three senders on one outbox, killed with SIGKILL at random: nothing lost, at most one extra a kill (rule 11).

    python -m tests.proofs.senders URL GATEWAY HEARD KILLS SEED

does the killing in a process without threads, so that a replacement is a fork and not a new interpreter. HEARD is the
pipe on which a byte comes for each request at the gateway.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from select import select as ready
from threading import Event
from time import monotonic
from typing import Any

from sqlalchemy import func, select

from ledger.channel_settings import Gateway
from ledger.db import open_ledger, transaction
from ledger.demonstration import BEGINS_AT
from ledger.outbox import LEASE, Message, Notice, post
from ledger.people import User
from scheduler.channels.gateway import GatewayChannel
from scheduler.sending import Outgoing, send_waiting
from tests.benchmarks.figures import DATABASES, KEYS, place
from tests.scheduler.providers import provider

SENDERS = 3
KILLS, MESSAGES = 1_000, 20_000
NOW = BEGINS_AT + timedelta(hours=1)  # in the hours when text messages may go
_LONGEST = 0.04  # seconds between two kills
_AFTER = 0.005  # seconds after the last of them: a sender is hit wherever it stands
_MOST_SENT = 7  # messages between two kills, so that a fast machine is not done before it was hit


@dataclass(frozen=True)
class Run:
    """One run: how many messages, how many kills."""

    url: str
    messages: int
    kills: int
    seed: int


def prove(seed: int) -> Iterator[dict[str, Any]]:
    """Kill senders a thousand times on each database."""
    for database in DATABASES:
        with place(database) as made:
            yield {"database": database, **prove_run(Run(made.url, MESSAGES, KILLS, seed))}


def prove_run(run: Run) -> dict[str, Any]:
    """Write messages, let senders be killed, and count what reached the gateway; AssertionError for a loss."""
    write_messages(run)
    heard, telling = os.pipe()

    def answer(_path: str, _body: bytes) -> tuple[int, bytes]:
        os.write(telling, b".")
        return 200, b"{}"

    with os.fdopen(heard), os.fdopen(telling, "wb"), provider(answer) as gateway:
        asked = [run.url, gateway.url, str(heard), str(run.kills), str(run.seed)]
        command = [sys.executable, "-m", "tests.proofs.senders", *asked]
        done = subprocess.run(command, pass_fds=(heard,), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        reached = Counter(json.loads(body)["id"] for _path, _headers, body in gateway.requests)
    killed = json.loads(done.stdout)["kills"]
    wanted = {f"m{number}" for number in range(run.messages)}
    extra = sum(reached.values()) - len(reached)
    figures = {"messages": run.messages, "kills": killed, "missing": len(wanted - set(reached)), "extra": extra}
    assert set(reached) == wanted, figures
    assert extra <= killed, figures
    return {**figures, "seed": run.seed}


def write_messages(run: Run) -> None:
    """Enter one person and the messages."""
    sessions = open_ledger(run.url, KEYS)
    with transaction(sessions) as session:
        person = User(login="a", name="甲", password_hash="", telephone="13800000001", created_at=NOW)
        session.add(person)
        session.flush()
        for first in range(0, run.messages, 500):
            numbers = range(first, min(first + 500, run.messages))
            post(session, [Notice(f"m{number}", "sms", person.id, "提醒", "内容") for number in numbers], NOW)
    sessions.kw["bind"].dispose()


def send_once(url: str, gateway: str, late: timedelta) -> None:
    """Send all that waits, as one sender."""
    sessions = open_ledger(url, KEYS)
    channel = GatewayChannel(Gateway(url=gateway, body='{"id": {key}, "to": {telephone}, "text": {text}}'))
    send_waiting(sessions, Outgoing("sms", channel), NOW + late)


def fork_sender(url: str, gateway: str, late: timedelta) -> int:
    """Start a sender and return its process; a fork, because a new interpreter takes a second to begin."""
    child = os.fork()
    if child:
        return child
    with ExitStack() as stack:
        stack.callback(os._exit, 0)
        send_once(url, gateway, late)
    return 0


def waiting(url: str) -> int:
    sessions = open_ledger(url, KEYS)
    with transaction(sessions, writes=False) as session:
        left = session.scalars(select(func.count()).where(Message.sent_at.is_(None), Message.dead_at.is_(None))).one()
    sessions.kw["bind"].dispose()
    return left


def wait_for_requests(heard: int, wanted: int) -> None:
    """Wait until the gateway has got so many requests more, or for the longest time."""
    until = monotonic() + _LONGEST
    while wanted > 0 and ready([heard], [], [], max(until - monotonic(), 0))[0]:
        wanted -= len(os.read(heard, wanted))


def main(url: str, gateway: str, heard: int, kills: int, seed: int) -> int:
    """Keep three senders alive and kill one after another; return how many were killed while they worked."""
    random, pause, killed, round_ = Random(seed), Event(), 0, 0
    senders = [fork_sender(url, gateway, timedelta(0)) for _ in range(SENDERS)]
    while killed < kills and waiting(url):
        wait_for_requests(heard, random.randint(0, _MOST_SENT))
        pause.wait(random.uniform(0, _AFTER))
        victim = senders.pop(random.randrange(len(senders)))
        finished, _status = os.waitpid(victim, os.WNOHANG)
        if not finished:
            os.kill(victim, signal.SIGKILL)
            os.waitpid(victim, 0)
            killed += 1
        else:
            round_ += 1  # all there was to send was leased by the dead: their leases end by time
        senders.append(fork_sender(url, gateway, LEASE * round_))
    for sender in senders:
        os.waitpid(sender, 0)
    while waiting(url):
        round_ += 1
        assert round_ < kills + SENDERS, "messages stay unsent"
        os.waitpid(fork_sender(url, gateway, LEASE * round_), 0)
    return killed


if __name__ == "__main__":
    url, gateway, heard, kills, seed = sys.argv[1:]
    sys.stdout.write(json.dumps({"kills": main(url, gateway, int(heard), int(kills), int(seed))}) + "\n")
