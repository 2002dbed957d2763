"""Versions: addressed by content, never altered, refused with every problem named (F8)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from bpmn.deployment import Bundle, deploy, shipped_bundle
from bpmn.engine import DiagramProblems
from bpmn.versions import version_of
from forms.definition import DefinitionRefused
from ledger.db import transaction
from ledger.journal import Entry
from ledger.procedures import Procedure, current_procedure
from tests.walk import Ground, Walk, local

NOW = local(2023, 11, 6)


def altered(bundle: Bundle, old: str, new: str) -> Bundle:
    assert old in bundle.diagram
    return replace(bundle, diagram=bundle.diagram.replace(old, new))


def test_the_same_content_is_the_same_version(ground: Ground) -> None:
    with transaction(ground.sessions) as session:
        first = current_procedure(session, "four_batches")
        assert deploy(session, shipped_bundle(), "管理员", NOW) is first
        second = deploy(session, altered(shipped_bundle(), 'name="签收项目"', 'name="签收"'), "管理员", NOW)
        assert (second.number, second.process_id) == (2, first.process_id)
        assert current_procedure(session, "four_batches") is second
        told = session.scalars(select(Entry).where(Entry.act == "deploy", Entry.who == "管理员")).one()
        assert second.sha256 in told.detail


def test_a_case_keeps_the_version_it_was_started_with(ground: Ground) -> None:
    old = Walk(ground, ground.projects[1])
    with transaction(ground.sessions) as session:
        deploy(session, altered(shipped_bundle(), 'name="实地调研"', 'name="现场调研"'), "管理员", NOW)
    new = Walk(ground, ground.projects[4])
    for walk, name in ((old, "实地调研"), (new, "现场调研")):
        walk.complete("receive")
        assert walk.item("field_survey").name == name


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('sgyp:handler="receive"', 'sgyp:handler="unheard_of"'),
        ("publicity_end(5)", "publicity_end(4)"),
        ("verdict == 'withdraw'", "__import__('os')"),
        ("</bpmn:process>", ""),
    ],
)
def test_a_wrong_diagram_is_refused(sqlite_ground: Ground, old: str, new: str) -> None:
    bundle = shipped_bundle()
    with transaction(sqlite_ground.sessions) as session:
        before = len(session.scalars(select(Procedure)).all())
        with pytest.raises(DiagramProblems) as refused:
            deploy(session, altered(bundle, old, new), "管理员", NOW)
        assert refused.value.problems
        assert len(session.scalars(select(Procedure)).all()) == before


def test_wrong_forms_and_tables_are_refused(sqlite_ground: Ground) -> None:
    bundle = shipped_bundle()
    forms = {**bundle.forms, "receive": {"stem": "receive"}}
    tables = {**bundle.decisions, "classification": "<definitions/>"}
    with transaction(sqlite_ground.sessions) as session:
        with pytest.raises(DefinitionRefused):
            deploy(session, replace(bundle, forms=forms), "管理员", NOW)
        with pytest.raises(DiagramProblems):
            deploy(session, replace(bundle, decisions=tables), "管理员", NOW)


def test_a_version_is_read_once(sqlite_ground: Ground) -> None:
    with transaction(sqlite_ground.sessions) as session:
        procedure = current_procedure(session, "four_batches")
        assert version_of(procedure) is version_of(procedure)
        assert set(version_of(procedure).forms) >= {"receive", "archiving"}
