"""Random structured programs and their diagrams; `tests.bpmn.interpreter` runs them without any diagram."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from bpmn.engine import Diagram, link, read_diagram
from tests.bpmn.sketch import MESSAGE, Flow, fault, flows_of, node, several, sketch, timer, user

PEOPLE = ("甲", "乙", "丙")
PLAIN = ("task", "seq", "xor", "and", "or", "loop", "sub", "many")
EVENTS = ("edge", "note", "wait")
RARE = ("queue", "quota", "fail")
"""Joint tasks one after another and done early, and sub-processes one branch of which may end in an error."""
SCOPES = ("halt", "late", "ring", "call", "body", "auto", "rule")
"""Sub-processes terminated or left by a timer or a message, called processes, joint tasks with a timer, handlers."""
WHOLE = PLAIN * 2 + EVENTS + RARE + SCOPES


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
        parts = {"xor": 2, "and": 2, "or": 2, "fail": 2, "halt": 2}
        parts |= dict.fromkeys(("loop", "sub", "late", "ring", "call"), 1)
        many = {"seq": self.rnd.randint(2, 3), **parts}.get(kind, 0)
        if many == 2 and kind not in ("fail", "halt") and self.rnd.random() < 0.3:
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
    return [block.name, *(f"{block.name}{letter}" for letter in "abltw"), *inner]


@dataclass
class Draughtsman:
    """Draws a program as BPMN nodes and flows."""

    nodes: list[str] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)  # the diagrams called, by process

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
        inside = Draughtsman(files=self.files)
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
        inside = Draughtsman(files=self.files)
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

    def add_halt(self, block: Block) -> tuple[str, str]:
        """Two branches in a sub-process; the end of the first terminates the other."""
        inside = Draughtsman(files=self.files)
        begin, fork, end, other = (f"{block.name}{letter}" for letter in "sfeo")
        one, two = (inside.add(inner) for inner in block.inner)
        nodes = [node("startEvent", begin), node("parallelGateway", fork), *inside.nodes]
        nodes += [node("endEvent", end, "<bpmn:terminateEventDefinition/>"), node("endEvent", other)]
        flows = [(begin, fork), (fork, one[0]), (fork, two[0]), *inside.flows, (one[1], end), (two[1], other)]
        self.nodes.append(node("subProcess", block.name, "".join(nodes) + flows_of(flows)))
        return block.name, block.name

    def add_late(self, block: Block, event: str = "") -> tuple[str, str]:
        """A sub-process with a timer on its edge that cancels it, or another event."""
        _, host = self.add_sub(block)
        merge, late, mend = f"{block.name}m", f"{block.name}t", f"{block.name}l"
        self.nodes += [node("exclusiveGateway", merge), user(mend)]
        event = event or timer(f"P{block.days}D", "timeDuration")
        self.nodes.append(node("boundaryEvent", late, event, attachedToRef=host))
        self.flows += [(host, merge), (late, mend), (mend, merge)]
        return host, merge

    def add_ring(self, block: Block) -> tuple[str, str]:
        """A sub-process with a message on its edge that cancels it."""
        return self.add_late(block, MESSAGE)

    def add_call(self, block: Block) -> tuple[str, str]:
        """A process of its own file, called by the block's name."""
        inside = Draughtsman(files=self.files)
        first, last = inside.add(block.inner[0])
        flows = [("s", first), *inside.flows, (last, "e")]
        self.files[f"p{block.name}"] = sketch(inside.nodes, flows, process=f"p{block.name}")
        self.nodes.append(node("callActivity", block.name, calledElement=f"p{block.name}"))
        return block.name, block.name

    def add_auto(self, block: Block) -> tuple[str, str]:
        """A task for a handler, then one for a person: a round of the first alone would never rest."""
        self.nodes += [node("serviceTask", f"{block.name}h", sgyp__handler="count"), user(block.name)]
        self.flows.append((f"{block.name}h", block.name))
        return f"{block.name}h", block.name

    def add_rule(self, block: Block) -> tuple[str, str]:
        """A task for a person, then one for a decision table."""
        self.nodes += [user(block.name), node("businessRuleTask", f"{block.name}h", sgyp__decision="weigh")]
        self.flows.append((block.name, f"{block.name}h"))
        return block.name, f"{block.name}h"

    def add_body(self, block: Block) -> tuple[str, str]:
        """A joint task with a timer on its edge that cancels what is left of it."""
        return self.add_edge(block, host=several(block.name))

    def add_edge(self, block: Block, interrupting: str = "true", host: str = "") -> tuple[str, str]:
        """A task with a timer on its edge that cancels it."""
        merge, late = f"{block.name}m", f"{block.name}t"
        event = timer(f"P{block.days}D", "timeDuration")
        self.nodes += [host or user(block.name), node("exclusiveGateway", merge), user(f"{block.name}l")]
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
            user(f"{block.name}a"),
            user(f"{block.name}b"),
            node("exclusiveGateway", merge),
        ]
        one, two = f"{block.name}a", f"{block.name}b"
        self.flows += [(gate, late), (gate, came), (late, one), (came, two), (one, merge), (two, merge)]
        return gate, merge


def diagram_of(program: Block) -> bytes:
    """Return the diagram of a program that calls no other."""
    return files_of(program)[0]


def files_of(program: Block) -> tuple[bytes, dict[str, bytes]]:
    """Return the diagram of a program and those it calls, by process."""
    drawn = Draughtsman()
    first, last = drawn.add(program)
    return sketch(drawn.nodes, [("s", first), *drawn.flows, (last, "e")]), drawn.files


def linked_diagram(program: Block) -> Diagram:
    """Read a program's diagram with all it calls."""
    main, called = files_of(program)
    return link(read_diagram(main), {name: read_diagram(file) for name, file in called.items()})


def random_program(rnd: random.Random, kinds: tuple[str, ...], depth: int = 4) -> Block:
    """Make a program of three blocks one after another."""
    author = Author(rnd, kinds)
    return Block("seq", "root", (author.block(depth), author.block(depth), author.block(depth - 1)))


def count(variables: Mapping[str, object]) -> dict[str, object]:
    """Handle a service task: one more was passed."""
    return {"passed": int(str(variables["passed"])) + 1}


def weigh(variables: Mapping[str, object]) -> dict[str, object]:
    """Decide a business-rule task."""
    return {"weight": int(str(variables["passed"])) % 3}


HANDLERS = {"count": count, "weigh": weigh}
