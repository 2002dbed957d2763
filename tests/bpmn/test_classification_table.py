"""The shipped decision table, from ticked findings to the suggestion (C1–C5)."""

from __future__ import annotations

import operator
from itertools import chain, combinations
from pathlib import Path

import pytest
from lxml import etree

from ledger.classification import Suggestion, suggest
from ledger.findings import Finding, inputs

DMN = {"dmn": "https://www.omg.org/spec/DMN/20191111/MODEL/"}
ROOT = etree.parse(Path(__file__).parents[2] / "bpmn" / "classification.dmn").getroot()
TABLE = ROOT.find("dmn:decision[@id='classification']/dmn:decisionTable", DMN)
NAMES = TABLE.xpath("dmn:input/dmn:inputExpression/dmn:text/text()", namespaces=DMN)
OUTPUTS = TABLE.xpath("dmn:output/@name", namespaces=DMN)
COMPARED = {">=": operator.ge, "<": operator.lt}


def texts(rule: etree._Element, kind: str) -> list[str]:
    return [entry.findtext("dmn:text", "", DMN) for entry in rule.iterfind(f"dmn:{kind}", DMN)]


def holds(cell: str, value: object) -> bool:
    """A cell as this one table writes it: empty, true, a number, or a comparison with a number."""
    if cell in ("", "true"):
        return cell == "" or value is True
    sign, _, number = cell.rpartition(" ")
    assert isinstance(value, int)
    return bool(COMPARED.get(sign, operator.eq)(value, int(number)))


def classify(*ticked: str) -> Suggestion:
    values = inputs(ticked)
    rows = [
        dict(zip(OUTPUTS, (text.strip('"') for text in texts(rule, "outputEntry")), strict=True))
        for rule in TABLE.iterfind("dmn:rule", DMN)
        if all(holds(cell, values[name]) for cell, name in zip(texts(rule, "inputEntry"), NAMES, strict=True))
    ]
    return suggest(rows, ticked)


STRONG = ("momentum", "chain_complete", "sales_smooth", "competitive", "risk_controlled")
IDLE = ("stopped_for_now", "assets_idle", "revivable")
FAILURES = ("failed", "cannot_develop", "management_failed")

SITUATIONS: list[tuple[str, tuple[str, ...], str | None, list[str]]] = [
    ("C1 all five conditions", STRONG, "consolidate", ["3"]),
    ("C1 all five, running", (*STRONG, "runs_normally"), "consolidate", ["3", ""]),
    ("C1 four of five do not do", STRONG[:4], None, []),
    ("C2 two defects", ("runs_normally", "chain_weak", "processing_weak"), "upgrade", ["4"]),
    (
        "C2 all defects",
        ("runs_normally", *(f.value for f in Finding if "weak" in f), "marketing_single"),
        "upgrade",
        ["4"],
    ),
    ("C2 defects without running normally", ("chain_weak", "technology_weak"), None, []),
    ("C3 assets idle", IDLE, "revive", ["5"]),
    ("C3 funds idle", ("stopped_for_now", "funds_idle", "revivable"), "revive", ["5"]),
    ("C3 contract not performed", ("stopped_for_now", "contract_unperformed", "revivable"), "revive", ["5"]),
    ("C3 nothing to revive", ("stopped_for_now", "assets_idle"), None, []),
    ("C3 stopped, nothing idle", ("stopped_for_now", "revivable"), None, []),
    ("C3 idle, not stopped", ("assets_idle", "revivable"), None, []),
    *((f"C4 {name}", (name,), "rebuild", ["6"]) for name in FAILURES),
    ("C4 all three", FAILURES, "rebuild", ["6"]),
    ("C5 running, no defect", ("runs_normally",), "consolidate", [""]),
    ("C5 running, one defect", ("runs_normally", "marketing_single"), "consolidate", [""]),
    ("C5 nothing ticked", (), None, []),
    ("C5 strong with two defects", (*STRONG, "runs_normally", "chain_weak", "technology_weak"), None, ["3", "4"]),
    ("C5 idle and failed", (*IDLE, "failed"), None, ["5", "6"]),
    ("C5 running and failed", ("runs_normally", "failed"), None, ["6", ""]),
]


@pytest.mark.parametrize(
    ("ticked", "category", "articles"), [s[1:] for s in SITUATIONS], ids=[s[0] for s in SITUATIONS]
)
def test_suggests(ticked: tuple[str, ...], category: str | None, articles: list[str]) -> None:
    suggestion = classify(*ticked)
    assert suggestion.category == category
    assert [reason.article for reason in suggestion.reasons] == articles


def test_every_failure_with_every_other_finding_keeps_the_rebuild_reason() -> None:
    """C4: one or more of the three is enough, whatever else is found."""
    for failure, other in chain.from_iterable(combinations((f, o), 2) for f in FAILURES for o in Finding if o != f):
        assert "rebuild" in {reason.category for reason in classify(failure, other).reasons}


def test_collects_over_five_rules() -> None:
    """C5: four rules of the directive and one of ours, which says so."""
    assert TABLE.get("hitPolicy") == "COLLECT"
    assert TABLE.get("aggregation") is None
    rules = [dict(zip(OUTPUTS, texts(rule, "outputEntry"), strict=True)) for rule in TABLE.iterfind("dmn:rule", DMN)]
    assert [rule["article"] for rule in rules] == ['"3"', '"4"', '"5"', '"6"', '""']
    assert "系统约定" in rules[-1]["reason"]


def test_asks_exactly_what_the_findings_give() -> None:
    assert list(inputs(())) == NAMES
    assert OUTPUTS == ["category", "article", "reason"]
    kinds = {"number": int, "boolean": bool}
    types = TABLE.xpath("dmn:input/dmn:inputExpression/@typeRef", namespaces=DMN)
    assert [kinds[kind] for kind in types] == [type(value) for value in inputs(()).values()]


def test_ids_are_unique_and_labels_chinese() -> None:
    ids = ROOT.xpath("//@id")
    assert len(ids) == len(set(ids))
    labels = TABLE.xpath("dmn:input/@label | dmn:output/@label", namespaces=DMN)
    assert len(labels) == len(NAMES) + len(OUTPUTS)
    assert all("\u4e00" <= label[0] <= "\u9fff" for label in labels)
