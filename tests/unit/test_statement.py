"""A statement with its numbers printed says what the one with every value bound says."""

import duckdb

from passaparola.segments.compile.statement import bound, printed, text, whole
from passaparola.segments.rules import Clock


def test_numbers_are_printed_and_texts_stay_bound() -> None:
    from sqlglot import exp

    tree = exp.select(bound("as_of_us") - whole(5), text("a?"), exp.Literal.string("b?"), bound("today"))
    clock = Clock(as_of_us=-7, today=20_000, midnight_us=0)
    statement = printed(tree, "duckdb")
    sql, values = statement.with_numbers(clock)
    assert (sql, values) == ("SELECT (-7) - 5, ?, 'b?', 20000", ["a?"])
    expected = [(-12, "a?", "b?", 20_000)]
    assert duckdb.execute(sql, values).fetchall() == expected
    assert duckdb.execute(statement.sql, statement.parameters(clock)).fetchall() == expected
