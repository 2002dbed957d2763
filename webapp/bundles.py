"""A procedure taken out as one archive, and an archive or a diagram of another modeler taken in as a draft."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from bpmn.bundles import BundleRefused, archive_of, import_bundle
from bpmn.deployment import Bundle
from bpmn.drafting import bundle_of
from bpmn.uploads import SIZE_LIMIT, Finding
from ledger.journal import Act
from ledger.writing import record
from webapp.design import draft_or_404, version_or_404
from webapp.permissions import DESIGN, SYSTEM, allows
from webapp.request import acting, actor, ledger_session, moment
from webapp.uploads import FileRefused, admit, clean_name, noting

bp = Blueprint("bundles", __name__, url_prefix="/design")


@bp.get("/versions/<int:procedure_id>/bundle.zip")
@allows(DESIGN)
def take_out(procedure_id: int) -> ResponseReturnValue:
    procedure = version_or_404(procedure_id)
    bundle = Bundle(procedure.diagram, procedure.decisions, procedure.forms)
    return _sent(bundle, f"{procedure.name}第{procedure.number}版.zip")


@bp.get("/drafts/<int:draft_id>/bundle.zip")
@allows(DESIGN)
def take_draft_out(draft_id: int) -> ResponseReturnValue:
    draft = draft_or_404(draft_id)
    return _sent(bundle_of(ledger_session(), draft), f"{draft.name}草稿.zip")


@bp.get("/import")
@allows(SYSTEM)
def ask() -> ResponseReturnValue:
    return _page("", [])


@bp.post("/import")
@allows(SYSTEM)
def take_in() -> ResponseReturnValue:
    """Make a draft of what was sent, or list everything that is wrong with it."""
    sent = request.files.get("bundle")
    if sent is None or not sent.filename:
        return _page("请选择流程文件（.bpmn）或导出的压缩包（.zip）", []), 422
    name, content = clean_name(sent.filename), sent.stream.read(SIZE_LIMIT + 1)
    try:
        with noting(name):
            if not content or len(content) > SIZE_LIMIT:
                raise FileRefused(
                    f"“{name}”{f'超过 {SIZE_LIMIT // 1_000_000} MB' if content else '是空文件'}，没有导入"
                )
        admit(name, content)
        draft = import_bundle(acting(), content, name)
    except FileRefused as refused:
        return _page(str(refused), []), 422
    except BundleRefused as refused:
        detail = {"file": name, "count": len(refused.findings)}
        record(ledger_session(), moment(), actor(), Act("bundle_refused", detail=detail))
        return _page(f"“{name}”有 {len(refused.findings)} 处问题，没有导入", refused.findings), 422
    return redirect(url_for("design.edit", draft_id=draft.id), 303)


def _sent(bundle: Bundle, name: str) -> ResponseReturnValue:
    return send_file(BytesIO(archive_of(bundle)), "application/zip", as_attachment=True, download_name=name)


def _page(wrong: str, findings: list[Finding]) -> str:
    return render_template("design/import.html", wrong=wrong, findings=findings)
