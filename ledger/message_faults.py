"""What an administrator may not write into a message's words, told in Chinese by field."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ledger.message_words import FIELD_LABELS, KINDS, MOST, PARAMETER, VARIABLE, Kind, TextGroup, TextKind, Wording
from ledger.personal import tells_number

_NUMBER = re.compile(r"[A-Za-z0-9_-]*")
_ADDRESS = re.compile(r"://|www\.", re.IGNORECASE)  # the only address in a message is our own


def faults_of(kind: TextKind, wording: Wording) -> dict[str, str]:
    """Return by field the first thing that is wrong with a wording."""
    found = {}
    for name, words in wording.fields().items():
        fault = next(_faults(KINDS[kind], name, words), "")
        if fault:
            found[name] = fault
    return found


def _faults(about: Kind, name: str, words: str) -> Iterator[str]:
    label = FIELD_LABELS[name]
    if name not in about.fields:
        if words:
            yield f"“{label}”在这里没有用处"
    elif len(words) > MOST[name]:
        yield f"“{label}”最多 {MOST[name]} 字"
    elif name == "template":
        if not _NUMBER.fullmatch(words):
            yield "模板编号只能用字母、数字、横线和下划线"
    elif not words.strip():
        yield f"“{label}”不能为空"
    elif name == "parameters" and not all(PARAMETER.fullmatch(each) for each in re.split("[,，]", words)):
        yield "参数写成“名称={变量}”，多个用逗号隔开"
    else:
        yield from _in_words(words, label, many=about.group is TextGroup.FRAME and name == "body")
        yield from _in_variables(about, name, words)


def _in_words(words: str, label: str, *, many: bool) -> Iterator[str]:
    if any(not (sign.isprintable() or (many and sign == "\n")) for sign in words):
        yield f"“{label}”里有换行或看不见的字符"
    if _ADDRESS.search(words):
        yield "不能写网址，登录地址用 {链接}"
    if tells_number(words):
        yield "不能写手机号码和身份证号码"


def _in_variables(about: Kind, name: str, words: str) -> Iterator[str]:
    for strange in VARIABLE.findall(words):
        if strange not in about.samples:
            yield f"“{{{strange}}}”不是这里可用的变量"
    if re.search("[{}]", VARIABLE.sub("", words)):
        yield "“{”和“}”只用来写变量，须成对"
    for missing in about.required.get(name, ()):
        if f"{{{missing}}}" not in words:
            yield f"“{FIELD_LABELS[name]}”须写明 {{{missing}}}"
