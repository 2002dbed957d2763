"""When a timer is due: what a diagram may write, and the moment in UTC it stands for.

A date means 24:00 of that day in Asia/Shanghai, as the scheme counts its days; a moment without a
zone is read there too, never in the server's zone.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bpmn.expressions import Expression, ExpressionError, compile_expression, is_iso_date

SHANGHAI = ZoneInfo("Asia/Shanghai")
DURATION = re.compile(r"P(?=\d|T\d)(?:(\d{1,3})D)?(?:T(?=\d)(?:(\d{1,3})H)?(?:(\d{1,3})M)?)?")
ISO = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)?")
YEARS = range(2000, 2100)


def timer_expression(text: str) -> Expression:
    """Return what a timer's text means; raises `ExpressionError`.

    A bare ISO date, moment or duration (days, hours, minutes, three digits each) is taken as written,
    anything else is an expression.
    """
    bare = text.strip()
    if ISO.fullmatch(bare) or DURATION.fullmatch(bare):
        bare = f'"{bare}"'
    expression = compile_expression(bare)
    if isinstance(expression.constant, str):
        due_at(expression.constant, datetime(2024, 1, 1, tzinfo=UTC))
    elif expression.constant is not None:
        raise ExpressionError(f"“{text}”不是时间。")
    return expression


def due_moment(
    expression: Expression,
    variables: Mapping[str, object],
    functions: Mapping[str, Callable[..., object]],
    now: datetime,
) -> datetime:
    """Compute when a timer reached at `now` is due, in UTC; raises `ExpressionError`."""
    return due_at(expression.value(variables, functions), now)


def due_at(value: object, now: datetime) -> datetime:
    """Turn a moment, a date, or the ISO text of one (or of a duration from `now`) into a moment in UTC."""
    try:
        moment = _due_at(value, now).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ExpressionError(f"“{value}”不是有效的时间。") from error
    if moment.year not in YEARS:
        raise ExpressionError(f"时间“{value}”超出范围。")
    return moment


def _due_at(value: object, now: datetime) -> datetime:
    if isinstance(value, str):
        duration = DURATION.fullmatch(value)
        if duration:
            days, hours, minutes = (int(part or 0) for part in duration.groups())
            return now + timedelta(days=days, hours=hours, minutes=minutes)
        value = date.fromisoformat(value) if is_iso_date(value) else datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=SHANGHAI)
    if isinstance(value, date):
        return datetime.combine(value + timedelta(days=1), time(), SHANGHAI)
    raise ValueError(value)
