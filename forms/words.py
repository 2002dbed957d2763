"""What people call the parts of a form's definition: the types of fields, and what conditions on a case look at."""

from __future__ import annotations

from collections.abc import Mapping

from forms.fields import FieldType
from ledger.vocabulary import Category, Level, RoundKind

ADDED_TYPES: Mapping[FieldType, str] = {
    FieldType.TEXT: "一行文字",
    FieldType.TEXTAREA: "多行文字",
    FieldType.RADIO: "单选",
    FieldType.SELECT: "下拉选择",
    FieldType.CHECKS: "多选",
    FieldType.TICK: "勾选确认",
    FieldType.DATE: "日期",
    FieldType.INTEGER: "整数",
    FieldType.MONEY: "金额（元）",
    FieldType.PERCENT: "百分比",
    FieldType.YEAR: "年份",
    FieldType.FILE: "上传材料",
    FieldType.TABLE: "表格",
    FieldType.NOTE: "说明文字",
}
"""What an administrator can add; the rest belongs to the handlers that fill it in."""
FILLED_TYPES: Mapping[FieldType, str] = {
    FieldType.MATRIX: "投资规模表",
    FieldType.RECORDS: "逐项填写的表格",
    FieldType.MEETING: "会议",
    FieldType.DISPLAY: "系统显示的内容",
}
FIELD_TYPES: Mapping[FieldType, str] = {**ADDED_TYPES, **FILLED_TYPES}
_YES_NO = {"yes": "是", "no": "否", "true": "是", "false": "否"}
CONTEXT_WORDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "level": ("项目层级", {str(each): each.label for each in Level}),
    "category": ("项目类别", {str(each): each.label for each in Category}),
    "party": ("征求意见的一方", {"township": "乡镇（街道）", "village": "村（居）", "farmers": "农户"}),
    "round": ("第几轮", {}),
    "linkage": ("联农带农作用", {"full": "充分", "partial": "不充分"}),
    "kind": ("周期报送", {str(each): each.label for each in RoundKind}),
    "by_township": ("由乡镇代办", _YES_NO),
    "exit": ("决定退出追偿", _YES_NO),
    "exit_decided": ("决定退出追偿", _YES_NO),
    "exit_proposed": ("提出退出追偿", _YES_NO),
    "write_off_proposed": ("建议核销", _YES_NO),
    "write_off_approved": ("同意核销", _YES_NO),
    "needs_assessment": ("需要评估报告", _YES_NO),
    "assessed": ("已有评估报告", _YES_NO),
    "returned": ("被退回过", _YES_NO),
    "to_answer": ("有意见要答复", _YES_NO),
    "gaps": ("台账有缺项", _YES_NO),
}
"""What “$name” in a condition is called, and its values in words."""
