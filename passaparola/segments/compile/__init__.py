"""A rule tree as one SQL statement for the store that holds the facts. Pure: prints, runs nothing.

    statement = compile.compile(tree, source=compile.Operational("sqlite", traits=…), known=known)
    database.rows(statement.sql, statement.parameters(clock, people))

answers (person_id, answer, next_us): 1, 0 or NULL, and the earliest moment at which that may change by time alone.
The statement is printed once and run at any moment; nothing in it depends on the clock.
"""

from collections.abc import Mapping

from passaparola.segments.compile.build import Builder
from passaparola.segments.compile.lake import Lake
from passaparola.segments.compile.operational import Operational
from passaparola.segments.compile.source import Field, Source
from passaparola.segments.compile.statement import Slot, Statement, printed, readable
from passaparola.segments.compile.together import Together
from passaparola.segments.rules import Clock, Group, Known

__all__ = [
    "Clock", "Field", "Lake", "Operational", "Slot", "Source", "Statement", "compile", "text", "together",
]  # fmt: skip


def compile(tree: Group, *, source: Source, known: Known) -> Statement:
    """The statement of a tree that `check` finds nothing wrong with. Raises BadOperand or KeyError for another."""
    made = Builder(source, known.traits or {}).statement(tree)
    return printed(made, source.dialect)


def together(trees: Mapping[str, Group], *, source: Source, known: Known) -> Statement:
    """One statement for several trees: person_id and for each its answer under its name. Raises BadOperand or KeyError."""
    made = Together(source, known.traits or {}).statements(trees)
    return printed(made, source.dialect)


def text(tree: Group, *, source: Source, known: Known, clock: Clock, people: tuple[int, ...] = ()) -> str:
    """The same as text to read and to run elsewhere: every value in its place, indented."""
    return readable(Builder(source, known.traits or {}).statement(tree), source.dialect, clock, people)
