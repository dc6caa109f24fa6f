"""Where facts and states are found: what a store must offer so that rules can be asked of it. Pure."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec
from sqlglot import exp

from passaparola.segments.compile.statement import bound, text
from passaparola.segments.rules.operands import PROPERTIES


class Field(msgspec.Struct, frozen=True):
    """Something of a fact: a column by its name, or a property by key and kind (number, text, boolean, any).

    A boolean is 1 or 0; kind "any" is 1 where the property is a number, text or boolean.
    """

    name: str
    kind: str

    @property
    def key(self) -> str:
        """The property's key; empty for a column."""
        return self.name.removeprefix(PROPERTIES) if self.name.startswith(PROPERTIES) else ""


class Source(Protocol):
    """A store. Each relation has person_id (the root's) and the columns said; each but `fact` one row a person."""

    dialect: str

    def preludes(self) -> Mapping[str, exp.Select]:
        """Named relations that the others use, in order; `who` (person_id) is the people to weigh."""

    def fact(self, event: str, fields: Mapping[str, Field], floor: exp.Expr | None) -> exp.Select:
        """The facts of that name: person_id, at_us, and the fields under their aliases; those at ≤ floor may miss."""

    def traits(self, names: Mapping[str, str]) -> exp.Select:
        """Traits under their aliases (alias → trait). Times in microseconds, days as day numbers, booleans 1 or 0."""

    def state(self, columns: Mapping[str, str]) -> exp.Select:
        """Columns under their aliases (alias → stage, tier, pyramid, lead or generation)."""

    def members(self, segment: int) -> exp.Select:
        """Who is in a segment."""

    def group_members(self, group: int) -> exp.Select:
        """Who is in a group."""

    def consent(self, channel: str, purpose: str) -> exp.Select:
        """The newest `state` on a channel and purpose."""

    def referral(self, what: str, program: int | None) -> exp.Select:
        """`n` friends: invited (in whatever state but refused), converted, or 1 where was_invited."""

    def relationship(self, kind: str) -> exp.Select:
        """`n` others; of any kind where kind is empty."""

    def floor(self, number: exp.Expr) -> exp.Expr:
        """The whole number at or below a double."""


NOW = bound("as_of_us")
ACCEPTED = ("registered", "qualified", "converted", "rewarded")


def among(column: exp.Expr, texts: Iterable[str]) -> exp.Expr:
    """The column is one of these texts."""
    return exp.In(this=column, expressions=[text(one) for one in texts])


def column(name: str, table: str = "") -> exp.Column:
    """A column, quoted nowhere: all our names are plain."""
    return exp.column(name, table=table or None)


def select(**columns: exp.Expr) -> exp.Select:
    """SELECT expression AS name, … The expressions become part of it: copies would be most of what compiling costs."""
    return exp.select(*[exp.alias_(expression, name, copy=False) for name, expression in columns.items()], copy=False)
