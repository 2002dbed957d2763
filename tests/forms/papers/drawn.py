"""Every paper and both tables as people get them, drawn by LibreOffice: `make papers` lays them into build/papers."""

from __future__ import annotations

import sys
import tempfile
from datetime import date
from pathlib import Path

import pypdfium2

from forms.papers.application import Opinion, blank_facts, form_facts
from forms.papers.catalogue import BY_NAME, FORMS
from forms.papers.filling import print_paper
from forms.papers.office import Source, find_office, to_pdf
from forms.preview import page_count, page_picture
from forms.sheets.annexes import Heading, annex4, annex5
from ledger.db import open_ledger, transaction
from ledger.migrations import upgrade
from ledger.statistics import annex4_of, annex5_rows, everything, projects_where
from tests.conftest import KEYS
from tests.drawn_projects import draw, enter
from tests.forms.papers.test_application import PROJECT
from tests.walk import lay_ground

FOLDER = Path(__file__).parents[3] / "build" / "papers"
DAY = date(2023, 11, 25)
PATIENCE = 300  # seconds for all of them
ANNEXES = ("annex1", "annex2", "annex3")
MEASURES = "整治修缮大棚设施，引进企业承包经营，落实管护责任人。" * 12
OPINION = "经集体研究，同意该项目列入盘活一批，由镇里牵头落实承包企业，按期修缮并恢复生产。" * 3


NAME = "2019年桑柘镇鹿青村高山蔬菜大棚及配套冷链设施建设项目" * 9
UNIT = "彭水县桑柘镇鹿青村股份经济合作联合社" * 6
LINES = "\n".join(["整治修缮大棚设施，引进企业承包经营。落实"] * 15)  # 300 characters and more lines than their box


def fullest(annex: str, **more: str) -> bytes:
    """Return Annex 1–3 as full as its own cells may be: 300 characters of measures, 100 of each opinion."""
    project = {**PROJECT, "measures": MEASURES[:300], "operation": "stopped", **more}
    opinions = tuple(Opinion(OPINION[:100], DAY, "彭水县桑柘镇人民政府 冉某某") for _ in range(3))
    facts = BY_NAME[annex].complete(form_facts(project, opinions, "申请表"))
    return print_paper("表", facts, BY_NAME[annex].shipped, DAY)


def papers() -> dict[str, Source]:
    """Return each paper with the examples of its variables; Annex 1–3 also blank and as full as may be."""
    found = {form.name: print_paper(form.title, form.example, form.shipped, DAY) for form in FORMS}
    for annex in ANNEXES:
        form = BY_NAME[annex]
        found[f"{annex}-blank"] = print_paper(form.title, form.complete(blank_facts()), form.shipped, DAY)
        found[f"{annex}-full"] = fullest(annex)
    found["annex1-over"] = fullest("annex1", name=NAME[:200], responsible_body=UNIT[:100], measures=LINES)
    return {name: Source("docx", content) for name, content in found.items()}


def tables(folder: Path) -> dict[str, Source]:
    """Return Annex 4 and 5 over sixty drawn projects."""
    url = f"sqlite:///{folder / 'ledger.sqlite'}"
    upgrade(url, KEYS)
    sessions = open_ledger(url, KEYS)
    ground = lay_ground(sessions, folder / "papers")
    county = ground.county
    units = {unit.short_name: unit.id for unit in (*county.townships.values(), *list(county.departments.values())[:2])}
    heading = Heading("彭水县", "审核人甲", "填报人甲", DAY, "彭水自治县")
    with transaction(sessions) as session:
        enter(session, list(draw(7, 60, list(units))), units, county.county.id, ground.now)
    with transaction(sessions, writes=False) as session:
        projects = list(projects_where(session, everything()))
        found = {"annex4": annex4(annex4_of(projects), heading), "annex5": annex5(annex5_rows(projects), heading)}
    sessions.kw["bind"].dispose()
    return {f"{name}-table": Source("xlsx", content) for name, content in found.items()}


def lowest(pdf: bytes) -> list[float]:
    """Return for each page how far down its writing and lines reach, as a share of its height."""
    reached = []
    for page in pypdfium2.PdfDocument(pdf):
        objects = [each.get_bounds() for each in page.get_objects(max_depth=1)]
        reached.append(1 - min((bottom for _left, bottom, _right, _top in objects), default=0) / page.get_height())
    return reached


def main() -> int:
    """Draw everything and print how many pages each has; returns the exit status."""
    with tempfile.TemporaryDirectory() as name:
        office = find_office("", Path(name) / "profile")
        if office is None:
            sys.stderr.write("LibreOffice is not installed\n")
            return 2
        done = to_pdf(office, {**papers(), **tables(Path(name))}, PATIENCE)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for paper, pdf in sorted(done.items()):
        for number in range(page_count(pdf)):
            (FOLDER / f"{paper}-{number + 1}.png").write_bytes(page_picture(pdf, number))
        sys.stdout.write(f"{paper}\t{page_count(pdf)}\t{lowest(pdf)[-1]:.2f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
