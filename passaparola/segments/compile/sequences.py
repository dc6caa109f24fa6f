"""Sequence leaves as relations: starts, what followed each, and silence after the last. Pure.

For each start the earliest possible moment of each next step is taken: nothing is lost by that, for what could follow a
later one can follow it too. Cost grows with starts × facts of one person, not with their powers.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlglot import exp

from passaparola.segments.compile.events import facts
from passaparola.segments.compile.source import NOW, Source, column, select
from passaparola.segments.compile.statement import whole
from passaparola.segments.compile.where import Row
from passaparola.segments.compile.windows import AT, Span, span, when
from passaparola.segments.rules.operands import PROPERTIES
from passaparola.segments.rules.tree import Duration, Sequence, Step

_PERSON = column("person_id")
# The value that all steps share: a property may be text, number or boolean, and these never equal each other.
_KINDS = ("text", "number", "boolean")


def sequence(source: Source, leaf: Sequence, name: str, *, timed: bool = True) -> dict[str, exp.Expr]:
    """The relations of a sequence, in order; the last, called `name`, has {name}_v and, if `timed`, {name}_x."""
    reach = span(leaf.window)
    made, keys = _chain(source, leaf, name, reach)
    steps = leaf.steps[:-1] if leaf.steps[-1].absent else leaf.steps
    ends = f"{name}_c{len(steps)}"
    if len(steps) == len(leaf.steps):
        answer = select(person_id=_PERSON, v=exp.Max(this=whole(1)), x=exp.cast(exp.null(), "bigint")).from_(ends)
        if keys:
            # Of one step alone nothing is asked; of a value that is not known nothing follows.
            answer = answer.where(_known(keys))
    else:
        made[f"{name}_n"] = _broken(leaf.steps[-1], name, ends, len(leaf.steps), keys)
        answer = _unbroken(leaf.steps[-1], name)
    made[f"{name}_a"] = answer.group_by(_PERSON)
    if not timed:
        made[name] = select(person_id=_PERSON, **{f"{name}_v": column("v")}).from_(f"{name}_a")
        return made
    made[name] = _with_changes(leaf, name, reach)
    return made


def alike(source: Source, leaf: Sequence, name: str, times: Mapping[str, Duration | None]) -> dict[str, exp.Expr]:
    """The relations of sequences without an absence that differ only in the time they may take.

    The last, called `name`, has a column for each of `times`. The chain from a start that ends earliest answers for all:
    whatever takes longer does not fit either.
    """
    known = [time for time in times.values() if time is not None]
    within = max(known, key=lambda time: time.us) if len(known) == len(times) else None
    made, keys = _chain(source, msgspec.structs.replace(leaf, within=within), name, span(leaf.window))
    said = {
        alias: exp.Max(this=whole(1) if time is None else when(column("t") <= column("t0") + whole(time.us), whole(1)))
        for alias, time in times.items()
    }
    answer = select(person_id=_PERSON, **said).from_(f"{name}_c{len(leaf.steps)}").group_by(_PERSON)
    made[name] = answer.where(_known(keys)) if keys else answer
    return made


def _chain(source: Source, leaf: Sequence, name: str, reach: Span) -> tuple[dict[str, exp.Expr], list[str]]:
    """The facts of each step and what followed each start so far, and the names of the value that all steps share."""
    made: dict[str, exp.Expr] = {}
    for k, step in enumerate(leaf.steps, start=1):
        row = Row()
        shared = _shared(leaf.same, row)
        made[f"{name}_s{k}"] = facts(
            source, step.event, step.where, row, reach if k == 1 else None, person_id=_PERSON, at_us=AT, **shared
        )
    keys = {key: column(key) for key in _shared(leaf.same, Row())}
    start = select(person_id=_PERSON, t0=AT, t=AT, **keys).from_(f"{name}_s1").where(reach.inside).distinct()
    made[f"{name}_c1"] = start
    steps = leaf.steps[:-1] if leaf.steps[-1].absent else leaf.steps
    for k in range(2, len(steps) + 1):
        last = k == len(steps) and len(steps) < len(leaf.steps)
        made[f"{name}_c{k}"] = _follow(leaf, name, k, list(keys), every=last)
    return made, list(keys)


def _shared(same: str, row: Row) -> dict[str, exp.Expr]:
    """The columns of the value that all steps share."""
    if not same:
        return {}
    if not same.startswith(PROPERTIES):
        return {"k0": row.take(same, "whole")}
    return {f"k{i}": row.take(same, kind) for i, kind in enumerate(_KINDS)}


def _known(keys: list[str], table: str = "") -> exp.Expr:
    return exp.or_(*[exp.not_(column(key, table).is_(exp.null())) for key in keys])


def _equal(keys: list[str], left: str, right: str) -> list[exp.Expr]:
    """The condition that two facts share the value."""
    return [exp.or_(*[column(key, left).eq(column(key, right)) for key in keys])] if keys else []


def _follow(leaf: Sequence, name: str, k: int, keys: list[str], *, every: bool) -> exp.Select:
    """Step k after each chain so far: its earliest moment, or every one where the next thing is an absence."""
    before, after = "c", "s"
    start, at = column("t0", before), column("at_us", after)
    on: list[exp.Expr] = [column("person_id", after).eq(column("person_id", before)), at > column("t", before), at <= NOW]
    on += _equal(keys, before, after)
    if leaf.within is not None:
        on.append(at <= start + whole(leaf.within.us))
    person, shared = column("person_id", before), {key: column(key, before) for key in keys}
    made = select(person_id=person, t0=start, t=at if every else exp.Min(this=at), **shared)
    made = made.from_(exp.to_table(f"{name}_c{k - 1}").as_(before))
    made = made.join(exp.to_table(f"{name}_s{k}").as_(after), on=exp.and_(*on))
    return made.distinct() if every else made.group_by(person, start, *shared.values())


def _broken(step: Step, name: str, ends: str, k: int, keys: list[str]) -> exp.Select:
    """Each end with the first fact that breaks the silence after it, if one does so far."""
    end, at = column("t", "e"), column("at_us", "s")
    reach = whole(step.within.us if step.within else 0)
    same = [column("person_id", "s").eq(column("person_id", "e")), *_equal(keys, "e", "s")]
    on = exp.and_(*same, at > end, at <= end + reach, at <= NOW)
    person, shared = column("person_id", "e"), [column(key, "e") for key in keys]
    made = select(person_id=person, t=end, broken=exp.Min(this=at)).from_(exp.to_table(ends).as_("e"))
    if keys:
        made = made.where(_known(keys, "e"))
    return made.join(exp.to_table(f"{name}_s{k}").as_("s"), on=on, join_type="left").group_by(person, end, *shared)


def _unbroken(step: Step, name: str) -> exp.Select:
    over = column("t") + whole(step.within.us if step.within else 0)
    still = column("broken").is_(exp.null())
    return select(
        person_id=_PERSON,
        v=exp.Max(this=when(exp.and_(still, over <= NOW), whole(1), whole(0))),
        x=exp.Min(this=when(exp.and_(still, over > NOW), over)),
    ).from_(f"{name}_n")


def _with_changes(leaf: Sequence, name: str, reach: Span) -> exp.Select:
    """The answer beside the moments at which a start leaves its window or a later fact begins to count."""
    parts: list[exp.Select] = [select(person_id=_PERSON, v=column("v"), x=column("x")).from_(f"{name}_a")]
    for k in range(1, len(leaf.steps) + 1):
        change = reach.change if k == 1 else when(AT > NOW, AT)
        parts.append(select(person_id=_PERSON, v=whole(0), x=change).from_(f"{name}_s{k}"))
    union: Any = parts[0]
    for part in parts[1:]:
        union = union.union(part, distinct=False)
    columns = {f"{name}_v": exp.Max(this=column("v")), f"{name}_x": exp.Min(this=column("x"))}
    return select(person_id=_PERSON, **columns).from_(union.subquery("u")).group_by(_PERSON)
