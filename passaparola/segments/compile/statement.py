"""A compiled statement: SQL text with `?` and what belongs at each, so that it is printed once and run often. Pure.

Texts are always bound, never printed: a `?` or `%` in somebody's event name cannot change a statement.
"""

import re
from collections.abc import Sequence
from functools import cache
from itertools import count
from typing import Any

import msgspec
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ErrorLevel

from passaparola.segments.rules.clock import Clock

# How a bound value is marked in the tree and in the printed text until `?` takes its place.
_MARK = re.compile("\x01([^\x02]*)\x02")


class Slot(msgspec.Struct, frozen=True):
    """A place for a value: a text known when compiling, or the name of one (Clock.values, people)."""

    name: str = ""
    text: str = ""


class Statement(msgspec.Struct, frozen=True):
    """SELECT person_id, answer (1, 0 or NULL), next_us (or NULL): one row for each person weighed."""

    # With a mark at each place for a value.
    marked: str
    slots: tuple[Slot, ...]
    dialect: str
    # With `?` there, on Spark :p0, :p1, …
    sql: str

    def parameters(self, clock: Clock, people: Sequence[int] | None = None) -> list[Any]:
        """The values for the `?` of `sql`, in order."""
        given = {**clock.values(), "people": people}
        return [given[slot.name] if slot.name else slot.text for slot in self.slots]

    def with_numbers(self, clock: Clock) -> tuple[str, list[Any]]:
        """The text with every number printed in its place, and the texts for the `?` that are left.

        For DuckDB, to which each value that is bound costs more than reading it.
        """
        left: list[Any] = []
        values = iter(self.parameters(clock))

        def place(_: re.Match[str]) -> str:
            value = next(values)
            if isinstance(value, int):
                return str(value) if value >= 0 else f"({value})"
            left.append(value)
            return "?"

        return _MARK.sub(place, self.marked), left

    def named(self, clock: Clock) -> dict[str, Any]:
        """The same by name, for Spark: its places are called :p0, :p1, … for it mixes up `?` below joins."""
        return {f"p{i}": value for i, value in enumerate(self.parameters(clock))}


def bound(name: str) -> exp.Expr:
    """A place for one of the values named in Slot."""
    return exp.var(f"\x01={name}\x02")


def text(value: str) -> exp.Expr:
    """A text as a bound value."""
    return exp.var(f"\x01:{value}\x02")


def whole(value: int) -> exp.Expr:
    """A whole number, printed."""
    return exp.Literal.number(value)


def double(value: float) -> exp.Expr:
    """A floating number, printed so that every engine reads the same one."""
    return exp.cast(exp.Literal.string(repr(float(value))), "double")


def printed(tree: exp.Expr, dialect: str) -> Statement:
    """The tree as a statement."""
    made = _generator(dialect, False).generate(tree)
    slots = tuple(_slot(found.group(1)) for found in _MARK.finditer(made))
    number = count()
    sql = _MARK.sub((lambda _: f":p{next(number)}") if dialect == "spark" else "?", made)
    return Statement(made, slots, dialect, sql)


def readable(tree: exp.Expr, dialect: str, clock: Clock, people: Sequence[int] = ()) -> str:
    """The text with every value in its place: to be read, exported and run elsewhere by hand."""
    values = clock.values()

    def fill(node: exp.Expr) -> exp.Expr:
        found = _MARK.fullmatch(node.name) if isinstance(node, exp.Var) else None
        if found is None:
            return node
        slot = _slot(found.group(1))
        if not slot.name:
            return exp.Literal.string(slot.text)
        if slot.name == "people":
            return exp.Literal.string("[" + ", ".join(str(one) for one in people) + "]")
        value = values[slot.name]
        return exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)

    return str(_generator(dialect, True).generate(tree.copy().transform(fill)))


def _slot(mark: str) -> Slot:
    return Slot(name=mark[1:]) if mark.startswith("=") else Slot(text=mark[1:])


@cache
def _generator(dialect: str, pretty: bool) -> Any:
    """Keeps nothing between two texts; what a dialect cannot say is an error, never a comment."""
    return Dialect.get_or_raise(dialect).generator(pretty=pretty, unsupported_level=ErrorLevel.RAISE)
