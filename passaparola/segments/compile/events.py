"""Event and sequence leaves as relations of one row a person. Pure."""

from typing import Any

from sqlglot import exp

from passaparola.segments.compile.source import NOW, Source, column, select
from passaparola.segments.compile.statement import double, whole
from passaparola.segments.compile.where import Row, compare, where
from passaparola.segments.compile.windows import AT, Span, span, when
from passaparola.segments.rules.operands import SUM_MAX, field_kind, operand, sum_operand
from passaparola.segments.rules.tree import DAY_US, Event, Since


def facts(source: Source, event: str, conditions: Any, row: Row, reach: Span | None, **columns: exp.Expr) -> exp.Select:
    """SELECT columns FROM the facts of that name that meet the conditions, as f."""
    condition = where(conditions, row) if conditions is not None else None
    inner = source.fact(event, row.fields, reach.floor if reach else None).subquery("f", copy=False)
    made = select(**columns).from_(inner, copy=False)
    return made.where(condition, copy=False) if condition is not None else made


def since(source: Source, event: str, value: str, change: str) -> exp.Select:
    """The last moment of an event until now, and the first after now."""
    made = facts(
        source, event, None, Row(), None,
        person_id=column("person_id"),
        **{value: exp.Max(this=when(AT <= NOW, AT)), change: exp.Min(this=when(AT > NOW, AT))},
    )  # fmt: skip
    return made.group_by(column("person_id"))


def measured(source: Source, leaf: Event, value: str, change: str, since_cte: str) -> exp.Select:
    """The leaf's measure and the next moment at which a fact comes in or leaves, for who has such facts."""
    row = Row()
    reach = span(leaf.window, column(f"{since_cte}_at", "s") if since_cte else None)
    person = column("person_id", "f")
    made = facts(
        source, leaf.event, leaf.where, row, reach,
        person_id=person, **{value: measure(source, leaf, reach.inside, row), change: exp.Min(this=reach.change)},
    )  # fmt: skip
    if since_cte:
        made = made.join(exp.to_table(since_cte).as_("s"), on=column("person_id", "s").eq(person))
    return made.group_by(person)


def measure(source: Source, leaf: Event, inside: exp.Expr, row: Row) -> exp.Expr:
    """The leaf's aggregate over the facts that are inside."""
    if leaf.measure == "count":
        return exp.Sum(this=when(inside, whole(1), whole(0)))
    if leaf.measure in ("first", "last"):
        return (exp.Min if leaf.measure == "first" else exp.Max)(this=when(inside, AT))
    if leaf.measure in ("days", "orders"):
        return _distinct(when(inside, row.take("day" if leaf.measure == "days" else "order_key", "whole")))
    if leaf.measure == "distinct":
        return _distinct_of(leaf.of, inside, row)
    kind = field_kind(leaf.of, 0) or "whole"
    number = row.take(leaf.of, kind)
    if leaf.measure == "sum":
        return exp.Sum(this=_addend(source, kind, number, inside))
    return (exp.Min if leaf.measure == "min" else exp.Max)(this=when(inside, number))


def _addend(source: Source, kind: str, number: exp.Expr, inside: exp.Expr) -> exp.Expr:
    if kind == "whole":
        return when(inside, number, whole(0))
    small = exp.and_(inside, number.between(double(-SUM_MAX), double(SUM_MAX)))
    return when(small, source.floor(number * double(1000) + double(0.5)), whole(0))


def _distinct(value: exp.Expr) -> exp.Expr:
    return exp.Count(this=exp.Distinct(expressions=[value]))


def _distinct_of(of: str, inside: exp.Expr, row: Row) -> exp.Expr:
    """Different values; those of a property counted apart by type, for a text never equals a number."""
    if field_kind(of, 0) != "number":
        return _distinct(when(inside, row.take(of, "whole")))
    number = row.take(of, "number")
    # There are two zeros among the floating numbers, and engines disagree whether they differ.
    counts = [when(number.eq(double(0)), double(0), number), row.take(of, "text"), row.take(of, "boolean")]
    total = _distinct(when(inside, counts[0]))
    for other in counts[1:]:
        total = total + _distinct(when(inside, other))
    return total


def truth(leaf: Event, value: exp.Expr) -> exp.Expr:
    """What the leaf says of a person whose measure is this (NULL: no such fact)."""
    if leaf.measure in ("first", "last"):
        return _elapsed(NOW - value, leaf)
    if leaf.measure in ("min", "max"):
        return compare(value, "number", leaf.operator, operand("number", leaf.operator, leaf.value))
    if leaf.measure == "sum":
        wanted = sum_operand(leaf)
    else:
        wanted = operand("whole", leaf.operator, leaf.value)
    kind = "number" if leaf.measure == "sum" and field_kind(leaf.of, 0) == "whole" else "whole"
    return compare(exp.Coalesce(this=value, expressions=[whole(0)]), kind, leaf.operator, wanted)


def _elapsed(passed: exp.Expr, leaf: Event) -> exp.Expr:
    """Whole days passed compared with the value, without dividing: d ≥ v is passed ≥ v days."""
    wanted = operand("whole", leaf.operator, leaf.value)

    def least(days: int) -> exp.Expr:
        return passed >= whole(days * DAY_US)

    def exactly(days: int) -> exp.Expr:
        return exp.and_(least(days), passed < whole((days + 1) * DAY_US))

    match leaf.operator:
        case ">=":
            return least(wanted)
        case ">":
            return least(wanted + 1)
        case "<":
            return exp.not_(least(wanted))
        case "<=":
            return exp.not_(least(wanted + 1))
        case "=" | "!=":
            made = exactly(wanted)
        case "between" | "notBetween":
            made = exp.and_(least(wanted[0]), passed < whole((wanted[1] + 1) * DAY_US))
        case _:
            made = exp.or_(*[exactly(one) for one in wanted])
    return exp.not_(made) if leaf.operator in ("!=", "notBetween", "notIn") else made


def boundaries(leaf: Event) -> tuple[int, ...]:
    """After how many days since the first or last fact the answer may change."""
    if leaf.measure not in ("first", "last"):
        return ()
    wanted = operand("whole", leaf.operator, leaf.value)
    values = wanted if isinstance(wanted, tuple) else (wanted,)
    return tuple(sorted({bound for one in values for bound in (one, one + 1)}))


def is_since(leaf: Event) -> bool:
    """Whether the leaf's window begins at another event."""
    return isinstance(leaf.window, Since)
