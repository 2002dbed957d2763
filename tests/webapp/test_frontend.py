"""The pages' scripts do what pages rely on, under the content security policy that the server sends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect

from webapp.assets import asset

REPOSITORY = Path(__file__).parents[2]
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
SMALLEST_LETTER = 11


@dataclass
class Site:
    """A made-up site: what is put into `pages` is served, what is posted is kept."""

    address: str = ""
    pages: dict[str, tuple[str, str]] = field(default_factory=dict)
    posted: list[str] = field(default_factory=list)

    def page(self, body: str) -> str:
        entry = asset("app")
        styles = "".join(f'<link rel="stylesheet" href="{style}">' for style in entry.styles)
        head = f'<meta charset="utf-8"><link rel="icon" href="/static/favicon.svg"><title>页</title>{styles}'
        script = f'<script type="module" src="{entry.script}"></script>'
        text = f'<!doctype html><html lang="zh-CN"><head>{head}{script}</head><body>{body}</body></html>'
        self.pages["/"] = (text, "text/html; charset=utf-8")
        return self.address + "/"


def _answering(site: Site) -> type[BaseHTTPRequestHandler]:
    class Answer(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            """Keep the tests' output quiet."""

        def _send(self, status: HTTPStatus, content: bytes = b"", kind: str = "text/plain") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            file = REPOSITORY / "webapp" / self.path.lstrip("/")
            if self.path in site.pages:
                text, kind = site.pages[self.path]
                self._send(HTTPStatus.OK, text.encode(), kind)
            elif self.path.startswith("/static/") and file.is_file():
                self._send(HTTPStatus.OK, file.read_bytes(), TYPES[file.suffix])
            else:
                self._send(HTTPStatus.NOT_FOUND)

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            site.posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._send(HTTPStatus.NO_CONTENT)

    return Answer


@pytest.fixture(scope="module")
def server() -> Iterator[Site]:
    site = Site()
    with ThreadingHTTPServer(("127.0.0.1", 0), _answering(site)) as listening:
        site.address = f"http://127.0.0.1:{listening.server_port}"
        thread = Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield site
        listening.shutdown()
        thread.join()


@pytest.fixture
def site(server: Site) -> Site:
    server.pages.clear()
    server.posted.clear()
    return server


@pytest.fixture
def show(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Open a body as a page; at the end, nothing may have been refused or failed in the browser."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    complaints: list[str] = []

    def opened(body: str) -> Page:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        page.goto(site.page(body))
        return page

    yield opened
    context.close()
    assert complaints == []


CONDITIONAL = """
<form><input type="radio" name="state" value="正常" id="normal" checked>
<input type="radio" name="state" value="停产" id="idle">
<div data-show-if='{"state": ["停产"]}'>
  <select name="why" id="why"><option value=""></option><option>其他</option></select>
</div>
<div data-show-if='{"why": ["其他"]}'><input name="other" id="other"></div></form>
"""


def test_a_field_is_asked_only_when_its_condition_holds(show: Callable[..., Page]) -> None:
    page = show(CONDITIONAL)
    expect(page.locator("#why")).to_be_hidden()
    page.check("#idle")
    expect(page.locator("#why")).to_be_enabled()
    expect(page.locator("#other")).to_be_hidden()
    page.select_option("#why", "其他")
    expect(page.locator("#other")).to_be_enabled()


def test_what_hangs_on_a_hidden_field_is_not_asked(show: Callable[..., Page]) -> None:
    page = show(CONDITIONAL)
    page.check("#idle")
    page.select_option("#why", "其他")
    page.check("#normal")
    expect(page.locator("#why")).to_be_disabled()
    expect(page.locator("#other")).to_be_hidden()
    expect(page.locator("#other")).to_be_disabled()


MATRIX = """
<table class="matrix"><tbody>
<tr><td><input id="a" data-column="c" value="1200000"></td><td><input id="b" data-column="m"></td>
  <td class="row-sum"></td></tr>
<tr><td><input id="c" data-column="c"></td><td><input data-column="m"></td>
  <td class="row-sum"></td></tr>
<tr><td class="col-sum" data-column="c"></td><td class="col-sum" data-column="m"></td>
  <td class="all-sum"></td></tr>
</tbody></table>
"""


def test_totals_follow_the_amounts_exactly(show: Callable[..., Page]) -> None:
    page = show(MATRIX)
    expect(page.locator("#a")).to_have_value("1,200,000")
    page.fill("#b", "0.1")
    page.fill("#c", "3００，０００．２")  # full-width figures are amounts too
    expect(page.locator(".row-sum").first).to_have_text("1,200,000.10")
    expect(page.locator('.col-sum[data-column="c"]')).to_have_text("1,500,000.20")
    expect(page.locator(".all-sum")).to_have_text("1,500,000.30")
    page.locator("#c").blur()
    expect(page.locator("#c")).to_have_value("300,000.20")


def test_an_amount_that_cannot_be_read_makes_no_total(show: Callable[..., Page]) -> None:
    page = show(MATRIX)
    page.fill("#b", "约三十万")
    expect(page.locator(".all-sum")).to_have_text("—")
    page.locator("#b").blur()
    expect(page.locator("#b")).to_have_value("约三十万")


DRAFT = """
<form data-draft-url="/draft" data-draft-seconds="0.05"><input type="hidden" name="csrf_token" value="本页的令牌">
<input name="opinion" id="opinion"><input type="file" name="file"><div class="actbar"></div></form>
"""


def test_a_change_is_saved_by_itself_with_the_token(show: Callable[..., Page], site: Site) -> None:
    page = show(DRAFT)
    page.fill("#opinion", "同意")
    expect(page.locator(".actbar .draft-state")).to_contain_text("已自动暂存")
    assert len(site.posted) == 1
    assert "本页的令牌" in site.posted[0]
    assert "同意" in site.posted[0]
    assert 'name="file"' not in site.posted[0]


def test_a_file_field_speaks_chinese(show: Callable[..., Page]) -> None:
    page = show('<form><label for="f">附件</label><input type="file" id="f" name="f" multiple></form>')
    expect(page.locator(".file-field")).to_contain_text("选择文件未选择文件")
    page.set_input_files("#f", [{"name": "会议纪要.pdf", "mimeType": "application/pdf", "buffer": b"x" * 2048}])
    expect(page.locator(".file-names")).to_have_text("会议纪要.pdf（2 KB）")
    assert page.evaluate("new FormData(document.forms[0]).get('f').name") == "会议纪要.pdf"


def test_a_box_of_text_is_as_high_as_its_text(show: Callable[..., Page]) -> None:
    page = show('<form><textarea class="form-control" rows="2">' + "一行\n" * 12 + "</textarea></form>")
    box = page.locator("textarea")
    fits = "box => box.scrollHeight <= box.clientHeight"
    assert box.evaluate(fits)
    before = box.evaluate("box => box.offsetHeight")
    box.press_sequentially("又\n又\n又\n")
    assert box.evaluate(fits)
    assert box.evaluate("box => box.offsetHeight") > before


MINUTES = '<form method="post"><textarea id="opinion" name="opinion"></textarea><button>保存</button></form>'


@pytest.mark.parametrize("body", [DRAFT.replace('data-draft-seconds="0.05"', ""), MINUTES])
def test_leaving_with_unsaved_changes_warns(show: Callable[..., Page], body: str) -> None:
    page = show(body)
    page.fill("#opinion", "同意")
    with page.expect_event("dialog") as warned:
        page.close(run_before_unload=True)
    assert warned.value.type == "beforeunload"
    warned.value.accept()


ENDING = """
<div hidden data-idle-seconds="1800" data-left-seconds="{left}" data-go="/go">
<span data-when="idle" hidden>没有操作</span>
<span data-when="last" hidden>最长时间</span><span data-when="over" hidden>已经结束</span>
<button type="button" hidden>继续使用</button></div>
<form data-draft-url="/draft" data-draft-seconds="1"><textarea name="a" id="a"></textarea><span data-draft-state></span>
</form>"""


def after(show: Callable[..., Page], left: int, seconds: int) -> Page:
    """Open a page that knows when its sign-in ends, and let some time pass."""
    page = show(ENDING.format(left=left))
    page.clock.install()
    page.reload()
    page.clock.fast_forward(seconds * 1000)
    return page


def test_before_a_sign_in_ends_the_page_says_so_and_one_click_goes_on(show: Callable[..., Page], site: Site) -> None:
    page = after(show, 40_000, 26 * 60)
    told = page.locator("[data-idle-seconds]")
    expect(told).to_be_hidden()
    page.clock.fast_forward(70_000)  # two minutes before the server, which notes use once a minute, may end it
    expect(page.get_by_role("alert").get_by_text("没有操作")).to_be_visible()
    expect(told.get_by_text("最长时间")).to_be_hidden()
    site.pages["/go"] = ("", "text/html")
    page.get_by_role("button", name="继续使用").click()
    expect(told).to_be_hidden()
    page.clock.fast_forward(27 * 60_000)
    expect(told).to_be_visible()
    page.fill("#a", "同意")
    page.clock.fast_forward(2_000)
    expect(told).to_be_hidden()  # a draft was saved
    page.clock.fast_forward(40 * 60_000)
    expect(told.get_by_text("已经结束")).to_be_visible()
    expect(told.get_by_role("button")).to_be_hidden()


def test_the_longest_a_sign_in_lasts_is_told_and_cannot_be_put_off(show: Callable[..., Page]) -> None:
    told = after(show, 600, 490).get_by_role("alert")
    expect(told.get_by_text("最长时间")).to_be_visible()
    expect(told.get_by_role("button")).to_be_hidden()


def test_what_is_missing_is_said_in_chinese(show: Callable[..., Page]) -> None:
    page = show('<form method="post"><input name="a" required><input type="url" name="b"><button>保存</button></form>')
    said = "all => all.map(one => one.validationMessage)"
    page.click("button")
    assert page.locator("input").evaluate_all(said) == ["请填写此项", ""]
    page.fill('[name="a"]', "名称")
    page.fill('[name="b"]', "www")
    page.click("button")
    assert page.locator("input").evaluate_all(said) == ["", "请填写完整的网址，以 https:// 开头"]


STATE = {
    "done": ["receive", "survey_review", "field_survey"],
    "current": ["decision_reply", "decision"],
    "overdue": ["reassign"],
    "flows": [],
    "notes": {
        "receive": {"text": "11-06 王某", "kind": "done"},
        "decision": {"text": "李主任 剩2个工作日", "kind": "current"},
    },
}
VIEWER = """<div data-island="viewer" data-xml="/diagram" data-state-url="/state"></div>
<div style="height: 2000px"></div><p id="records-receive">签收</p>"""


@pytest.fixture(params=["alone", "in a card"])
def diagram(request: pytest.FixtureRequest, show: Callable[..., Page], site: Site) -> Page:
    text = (REPOSITORY / "bpmn" / "four_batches.bpmn").read_text(encoding="utf-8")
    site.pages["/diagram"] = (text, "application/xml")
    site.pages["/state"] = (json.dumps(STATE), "application/json")
    body = VIEWER if request.param == "alone" else f'<div class="card"><div class="card-body">{VIEWER}</div></div>'
    page = show(f'<div class="shell"><nav class="side"></nav><main class="main">{body}</main></div>')
    expect(page.locator("[data-island][data-ready]")).to_be_visible()
    return page


def test_a_diagram_shows_where_the_case_is(diagram: Page, screenshots: Path) -> None:
    diagram.screenshot(path=screenshots / "diagram.png")
    expect(diagram.locator('.is-done[data-element-id="receive"]')).to_be_visible()
    expect(diagram.locator('.is-overdue[data-element-id="reassign"]')).to_be_visible()
    expect(diagram.locator(".diagram-note", has_text="11-06 王某")).to_be_visible()
    expect(diagram.locator(".legend li")).to_have_count(5)
    expect(diagram.locator(".bjs-powered-by")).to_be_visible()


def test_a_diagram_s_letters_are_large_enough_and_nothing_is_cut(diagram: Page) -> None:
    scale, inner, outer = diagram.evaluate(
        """() => {
            const canvas = document.querySelector('[data-island]').viewer.get('canvas');
            const { inner, x, y, width, height, scale } = canvas.viewbox();
            const drawn = [inner.x, inner.y, inner.x + inner.width, inner.y + inner.height];
            return [scale, drawn, [x, y, x + width, y + height]];
        }"""
    )
    letter = diagram.evaluate("parseFloat(getComputedStyle(document.querySelector('.djs-visual text')).fontSize)")
    assert scale * letter >= SMALLEST_LETTER
    assert outer[0] <= inner[0]
    assert outer[1] <= inner[1]
    assert inner[2] <= outer[2]
    assert inner[3] <= outer[3]


def test_a_diagram_in_a_closed_tab_is_fitted_when_the_tab_opens(show: Callable[..., Page], site: Site) -> None:
    text = (REPOSITORY / "bpmn" / "four_batches.bpmn").read_text(encoding="utf-8")
    site.pages["/diagram"] = (text, "application/xml")
    page = show('<div id="tab" hidden><div data-island="viewer" data-xml="/diagram"></div></div>')
    expect(page.locator("[data-island][data-ready]")).to_be_attached()
    page.evaluate("document.getElementById('tab').hidden = false")
    expect(page.locator('[data-element-id="archived"]').first).to_be_in_viewport()
    expect(page.locator('[data-element-id="receive"]').first).to_be_in_viewport()


def test_a_phase_opens_in_place_and_closes_by_its_breadcrumb(diagram: Page, screenshots: Path) -> None:
    decision = diagram.locator('[data-element-id="decision"]')
    expect(decision).to_be_hidden()
    diagram.get_by_role("button", name="打开“审定批复”").click()
    expect(decision).to_be_visible()
    expect(diagram.locator(".diagram-note", has_text="李主任")).to_be_visible()
    diagram.screenshot(path=screenshots / "diagram-phase.png")
    diagram.locator(".bjs-breadcrumbs a").click()
    expect(decision).to_be_hidden()


def test_a_step_is_chosen_by_mouse_and_by_keyboard(diagram: Page) -> None:
    diagram.evaluate("document.addEventListener('element-chosen', (event) => { window.chosen = event.detail.id; })")
    diagram.click('[data-element-id="reassign"] .djs-hit')
    assert diagram.evaluate("window.chosen") == "reassign"
    step = diagram.get_by_role("button", name="签收项目，已办结，11-06 王某")
    step.focus()
    step.press("Enter")
    assert diagram.evaluate("window.chosen") == "receive"
    expect(diagram.locator("#records-receive")).to_be_in_viewport()


def test_a_further_row_is_added_without_the_server(show: Callable[..., Page]) -> None:
    row = (
        '<tr><th>1</th><td><input name="team.0.name" id="f-team.0.name" value="甲" class="is-invalid">'
        '<div class="errtxt">不对</div></td><td><input type="date" name="team.0.on" id="f-team.0.on" aria-label="日期">'
        "</td><td><input name='team.0.paid' data-money value='1'></td></tr>"
    )
    table = f'<table data-rows="人员"><tbody>{row}</tbody></table>'
    note = '<div class="hint">空行不用填<span data-without-script>；点“暂存”</span>。</div>'
    page = show(f'<form><fieldset><div class="table-responsive">{table}</div>{note}</fieldset></form>')
    page.get_by_role("button", name="增加一行").click()
    page.get_by_role("button", name="增加一行").click()
    names = page.locator("tbody tr:last-child [name]").evaluate_all("boxes => boxes.map(box => [box.name, box.value])")
    assert names == [["team.2.name", ""], ["team.2.on", ""], ["team.2.paid", ""]]
    assert page.locator("tbody tr:last-child th").inner_text() == "3"
    expect(page.locator(".errtxt")).to_have_count(1)
    assert page.locator(".hint").inner_text() == "空行不用填。"
    page.fill('[name="team.2.paid"]', "1200")  # the new boxes behave as the others do
    page.fill('[name="team.2.on"]', "2023年1月5日")
    page.locator('[name="team.2.name"]').focus()
    expect(page.locator('[name="team.2.paid"]')).to_have_value("1,200")
    expect(page.locator('[name="team.2.on"]')).to_have_value("2023-01-05")


def test_a_day_is_written_the_same_on_every_machine(show: Callable[..., Page]) -> None:
    page = show('<form><label for="on">日期</label><input type="date" id="on" name="on" value="2023-11-06"></form>')
    box = page.get_by_label("日期", exact=True)
    expect(box).to_have_value("2023-11-06")
    assert box.get_attribute("placeholder") == "年-月-日"
    expect(page.get_by_role("button", name="日期：打开日历")).to_be_visible()
    for typed, kept in (("２０２３/１/５", "2023-01-05"), ("20231120", "2023-11-20"), ("下周", "下周")):
        box.fill(typed)
        box.blur()
        expect(box).to_have_value(kept)


def test_a_month_is_written_the_same_on_every_machine(show: Callable[..., Page]) -> None:
    page = show('<form><input type="month" name="from" value="2023-11" aria-label="月份"></form>')
    box = page.get_by_label("月份", exact=True)
    expect(box).to_have_value("2023-11")
    for typed, kept in (("2023年9月", "2023-09"), ("２０２３０８", "2023-08")):
        box.fill(typed)
        box.blur()
        expect(box).to_have_value(kept)
