"""Comparisons and groups of conditions as SQL conditions, unknown being NULL. Pure."""

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from passaparola.segments.compile.source import Field, column
from passaparola.segments.compile.statement import double, text, whole
from passaparola.segments.rules.operands import field_kind, operand
from passaparola.segments.rules.tree import Condition, Group


class Row:
    """The fields of a fact that a leaf asks for, each once, under an alias."""

    def __init__(self) -> None:
        self.fields: dict[str, Field] = {}

    def take(self, name: str, kind: str) -> exp.Expr:
        """The field's column in the fact relation."""
        if name == "weekday":
            return (self.take("day", "whole") + 3) % 7 + 1
        wanted = Field(name, kind if name.startswith("properties.") else "")
        for alias, field in self.fields.items():
            if field == wanted:
                return column(alias)
        alias = f"f{len(self.fields)}"
        self.fields[alias] = wanted
        return column(alias)


def where(group: Group, row: Row) -> exp.Expr:
    """What holds for a fact that counts."""

    def one(node: Any) -> exp.Expr:
        if isinstance(node, Group):
            return kleene(node, one)
        return _condition(node, row)

    return kleene(group, one)


def kleene(group: Group, one: Callable[[Any], exp.Expr]) -> exp.Expr:
    """The group of what its members say; SQL's own NULL logic is Kleene's."""
    if not group.rules:
        return exp.false()
    join = exp.and_ if group.combinator == "and" else exp.or_
    made = join(*[one(rule) for rule in group.rules])
    return exp.not_(made) if group.negated else made


def _condition(node: Condition, row: Row) -> exp.Expr:
    kind = field_kind(node.field, node.value) or "any"
    wanted = operand(kind, node.operator, node.value)
    return compare(row.take(node.field, kind), kind, node.operator, wanted)


def compare(left: exp.Expr, kind: str, operator: str, wanted: Any) -> exp.Expr:
    """`left operator wanted`, the value as rules.operands makes it. NULL where `left` is, but for null and notNull."""
    if operator in ("null", "notNull"):
        known = exp.not_(left.is_(exp.null()))
        return left.is_(exp.null()) if operator == "null" else known
    literal = LITERALS[kind]
    if operator in ("in", "notIn"):
        found: exp.Expr = exp.In(this=left, expressions=[literal(one) for one in wanted])
    elif operator in ("between", "notBetween"):
        found = exp.Between(this=left, low=literal(wanted[0]), high=literal(wanted[1]))
    elif operator in _PARTS:
        found = _PARTS[operator](left, wanted)
    else:
        plain: exp.Expr = _PLAIN[operator](this=left, expression=literal(wanted))
        return plain
    return exp.not_(found) if operator.startswith(("not", "does")) else found


def _number(value: float | int) -> exp.Expr:
    return double(value)


LITERALS: dict[str, Callable[[Any], exp.Expr]] = {
    "number": _number,
    "whole": whole,
    "day": whole,
    "time": whole,
    "monthday": whole,
    "text": text,
    "boolean": lambda value: whole(int(value)),
}
_PLAIN: dict[str, Any] = {"=": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}


def _contains(left: exp.Expr, part: str) -> exp.Expr:
    return exp.StrPosition(this=left, substr=text(part)) > 0


def _begins(left: exp.Expr, part: str) -> exp.Expr:
    return exp.Substring(this=left, start=whole(1), length=whole(len(part))).eq(text(part))


def _ends(left: exp.Expr, part: str) -> exp.Expr:
    length = exp.Length(this=left)
    tail = exp.Substring(this=left, start=length - (len(part) - 1), length=whole(len(part)))
    return exp.and_(length >= len(part), tail.eq(text(part)))


_PARTS = {
    "contains": _contains,
    "doesNotContain": _contains,
    "beginsWith": _begins,
    "doesNotBeginWith": _begins,
    "endsWith": _ends,
    "doesNotEndWith": _ends,
}
