"""SQL written once and printed for each engine. Pure.

The texts are read in DuckDB's dialect and printed by sqlglot. Only what all engines share is used, and one thing that
they do not share is settled here: // divides whole numbers, towards zero, without a detour through fractions.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sqlglot import exp, parse_one

ENGINES = ("sqlite", "postgres", "duckdb", "spark")
_HERE = Path(__file__).parent
# Names without a table before them, and texts, which stay whatever they say.
_NAME = re.compile(r"'[^']*'|(?<![\w.])[a-z_]+(?![\w.(])")


def parse(sql: str) -> exp.Expr:
    """A statement or expression of ours as a tree."""
    return parse_one(sql, read="duckdb")


def show(tree: exp.Expr, engine: str) -> str:
    """The tree in the words of an engine, one of ENGINES."""
    if engine in ("sqlite", "postgres"):
        tree = tree.transform(_whole_division)
    return tree.sql(dialect=engine, comments=False)


def _whole_division(node: exp.Expr) -> exp.Expr:
    """Both divide whole numbers by a plain /; sqlglot would go through a float or a numeric."""
    if isinstance(node, exp.IntDiv):
        # What was replaced is not looked into any more: a division within a division is replaced here.
        parts = {name: part.transform(_whole_division) for name, part in node.args.items() if isinstance(part, exp.Expr)}
        return exp.Div(**parts, typed=True, safe=False)
    return node


@cache
def written(name: str) -> str:
    """The text of a .sql file beside this one, without the sentences above it."""
    lines = (_HERE / name).read_text().splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--")).strip()


def with_values(tree: exp.Expr, values: Mapping[str, int]) -> exp.Expr:
    """The tree with its parameters, which are bare names like `today`, replaced by whole numbers."""

    def fill(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and not node.table and node.name in values:
            return exp.Literal.number(values[node.name]) if values[node.name] >= 0 else parse(str(values[node.name]))
        return node

    return tree.transform(fill)


def printed(sql: str, engine: str, values: Mapping[str, int] | None = None) -> str:
    """A text of ours for an engine, with its parameters (bare names) replaced by whole numbers.

    DuckDB reads the texts as they are written, so for it no tree is made: of a few people's traits that would be most of
    the work. A test holds both ways against each other.
    """
    if engine == "duckdb":
        values = values or {}
        return _NAME.sub(lambda found: str(values.get(found[0], found[0])), sql)
    return show(with_values(parse(sql), values or {}), engine)


def tables(tree: exp.Expr) -> frozenset[str]:
    """Which tables the columns of an expression are of."""
    return frozenset(column.table for column in tree.find_all(exp.Column) if column.table)
