"""Many rules in one statement: what they share is read and counted once, and only whether they hold is asked. Pure.

A segment's own statement also says when its answer may change by time alone; for everybody at one moment nobody asks that,
and without it every leaf on the same event becomes one more column of one pass over that event's facts.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlglot import exp

from passaparola.segments.compile import events, sequences
from passaparola.segments.compile.build import Builder
from passaparola.segments.compile.source import Source, column
from passaparola.segments.compile.where import Row, where
from passaparola.segments.compile.windows import Span, span
from passaparola.segments.rules import checking
from passaparola.segments.rules.tree import Event, Group, Sequence, Trait


class Pass(msgspec.Struct):
    """One pass over the facts of an event: the fields it takes and the measures of all leaves, by their alias."""

    name: str
    row: Row
    measures: dict[str, exp.Expr]
    aliases: dict[Any, str]
    # Facts at or before all of these moments matter to no leaf; None: to some leaf all facts matter.
    floors: dict[str, exp.Expr] | None


class Together(Builder):
    """Answers to several rules: one row a person, one column a rule."""

    def __init__(self, source: Source, traits: Mapping[str, checking.TraitKind]) -> None:
        super().__init__(source, traits)
        self._passes: dict[str, Pass] = {}
        # Sequences that differ only in the time they may take: a name, and for each time the alias of its answer.
        self._chains: dict[Any, tuple[str, dict[Any, str]]] = {}

    def statements(self, roots: Mapping[str, Group]) -> exp.Select:
        """SELECT person_id and each answer (1, 0 or NULL) under its name."""
        return self._over_people({name: exp.cast(self.truth(root), "int") for name, root in roots.items()})

    def measured(self, leaf: Event, since: str) -> exp.Expr:
        """See Builder: a leaf with a window of its own becomes a column of the pass over its event."""
        if since:
            return super().measured(leaf, since)
        over = self._passes.get(leaf.event)
        if over is None:
            over = self._passes[leaf.event] = Pass(f"p{len(self._passes)}", Row(), {}, {}, {})
        key = (leaf.where, leaf.window, leaf.measure, leaf.of)
        if key not in over.aliases:
            over.aliases[key] = alias = f"{over.name}_{len(over.aliases)}"
            reach = span(leaf.window)
            inside = reach.inside if leaf.where is None else exp.and_(reach.inside, where(leaf.where, over.row))
            over.measures[alias] = events.measure(self.source, leaf, inside, over.row)
            if over.floors is not None and reach.floor is not None:
                over.floors[reach.floor.sql()] = reach.floor
            else:
                over.floors = None
        return self.value(over.name, over.aliases[key])

    def followed(self, leaf: Sequence) -> exp.Expr:
        """See Builder: without the moments of change, which are most of the work; alike ones share their chains."""
        if leaf.steps[-1].absent:
            name = self.relation(leaf, "q", lambda name: sequences.sequence(self.source, leaf, name, timed=False))
            return self.value(name, f"{name}_v")
        key = (leaf.steps, leaf.window, leaf.same)
        name, times = self._chains.setdefault(key, (f"h{len(self._chains)}", {}))
        alias = times.setdefault(leaf.within, f"{name}_{len(times)}")
        return self.value(name, alias)

    def turning(self, leaf: Trait, kind: checking.TraitKind, value: exp.Expr) -> None:
        """See Builder: nobody asks when."""

    def _close(self) -> None:
        for event, over in self._passes.items():
            floor = _least(list(over.floors.values())) if over.floors else None
            reach = Span(exp.true(), exp.null(), floor)
            person = column("person_id", "f")
            made = events.facts(self.source, event, None, over.row, reach, person_id=person, **over.measures)
            self.relations[over.name] = made.group_by(person.copy(), copy=False)
        for (steps, window, same), (name, times) in self._chains.items():
            leaf = Sequence(steps=steps, window=window, same=same)
            self.relations.update(sequences.alike(self.source, leaf, name, {alias: time for time, alias in times.items()}))
        super()._close()


def _least(floors: list[exp.Expr]) -> exp.Expr:
    return floors[0] if len(floors) == 1 else exp.Least(this=floors[0], expressions=floors[1:])
