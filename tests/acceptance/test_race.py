"""Two people press 提交 at the same moment: one is taken, the other learns who was quicker (safety rule 5)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from werkzeug.test import TestResponse

from ledger.cases import Draft
from ledger.db import transaction
from ledger.taking import drop_drafts
from tests.acceptance.clerk import Town
from tests.webapp.conftest import Person, Site

ROUNDS = 20
SENTENCE = re.compile(r"该任务已由\S+经办甲于11月6日\d{1,2}:\d\d办理")


def test_of_two_that_submit_at_once_one_is_taken(both_sites: Site) -> None:
    """20 rounds over one case: a unit hands it back, the bureau gives it to the other, which hands it back too."""
    town = Town(both_sites)
    matter, county = town.matter(0), town.site.ground.county
    towns = [county.townships[name].id for name in ("桑柘镇", "保家镇")]
    browsers = {place: [town.site.person(place) for _each in range(2)] for place in (*towns, county.bureau.id)}
    tokens = {place: [each.token() for each in pair] for place, pair in browsers.items()}
    back = {"verdict": "back", "reason": "须核对"}
    with ThreadPoolExecutor(2) as pool:
        for number in range(ROUNDS):
            stem = ("receive", "reassign")[number % 2]
            item, start, before = matter.walk.item(stem), Barrier(2), town.counts()
            given = {"verdict": "unit", "unit": str(towns[(number // 2 + 1) % 2]), "reason": "已核对"}
            answers = back if stem == "receive" else given
            form = {**answers, "_revision": str(item.revision), "_action": "submit"}

            def press(person: Person, token: str, path: str, form: dict[str, str], start: Barrier) -> TestResponse:
                start.wait()
                return person.client.post(path, data={**form, "csrf_token": token}, buffered=True)

            pairs = zip(browsers[item.unit_id], tokens[item.unit_id], strict=True)
            running = [pool.submit(press, *pair, f"/items/{item.id}", form, start) for pair in pairs]
            told = sorted((each.result() for each in running), key=lambda answer: answer.status_code)
            assert [answer.status_code for answer in told] == [303, 409]
            assert SENTENCE.search(told[1].text)
            # one completion's worth: the next item is all that is new
            changed = {name: after - before[name] for name, after in town.counts().items() if after != before[name]}
            assert changed == {"work_item": 1}
    assert len(matter.walk.items()) == ROUNDS + 1


def test_two_windows_that_save_at_once_keep_one_draft(both_sites: Site) -> None:
    """An autosave and a refused submission of the same person cross; neither is lost to a conflict."""
    town = Town(both_sites)
    matter = town.matter(0)
    item, windows = matter.walk.item("receive"), [both_sites.town() for _each in range(2)]
    tokens = [each.token() for each in windows]
    with ThreadPoolExecutor(2) as pool:
        for _round in range(3):
            with transaction(both_sites.ground.sessions) as session:
                drop_drafts(session, item.id)
            start = Barrier(2)

            def save(person: Person, token: str, start: Barrier) -> int:
                start.wait()
                data = {"reason": "须核对", "csrf_token": token}
                return person.client.post(f"/items/{item.id}/draft", data=data).status_code

            saving = [pool.submit(save, *pair, start) for pair in zip(windows, tokens, strict=True)]
            assert [each.result() for each in saving] == [204, 204]
            assert len(town.rows(Draft)) == 1
