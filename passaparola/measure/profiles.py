"""Profiles: everybody by two of stage, age, sex, company, hour, weekday, product, channel; small groups cannot be told.

Each person is in one cell: favourites are of the person (segments/traits), not of the order. People, purchases and money are
those of the traits, ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from passaparola.kernel.database import rows
from passaparola.segments import traits
from passaparola.segments.cells import LEAST, Protected, protect

PRODUCTS_MAX = 12
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


@dataclass(frozen=True, slots=True)
class Profile:
    """A protected table with its sums. `refused`: "few" (fewer than LEAST people), "rest" (so few are left out), or ""."""

    table: Protected | None
    # measure → cell → sum; cells of `table.hidden` are not to be shown.
    sums: dict[str, dict[tuple[str, str], int]]
    refused: str = ""


def pivot(row: str, column: str, filters: Mapping[str, str], today: int, least: int = LEAST) -> Profile:
    """People by two dimensions (names of DIMENSIONS), of those whose further dimensions have the values of `filters`.

    One query. Raises KeyError for an unknown dimension.
    """
    names = list(dict.fromkeys((row, column, *filters)))
    picks = ", ".join(f"{DIMENSIONS[name][0]} AS {name}_" for name in names)
    places = ", ".join(str(i + 1) for i in range(len(names)))
    found = rows(
        f"SELECT {picks}, COUNT(*), SUM(t.purchases), SUM(t.spent_minor) FROM ({traits.relation(_TRAITS, today=today)}) AS t "
        f"LEFT JOIN traits AS kept ON kept.person_id = t.person_id WHERE t.purchases > 0 OR kept.visits_ever > 0 GROUP BY {places}"
    )
    lines = [(dict(zip(names, line)), line[len(names) :]) for line in found]
    if refused := _telling(lines, filters, least):
        return Profile(None, {}, refused)
    inside = [(keys, sums) for keys, sums in lines if all(keys[name] == value for name, value in filters.items())]
    return _profile(inside, row, column, least)


def _telling(lines: list[tuple[dict[str, str], tuple[int, ...]]], filters: Mapping[str, str], least: int) -> str:
    """Whether so few people are inside, or left out by one of the filters, that the difference would tell about them."""
    def people(wanted: Mapping[str, str]) -> int:
        return sum(sums[0] for keys, sums in lines if all(keys[n] == v for n, v in wanted.items()))

    inside = people(filters)
    if inside < least:
        return "few"
    wider = (people({n: v for n, v in filters.items() if n != name}) for name in filters)
    return "rest" if any(0 < whole - inside < least for whole in wider) else ""


def _profile(lines: list[tuple[dict[str, str], tuple[int, ...]]], row: str, column: str, least: int) -> Profile:
    values = {name: _values(name, lines) for name in (row, column)}
    sums: dict[str, dict[tuple[str, str], int]] = {measure: {} for measure in MEASURES}
    for keys, counted in lines:
        key = tuple(keys[name] if keys[name] in values[name] else ELSE for name in (row, column))
        for measure, value in zip(MEASURES, counted, strict=True):
            cells = sums[measure]
            cells[key[0], key[1]] = cells.get((key[0], key[1]), 0) + int(value or 0)
    table = protect(sums["people"], values[row], values[column], least)
    if table is None:
        return Profile(None, {}, "few")
    out: dict[str, dict[tuple[str, str], int]] = {measure: {} for measure in MEASURES}
    for measure, cells in sums.items():
        for (a, b), value in cells.items():
            into = table.groups[0].get(a), table.groups[1].get(b)
            if into[0] is not None and into[1] is not None:
                out[measure][into[0], into[1]] = out[measure].get((into[0], into[1]), 0) + value
    return Profile(table, out)


def _values(name: str, lines: list[tuple[dict[str, str], tuple[int, ...]]]) -> tuple[str, ...]:
    """A dimension's values in order: as listed, or the most frequent first and the others together."""
    listed = DIMENSIONS[name][1]
    if listed:
        return listed
    people: dict[str, int] = {}
    for keys, sums in lines:
        people[keys[name]] = people.get(keys[name], 0) + sums[0]
    order = sorted((value for value in people if value != UNKNOWN), key=lambda value: (-people[value], value))
    return (*order[:PRODUCTS_MAX], ELSE, UNKNOWN)
