"""Every door that takes a file: who may use it, where it waits, and the pages that show the file afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from werkzeug.test import TestResponse

from bpmn.bundles import archive_of
from bpmn.casefile import Acting
from bpmn.deployment import shipped_bundle
from bpmn.round_periods import open_due
from forms.papers.catalogue import BY_NAME
from ledger.db import transaction
from ledger.journal import Moment
from ledger.outside import OutsideAttempt, notice_token
from ledger.rounds import RoundItem
from ledger.scope import CLOCK
from tests.acceptance.people import picture
from tests.walk import Walk, local
from tests.webapp.api.conftest import Program, program_of
from tests.webapp.conftest import Person, Site

CASES = Path(__file__).parent / "cases"
OFFICE, SHEETS = frozenset({"docx", "xlsx", "pdf", "png", "jpg", "zip"}), frozenset({"xlsx"})
BUREAU, SYSTEM = "xiangcunzhenxingju.jingban", "xitong"
_LINK = re.compile(r"/papers/(\d+)/view")
Sent = Mapping[str, Any]
FILE = "file sent as"
"""The key under which a form says by what name it takes its file."""
OBJECTION: Sent = {"raised_by": "村民甲", "contact": "13800000001", "content": "分红标准与合同不一致", FILE: "files"}
POSTED_AGAIN: Sent = {
    "places": "notice_unit",
    "posted_on": "2023-11-28",
    "reason": "被撕毁",
    FILE: "photo_notice_unit",
}
MEETING = {"title": "领导小组第一次会议", "held_on": "2023-11-06", "place": "二楼会议室", "chair": "组长甲"}


@dataclass(frozen=True)
class Good:
    """A file that is in order."""

    name: str
    content: bytes

    @property
    def kind(self) -> str:
        return self.name.rpartition(".")[2]


PHOTO = Good("现场.png", picture())


@dataclass(frozen=True)
class Door:
    """A way in: `send` posts the file, looks at the pages that show it afterwards, and yields every status.

    `own` are good files of just what it asks for.
    """

    name: str
    kinds: frozenset[str]
    own: tuple[Good, ...]
    send: Callable[[str, bytes], Iterator[int]]


def doors(site: Site) -> list[Door]:
    """Sign in who may use each door, let something wait behind it, and return the doors."""
    return [*_on_cases(site), *_beside_cases(site), *_read_at_once(site)]


def _on_cases(site: Site) -> Iterator[Door]:
    """Yield the doors of a case: its step's form and page, the programs' one, its remarks, publicity and objections."""
    examined, surveyed = site.walk(0), site.walk(1)
    surveyed.to("field_survey")
    examined.to("notice_unit")
    examined.now = local(2023, 11, 27)
    examined.complete("notice_unit", contact="镇乡村振兴办公室", content="现将分类和措施公告如下。")
    examined.complete("notice_site")
    examined.now = local(2023, 11, 28)  # before it, nothing is posted again
    site.catch_up(examined)
    item, unit = surveyed.item("field_survey"), examined.items("notice_unit")[0].unit_id
    clerk, program = site.person(item.unit_id), program_of(site, item.unit_id)
    poster, case = site.person(unit), f"/cases/{examined.case_id}"
    here = f"{case}/publicity"
    yield Door("任务材料", OFFICE, (PHOTO,), partial(_item, clerk, item.id))
    yield Door("程序接口", OFFICE, (PHOTO,), partial(_program, program, item.id))
    yield Door("留言附件", OFFICE, (PHOTO,), partial(_page, clerk, *_remark(surveyed.case_id)))
    yield Door("异议登记", OFFICE, (PHOTO,), partial(_page, poster, f"{case}/objections/new", here, OBJECTION))
    yield Door("公众异议", OFFICE, (PHOTO,), partial(_stranger, site, examined))
    yield Door("公告照片", OFFICE, (PHOTO,), partial(_page, poster, f"{here}/repost", here, POSTED_AGAIN))


def _remark(case_id: int) -> tuple[str, str, Sent]:
    return f"/cases/{case_id}/comments", f"/cases/{case_id}?tab=comments", {"text": "请看附件", FILE: "files"}


def _beside_cases(site: Site) -> Iterator[Door]:
    """Yield the doors of a round, a drawn project and a meeting."""
    county, bureau, office = site.ground.county, site.bureau(), site.office()
    now = site.ground.now
    with transaction(site.ground.sessions) as session:
        open_due(Acting(session, CLOCK, Moment(now, now), site.ground.papers), county.county.id)
        report = session.scalars(select(RoundItem).where(RoundItem.stem == "mobilisation")).first()
        assert report is not None
    clerk, posted = site.person(report.unit_id), f"/rounds/items/{report.id}"
    draft = {"_action": "draft", FILE: "record"}
    yield Door("周期报送", OFFICE, (PHOTO,), partial(_page, clerk, posted, f"/rounds/{report.round_id}", draft))
    wanted = {"title": "抽查", "strata": "unit", "percent": "100", "county": str(county.county.id)}
    assert bureau.post("/checks/new", wanted).status_code == 303
    found = {"checked_on": "2023-11-06", "text": "冷库停用", "until": "2023-12-29", FILE: "photos"}
    yield Door("抽查照片", OFFICE, (PHOTO,), partial(_page, bureau, "/checks/projects/1", "/checks/projects/1", found))
    meeting = {"unit_id": str(county.office.id), "campaign_id": str(county.campaign.id), **MEETING}
    made = office.post("/meetings/new", meeting)
    assert made.status_code == 303
    held, scan = made.headers["Location"], {FILE: "scan"}
    yield Door("会议登记", OFFICE, (PHOTO,), partial(_page, office, "/meetings/new", "", {**meeting, **scan}))
    yield Door("会议扫描", OFFICE, (PHOTO,), partial(_page, office, f"{held}/scans", held, scan))


def _read_at_once(site: Site) -> Iterator[Door]:
    """Yield the doors whose files are read and become rows, templates or diagrams."""
    bureau, system = (_signed_in(site, login) for login in (BUREAU, SYSTEM))
    people = Good("人员名单.xlsx", system.get("/people/import/template").data)
    ledger = Good("管理台账.xlsx", bureau.get("/reports/annex5.xlsx").data)
    export = Good("项目清单.xlsx", (CASES / "xlsx" / "ok_control.xlsx").read_bytes())
    template = Good("审批表.docx", BY_NAME["annex1"].shipped)
    drawn = (Good("流程.bpmn", shipped_bundle().diagram.encode()), Good("流程.zip", archive_of(shipped_bundle())))
    yield Door("项目导入", SHEETS, (export,), partial(_form, bureau, "/imports/new", "workbook"))
    yield Door("台账回收", SHEETS, (ledger,), partial(_form, bureau, "/reports/annex5/return", "workbook"))
    yield Door("人员名单", SHEETS, (people,), partial(_form, system, "/people/import", "file"))
    yield Door("文书模板", frozenset({"docx"}), (template,), partial(_form, system, "/templates/annex1", "file"))
    yield Door("流程导入", frozenset({"bpmn", "zip"}), drawn, partial(_form, system, "/design/import", "bundle"))


def _signed_in(site: Site, login: str) -> Person:
    person = site.visitor()
    assert person.sign_in(login).status_code == 303
    return person


def _form(person: Person, address: str, field: str, name: str, content: bytes) -> Iterator[int]:
    """Post the file, open the page one is sent to and take away what it offers about the file."""
    sent = {field: (BytesIO(content), name), "reason": "测试", "note": "测试"}
    answer = person.post(address, sent, content_type="multipart/form-data")
    yield answer.status_code
    if answer.status_code == 303:
        page = answer.headers["Location"]
        yield person.get(page).status_code
        if page.startswith("/imports/"):
            yield person.get(f"{page}/errors.xlsx").status_code


def _item(person: Person, item_id: int, name: str, content: bytes) -> Iterator[int]:
    """Keep the file with a draft, look at its preview, and take it out again."""
    address = f"/items/{item_id}"
    yield from _page(person, address, address, {"_action": "draft", FILE: "photos"}, name, content)
    for paper in _newest(person.get(address)):
        yield person.post(address, {"_action": "draft", "_remove": paper}).status_code


def _page(person: Person, address: str, shown: str, typed: Sent, name: str, content: bytes) -> Iterator[int]:
    """Post a form with the file, open the page that shows what was kept (where one is sent to), and the newest file."""
    told = {key: value for key, value in typed.items() if key != FILE}
    answer = person.post(address, {**told, typed[FILE]: (BytesIO(content), name)}, content_type="multipart/form-data")
    yield answer.status_code
    page = person.get(shown or answer.headers.get("Location", address))
    yield page.status_code
    for paper in _newest(page):
        yield person.get(f"/papers/{paper}/view").status_code
        yield person.get(f"/papers/{paper}/pages/1").status_code
        yield person.get(f"/papers/{paper}").status_code


def _newest(page: TestResponse) -> list[int]:
    """Return the file that was brought last, of those a page shows; none when it shows none."""
    return sorted(map(int, _LINK.findall(page.text)))[-1:]


def _stranger(site: Site, walk: Walk, name: str, content: bytes) -> Iterator[int]:
    """Object to a notice without signing in, each time from elsewhere; the notice's share is for other tests."""
    with transaction(site.ground.sessions) as session:
        session.execute(delete(OutsideAttempt))
        address = f"/gonggao/{walk.case_id}/{notice_token(session, walk.case_id)}"
    visitor = site.visitor()
    visitor.client.environ_base["REMOTE_ADDR"] = ".".join(map(str, (127, *sha256(content).digest()[:3])))
    yield from _page(visitor, address, "", OBJECTION, name, content)


def _program(program: Program, item_id: int, name: str, content: bytes) -> Iterator[int]:
    """Put the file on a task by a program, and take it back from there."""
    sent, path = {"field": "photos", "file": (BytesIO(content), name)}, f"/api/v1/items/{item_id}/papers"
    multipart = "multipart/form-data"
    answer = program.client.post(path, data=sent, headers=program.headers, content_type=multipart, buffered=True)
    answer.request.environ["wsgi.input"].close()
    yield answer.status_code
    if answer.status_code == 200:
        paper = answer.json["id"]
        yield program.get(f"/papers/{paper}/content").status_code
        yield program.post(f"/items/{item_id}/papers/{paper}/remove", {}).status_code
