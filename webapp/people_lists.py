"""Enter many people from an Excel list: all rows or none, every wrong cell named."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO

from flask import Blueprint, render_template, request, send_file
from flask.typing import ResponseReturnValue

from forms.sheets.cells import plain_text
from forms.sheets.grid import load_workbook
from forms.sheets.guard import WorkbookRefused
from forms.sheets.workbook import write_table
from ledger.approvals import ApprovalKind, Wish, ask
from ledger.journal import Act
from ledger.people import Unit
from ledger.scope import units_below
from ledger.sign_ins import hash_password
from ledger.staff import PersonFacts, Place, StaffRefused, check_places, enter_person, one_time_password, posts_text
from ledger.vocabulary import Role
from ledger.writing import record
from webapp.people import new_person
from webapp.permissions import SYSTEM, allows
from webapp.request import actor, ledger_session, moment
from webapp.uploads import FileRefused, admit, clean_name

bp = Blueprint("people_lists", __name__)
HEADS = ("单位", "姓名", "登录名", "岗位", "手机号码", "电子邮箱")
MOST = 200
_EXAMPLE = ("桑柘镇", "桑柘镇经办甲", "sangzhe.jia", "经办人", "13800000001", "jia@example.cn")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass
class Listed:
    """One person of the list: several rows with one sign-in name are several posts of one person."""

    row: int
    facts: PersonFacts
    places: list[Place] = field(default_factory=list)


@bp.get("/people/import")
@allows(SYSTEM)
def upload() -> ResponseReturnValue:
    return render_template("people/import.html", errors=[], entered=[], heads=HEADS)


@bp.get("/people/import/template")
@allows(SYSTEM)
def template() -> ResponseReturnValue:
    content = write_table("人员名单", HEADS, [_EXAMPLE])
    return send_file(BytesIO(content), mimetype=_XLSX, as_attachment=True, download_name="人员名单模板.xlsx")


@bp.post("/people/import")
@allows(SYSTEM)
def take() -> ResponseReturnValue:
    """Enter everybody of the list without rights, ask for their posts, and show the one-time passwords this once."""
    sent, reason = request.files.get("file"), request.form.get("reason", "")
    errors: list[str] = []
    listed: list[Listed] = []
    try:
        content = sent.read() if sent else b""
        admit(clean_name(sent.filename or "") if sent else "", content)
        listed, errors = read_list(content, units_below(ledger_session(), actor()))
    except (FileRefused, WorkbookRefused) as refused:
        errors = [str(refused)]
    if not reason.strip():
        errors.append("请填写理由：复核的人要看")
    if errors:
        return render_template("people/import.html", errors=errors, entered=[], heads=HEADS), 422
    try:
        with ledger_session().begin_nested():
            entered = _enter(listed, reason)
    except StaffRefused as refused:
        return render_template("people/import.html", errors=[str(refused)], entered=[], heads=HEADS), 422
    return render_template("people/import.html", errors=[], entered=entered, heads=HEADS)


def _enter(listed: Sequence[Listed], reason: str) -> list[tuple[Listed, str]]:
    session, real_at = ledger_session(), moment().real_at
    with ThreadPoolExecutor() as threads:  # slow on purpose, and let go of the interpreter meanwhile
        passwords = [one_time_password() for _ in listed]
        hashes = list(threads.map(hash_password, passwords))
    faults = []
    for each, password_hash in zip(listed, hashes, strict=True):
        try:
            user = enter_person(session, each.facts, real_at, password_hash)
            places = check_places(session, actor(), each.places)
        except StaffRefused as refused:
            faults.append(f"第 {each.row} 行：{refused}")
            continue
        record(session, moment(), actor(), Act("person_entered", detail={"user_id": user.id, **new_person(user)}))
        after = posts_text(session, places)
        posts = [[place.unit_id, str(place.role)] for place in places]
        wanted = {"posts": posts, "before": [], "after": after, "name": user.name, "login": user.login}
        approval = ask(session, Wish(ApprovalKind.POSTS, user.id, wanted, reason), actor(), real_at)
        detail = {"user_id": user.id, "name": user.name, "approval_id": approval.id, "before": [], "after": after}
        record(session, moment(), actor(), Act("posts_asked", detail={**detail, "reason": approval.reason}))
    if faults:
        raise StaffRefused({f"row{number}": fault for number, fault in enumerate(faults)})
    return list(zip(listed, passwords, strict=True))


def read_list(content: bytes, units: Sequence[Unit]) -> tuple[list[Listed], list[str]]:
    """Read the first sheet: people in its order, every wrong cell as a sentence; WorkbookRefused for no workbook."""
    sheet = load_workbook(content).sheets[0]
    rows = {number: [plain_text(cell).strip() for cell in cells] for number, cells in sheet.rows.items()}
    head = next((number for number, cells in rows.items() if HEADS[0] in cells and HEADS[2] in cells), None)
    if head is None:
        return [], ["没有找到表头。第一张表应有这些列：" + "、".join(HEADS)]
    columns = {name: rows[head].index(name) for name in HEADS if name in rows[head]}
    missing = [name for name in HEADS[:4] if name not in columns]
    if missing:
        return [], ["缺少列：" + "、".join(missing)]
    named, errors = _names_of(units), []
    people: dict[str, Listed] = {}
    for number, cells in rows.items():
        if number <= head or not any(cells):
            continue
        told = {name: cells[column] if column < len(cells) else "" for name, column in columns.items()}
        unit_ids = named.get(told["单位"].replace(" ", ""), [])
        if len(unit_ids) != 1:
            errors.append(
                f"第 {number} 行“单位”：" + ("有几个同名单位，请写镇名加村名" if unit_ids else f"没有“{told['单位']}”")
            )
        role = next((role for role in Role if role.label == told["岗位"]), None)
        if role is None:
            errors.append(f"第 {number} 行“岗位”：应为" + "、".join(role.label for role in Role) + "之一")
        facts = PersonFacts(told["登录名"], told["姓名"], told.get("手机号码", ""), told.get("电子邮箱", ""))
        person = people.setdefault(facts.login, Listed(number, facts))
        if len(unit_ids) == 1 and role is not None:
            person.places.append(Place(unit_ids[0], role))
    if len(people) > MOST:
        errors.append(f"一次最多 {MOST} 人，请分成几个文件")
    if not people and not errors:
        errors.append("表里没有人员")
    return list(people.values()), errors


def _names_of(units: Sequence[Unit]) -> dict[str, list[int]]:
    """Return every way of naming a unit → its rows: code, both names, and a village's after its township's."""
    by_id, named = {unit.id: unit for unit in units}, dict[str, list[int]]()
    for unit in units:
        parent = by_id.get(unit.parent_id or 0)
        spoken = {unit.code, unit.name, unit.short_name, (parent.short_name if parent else "") + unit.short_name}
        for name in spoken:
            named.setdefault(name, []).append(unit.id)
    return named
