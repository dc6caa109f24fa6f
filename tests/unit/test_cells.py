"""No small group can be told from a protected table, not even by working with its totals."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from passaparola.segments.cells import LEAST, OTHER, Protected, protect

NAMES = ("a", "b", "c", "d", "e")
tables = st.dictionaries(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), st.integers(0, 14), max_size=25)


def determined(found: Protected) -> set[tuple[str, str]]:
    """Hidden cells that follow from shown cells and totals: solved exactly."""
    cells = sorted(found.hidden)
    lines = [[Fraction(cell[axis] == name) for cell in cells] for axis in (0, 1) for name in {c[axis] for c in cells}]
    rank_row = 0
    for column in range(len(cells)):
        pivot = next((i for i in range(rank_row, len(lines)) if lines[i][column]), None)
        if pivot is None:
            continue
        lines[rank_row], lines[pivot] = lines[pivot], lines[rank_row]
        lines[rank_row] = [x / lines[rank_row][column] for x in lines[rank_row]]
        for i, line in enumerate(lines):
            if i != rank_row and line[column]:
                lines[i] = [x - line[column] * y for x, y in zip(line, lines[rank_row], strict=True)]
        rank_row += 1
    return {cells[line.index(1)] for line in lines[:rank_row] if sum(x != 0 for x in line) == 1}


@given(tables)
def test_nothing_hidden_can_be_worked_out(table: dict[tuple[str, str], int]) -> None:
    found = protect(table, NAMES, NAMES)
    if found is None:
        assert sum(table.values()) < LEAST
        return
    assert sum(found.people.values()) == sum(table.values())
    for axis, names in ((0, found.rows), (1, found.columns)):
        for name in names:
            line = {key: n for key, n in found.people.items() if key[axis] == name}
            assert sum(line.values()) >= LEAST
            inside = [n for key, n in line.items() if key in found.hidden]
            assert not inside or sum(inside) >= LEAST or set(line) <= found.hidden
    assert all(n == 0 or n >= LEAST for key, n in found.people.items() if key not in found.hidden)
    assert not determined(found)


def test_a_small_row_is_put_together_with_others_and_totals_stay() -> None:
    table = {("a", "x"): 20, ("a", "y"): 30, ("b", "x"): 2, ("c", "x"): 1, ("d", "y"): 9}
    found = protect(table, ("a", "b", "c", "d"), ("x", "y"))
    assert found is not None and found.groups[0] == {"a": "a", "b": OTHER, "c": OTHER, "d": OTHER}
    assert protect({("a", "x"): 4}, ("a",), ("x",)) is None
