"""Runs a random program by its blocks alone: an interpreter that knows nothing of BPMN, diagrams or the engine.

It is written with continuations: what is open is a list of what waits, each with what happens next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.bpmn.programs import PEOPLE, Block, names_in

Then = Callable[[], None]


@dataclass(frozen=True)
class Open:
    """Something that waits: `kind` is task, timer or message."""

    kind: str
    name: str
    then: Then
    due_at: datetime | None = None


@dataclass
class Scope:
    """What a sub-process, or the whole, waits for: it is left by the last token in it."""

    then: Then
    tokens: int = 1

    def leave(self) -> None:
        self.tokens -= 1
        if not self.tokens:
            self.then()


@dataclass
class Interpreter:
    """Runs a program; `values` and `now` may be changed between steps."""

    values: Mapping[str, object]
    now: datetime
    open: list[Open] = field(default_factory=list)
    done: bool = False
    passed: int = 0
    weight: int | None = None

    def begin(self, program: Block) -> None:
        """Enter a whole program."""
        whole = Scope(self.finish)
        self.enter(program, whole.leave, whole)

    def finish(self) -> None:
        self.done = True

    def names(self, kind: str) -> list[str]:
        """Return what waits, in the order of names."""
        return sorted(each.name for each in self.open if each.kind == kind)

    def timers(self) -> list[tuple[str, datetime]]:
        """Return the timers that wait and when they are due."""
        return sorted((each.name, each.due_at) for each in self.open if each.due_at is not None)

    def happen(self, name: str) -> None:
        """Let the oldest of what waits under a name go on."""
        place = next(n for n, each in enumerate(self.open) if each.name == name)
        self.open.pop(place).then()

    # -- what the blocks do

    def enter(self, block: Block, then: Then, scope: Scope) -> None:
        getattr(self, f"enter_{block.kind}")(block, then, scope)

    def ask(self, name: str, then: Then) -> None:
        self.open.append(Open("task", name, then))

    def watch(self, block: Block, then: Then) -> None:
        """Open the timer of a block."""
        self.open.append(Open("timer", f"{block.name}t", then, self.now + timedelta(days=block.days)))

    def cancel(self, *names: str) -> None:
        """Forget what is open under some names, all parts of a joint task with it."""
        self.open = [each for each in self.open if each.name.split(":")[0] not in names]

    def value(self, name: str) -> int:
        return int(str(self.values[name]))

    def enter_task(self, block: Block, then: Then, scope: Scope) -> None:
        self.ask(block.name, then)

    def enter_many(self, block: Block, then: Then, scope: Scope) -> None:
        after = countdown(len(PEOPLE), then)
        for person in PEOPLE:
            self.ask(f"{block.name}:{person}", after)

    def enter_queue(self, block: Block, then: Then, scope: Scope) -> None:
        def part(number: int) -> None:
            if number == len(PEOPLE):
                then()
            else:
                self.ask(f"{block.name}:{PEOPLE[number]}", lambda: part(number + 1))

        part(0)

    def enter_quota(self, block: Block, then: Then, scope: Scope) -> None:
        done = [0]

        def one() -> None:
            done[0] += 1
            if done[0] > self.value(block.name) or done[0] == len(PEOPLE):
                self.cancel(block.name)
                then()

        for person in PEOPLE:
            self.ask(f"{block.name}:{person}", one)

    def enter_seq(self, block: Block, then: Then, scope: Scope) -> None:
        def part(number: int) -> None:
            if number == len(block.inner):
                then()
            else:
                self.enter(block.inner[number], lambda: part(number + 1), scope)

        part(0)

    def enter_xor(self, block: Block, then: Then, scope: Scope) -> None:
        self.enter(block.inner[self.value(block.name)], then, scope)

    def enter_loop(self, block: Block, then: Then, scope: Scope) -> None:
        def after() -> None:
            if self.value(block.name):
                self.enter(block.inner[0], after, scope)
            else:
                then()

        self.enter(block.inner[0], after, scope)

    def enter_and(self, block: Block, then: Then, scope: Scope) -> None:
        self.fork(block.inner, then, scope)

    def enter_or(self, block: Block, then: Then, scope: Scope) -> None:
        chosen = tuple(b for n, b in enumerate(block.inner) if n and self.value(f"{block.name}_{n}"))
        self.fork(chosen or block.inner[:1], then, scope)

    def fork(self, branches: tuple[Block, ...], then: Then, scope: Scope) -> None:
        after = countdown(len(branches), then)
        for branch in branches:
            self.enter(branch, after, scope)

    def enter_sub(self, block: Block, then: Then, scope: Scope) -> None:
        inside = Scope(then)
        self.enter(block.inner[0], inside.leave, inside)

    enter_call = enter_sub

    def enter_fail(self, block: Block, then: Then, scope: Scope) -> None:
        inside = Scope(then, tokens=2)

        def first() -> None:
            if self.value(block.name):
                self.cancel(*names_in(block))
                self.ask(f"{block.name}l", then)
            else:
                inside.leave()

        self.enter(block.inner[0], first, inside)
        self.enter(block.inner[1], inside.leave, inside)

    def enter_halt(self, block: Block, then: Then, scope: Scope) -> None:
        inside = Scope(then, tokens=2)

        def first() -> None:
            self.cancel(*names_in(block))
            then()

        self.enter(block.inner[0], first, inside)
        self.enter(block.inner[1], inside.leave, inside)

    def enter_late(self, block: Block, then: Then, scope: Scope) -> None:
        self.watch(block, self.mending(block, then))
        self.enter_sub(block, self.unwatched(block, then), scope)

    def enter_ring(self, block: Block, then: Then, scope: Scope) -> None:
        self.open.append(Open("message", f"{block.name}t", self.mending(block, then)))
        self.enter_sub(block, self.unwatched(block, then), scope)

    def enter_edge(self, block: Block, then: Then, scope: Scope) -> None:
        self.watch(block, self.mending(block, then))
        self.ask(block.name, self.unwatched(block, then))

    def enter_body(self, block: Block, then: Then, scope: Scope) -> None:
        self.watch(block, self.mending(block, then))
        self.enter_many(block, self.unwatched(block, then), scope)

    def enter_note(self, block: Block, then: Then, scope: Scope) -> None:
        def fire() -> None:
            scope.tokens += 1
            self.ask(f"{block.name}l", scope.leave)

        self.watch(block, fire)
        self.ask(block.name, self.unwatched(block, then))

    def enter_wait(self, block: Block, then: Then, scope: Scope) -> None:
        def come(letter: str) -> Then:
            def one() -> None:
                self.cancel(f"{block.name}t", f"{block.name}w")
                self.ask(f"{block.name}{letter}", then)

            return one

        self.watch(block, come("a"))
        self.open.append(Open("message", f"{block.name}w", come("b")))

    def enter_auto(self, block: Block, then: Then, scope: Scope) -> None:
        self.passed += 1
        self.ask(block.name, then)

    def enter_rule(self, block: Block, then: Then, scope: Scope) -> None:
        def decide() -> None:
            self.weight = self.passed % 3
            then()

        self.ask(block.name, decide)

    def mending(self, block: Block, then: Then) -> Then:
        """What an event on the edge does: cancel all in the block, ask for one task instead."""

        def fire() -> None:
            self.cancel(*names_in(block))
            self.ask(f"{block.name}l", then)

        return fire

    def unwatched(self, block: Block, then: Then) -> Then:
        """What the end of a watched block does: its event is gone."""

        def end() -> None:
            self.cancel(f"{block.name}t")
            then()

        return end


def countdown(count: int, then: Then) -> Then:
    """Return what is to be called so many times before `then` is."""
    left = [count]

    def one() -> None:
        left[0] -= 1
        if not left[0]:
            then()

    return one
