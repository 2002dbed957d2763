"""The interface described as OpenAPI 3.1, made of the operations' own declarations: it cannot differ from them."""

from __future__ import annotations

import re
from typing import Any

from webapp.api.operations import OPERATIONS, Operation, reads
from webapp.api.shapes import NUMBER, TEXT, listed, named
from webapp.permissions import PUBLIC

VERSION = "1.0"
PREFIX = "/api/v1"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PART = re.compile(r"<int:(\w+)>")
TAGS = {
    "me": "本人",
    "projects": "项目",
    "units": "项目",
    "tables": "统计报送",
    "cases": "流程",
    "items": "任务",
    "papers": "材料",
    "meetings": "会议",
    "campaigns": "流程",
    "webhooks": "事件通知",
    "openapi.json": "接口说明",
}
PROBLEM = named(
    "errors",
    type=TEXT,
    title=TEXT,
    status=NUMBER,
    detail=TEXT,
    instance=TEXT,
    errors=listed(named(field=TEXT, detail=TEXT)),
)
_PROBLEM_WORDS = {
    400: "请求内容不符合说明",
    401: "没有令牌，或令牌已停用、过期",
    403: "没有权限，或任务不由本人办理",
    404: "不存在，或不在查看范围内",
    409: "已被他人办理或改动，或现在不能这样办，原因见 detail",
    422: "填写的内容有误，原因见 detail 和 errors",
}


def description(title: str) -> dict[str, Any]:
    """Return the OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(path_of(operation), {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{title}接口", "version": VERSION, "description": _INTRODUCTION},
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}],
        "tags": [{"name": name} for name in dict.fromkeys(TAGS.values())],
        "paths": paths,
        "components": {
            "schemas": {"Problem": PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "在“接口令牌”页面创建"}},
        },
    }


_INTRODUCTION = (
    "时间为北京时间（带时区），金额为元、以文字书写、精确到分；权限和查看范围与网页相同；"
    "出错时答复 application/problem+json（RFC 9457）。列表按 next 翻页。"
)


def path_of(operation: Operation) -> str:
    """Return a path as OpenAPI writes it."""
    return _PART.sub(r"{\1}", operation.path)


def tag_of(operation: Operation) -> str:
    return TAGS[operation.path.split("/")[1]]


def _described(operation: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {"*/*": {}}
    if operation.gives is not None:
        content = {"application/json": {"schema": operation.gives}}
    if any("xlsx" in each.schema.get("enum", ()) for each in operation.asks):
        content[XLSX] = {"schema": {"type": "string", "format": "binary"}}
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.words,
        "description": f"可用人员：{operation.permission.label}",
        "tags": [tag_of(operation)],
        "parameters": [*_path_parameters(operation), *_query_parameters(operation)],
        "responses": {"200": {"description": "成功", "content": content}, **_problems(operation)},
    }
    if operation.takes is not None:
        body = {"required": True, "content": {operation.media_type: {"schema": operation.takes}}}
        described["requestBody"] = body
    if operation.permission.public:
        described["security"] = []
    return described


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    names = _PART.findall(operation.path)
    return [{"name": name, "in": "path", "required": True, "schema": NUMBER} for name in names]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": each.name, "in": "query", "required": False, "description": each.words, "schema": each.schema}
        for each in operation.asks
    ]


def _problems(operation: Operation) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    statuses = [] if operation.permission.public else [400, 401, 403, *([404] if "<" in operation.path else [])]
    statuses += [409, 422] if operation.takes is not None else []
    return {str(status): {"description": _PROBLEM_WORDS[status], "content": content} for status in sorted(statuses)}


@reads("/openapi.json", "本说明", PUBLIC, {"type": "object"})
def openapi() -> dict[str, Any]:
    return description("“四个一批”管理系统")
