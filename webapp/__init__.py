"""Who is asking, and what do they see? Imports every other room; nothing imports it."""

from __future__ import annotations

from flask import Flask

from ledger.db import SessionFactory
from ledger.settings import Settings, load_keys
from webapp import (
    account,
    acts,
    agendas,
    api,
    approvals,
    auditing,
    auth,
    background,
    backups,
    batches,
    binders,
    boards,
    bulk,
    bundles,
    called,
    campaigns,
    case_acts,
    cases,
    comments,
    demonstration,
    design,
    draft_rehearsals,
    errors,
    fact_checks,
    form_design,
    form_permissions,
    handing,
    health,
    hooks,
    imports,
    inbox,
    incidents,
    items,
    layout,
    ledger_returns,
    lists,
    manual_pages,
    meetings,
    message_texts,
    messaging,
    moving,
    notices,
    numbering,
    own_lists,
    own_settings,
    pace,
    paper_designs,
    papers,
    parameters,
    pdf,
    people,
    people_lists,
    periods,
    personal,
    playing,
    portal,
    previews,
    procedure,
    process_map,
    projects,
    proofs,
    public_notices,
    publicity,
    publishing,
    receipts,
    reports,
    request,
    rounds,
    snapshots,
    spot_checks,
    stalled,
    substitutes,
    suggesting,
    table_design,
    time_machine,
    tokens,
    unassigned,
    units,
    vocabularies,
    working_calendar,
)
from webapp.permissions import PUBLIC, allows, permission_table

SUBJECTS = (
    auth,
    portal,
    proofs,
    account,
    inbox,
    bulk,
    own_lists,
    lists,
    items,
    suggesting,
    acts,
    cases,
    called,
    case_acts,
    publicity,
    public_notices,
    comments,
    own_settings,
    manual_pages,
    substitutes,
    handing,
    projects,
    imports,
    unassigned,
    meetings,
    agendas,
    batches,
    reports,
    ledger_returns,
    snapshots,
    rounds,
    spot_checks,
    periods,
    procedure,
    process_map,
    boards,
    stalled,
    incidents,
    time_machine,
    design,
    draft_rehearsals,
    fact_checks,
    form_design,
    form_permissions,
    table_design,
    playing,
    bundles,
    publishing,
    moving,
    campaigns,
    papers,
    previews,
    pdf,
    paper_designs,
    parameters,
    numbering,
    binders,
    notices,
    message_texts,
    messaging,
    receipts,
    vocabularies,
    working_calendar,
    people,
    people_lists,
    personal,
    units,
    approvals,
    auditing,
    backups,
    demonstration,
    health,
    tokens,
    hooks,
    api,
)


def create_app(sessions: SessionFactory, settings: Settings) -> Flask:
    """Return the web application; PermissionMissing when a route does not say who may use it."""
    app = Flask(__name__)
    app.secret_key = load_keys(settings.data).cookie
    app.extensions["sigeyipi_ledger"] = sessions
    app.extensions["sigeyipi_settings"] = settings
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # of Flask's own provider
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    request.register(app, settings.upload_limit_mb, settings.https)
    errors.register(app)
    background.install(app)
    layout.register(app, settings.upload_limit_mb)
    for subject in SUBJECTS:
        app.register_blueprint(subject.bp)
    auth.register(app, settings.https).exempt(api.bp)  # a token is sent by a program, never by a browser on its own
    portal.register(app, settings)
    pace.register(app, settings)
    allows(PUBLIC)(app.view_functions["static"])
    table = app.extensions["sigeyipi_permissions"] = permission_table(app)
    for endpoint, view in app.view_functions.items():
        if endpoint not in {"static", *portal.BY_THEMSELVES}:  # a built file needs no ledger
            app.view_functions[endpoint] = request.in_transaction(view, table[endpoint])
    return app
