"""What two do at once beyond one case: pushes, deployments, meetings, replies, batches, senders, incidents, drafts.

The first is held before its commit until the second has knocked (issue 3 item 8); both databases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from bpmn.agendas import decide_agenda, draw_up, fill_in
from bpmn.bulk import fire_timers
from bpmn.casefile import Acting
from bpmn.deployment import Bundle, deploy, shipped_bundle
from bpmn.incidents import note_failure
from bpmn.migration import Order, move_case
from bpmn.refusals import ActRefused, AlreadyDone
from bpmn.runtime import start_cases
from bpmn.starting import PROCESS
from forms.fields import FieldType, options_of
from handlers.outcome import StepRefused
from ledger.agendas import Standing
from ledger.campaigns import Campaign
from ledger.cases import Case, Draft, Incident, WorkItem
from ledger.db import day_of, transaction
from ledger.meetings import BatchCase, MeetingVerdict, Reply
from ledger.outbox import Message, Notice, claim_messages, post
from ledger.papers import Attachment
from ledger.procedures import Procedure
from ledger.projects import Project
from ledger.scope import CLOCK
from ledger.vocabulary import Role
from tests.bpmn.redrawn import changed as redrawn
from tests.bpmn.redrawn import newly
from tests.bpmn.test_agendas import APPROVE, Gathering
from tests.interleaving import Told, interleave
from tests.interleavings.conftest import Shared
from tests.interleavings.scenes import complete, complete_all, posted, publicity_over, timer_id
from tests.points import COMMITTING, LOCKED
from tests.replay import assert_case
from tests.walk import PDF, Ground, Walk, fill
from tests.webapp.conftest import Person, Site, site_over

pytestmark = pytest.mark.usefixtures("quick_prints")


def at_once(ground: Ground, first: Callable[[], object], second: Callable[[], object]) -> tuple[Told, Told]:
    return interleave(ground.sessions, first, second, COMMITTING)


def rows(ground: Ground, table: Any, *wanted: Any) -> list[Any]:
    with transaction(ground.sessions, writes=False) as session:
        return list(session.scalars(select(table).where(*wanted).order_by(table.id)))


# -- pushes and deployments


def push(ground: Ground, projects: Sequence[Project]) -> Callable[[], object]:
    """Push some projects as the bureau; answers whose cases were started."""

    def ready() -> object:
        nobody = Walk(ground, projects[0], case_id=-1)
        with nobody.acting(Role.HANDLER, ground.county.bureau.id) as acting:
            here = [acting.session.get_one(Project, project.id) for project in projects]
            campaign = acting.session.get_one(Campaign, ground.county.campaign.id)
            return {case.project_id for case in start_cases(acting, here, campaign)}

    return ready


@pytest.mark.parametrize("shift", [0, 1], ids=["the same projects", "some of the same projects"])
def test_p1_of_two_pushes_each_project_gets_one_case(shared: Shared, shift: int) -> None:
    projects = [next(shared.untouched) for _ in range(3 + shift)]
    one, other = projects[:3], projects[shift:]
    first, second = at_once(shared.ground, push(shared.ground, one), push(shared.ground, other))
    assert first.value == {project.id for project in one}
    assert second.value == {project.id for project in other} - {project.id for project in one}, second.error
    cases = rows(shared.ground, Case, Case.project_id.in_([project.id for project in projects]))
    assert sorted(case.project_id for case in cases) == [project.id for project in projects]
    for case in cases:
        assert_case(shared.ground.sessions, case.id)


def changed(note: str) -> Bundle:
    """The shipped bundle with another sentence in its diagram."""
    bundle = shipped_bundle()
    return replace(bundle, diagram=bundle.diagram.replace("</bpmn:definitions>", f"<!-- {note} --></bpmn:definitions>"))


def deploying(ground: Ground, bundle: Bundle) -> Callable[[], object]:
    def ready() -> object:
        with transaction(ground.sessions) as session:
            return deploy(session, bundle, "测试", ground.now).number

    return ready


def versions(ground: Ground) -> list[Procedure]:
    """Return the versions of the procedure that projects go through; the rounds' are others."""
    return rows(ground, Procedure, Procedure.process_id == PROCESS)


def test_f8_the_same_bundle_deployed_twice_is_one_version(shared: Shared) -> None:
    before = len(versions(shared.ground))
    bundle = changed(f"twice {before}")
    first, second = at_once(shared.ground, deploying(shared.ground, bundle), deploying(shared.ground, bundle))
    assert (first.value, second.value) == (before + 1, before + 1), second.error
    assert len(versions(shared.ground)) == before + 1


def test_f8_two_bundles_deployed_at_once_get_two_numbers(shared: Shared) -> None:
    before = len(versions(shared.ground))
    one, other = changed(f"one {before}"), changed(f"other {before}")
    first, second = at_once(shared.ground, deploying(shared.ground, one), deploying(shared.ground, other))
    assert (first.value, second.value) == (before + 1, before + 2), second.error


def test_f8_a_case_started_beside_a_deployment_keeps_a_whole_version(shared: Shared) -> None:
    project = next(shared.untouched)
    before = versions(shared.ground)[-1].number
    bundle = changed(f"beside {before}")
    first, second = at_once(shared.ground, deploying(shared.ground, bundle), push(shared.ground, [project]))
    assert (first.error, second.value) == (None, {project.id})
    (case,) = rows(shared.ground, Case, Case.project_id == project.id)
    (procedure,) = rows(shared.ground, Procedure, Procedure.id == case.procedure_id)
    on_sqlite = shared.ground.sessions.kw["bind"].dialect.name == "sqlite"  # where the push waits for the deployment
    assert procedure.number == before + on_sqlite
    assert_case(shared.ground.sessions, case.id)


# -- meetings, replies, batches


def of_one_unit(shared: Shared, stem: str) -> tuple[Walk, Walk]:
    """Bring two projects of one unit to a step."""
    found: dict[int | None, list[Project]] = {}
    while True:
        project = next(shared.untouched)
        mates = found.setdefault(project.responsible_unit_id, [])
        mates.append(project)
        if len(mates) == 2:
            break
    walks = Walk(shared.ground, mates[0]), Walk(shared.ground, mates[1])
    for walk in walks:
        walk.to(stem)
    return walks


def test_p6_two_cases_decided_at_one_meeting_stand_in_its_minutes(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[str] = []
    monkeypatch.setattr("bpmn.prints.print_paper", lambda title, rows, *_: printed.append(str(rows)) or b"%")
    walks = of_one_unit(shared, "decision")
    meeting = newest_meeting(walks[0])
    told = at_once(shared.ground, *(complete("decision", meeting=str(meeting))(walk) for walk in walks))
    assert [each.error for each in told] == [None, None]
    assert len(rows(shared.ground, MeetingVerdict, MeetingVerdict.meeting_id == meeting)) == 2
    whole = [walk.project.name for walk in walks]
    assert all(name in printed[-1] for name in whole), "the later minutes miss a verdict"


def newest_meeting(walk: Walk) -> int:
    """Hold a meeting that may decide a case and return it."""
    item = walk.item("decision")
    with walk.acting(item.role, item.unit_id) as acting:
        shown = walk.prepare(acting, item, {})
        asking = next(each for _section, each in shown.form.fields() if each.type is FieldType.MEETING)
        return max(int(option.value) for option in options_of(asking, shown.asked))


@pytest.mark.parametrize("one_first", [True, False], ids=["one case first", "the meeting first"])
def test_p6_a_meeting_decides_while_somebody_decides_one_of_its_cases(shared: Shared, one_first: bool) -> None:
    walks = of_one_unit(shared, "decision")
    meeting = str(newest_meeting(walks[0]))
    alone, together = complete("decision", meeting=meeting)(walks[1]), complete_all(walks, "decision", meeting=meeting)
    first, second = at_once(shared.ground, *((alone, together) if one_first else (together, alone)))
    if one_first:
        assert (first.error, second.value) == (None, [True, False]), second.error
    else:
        assert first.value == [True, True]
        assert isinstance(second.error, AlreadyDone)
    assert [walk.waiting() for walk in walks] == [["reply"], ["reply"]]
    assert len(rows(shared.ground, MeetingVerdict, MeetingVerdict.meeting_id == int(meeting))) == 2
    for walk in walks:
        assert assert_case(shared.ground.sessions, walk.case_id).count("complete") > 1


def test_two_who_complete_the_same_cases_in_other_orders_do_not_lock_each_other(shared: Shared) -> None:
    walks = of_one_unit(shared, "field_survey")
    one, other = complete_all(walks, "field_survey"), complete_all(walks[::-1], "field_survey")
    first, second = interleave(shared.ground.sessions, one, other, LOCKED)
    assert (first.value, second.value) == ([True, True], [False, False]), second.error
    assert all(walk.waiting() == ["joint_review"] * 3 for walk in walks)


def agenda(shared: Shared) -> Gathering:
    """A meeting of the leading group with two projects on its agenda, filled in."""
    gathering = Gathering(shared.ground, list(of_one_unit(shared, "decision")))
    items = gathering.items
    gathering.act(lambda acting, meeting: draw_up(acting, meeting, items))
    gathering.act(lambda acting, meeting: fill_in(acting, meeting, items, APPROVE))
    return gathering


def deciding(gathering: Gathering) -> Callable[[], object]:
    return lambda: [done.happened for done in gathering.act(decide_agenda)]


def verdicts(gathering: Gathering) -> int:
    return len(rows(gathering.ground, MeetingVerdict, MeetingVerdict.meeting_id == gathering.id))


def test_p6_two_who_decide_one_agenda_decide_it_once(shared: Shared) -> None:
    gathering = agenda(shared)
    first, second = at_once(shared.ground, deciding(gathering), deciding(gathering))
    assert first.value == [True, True]
    # on SQLite the second begins when the first is through, and finds nothing to decide
    assert second.value == [False, False] or isinstance(second.error, ActRefused)
    assert (verdicts(gathering), gathering.standings()) == (2, [Standing.DONE] * 2)
    for walk in gathering.walks:
        assert walk.waiting() == ["reply"]
        assert_case(shared.ground.sessions, walk.case_id)


def test_p6_an_agenda_is_decided_while_somebody_decides_one_of_its_cases(shared: Shared) -> None:
    gathering = agenda(shared)
    alone = complete("decision", meeting=str(newest_meeting(gathering.walks[0])))(gathering.walks[0])
    first, second = at_once(shared.ground, alone, deciding(gathering))
    assert (first.error, second.error) == (None, None)
    assert verdicts(gathering) == 1
    assert [walk.waiting() for walk in gathering.walks] == [["reply"], ["reply"]]
    for walk in gathering.walks:
        assert_case(shared.ground.sessions, walk.case_id)


def test_p6_a_case_moved_to_another_version_meanwhile_is_decided_with_the_others(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All at once still: the version is found in a second look, and nobody is done alone."""
    gathering, version = agenda(shared), newly(shared.ground, redrawn(("publicity_end(5)", "publicity_end(6)")))
    monkeypatch.setattr("bpmn.bulk.complete_item", lambda *_: pytest.fail("done one by one"))
    first, second = at_once(shared.ground, moving(gathering.walks[1], version), deciding(gathering))
    assert (first.error, second.value) == (None, [True, True]), second.error
    assert [walk.waiting() for walk in gathering.walks] == [["reply"], ["reply"]]
    assert gathering.walks[1].case.procedure_id == version
    for walk in gathering.walks:
        assert_case(shared.ground.sessions, walk.case_id)


def moving(walk: Walk, version: int) -> Callable[[], object]:
    def ready() -> object:
        with walk.acting(Role.HANDLER, walk.ground.county.bureau.id) as acting:
            return move_case(acting, walk.case_id, Order(version)).weight

    return ready


def test_timers_of_a_case_moved_to_another_version_meanwhile_fire_with_the_others(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = [Walk(shared.ground, next(shared.untouched)) for _ in range(2)]
    version = newly(shared.ground, redrawn(("publicity_end(5)", "publicity_end(6)")))
    monkeypatch.setattr("bpmn.bulk.fire_timer", lambda *_: pytest.fail("done one by one"))
    for walk in walks:
        publicity_over(walk)
    timers = [timer_id(walk) for walk in walks]

    def firing() -> object:
        with transaction(shared.ground.sessions) as session:
            acting = Acting(session, CLOCK, walks[0].moment, shared.ground.papers)
            return [done.happened for done in fire_timers(acting, timers)]

    goal = version if walks[1].case.procedure_id != version else versions(shared.ground)[0].id
    first, second = at_once(shared.ground, moving(walks[1], goal), firing)
    assert (first.error, second.value) == (None, [True, True]), second.error
    for walk in walks:
        assert assert_case(shared.ground.sessions, walk.case_id)[-1] == "timer"


def decided_together(shared: Shared) -> tuple[Walk, Walk, int]:
    """Two cases of one unit decided at one meeting, waiting for their 批复."""
    one, other = of_one_unit(shared, "decision")
    meeting = newest_meeting(one)
    for walk in (one, other):
        walk.complete("decision", meeting=str(meeting))
    return one, other, meeting


def test_p6_two_cases_of_one_meeting_get_one_reply(shared: Shared) -> None:
    one, other, meeting = decided_together(shared)
    number = f"彭乡振组批〔2023〕{meeting}号"
    told = at_once(shared.ground, *(complete("reply", number=number)(walk) for walk in (one, other)))
    assert [each.error for each in told] == [None, None]
    (reply,) = rows(shared.ground, Reply, Reply.meeting_id == meeting)
    assert reply.number == number
    for walk in (one, other):
        assert_case(shared.ground.sessions, walk.case_id)


def test_p6_one_number_is_given_to_one_reply(shared: Shared) -> None:
    walks = [Walk(shared.ground, next(shared.untouched)) for _ in range(2)]
    for walk in walks:
        walk.to("reply")
    number = f"彭乡振组批〔2023〕甲{walks[0].case_id}号"
    first, second = at_once(shared.ground, *(complete("reply", number=number)(walk) for walk in walks))
    assert first.error is None
    assert isinstance(second.error, StepRefused)
    assert "文号" in str(second.error)
    assert walks[1].waiting() == ["reply"]
    assert_case(shared.ground.sessions, walks[1].case_id)


def test_p5_two_cases_join_one_batch_and_stand_in_its_papers(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[str] = []
    walks = of_one_unit(shared, "submission")
    walks[0].complete("submission")
    monkeypatch.setattr("bpmn.prints.print_paper", lambda title, rows, *_: printed.append(str(rows)) or b"%")
    (sent,) = rows(shared.ground, BatchCase, BatchCase.case_id == walks[0].case_id)
    third = mate(shared, walks[0])
    given = {"into": "existing", "batch": str(sent.batch_id)}
    told = at_once(shared.ground, *(complete("submission", **given)(walk) for walk in (walks[1], third)))
    assert [each.error for each in told] == [None, None]
    assert all(walk.project.name in printed[-1] for walk in (*walks, third)), "the later 请示 misses a case"


def mate(shared: Shared, walk: Walk) -> Walk:
    """Bring another project of the same unit to 报送."""
    project = next(each for each in shared.untouched if each.responsible_unit_id == walk.project.responsible_unit_id)
    other = Walk(shared.ground, project)
    other.to("submission")
    return other


# -- the clock's own rows


def test_a_message_is_claimed_by_one_of_two_senders(shared: Shared) -> None:
    channel = "email"
    with transaction(shared.ground.sessions) as session:
        post(session, [Notice("claimed", channel, 1, "", "")], shared.ground.now)

    def claim() -> object:
        with transaction(shared.ground.sessions) as session:
            return [each.dedupe_key for each in claim_messages(session, channel, shared.ground.now, 10)]

    first, second = at_once(shared.ground, claim, claim)
    assert (first.value, second.value) == (["claimed"], []), second.error
    (message,) = rows(shared.ground, Message, Message.dedupe_key == "claimed")
    assert message.attempts == 1


def test_one_message_is_written_by_two_clocks(shared: Shared) -> None:
    def write() -> object:
        with transaction(shared.ground.sessions) as session:
            return post(session, [Notice("written once", "page", 1, "", "")], shared.ground.now)

    first, second = at_once(shared.ground, write, write)
    assert [each.error for each in (first, second)] == [None, None]
    assert len(rows(shared.ground, Message, Message.dedupe_key == "written once")) == 1


def test_two_clocks_that_fail_leave_one_incident(shared: Shared) -> None:
    walk = Walk(shared.ground, next(shared.untouched))
    posted(walk)
    timer = timer_id(walk)

    def fail() -> object:
        subject = {"case_id": walk.case_id, "subject_id": timer}
        return note_failure(shared.ground.sessions, "timer", ValueError("x"), walk.now, **subject)

    first, second = at_once(shared.ground, fail, fail)
    assert first.value == second.value, second.error
    (incident,) = rows(shared.ground, Incident, Incident.subject_id == timer)
    assert incident.attempts == 2


# -- two windows of one person


@pytest.fixture
def page(ground: Ground) -> tuple[Site, Walk]:
    site = site_over(ground, ground.now + timedelta(days=1))
    return site, site.walk(0)


def sent(person: Person, path: str, **form: Any) -> Callable[[], object]:
    """Post a form whose token was fetched before; answers the status."""
    token = person.token()

    def ready() -> object:
        answer: TestResponse = person.client.post(path, data={**form, "csrf_token": token}, buffered=True)
        return answer.status_code

    return ready


def windows(page: tuple[Site, Walk]) -> tuple[Person, Person, WorkItem]:
    site, walk = page
    item = walk.item("receive")
    return site.person(item.unit_id), site.person(item.unit_id), item


def submission(person: Person, item: WorkItem) -> Callable[[], object]:
    form = {"verdict": "back", "reason": "须核对", "_revision": str(item.revision), "_action": "submit"}
    return sent(person, f"/items/{item.id}", **form)


def test_a_draft_saved_while_the_form_is_submitted_leaves_nothing(page: tuple[Site, Walk]) -> None:
    """A draft holds personal data: none may stay behind on a task that is done."""
    site, walk = page
    one, other, item = windows(page)
    saving = sent(other, f"/items/{item.id}/draft", reason="须核对")
    first, second = at_once(site.ground, submission(one, item), saving)
    assert (first.value, second.value) == (303, 410)  # gone, and by whom
    assert rows(site.ground, Draft, Draft.item_id == item.id) == []
    assert walk.waiting() == ["reassign"]


def test_a_form_submitted_while_a_draft_is_saved_takes_it_away(page: tuple[Site, Walk]) -> None:
    site, _walk = page
    one, other, item = windows(page)
    saving = sent(other, f"/items/{item.id}/draft", reason="须核对")
    first, second = at_once(site.ground, saving, submission(one, item))
    assert (first.value, second.value) == (204, 303)
    assert rows(site.ground, Draft, Draft.item_id == item.id) == []


def test_a_file_sent_while_the_form_is_submitted_is_not_put_beside_it(page: tuple[Site, Walk]) -> None:
    """What is done is done with the papers it had."""
    site, walk = page
    walk.complete("receive")
    item = walk.item("field_survey")
    one, other = site.person(item.unit_id), site.person(item.unit_id)
    with walk.acting(item.role, item.unit_id) as acting:
        shown = walk.prepare(acting, item, {})
        form = fill(shown, walk.answers_for(shown), day_of(walk.now))
    uploading = sent(other, f"/items/{item.id}", _action="upload", contract=(BytesIO(PDF), "协议.pdf"))
    submitting = sent(one, f"/items/{item.id}", _revision=str(item.revision), _action="submit", **form)
    first, second = at_once(site.ground, submitting, uploading)
    assert (first.value, second.value) == (303, 404)
    assert rows(site.ground, Attachment, Attachment.name == "协议.pdf") == []
    assert set(walk.waiting()) == {"joint_review"}
