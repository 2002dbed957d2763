"""Random structured programs, an interpreter for them that knows nothing of BPMN, and their diagrams.

The interpreter is written with continuations: what is open is a list of (name, what happens next).
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from tests.bpmn.sketch import MESSAGE, Flow, fault, flows_of, node, several, timer, user

PEOPLE = ("甲", "乙", "丙")
PLAIN = ("task", "seq", "xor", "and", "or", "loop", "sub", "many")
EVENTS = ("edge", "note", "wait")
RARE = ("queue", "quota", "fail")
"""Joint tasks one after another and done early, and sub-processes one branch of which may end in an error."""


@dataclass(frozen=True)
class Block:
    """One block: its kind, its name and the blocks in it."""

    kind: str
    name: str
    inner: tuple["Block", ...] = ()
    days: int = 0


@dataclass
class Author:
    """Makes random blocks up to a depth."""

    rnd: random.Random
    kinds: tuple[str, ...]
    count: int = 0

    def block(self, depth: int = 3) -> Block:
        self.count += 1
        kind = self.rnd.choice(self.kinds) if depth else "task"
        name = f"{kind[0]}{kind[-1]}{self.count}"
        many = {"seq": self.rnd.randint(2, 3), "xor": 2, "and": 2, "or": 2, "loop": 1, "sub": 1, "fail": 2}.get(kind, 0)
        if many == 2 and kind != "fail" and self.rnd.random() < 0.3:
            many = 3
        return Block(kind, name, tuple(self.block(depth - 1) for _ in range(many)), self.rnd.randint(1, 9))


def choices(block: Block) -> list[tuple[str, int]]:
    """Return the variables a program reads, each with the number of its values."""
    own = {
        "xor": [(block.name, len(block.inner))],
        "or": [(f"{block.name}_{n}", 2) for n in range(1, len(block.inner))],
        "loop": [(block.name, 2)],
        "fail": [(block.name, 2)],
        "quota": [(block.name, len(PEOPLE))],
    }.get(block.kind, [])
    return own + [choice for inner in block.inner for choice in choices(inner)]


def draw(rnd: random.Random, block: Block) -> dict[str, object]:
    """Return random values for the variables of a program."""
    return {name: rnd.randrange(count) for name, count in choices(block)}


def names_in(block: Block) -> list[str]:
    """Return the names of what may be open in a program."""
    inner = [name for part in block.inner for name in names_in(part)]
    return [block.name, f"{block.name}l", *inner]


@dataclass
class Interpreter:
    """Runs a program without any diagram; `values` may be changed between steps."""

    values: Mapping[str, object]
    open: list[tuple[str, Callable[[], None]]] = field(default_factory=list)
    done: bool = False

    def finish(self) -> None:
        self.done = True

    def enter(self, block: Block, then: Callable[[], None]) -> None:
        getattr(self, f"enter_{block.kind}")(block, then)

    def enter_task(self, block: Block, then: Callable[[], None]) -> None:
        self.open.append((block.name, then))

    def enter_many(self, block: Block, then: Callable[[], None]) -> None:
        after = self.countdown(len(PEOPLE), then)
        for person in PEOPLE:
            self.open.append((f"{block.name}:{person}", after))

    def enter_queue(self, block: Block, then: Callable[[], None]) -> None:
        def part(number: int) -> None:
            if number == len(PEOPLE):
                then()
            else:
                self.open.append((f"{block.name}:{PEOPLE[number]}", lambda: part(number + 1)))

        part(0)

    def enter_quota(self, block: Block, then: Callable[[], None]) -> None:
        done = [0]

        def one() -> None:
            done[0] += 1
            if done[0] > int(str(self.values[block.name])) or done[0] == len(PEOPLE):
                self.cancel(block)
                then()

        self.open += [(f"{block.name}:{person}", one) for person in PEOPLE]

    def enter_fail(self, block: Block, then: Callable[[], None]) -> None:
        after = self.countdown(2, then)

        def first() -> None:
            if self.values[block.name]:
                self.cancel(block.inner[1])
                self.open.append((f"{block.name}l", then))
            else:
                after()

        self.enter(block.inner[0], first)
        self.enter(block.inner[1], after)

    def cancel(self, block: Block) -> None:
        """Forget what is open in a block."""
        names = set(names_in(block))
        self.open = [(name, after) for name, after in self.open if name.split(":")[0] not in names]

    def enter_seq(self, block: Block, then: Callable[[], None]) -> None:
        def part(number: int) -> None:
            if number == len(block.inner):
                then()
            else:
                self.enter(block.inner[number], lambda: part(number + 1))

        part(0)

    def enter_sub(self, block: Block, then: Callable[[], None]) -> None:
        self.enter(block.inner[0], then)

    def enter_xor(self, block: Block, then: Callable[[], None]) -> None:
        self.enter(block.inner[int(str(self.values[block.name]))], then)

    def enter_loop(self, block: Block, then: Callable[[], None]) -> None:
        def after() -> None:
            self.enter(block.inner[0], after) if self.values[block.name] else then()

        self.enter(block.inner[0], after)

    def enter_and(self, block: Block, then: Callable[[], None]) -> None:
        self.fork(block.inner, then)

    def enter_or(self, block: Block, then: Callable[[], None]) -> None:
        chosen = tuple(b for n, b in enumerate(block.inner) if n and self.values[f"{block.name}_{n}"])
        self.fork(chosen or block.inner[:1], then)

    def fork(self, branches: tuple[Block, ...], then: Callable[[], None]) -> None:
        after = self.countdown(len(branches), then)
        for branch in branches:
            self.enter(branch, after)

    @staticmethod
    def countdown(count: int, then: Callable[[], None]) -> Callable[[], None]:
        left = [count]

        def one() -> None:
            left[0] -= 1
            if not left[0]:
                then()

        return one

    def complete(self, name: str) -> None:
        place = next(n for n, (open_name, _) in enumerate(self.open) if open_name == name)
        self.open.pop(place)[1]()


@dataclass
class Draughtsman:
    """Draws a program as BPMN nodes and flows."""

    nodes: list[str] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)

    def add(self, block: Block) -> tuple[str, str]:
        """Draw a block; return its first and last node."""
        return getattr(self, f"add_{block.kind}")(block)  # type: ignore[no-any-return]

    def add_task(self, block: Block) -> tuple[str, str]:
        self.nodes.append(user(block.name))
        return block.name, block.name

    def add_many(self, block: Block) -> tuple[str, str]:
        self.nodes.append(several(block.name))
        return block.name, block.name

    def add_queue(self, block: Block) -> tuple[str, str]:
        self.nodes.append(several(block.name, how=' isSequential="true"'))
        return block.name, block.name

    def add_quota(self, block: Block) -> tuple[str, str]:
        self.nodes.append(several(block.name, early=f"nr_done > {block.name}"))
        return block.name, block.name

    def add_fail(self, block: Block) -> tuple[str, str]:
        """Two branches in a sub-process, of which the first may end in an error; then a task mends it."""
        inside = Draughtsman()
        begin, fork, ask, fine, bad, other, mend, merge, late = (f"{block.name}{letter}" for letter in "sfxebolmt")
        one, two = (inside.add(inner) for inner in block.inner)
        nodes = [
            *(node("startEvent", begin), node("parallelGateway", fork), *inside.nodes),
            *(node("exclusiveGateway", ask, default=f"{ask}d"), node("endEvent", bad, fault("no_reply"))),
            *(node("endEvent", fine), node("endEvent", other)),
        ]
        flows: list[Flow] = [
            (begin, fork),
            (fork, one[0]),
            (fork, two[0]),
            *inside.flows,
            (one[1], ask),
            (two[1], other),
        ]
        flows += [(ask, bad, f"{block.name} == 1"), (ask, fine, "", f"{ask}d")]
        self.nodes += [node("subProcess", block.name, "".join(nodes) + flows_of(flows)), user(mend)]
        self.nodes += [node("boundaryEvent", late, fault("no_reply"), attachedToRef=block.name)]
        self.nodes += [node("exclusiveGateway", merge)]
        self.flows += [(block.name, merge), (late, mend), (mend, merge)]
        return block.name, merge

    def add_seq(self, block: Block) -> tuple[str, str]:
        ends = [self.add(inner) for inner in block.inner]
        self.flows += [(left[1], right[0]) for left, right in pairwise(ends)]
        return ends[0][0], ends[-1][1]

    def add_loop(self, block: Block) -> tuple[str, str]:
        merge, again, out = f"{block.name}m", f"{block.name}x", f"{block.name}d"
        self.nodes += [node("exclusiveGateway", merge), node("exclusiveGateway", again, default=out)]
        exit_node = f"{block.name}o"
        self.nodes.append(node("exclusiveGateway", exit_node))
        first, last = self.add(block.inner[0])
        self.flows += [(merge, first), (last, again), (again, merge, f"{block.name} == 1"), (again, exit_node, "", out)]
        return merge, exit_node

    def add_sub(self, block: Block) -> tuple[str, str]:
        inside = Draughtsman()
        first, last = inside.add(block.inner[0])
        begin, end = f"{block.name}s", f"{block.name}e"
        nodes = [node("startEvent", begin), *inside.nodes, node("endEvent", end)]
        flows = [(begin, first), *inside.flows, (last, end)]
        self.nodes.append(node("subProcess", block.name, "".join(nodes) + flows_of(flows)))
        return block.name, block.name

    def gateways(self, block: Block, kind: str, conditions: list[str]) -> tuple[str, str]:
        fork, join, default = f"{block.name}f", f"{block.name}j", f"{block.name}d"
        self.nodes += [node(kind, fork, **({"default": default} if conditions else {})), node(kind, join)]
        for number, inner in enumerate(block.inner):
            first, last = self.add(inner)
            condition = conditions[number] if conditions else ""
            self.flows.append((fork, first, "", default) if conditions and number == 0 else (fork, first, condition))
            self.flows.append((last, join))
        return fork, join

    def add_and(self, block: Block) -> tuple[str, str]:
        return self.gateways(block, "parallelGateway", [])

    def add_xor(self, block: Block) -> tuple[str, str]:
        return self.gateways(block, "exclusiveGateway", [f"{block.name} == {n}" for n in range(len(block.inner))])

    def add_or(self, block: Block) -> tuple[str, str]:
        return self.gateways(block, "inclusiveGateway", [f"{block.name}_{n} == 1" for n in range(len(block.inner))])

    def add_edge(self, block: Block, interrupting: str = "true") -> tuple[str, str]:
        """A task with a timer on its edge that cancels it."""
        merge, late = f"{block.name}m", f"{block.name}t"
        event = timer(f"P{block.days}D", "timeDuration")
        self.nodes += [user(block.name), node("exclusiveGateway", merge), user(f"{block.name}l")]
        self.nodes.append(node("boundaryEvent", late, event, attachedToRef=block.name, cancelActivity=interrupting))
        self.flows += [(block.name, merge), (late, f"{block.name}l")]
        if interrupting == "true":
            self.flows.append((f"{block.name}l", merge))
        else:
            self.nodes.append(node("endEvent", f"{block.name}e"))
            self.flows.append((f"{block.name}l", f"{block.name}e"))
        return block.name, merge

    def add_note(self, block: Block) -> tuple[str, str]:
        """A task with a timer on its edge that does not cancel it."""
        return self.add_edge(block, "false")

    def add_wait(self, block: Block) -> tuple[str, str]:
        """An event gateway between a timer and a message."""
        gate, merge, late, came = (f"{block.name}{letter}" for letter in "gmtw")
        self.nodes += [
            node("eventBasedGateway", gate),
            node("intermediateCatchEvent", late, timer(f"P{block.days}D", "timeDuration")),
            node("intermediateCatchEvent", came, MESSAGE),
            user(f"{block.name}1"),
            user(f"{block.name}2"),
            node("exclusiveGateway", merge),
        ]
        one, two = f"{block.name}1", f"{block.name}2"
        self.flows += [(gate, late), (gate, came), (late, one), (came, two), (one, merge), (two, merge)]
        return gate, merge
