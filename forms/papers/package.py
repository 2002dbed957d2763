"""The fixed parts of a .docx, written out: a shipped template is these and a document with tags.

A paper's bytes depend on its content alone: no clock, no person and no machine is named in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from forms.papers.filling import CORE, DOCUMENT, HEAD, core_properties, put
from forms.papers.wml import FANGSONG, LATIN_FONT, SONGTI, Font, Line

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_PARTS = {"styles": "styles", "settings": "settings", "footer1": "footer", "footer2": "footer"}
_PAGE_NUMBER = Font(SONGTI, 14)
_FIELD = "".join(
    f'<w:r><w:rPr><w:rFonts w:ascii="{SONGTI}" w:hAnsi="{SONGTI}" w:eastAsia="{SONGTI}"/><w:sz w:val="28"/></w:rPr>'
    f"{part}</w:r>"
    for part in (
        *('<w:fldChar w:fldCharType="begin"/>', '<w:instrText xml:space="preserve"> PAGE </w:instrText>'),
        *('<w:fldChar w:fldCharType="separate"/>', "<w:t>1</w:t>", '<w:fldChar w:fldCharType="end"/>'),
    )
)


def packed(body: str) -> bytes:
    """Return a .docx whose document holds `body`; its section may name the footers `rId3` (right) and `rId4` (left)."""
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as package:
        for name, content in _fixed_parts().items():
            put(package, name, HEAD + content)
        put(package, DOCUMENT, f'{HEAD}<w:document xmlns:w="{W}" xmlns:r="{R}"><w:body>{body}</w:body></w:document>')
    return target.getvalue()


def _fixed_parts() -> Mapping[str, str]:
    return {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": (
            f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{R}/officeDocument"'
            f' Target="{DOCUMENT}"/><Relationship Id="rId2" Type="{_RELATIONS}/metadata/core-properties"'
            f' Target="{CORE}"/></Relationships>'
        ),
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{_RELATIONS}">'
        + "".join(
            f'<Relationship Id="rId{number}" Type="{R}/{kind}" Target="{name}.xml"/>'
            for number, (name, kind) in enumerate(_PARTS.items(), 1)
        )
        + "</Relationships>",
        "word/styles.xml": _styles(),
        "word/settings.xml": (
            f'<w:settings xmlns:w="{W}"><w:evenAndOddHeaders/><w:characterSpacingControl w:val="compressPunctuation"/>'
            '<w:compat><w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word"'
            ' w:val="15"/></w:compat></w:settings>'
        ),
        "word/footer1.xml": _footer("right"),  # 单页码居右空一字
        "word/footer2.xml": _footer("left"),  # 双页码居左空一字
        CORE: core_properties("", date(1980, 1, 1)).removeprefix(HEAD),
    }


def _content_types() -> str:
    overrides = {DOCUMENT: "document.main", **{f"word/{name}.xml": kind for name, kind in _PARTS.items()}}
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        + "".join(
            f'<Override PartName="/{name}" ContentType="{_TYPE}.{kind}+xml"/>' for name, kind in overrides.items()
        )
        + f'<Override PartName="/{CORE}" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
        "</Types>"
    )


def _styles() -> str:
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    return (
        f'<w:styles xmlns:w="{W}"><w:docDefaults><w:rPrDefault><w:rPr>'
        f'<w:rFonts w:ascii="{LATIN_FONT}" w:hAnsi="{LATIN_FONT}" w:cs="{LATIN_FONT}" w:eastAsia="{FANGSONG}"/>'
        f'<w:sz w:val="32"/><w:szCs w:val="32"/><w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/>'
        "</w:rPr></w:rPrDefault></w:docDefaults>"
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>'
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
        '<w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:top w:w="0" w:type="dxa"/>'
        '<w:left w:w="108" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/><w:right w:w="108" w:type="dxa"/>'
        "</w:tblCellMar></w:tblPr></w:style>"
        '<w:style w:type="table" w:styleId="TableGrid"><w:name w:val="Table Grid"/><w:basedOn w:val="TableNormal"/>'
        f"<w:tblPr><w:tblBorders>{borders}</w:tblBorders></w:tblPr></w:style></w:styles>"
    )


def _footer(side: str) -> str:
    """Return a page number between two dashes, one character from its side."""
    line = Line(_PAGE_NUMBER, side, right=1 if side == "right" else 0, left=1 if side == "left" else 0, height=14)
    dashes = line.of("— ", " —").replace("</w:r><w:r>", f"</w:r>{_FIELD}<w:r>", 1)
    return f'<w:ftr xmlns:w="{W}">{dashes}</w:ftr>'
