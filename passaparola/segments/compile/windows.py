"""Windows of time as SQL over at_us: what lies inside now, and when that changes by time alone. Pure."""

from typing import Any

import msgspec
from sqlglot import exp

from passaparola.segments.compile.source import NOW, column
from passaparola.segments.compile.statement import whole
from passaparola.segments.rules.operands import as_us
from passaparola.segments.rules.tree import Before, Between, Within

AT = column("at_us")


class Span(msgspec.Struct, frozen=True):
    """`inside` now; `change`: the next moment after now at which this fact comes in or leaves (NULL: never)."""

    inside: exp.Expr
    change: exp.Expr
    # Facts at or before this moment matter neither now nor later.
    floor: exp.Expr | None = None


def span(window: Any, since: exp.Expr | None = None) -> Span:
    """The span of a window; of Since with the column that holds the moment."""
    if isinstance(window, Within):
        leaves, enters = whole(window.us), whole(window.skip_us)
        inside = exp.and_(NOW - leaves < AT, NOW - enters >= AT)
        change = _first((NOW - enters < AT, AT + enters), (NOW - leaves < AT, AT + leaves))
        return Span(inside, change, NOW - leaves)
    if isinstance(window, Before):
        enters = whole(window.us)
        return Span(NOW - enters >= AT, _first((NOW - enters < AT, AT + enters)))
    bounds: list[exp.Expr] = [AT <= NOW]
    if isinstance(window, Between):
        if window.from_at is not None:
            bounds.append(whole(as_us(window.from_at)) <= AT)
        if window.until_at is not None:
            bounds.append(whole(as_us(window.until_at)) > AT)
        # A later fact counts from its own moment on, if at all.
        later = exp.and_(AT > NOW, *bounds[1:])
        floor = whole(as_us(window.from_at) - 1) if window.from_at is not None else None
        return Span(exp.and_(*bounds), _first((later, AT)), floor)
    if since is not None:
        bounds.append(since < AT)
    return Span(exp.and_(*bounds), _first((AT > NOW, AT)))


def _first(*cases: tuple[exp.Expr, exp.Expr]) -> exp.Expr:
    made = exp.Case()
    for condition, value in cases:
        made = made.when(condition, value)
    return made


def when(condition: exp.Expr, value: exp.Expr, other: exp.Expr | None = None) -> exp.Expr:
    """The value where the condition holds, else `other` or NULL."""
    made = exp.Case().when(condition, value)
    return made if other is None else made.else_(other)
