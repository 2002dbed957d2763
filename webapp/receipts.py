"""Status reports of 阿里云 and 腾讯云: what became of a text message, told by the provider to an address with a secret.

Aliyun posts a JSON array with `biz_id` and `success` and wants code 0 back; Tencent one with `sid` and `report_status`
and wants result 0. A message of theirs that is none of ours is passed over: both repeat what is not acknowledged.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from pydantic import SecretStr

from ledger.journal import Act
from ledger.outbox import note_receipt
from ledger.scope import CLOCK
from ledger.writing import record
from webapp.permissions import PUBLIC, allows
from webapp.request import ledger_session, moment, settings

bp = Blueprint("receipts", __name__)
_CODE, _RECEIPT = 40, 80  # characters kept of what comes from outside
_REPORTS = 1000  # one call carries a few; more would only be mischief


@bp.post("/receipts/aliyun/<token>")
@allows(PUBLIC)
def aliyun(token: str) -> ResponseReturnValue:
    here = settings().channels.aliyun
    _require(token, None if here is None else here.report_token)
    for report in _reports():
        take_report(str(report.get("biz_id") or ""), report.get("success") is True, str(report.get("err_code") or ""))
    return {"code": 0, "msg": "成功"}


@bp.post("/receipts/tencent/<token>")
@allows(PUBLIC)
def tencent(token: str) -> ResponseReturnValue:
    here = settings().channels.tencent
    _require(token, None if here is None else here.report_token)
    for report in _reports():
        delivered = report.get("report_status") == "SUCCESS"
        take_report(str(report.get("sid") or ""), delivered, str(report.get("errmsg") or ""))
    return {"result": 0, "errmsg": "OK"}


def _require(token: str, secret: SecretStr | None) -> None:
    """Whoever does not know the address's secret part finds nothing here."""
    known = "" if secret is None else secret.get_secret_value()
    if not known or not hmac.compare_digest(known.encode(), token.encode()):
        abort(404)


def _reports() -> Iterator[Mapping[str, Any]]:
    told = request.get_json(force=True, silent=True)
    listed = told if isinstance(told, list) else [told]
    yield from (report for report in listed[:_REPORTS] if isinstance(report, dict))


def take_report(receipt: str, delivered: bool, code: str) -> None:
    """Write down what a provider says of a message; one that did not arrive is on record."""
    receipt, code = receipt[:_RECEIPT], code[:_CODE]
    failure = "" if delivered else f"没有送达（{code}）"
    if note_receipt(ledger_session(), receipt, moment().at, failure) and failure:
        record(ledger_session(), moment(), CLOCK, Act("message_undelivered", detail={"receipt": receipt, "code": code}))
