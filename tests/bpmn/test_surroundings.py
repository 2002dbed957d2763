"""Steps without a programmer: a form of the bundle alone, the one general question, automatic steps, decision tables.

Issue 3 item 1 and issue 9 (an administrator adds 纪委复核 with a form of three fields): nothing but the bundle changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from bpmn.deployment import Bundle, deploy
from bpmn.engine import DiagramProblems, StepFailed
from bpmn.runtime import complete_item, open_item
from forms.parsing import FormErrors
from handlers.automatic import AUTOMATIC, Passing
from handlers.plain import GENERIC
from ledger.db import transaction
from ledger.journal import history
from ledger.outbox import Message
from ledger.people import Post, User
from ledger.vocabulary import ItemStatus, Role
from tests.bpmn.sketch import node, sketch, user
from tests.walk import Ground, Walk

FORM: Mapping[str, Any] = {
    "stem": "discipline_review",
    "title": "纪委复核",
    "article": "",
    "sections": [
        {
            "title": "复核",
            "fields": [
                {
                    **{"name": "verdict", "label": "复核意见", "type": "radio", "required": True, "publish": "verdict"},
                    "options": [{"value": "on", "label": "同意"}, {"value": "back", "label": "退回"}],
                },
                {"name": "reason", "label": "说明", "type": "textarea", "required": True},
                {"name": "seen_on", "label": "日期", "type": "date"},
            ],
        }
    ],
}
TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="urn:t">
<decision id="amount" name="amount"><decisionTable id="t" hitPolicy="UNIQUE">
<input id="i"><inputExpression id="ie"><text>verdict</text></inputExpression></input>
<output id="o" name="category"/>
<rule id="r1"><inputEntry id="c1"><text>'on'</text></inputEntry>
<outputEntry id="a1"><text>'upgrade'</text></outputEntry></rule>
</decisionTable></decision></definitions>"""


def bundle(*nodes: str, flows: list[tuple[str, ...]], **decisions: str) -> Bundle:
    diagram = sketch(nodes, flows).decode().replace('id="P"', 'id="four_batches" name="试行"')
    return Bundle(diagram, decisions, {"discipline_review": FORM})


def begun(ground: Ground, drawn: Bundle) -> Walk:
    with transaction(ground.sessions) as session:
        deploy(session, drawn, "管理员", ground.now)
    return Walk(ground, ground.projects[0])


def review(**more: str) -> str:
    return user("review", name="纪委复核", sgyp__form="discipline_review", sgyp__who="县乡村振兴局", **more)


def test_a_step_with_a_form_of_its_own_needs_no_programmer(ground: Ground) -> None:
    walk = begun(
        ground,
        bundle(
            review(sgyp__due="3wd"),
            node("exclusiveGateway", "g", default="g_e"),
            user("again", name="补充", sgyp__who="责任单位"),
            flows=[
                ("s", "review"),
                ("review", "g"),
                ("g", "e", "", "g_e"),
                ("g", "again", "verdict == 'back'"),
                ("again", "e"),
            ],
        ),
    )
    item = walk.item("discipline_review")
    assert (item.name, item.unit_id) == ("纪委复核", ground.county.bureau.id)
    with walk.acting(Role.HANDLER, item.unit_id) as acting:
        shown = open_item(acting, item.id)
        assert [each.label for _section, each in shown.form.fields()] == ["复核意见", "说明", "日期"]
        with pytest.raises(FormErrors) as refused:
            complete_item(acting, item.id, item.revision, {"verdict": ["on"]})
        assert refused.value.errors == {"reason": "请填写说明"}
    before = walk.project.measures
    walk.complete("discipline_review", verdict="back", reason="账目不清")
    assert walk.item(GENERIC).name == "补充"  # the gateway saw what the form publishes
    walk.complete(GENERIC, opinion="已补齐账目")
    assert walk.case.ended_at is not None
    done = [(each.stem, each.answers) for each in walk.items()]
    assert done == [
        ("discipline_review", {"verdict": "back", "reason": "账目不清"}),
        (GENERIC, {"opinion": "已补齐账目"}),
    ]
    assert walk.project.measures == before


def test_an_automatic_step_tells_the_people_of_its_lane_once(ground: Ground) -> None:
    tell = node(
        "serviceTask",
        "tell",
        "<bpmn:documentation>请知悉。</bpmn:documentation>",
        name="抄送",
        sgyp__handler="notify",
        sgyp__who="县乡村振兴局",
    )
    forget = node("serviceTask", "forget", name="清意见", sgyp__handler="clear_verdict")
    walk = begun(
        ground,
        bundle(
            review(), forget, tell, flows=[("s", "review"), ("review", "forget"), ("forget", "tell"), ("tell", "e")]
        ),
    )
    walk.complete("discipline_review", verdict="on", reason="无")
    with walk.session() as session:
        held = (Post.unit_id == ground.county.bureau.id, Post.role == Role.HANDLER, User.disabled_at.is_(None))
        people = set(session.scalars(select(Post.user_id).join(User, User.id == Post.user_id).where(*held)))
        told = session.scalars(select(Message)).all()
        assert people
        assert sorted(each.user_id for each in told) == sorted(people)
        assert {(each.subject, each.body) for each in told} == {(f"抄送：{walk.project.name}", "请知悉。")}
        last = history(session, walk.case_id)[-1]
        assert '"tell"' in last.detail
        assert '"forget"' in last.detail
    assert walk.case.ended_at is not None


@pytest.mark.parametrize(("verdict", "category"), [("on", "'upgrade'"), ("back", "None")])
def test_a_business_rule_decides_by_its_table(sqlite_ground: Ground, verdict: str, category: str) -> None:
    walk = begun(
        sqlite_ground,
        bundle(
            review(),
            node("businessRuleTask", "rule", sgyp__decision="amount"),
            node("exclusiveGateway", "g", default="g_e"),
            user("again", sgyp__who="责任单位"),
            flows=[
                ("s", "review"),
                ("review", "rule"),
                ("rule", "g"),
                ("g", "e", "", "g_e"),
                ("g", "again", f"category == {category}"),
                ("again", "e"),
            ],
            amount=TABLE,
        ),
    )
    walk.complete("discipline_review", verdict=verdict, reason="无")
    assert walk.waiting() == [GENERIC]


def test_a_table_without_its_variable_leaves_the_case_where_it_was(sqlite_ground: Ground) -> None:
    table = TABLE.replace("<text>verdict</text>", "<text>plan_due_on &gt; 3</text>").replace("'on'", "true")
    rule = node("businessRuleTask", "rule", sgyp__decision="amount")
    walk = begun(
        sqlite_ground, bundle(review(), rule, flows=[("s", "review"), ("review", "rule"), ("rule", "e")], amount=table)
    )
    with pytest.raises(StepFailed, match="rule"):
        walk.complete("discipline_review", verdict="on", reason="无")
    assert [item.status for item in walk.items()] == [ItemStatus.OPEN]


@pytest.mark.parametrize(
    ("drawn", "code"),
    [
        (user("a", sgyp__form="unheard_of"), "unknown_form"),
        (user("a", sgyp__form="receive"), "taken_form"),
        (user("a", sgyp__form="discipline_review", sgyp__handler="receive"), "two_forms"),
        (user("a", sgyp__handler="notify"), "wrong_handler"),
        (node("serviceTask", "a", sgyp__handler="receive"), "wrong_handler"),
        (node("serviceTask", "a", sgyp__handler="unheard_of"), "unknown_handler"),
    ],
)
def test_what_the_runtime_could_not_do_is_not_deployed(sqlite_ground: Ground, drawn: str, code: str) -> None:
    with transaction(sqlite_ground.sessions) as session, pytest.raises(DiagramProblems) as refused:
        deploy(session, bundle(drawn, flows=[("s", "a"), ("a", "e")]), "管理员", sqlite_ground.now)
    assert code in {problem.code for problem in refused.value.problems}


def test_a_notice_without_words_of_its_own_names_the_step() -> None:
    done = AUTOMATIC["notify"](Passing("抄送", " ", "甲项目", {}))
    assert done.words == "“甲项目”已办到“抄送”。"
    assert AUTOMATIC["clear_verdict"](Passing("", "", "", {"verdict": "on"})).variables == {"verdict": None}
