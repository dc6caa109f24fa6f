"""No small group can be told, not even by laying every table of random people beside every other and solving exactly."""

import random
import time
from collections.abc import Iterator
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passaparola.segments.cells import LEAST, OTHER, Key, merge, protect, summed

PRIME = 2**61 - 1
NAMES = ("a", "b", "c", "d", "e")
Row = dict[int, int]


class Known:
    """What follows from sums that were shown: rows over the people's own finest cells, solved modulo a large prime."""

    def __init__(self) -> None:
        self.by_pivot: dict[int, Row] = {}

    def _left(self, row: Row) -> Row:
        row = dict(row)
        for pivot in sorted(row):
            factor = row.get(pivot, 0)
            if factor and pivot in self.by_pivot:
                for column, value in self.by_pivot[pivot].items():
                    row[column] = (row.get(column, 0) - factor * value) % PRIME
                row = {column: value for column, value in row.items() if value}
                return self._left(row)
        return row

    def learn(self, cells: list[int]) -> None:
        left = self._left(dict.fromkeys(cells, 1))
        if left:
            pivot = min(left)
            inverse = pow(left[pivot], -1, PRIME)
            self.by_pivot[pivot] = {column: value * inverse % PRIME for column, value in left.items()}

    def follows(self, cells: list[int]) -> bool:
        return not self._left(dict.fromkeys(cells, 1))


def tables(cube: dict[Key, int], values: list[list[str]]) -> Iterator[tuple[tuple[int, ...], Key, list[int]]]:
    """Every cell of every table over one or more axes, with the finest cells in it."""
    finest = {key: i for i, key in enumerate(product(*values))}
    for size in range(1, len(values) + 1):
        for chosen in combinations(range(len(values)), size):
            for key in product(*(values[i] for i in chosen)):
                inside = [i for whole, i in finest.items() if all(whole[c] == v for c, v in zip(chosen, key, strict=True))]
                yield chosen, key, inside


def people(dice: random.Random, sizes: tuple[int, ...], number: int) -> dict[Key, int]:
    """So many people over axes of so many values, some of them rare and hanging together; merged as profiles are."""
    raw: dict[Key, int] = {}
    for _ in range(number):
        first = dice.randrange(sizes[0])
        places = (min(dice.randrange(n), dice.randrange(n)) if dice.random() < 0.3 else first % n for n in sizes)
        key = tuple(NAMES[place] for place in places)
        raw[key] = raw.get(key, 0) + 1
    groups = [merge(totals(raw, axis), NAMES) for axis in range(len(sizes))]
    cube: dict[Key, int] = {}
    for key, count in raw.items():
        into = tuple(groups[axis][value] for axis, value in enumerate(key))
        cube[into] = cube.get(into, 0) + count
    return cube


def totals(cube: dict[Key, int], axis: int) -> dict[str, int]:
    return {key[0]: count for key, count in summed(cube, [axis]).items()}


@pytest.mark.parametrize("seed", range(40))
def test_nothing_hidden_follows_from_all_tables_with_all_filters(seed: int) -> None:
    """Three and four axes; each shown cell of each table is known exactly, totals of each axis too."""
    dice = random.Random(seed)
    sizes = dice.choice([(3, 3, 3), (4, 2, 3), (3, 3, 2, 2), (2, 2, 2, 2), (5, 5, 2)])
    cube = people(dice, sizes, dice.choice([8, 60, 200, 500]))
    hidden = protect(cube)
    values = [sorted({key[axis] for key in cube}) for axis in range(len(sizes))]
    known = Known()
    secret = []
    for chosen, key, inside in tables(cube, values):
        if key in hidden.get(chosen, ()):
            secret.append((chosen, key, inside))
        else:
            known.learn(inside)
    for chosen, key, inside in secret:
        assert not known.follows(inside), (chosen, key)
    for chosen, key, _inside in tables(cube, values):
        count = summed(cube, chosen).get(key, 0)
        assert count == 0 or count >= LEAST or key in hidden[chosen]


def test_the_test_notices_a_single_hidden_cell() -> None:
    """Without the further cells the small one follows: 20 less 17."""
    cube = {("a", "x"): 3, ("a", "y"): 17, ("b", "x"): 30, ("b", "y"): 30}
    known = Known()
    for chosen, key, inside in tables(cube, [["a", "b"], ["x", "y"]]):
        if (chosen, key) != ((0, 1), ("a", "x")):
            known.learn(inside)
    assert known.follows([0])
    assert protect(cube)[0, 1] == frozenset(cube)


@given(st.dictionaries(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), st.integers(0, 14), max_size=25))
def test_a_line_hides_enough_people_or_nobody(raw: dict[Key, int]) -> None:
    groups = [merge(totals(raw, axis), NAMES) for axis in (0, 1)] if raw else [{}, {}]
    cube: dict[Key, int] = {}
    for (a, b), count in raw.items():
        if count:
            cube[groups[0][a], groups[1][b]] = cube.get((groups[0][a], groups[1][b]), 0) + count
    if sum(cube.values()) < LEAST:
        return
    hidden = protect(cube)[0, 1]
    for axis in (0, 1):
        for name in {key[axis] for key in cube}:
            line = {key: count for key, count in cube.items() if key[axis] == name}
            inside = [count for key, count in line.items() if key in hidden]
            assert sum(line.values()) >= LEAST
            assert not sum(inside) or sum(inside) >= LEAST or set(line) <= hidden


def test_what_is_hidden_hangs_on_the_axes_and_not_on_what_is_asked_besides() -> None:
    cube = people(random.Random(7), (3, 3, 3, 2), 120)
    whole = protect(cube)
    for chosen in combinations(range(4), 3):
        alone = protect(summed(cube, chosen))
        for some, cells in alone.items():
            assert cells == whole[tuple(chosen[i] for i in some)]


def test_a_rare_value_is_put_together_with_others() -> None:
    assert merge({"a": 50, "b": 2, "c": 1, "d": 9}, ("a", "b", "c", "d")) == {"a": "a", "b": OTHER, "c": OTHER, "d": OTHER}
    assert merge({"a": 50, "b": 3, "c": 3}, ("a", "b", "c", "d")) == {"a": "a", "b": OTHER, "c": OTHER}
    assert merge({"a": 4}, ("a",)) == {"a": OTHER} and protect({}) == {}


def test_the_finest_table_anybody_may_ask_for_takes_seconds_of_one_core_and_not_minutes() -> None:
    dice = random.Random(1)
    cube: dict[Key, int] = {}
    for _ in range(2500):
        key = tuple(str(min(dice.randrange(n), dice.randrange(n))) for n in (14, 8, 8, 8))
        cube[key] = cube.get(key, 0) + 1
    begun = time.process_time()
    assert len(protect(cube)[0, 1, 2, 3]) == 14 * 8 * 8 * 8
    assert time.process_time() - begun < 20
