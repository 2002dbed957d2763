"""Templates an administrator brings (F8): every file of cases/docx gets what its README says; what may stand, may."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import orjson
import pytest
from docx import Document

from forms.papers.catalogue import BY_NAME, FORMS
from forms.papers.filling import print_paper
from forms.papers.gongwen import paper, para
from forms.papers.trial import judge, problems_of
from forms.papers.wml import Line, tag
from forms.sheets.limited import Limits

CASES = Path(__file__).parents[2] / "cases" / "docx"
REFUSED = {
    "bad_include.docx": "include '/etc/passwd'",
    "bad_syntax.docx": "第 1 段的标签“{% for x in %}”",
    "bad_undefined.docx": "没有“undefined_var”这个变量",
    "dos_nested_loop.docx": "range(99999)",
    "dos_range.docx": "range(999999999)",
    "dos_string_mul.docx": "'a' * 10**10",
    "empty.docx": "文件为空",
    "garbage.docx": "不是 Word 文档",
    "macro.docm": "宏",
    "remote_template.docx": "http://127.0.0.1:18999/evil.dotm",
    "renamed_html.docx": "不是 Word 文档",
    "ssti_call_method.docx": "project.delete()",
    "ssti_class_chain.docx": "__subclasses__()",
    "ssti_object_globals.docx": "__globals__",
    "ssti_read_hidden.docx": "里没有“secret_phone”",
    "truncated.docx": "已损坏",
    "zip_bomb.docx": "压缩炸弹",
}


def judged(content: bytes, name: str = "party_minutes") -> list[str]:
    """Judge in this process: what the child does, without its start."""
    problems: list[str] = orjson.loads(judge(name.encode() + b"\n" + content))["problems"]
    return problems


def with_part(content: bytes, name: str, text: str) -> bytes:
    target = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(target, "w") as new:
        for each in old.namelist():
            if each != name:
                new.writestr(each, old.read(each))
        new.writestr(name, text)
    return target.getvalue()


def test_every_case_has_its_verdict() -> None:
    assert {path.name for path in CASES.iterdir()} == {*REFUSED, "ok_control.docx"}


@pytest.mark.parametrize("name", REFUSED)
def test_a_case_is_refused_by_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pwned").mkdir()
    problems = judged((CASES / name).read_bytes())
    assert REFUSED[name] in "\n".join(problems)
    assert list((tmp_path / "pwned").iterdir()) == []
    assert not (tmp_path / "docx_delete").exists()


def test_all_that_is_unknown_is_said_at_once() -> None:
    said = "\n".join(judged((CASES / "bad_undefined.docx").read_bytes()))
    assert "没有“undefined_var”这个变量" in said
    assert "“project”里没有“nope”" in said


def test_the_control_is_admitted_and_says_exactly_what_it_is_told() -> None:
    content = (CASES / "ok_control.docx").read_bytes()
    assert problems_of("party_minutes", content) == []  # in the child, as an upload is
    facts = BY_NAME["party_minutes"].complete({"project": {"name": "蜂糖李<b>&"}})
    document = Document(BytesIO(print_paper("纪要", facts, content, date(2023, 11, 25))))
    assert "会议纪要：蜂糖李<b>&" in [each.text for each in document.paragraphs]


def test_a_template_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forms.papers.trial.LIMITS", Limits(wall_seconds=0.01))
    assert "时间超过限度" in problems_of("notice", BY_NAME["notice"].shipped)[0]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_shipped_template_may_be_brought_back(form: object) -> None:
    assert form in FORMS
    assert judged(BY_NAME[form.name].shipped, form.name) == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ 标题|upper }}", "不允许的写法"),
        ("{{ 标题 + 标题 }}", "不允许的写法"),
        ("{{ 项目 }}", "“项目”有多项内容"),
        ("{{ 项目.名称 }}", "“项目”里没有“名称”"),
        ("{{ 项.名称 }}", "没有“项”这个变量"),
        ("{% for 项 in 项目 %}{{ 项.造价 }}{% endfor %}", "“项”里没有“造价”"),
        ("{% for 项 in 项目 %}{% for 乙 in 项目 %}{% endfor %}{% endfor %}", "循环里不能再有循环"),
        ("{% for 项 in 标题 %}{% endfor %}", "只能逐项写一个清单"),
        ("{% for 项 in 没有 %}{% endfor %}", "没有“没有”这个变量"),
        ("{% set 甲 = 1 %}", "不允许的写法"),
        ("{% macro 甲() %}{% endmacro %}", "不允许的写法"),
        ("{{ 标题", "写得不完整"),
        ("{{ project.name.x }}", "只能有一个"),
        ("{{ 标题[0] }}", "不允许的写法"),
        ("{{r 标题 }}", "不在文字里"),
    ],
)
def test_what_a_tag_may_not_say_is_named(text: str, said: str) -> None:
    problems = judged(paper((para(text),)), "party_minutes")
    assert said in "\n".join(problems)


def test_what_conditions_and_loops_may_say_is_admitted() -> None:
    text = "{% if 标题 and not 抄送 %}{{ 标题|trim }}{% else %}{{ 文号 ~ 标题 }}{% endif %}"
    loop = "{% for 项 in 项目 %}{{ loop.index }}.{{ 项.名称 }}{% if loop.last %}。{% endif %}{% endfor %}"
    assert judged(paper((para(text), para(loop)))) == []


def test_halves_of_a_condition_in_different_places_are_found_by_writing() -> None:
    broken = paper((tag("if 抄送"), para("{{ 标题 }}"), Line().of("{% endif %}"), "<w:p><w:r>"))
    assert judged(broken) != []
    torn = paper((para("甲{% if 抄送 %}乙"), para("丙{% endif %}丁")))
    assert "用空白内容试打印出来的文件打不开" not in judged(torn)[0] if judged(torn) else True


@pytest.mark.parametrize(
    ("part", "text", "said"),
    [
        ("word/footnotes.xml", "<a>{{ 标题 }}</a>", "不会被填写"),
        ("word/embeddings/a.xml", "<a/>", "嵌入的对象"),
        ("word/header9.xml", "<!DOCTYPE a><a/>", "DTD"),
        ("word/header9.xml", "<a>", "读不出来"),
        ("word/header9.xml", '<w:a xmlns:w="w"><w:fldSimple w:instr="INCLUDETEXT /etc/passwd"/></w:a>', "INCLUDETEXT"),
        (
            "word/header9.xml",
            '<w:a xmlns:w="w"><w:fldChar w:fldCharType="begin"/><w:instrText> DDE</w:instrText>'
            '<w:instrText>AUTO x</w:instrText><w:fldChar w:fldCharType="end"/></w:a>',
            "DDEAUTO",
        ),
        ("word/a.xml", '<w:a xmlns:w="w"><w:altChunk/></w:a>', "altChunk"),
        ("../a.xml", "<a/>", "非法"),
    ],
)
def test_what_a_package_may_not_hold_is_named(part: str, text: str, said: str) -> None:
    assert said in "\n".join(judged(with_part(BY_NAME["notice"].shipped, part, text), "notice"))
