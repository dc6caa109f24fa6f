"""Profiles: everybody by two of stage, age, sex, company, hour, weekday, product, channel, of those with further values.

Each person is in one cell: favourites are of the person (segments/traits), not of the order. People, purchases and money are
those of the traits, ever. Small groups cannot be told, whichever tables are laid beside one another (segments/cells).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from passaparola.kernel.database import rows
from passaparola.segments import traits
from passaparola.segments.cells import Key, merge, protect, summed
from passaparola.segments.keeping import least_in_force

PRODUCTS_MAX = 12
# A table of four dimensions is as far as a cell can be kept from being told in reasonable time.
FILTERS_MAX = 2
UNKNOWN, ELSE = "unknown", "else"
_AGES = ((18, "0-17"), (25, "18-24"), (35, "25-34"), (45, "35-44"), (55, "45-54"), (65, "55-64"), (200, "65+"))
_HOURS = ((6, "0-5"), (10, "6-9"), (13, "10-12"), (16, "13-15"), (19, "16-18"), (22, "19-21"), (24, "22-23"))
MEASURES = ("people", "orders", "revenue")


def _bands(column: str, bands: tuple[tuple[int, str], ...]) -> str:
    return " ".join(
        [f"CASE WHEN {column} IS NULL THEN '{UNKNOWN}'", *(f"WHEN {column} < {end} THEN '{name}'" for end, name in bands), "END"]
    )


def _known(column: str) -> str:
    return f"COALESCE(CAST({column} AS VARCHAR(120)), '{UNKNOWN}')"


# Dimension: its SQL over the traits, and its values in order where they are known beforehand.
DIMENSIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "stage": ("COALESCE(kept.stage, 'none')", ("many", "some", "few", "none")),
    "age": (_bands("t.age", _AGES), (*(name for _, name in _AGES), UNKNOWN)),
    "sex": (_known("t.sex"), ()),
    "company": (_known("t.company"), ("alone", "accompanied", UNKNOWN)),
    "hour": (_bands("t.favourite_hour", _HOURS), (*(name for _, name in _HOURS), UNKNOWN)),
    "weekday": (_known("t.favourite_weekday"), (*"1234567", UNKNOWN)),
    "product": (_known("t.favourite_product"), ()),
    "channel": (_known("t.favourite_channel"), ()),
}
_TRAITS = ("age", "sex", "company", "favourite_hour", "favourite_weekday", "favourite_product", "favourite_channel", "purchases",
           "spent_minor")  # fmt: skip


Line = tuple[dict[str, str], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Profile:
    """A table: for each measure its cells by (row, column), and totals by row; None is hidden, nobody is 0.

    `refused`: "few" where what is asked for is about fewer than `least` people, or the cell of the filters is hidden.
    """

    least: int
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    cells: Mapping[str, Mapping[tuple[str, str], int | None]] = field(default_factory=dict)
    totals: Mapping[str, Mapping[str, int | None]] = field(default_factory=dict)
    refused: str = ""


def dimensions(*names: str) -> tuple[str, ...]:
    """The dimensions of a table, filters included, in the order of DIMENSIONS: the arguments of its picture.

    Raises KeyError for an unknown one, ValueError for one named twice or more than two and FILTERS_MAX.
    """
    if unknown := set(names) - DIMENSIONS.keys():
        raise KeyError(*unknown)
    found = tuple(name for name in DIMENSIONS if name in names)
    if len(found) != len(names) or len(names) > 2 + FILTERS_MAX:
        raise ValueError(f"two dimensions and at most {FILTERS_MAX} filters, each another")
    return found


def draw(today: int, *names: str) -> dict[str, Any]:
    """The picture: everybody by these dimensions, with people, purchases and money; rare values together. One query.

    Nothing in it is hidden yet: what may be told follows from the smallest group in force when it is shown.
    """
    picks = ", ".join(f"{DIMENSIONS[name][0]} AS {name}_" for name in names)
    places = ", ".join(str(i + 1) for i in range(len(names)))
    found = rows(
        f"SELECT {picks}, COUNT(*), SUM(t.purchases), SUM(t.spent_minor) FROM ({traits.relation(_TRAITS, today=today)}) AS t "
        f"LEFT JOIN traits AS kept ON kept.person_id = t.person_id WHERE t.purchases > 0 OR kept.visits_ever > 0 GROUP BY {places}"
    )
    size = len(names)
    kept = [_frequent(name, _totals([(line[i], line[size]) for line in found])) for i, name in enumerate(names)]
    sums: dict[Key, list[int]] = {}
    for line in found:
        key = tuple(value if value in kept[i] else ELSE for i, value in enumerate(line[:size]))
        sums[key] = [a + int(b or 0) for a, b in zip(sums.get(key, (0,) * len(MEASURES)), line[size:], strict=True)]
    return {"names": names, "lines": [[list(key), numbers] for key, numbers in sums.items()]}


def pivot(drawn: Mapping[str, Any], row: str, column: str, filters: Mapping[str, str], least: int | None = None) -> Profile:
    """People by two dimensions, of those whose further dimensions have the values of `filters`, from the picture of all these.

    `least`: the smallest cell that is told, by default the one in force.
    """
    least = least_in_force() if least is None else least
    names = list(drawn["names"])
    lines, orders = _merged(names, [(dict(zip(names, keys)), tuple(sums)) for keys, sums in drawn["lines"]], least)
    people = _cube(names, lines, 0)
    if sum(people.values()) < least or any(value not in orders[name] for name, value in filters.items()):
        return Profile(least, refused="few")
    shown = _Shown(names, filters, protect(people, least))
    if shown.hides(tuple(filters), {}):
        return Profile(least, refused="few")
    return _profile(shown, row, column, [_cube(names, lines, i) for i in range(len(MEASURES))], orders, least)


def _merged(names: Sequence[str], lines: list[Line], least: int) -> tuple[list[Line], dict[str, tuple[str, ...]]]:
    """The lines with small groups put together, and each dimension's values in order: the same whatever is filtered."""
    into: dict[str, dict[str, str]] = {}
    orders: dict[str, tuple[str, ...]] = {}
    for name in names:
        totals = _totals([(keys[name], sums[0]) for keys, sums in lines])
        values = _frequent(name, totals)
        into[name] = merge(totals, values, least)
        orders[name] = tuple(dict.fromkeys(into[name][value] for value in values if value in into[name]))
    return [({name: into[name][keys[name]] for name in names}, sums) for keys, sums in lines], orders


def _totals(counted: Iterable[tuple[str, int]]) -> dict[str, int]:
    """People by value."""
    totals: dict[str, int] = {}
    for value, people in counted:
        totals[value] = totals.get(value, 0) + people
    return totals


def _cube(names: Sequence[str], lines: list[Line], measure: int) -> dict[Key, int]:
    cube: dict[Key, int] = {}
    for keys, sums in lines:
        key = tuple(keys[name] for name in names)
        cube[key] = cube.get(key, 0) + int(sums[measure] or 0)
    return cube


@dataclass(frozen=True, slots=True)
class _Shown:
    """The dimensions asked for, the filters, and what is hidden of each choice of dimensions."""

    names: Sequence[str]
    filters: Mapping[str, str]
    hidden: Mapping[tuple[int, ...], frozenset[Key]]

    def hides(self, dimensions: Sequence[str], values: Mapping[str, str]) -> bool:
        """Whether the cell of these dimensions, with these values besides the filters, is hidden."""
        chosen = tuple(i for i, name in enumerate(self.names) if name in dimensions)
        key = tuple({**self.filters, **values}[self.names[i]] for i in chosen)
        return key in self.hidden.get(chosen, ())


def _profile(
    shown: _Shown, row: str, column: str, cubes: list[dict[Key, int]], orders: Mapping[str, tuple[str, ...]], least: int
) -> Profile:
    places = {name: i for i, name in enumerate(shown.names)}
    inside = [k for k in cubes[0] if all(k[places[name]] == value for name, value in shown.filters.items())]
    mine = {(k[places[row]], k[places[column]]): k for k in inside}
    there = [[v for v in orders[name] if any(k[places[name]] == v for k in inside)] for name in (row, column)]
    cells: dict[str, dict[tuple[str, str], int | None]] = {}
    totals: dict[str, dict[str, int | None]] = {}
    for measure, cube in zip(MEASURES, cubes, strict=True):
        cells[measure] = {
            (a, b): None if shown.hides(shown.names, {row: a, column: b}) else cube.get(mine.get((a, b), ()), 0)
            for a in there[0] for b in there[1]
        }  # fmt: skip
        sums = summed({k: cube[k] for k in inside}, [places[row]])
        totals[measure] = {
            a: None if shown.hides((row, *shown.filters), {row: a}) else sums[(a,)] for a in there[0]
        }  # fmt: skip
    return Profile(least, tuple(there[0]), tuple(there[1]), cells, totals)


def _frequent(name: str, people: Mapping[str, int]) -> tuple[str, ...]:
    """A dimension's values in order: as listed, or the most frequent first and the others together."""
    listed = DIMENSIONS[name][1]
    if listed:
        return listed
    order = sorted((value for value in people if value not in (UNKNOWN, ELSE)), key=lambda value: (-people[value], value))
    return (*order[:PRODUCTS_MAX], ELSE, UNKNOWN)
