"""LibreOffice, where it is installed: turns Word and Excel papers and pictures into PDF, the one place that calls it.

It runs on files that people uploaded: in a profile of its own without macros, active content or links outside, in a
folder of its own, and is ended with everything it started when its time is over. Its profile may be used by one run at
a time: who calls sees to that.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape  # nosec B406  # writes, reads nothing

_PROGRAMS = ("soffice", "libreoffice", r"C:\Program Files\LibreOffice\program\soffice.exe")
_PICTURES = frozenset({"jpg", "png"})
_START_SECONDS = 60
_FILE_SECONDS = 30
_SETTINGS = (
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Office.Writer/Content/Update", "Link", "0"),
    ("Office.Calc/Content/Update", "Link", "1"),
)  # the last two: links are never followed
_STAND_INS = {
    "仿宋_GB2312": ("仿宋", "FangSong", "FandolFang", "Noto Serif CJK SC"),
    "楷体_GB2312": ("楷体", "KaiTi", "FandolKai", "Noto Serif CJK SC"),
    "黑体": ("SimHei", "FandolHei", "Noto Sans CJK SC"),
    "宋体": ("SimSun", "FandolSong", "Noto Serif CJK SC"),
    "方正小标宋简体": ("FZXiaoBiaoSong-B05S", "FandolSong", "Noto Serif CJK SC"),
    "Times New Roman": ("Liberation Serif", "TeX Gyre Termes", "FandolSong", "Noto Serif"),
}
"""What is taken for a font of official papers that is not installed: the same script, not any that has the signs."""
_FONT_FILE = "FONTCONFIG_FILE"
_REGISTRY = "http://openoffice.org/2001/registry"
_OASIS = "urn:oasis:names:tc:opendocument:xmlns"


@dataclass(frozen=True)
class Office:
    """An installed LibreOffice and the profile it runs in."""

    program: str
    profile: Path

    def limit_seconds(self, count: int) -> int:
        """Return how long a run over `count` files may take."""
        return _START_SECONDS + _FILE_SECONDS * count


@dataclass(frozen=True)
class Source:
    """A file to be turned into PDF: its kind (docx, xlsx, jpg, png) and its bytes."""

    extension: str
    content: bytes


def find_office(program: str, profile: Path) -> Office | None:
    """Return LibreOffice at `program`, or where installers put it when none is named; None where there is none."""
    known = [program] if program else _PROGRAMS
    found = next((path for path in map(shutil.which, known) if path), None)
    return None if found is None else Office(found, profile)


def to_pdf(office: Office, sources: Mapping[str, Source], limit_seconds: float) -> dict[str, bytes]:
    """Return the PDF of each source by its key; what could not be turned within the time is not in it."""
    _lay_profile(office.profile)
    with TemporaryDirectory(prefix="sigeyipi-pdf-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        files = {key: _written(folder, number, source) for number, (key, source) in enumerate(sources.items())}
        _run(office, folder, [path.name for path in files.values()], limit_seconds)
        turned = {key: folder / "pdf" / f"{path.stem}.pdf" for key, path in files.items()}
        return {key: path.read_bytes() for key, path in turned.items() if path.is_file() and path.stat().st_size}


def _run(office: Office, folder: Path, names: list[str], limit_seconds: float) -> None:
    profile = office.profile.absolute().as_uri()
    command = [office.program, f"-env:UserInstallation={profile}", "--headless", "--norestore", "--nolockcheck"]
    command += ["--nologo", "--convert-to", "pdf", "--outdir", "pdf", *names]
    own = {name: value for name, value in os.environ.items() if not name.startswith("SIGEYIPI_")}
    own[_FONT_FILE] = str(_lay_fonts(office.profile.absolute(), own.get(_FONT_FILE, "/etc/fonts/fonts.conf")))
    with subprocess.Popen(  # noqa: S603 - the program is the installation's, the names are numbers of ours  # nosec B603
        command,
        cwd=folder,
        env=own,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as child:
        try:
            child.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the program with what it started: LibreOffice's starter leaves its child behind."""
    if os.name == "posix":
        os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()


def _written(folder: Path, number: int, source: Source) -> Path:
    if source.extension in _PICTURES:  # its drawing program need not be installed: Writer prints a picture as well
        path, content = folder / f"{number}.fodt", _page_with(source.content).encode()
    else:
        path, content = folder / f"{number}.{source.extension}", source.content
    path.write_bytes(content)
    return path


def _page_with(picture: bytes) -> str:
    """Return a document of one A4 page that holds a picture, as wide as the page's text at most."""
    spaces = "".join(
        f' xmlns:{short}="{_OASIS}:{name}:1.0"'
        for short, name in (
            *(("office", "office"), ("text", "text"), ("draw", "drawing"), ("style", "style")),
            *(("fo", "xsl-fo-compatible"), ("svg", "svg-compatible")),
        )
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document{spaces} office:version="1.2"'
        ' office:mimetype="application/vnd.oasis.opendocument.text"><office:automatic-styles>'
        '<style:page-layout style:name="A4"><style:page-layout-properties fo:page-width="210mm" fo:page-height="297mm"'
        ' fo:margin="15mm"/></style:page-layout></office:automatic-styles><office:master-styles>'
        '<style:master-page style:name="Standard" style:page-layout-name="A4"/></office:master-styles>'
        '<office:body><office:text><text:p><draw:frame text:anchor-type="as-char" svg:width="180mm"'
        f' svg:height="{_height_mm(picture)}mm"><draw:image><office:binary-data>{b64encode(picture).decode()}'
        "</office:binary-data></draw:image></draw:frame></text:p></office:text></office:body></office:document>"
    )


_WIDTH_MM, _HEIGHT_MM = 180, 255


def _height_mm(picture: bytes) -> int:
    """Return how high a picture is that is as wide as the text; a very high one is pressed onto the page."""
    width, height = _size_of(picture)
    return min(_HEIGHT_MM, max(1, _WIDTH_MM * height // width)) if width else _HEIGHT_MM


def _size_of(picture: bytes) -> tuple[int, int]:
    """Return a picture's width and height in points, (0, 0) where its head does not say."""
    if picture.startswith(b"\x89PNG"):
        return int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")
    at = 2
    while at + 9 < len(picture) and picture[at] == 0xFF:
        marker, length = picture[at + 1], int.from_bytes(picture[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # a frame's head, of whatever coding
            return int.from_bytes(picture[at + 7 : at + 9], "big"), int.from_bytes(picture[at + 5 : at + 7], "big")
        at += 2 + length
    return 0, 0


def _lay_fonts(profile: Path, known: str) -> Path:
    """Write which fonts stand in for which, over the machine's own file `known`; Windows reads neither."""
    rules = "".join(
        f'<match target="pattern"><test name="family"><string>{wanted}</string></test>'
        '<edit name="family" mode="append" binding="strong">'
        + "".join(f"<string>{each}</string>" for each in instead)
        + "</edit></match>"
        for wanted, instead in _STAND_INS.items()
    )
    path = profile / "fonts.conf"
    head = '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">'
    path.write_text(f"{head}<fontconfig><include ignore_missing='yes'>{escape(known)}</include>{rules}</fontconfig>")
    return path


def _lay_profile(profile: Path) -> None:
    """Write the profile's settings before its first use; LibreOffice adds its own to them."""
    target = profile / "user" / "registrymodifications.xcu"
    if target.exists():
        return
    items = "".join(
        f'<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{value}</value></prop></item>"
        for path, name, value in _SETTINGS
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f'<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="{_REGISTRY}">{items}</oor:items>')
