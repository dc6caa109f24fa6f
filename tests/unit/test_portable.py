"""DuckDB reads our texts as they are written: that must be the same statement as the one printed from the tree."""

import pytest

from passaparola.measure.engine import population
from passaparola.segments.traits import portable
from passaparola.segments.traits.definitions import TRAITS

VALUES = {"today": 20_000, "today_ymd": 20_261_101, "period_days": 90}
TEXTS = {trait.name: trait.sql for trait in TRAITS} | {"base.sql": portable.written("base.sql")}
TEXTS |= {name: population._text(name) for name in ("period.sql", "turn.sql", "friend.sql", "levels.sql")}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_with_its_numbers_is_the_tree_with_its_numbers(name: str) -> None:
    text, whole = TEXTS[name], portable.with_values(portable.parse(TEXTS[name]), VALUES)
    assert portable.show(portable.parse(portable.printed(text, "duckdb", VALUES)), "duckdb") == portable.show(whole, "duckdb")
    assert portable.printed(text, "spark", VALUES) == portable.show(whole, "spark")


def test_neither_texts_nor_columns_of_tables_are_parameters() -> None:
    said = "SELECT t.today, 'today', today, today(), x_today FROM t"
    assert portable.printed(said, "duckdb", {"today": 7}) == "SELECT t.today, 'today', 7, today(), x_today FROM t"
