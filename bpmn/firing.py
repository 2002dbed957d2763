"""Let due timers go off, each once, however many clocks there are: claimed in the transaction that does the work."""

from __future__ import annotations

from bpmn.casefile import Acting, CaseFile, take_up
from bpmn.certificates import file_certificate
from bpmn.moving_on import Sender, journal, save
from bpmn.round_limit import require_waits
from ledger.cases import Case, Timer
from ledger.taking import case_of_timer
from ledger.vocabulary import CaseStatus
from ledger.writing import write_rows


def fire_timer(acting: Acting, timer_id: int) -> bool:
    """Fire a due timer; False when it ended meanwhile or is not due. A publicity period leaves a certificate."""
    found = case_of_timer(acting.session, timer_id, lock=True)
    if found is None:
        return False
    case, timer, calendar = found
    # its row is read under the lock: another clock may have fired it while we waited
    if timer.ended_at is not None or not is_due(acting, case, timer):
        return False
    go_off(take_up(acting, case, calendar), timer)
    return True


def is_due(acting: Acting, case: Case, timer: Timer) -> bool:
    """Say whether a waiting timer fires now; in a suspended case it waits."""
    return timer.due_at <= acting.now and case.status == CaseStatus.RUNNING


def go_off(file: CaseFile, timer: Timer) -> None:
    """Let a due timer go off, with the certificate of the publicity period it ends."""
    summary = _certify(file, timer)
    file.run.fire(timer.token)
    timer.fired, timer.ended_at = True, file.now
    new = save(file, Sender(file.acting.signature, timer=timer))
    require_waits(file, timer)
    element = file.element(timer.element)
    detail = {"token": timer.token, "name": element.name, "due_at": timer.due_at.isoformat(), "summary": summary}
    journal(file, "timer", detail, element=timer.element, new=new)
    write_rows(file.session)


def _certify(file: CaseFile, timer: Timer) -> str:
    period = file.counting.publicity_until(file.element(timer.element), timer.due_at)
    return "" if period is None else file_certificate(file, period)
