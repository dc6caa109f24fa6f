"""Tables of people in which no small group can be told: small rows merged, small cells hidden. Pure."""

from collections.abc import Mapping, Sequence

import msgspec

LEAST = 5
# Where rows or columns with too few people were put together.
OTHER = "*"

Table = Mapping[tuple[str, str], int]


class Protected(msgspec.Struct, frozen=True):
    """Rows and columns in order, people by cell, and the cells not to be shown. `groups` says into which row or column
    (of axis 0 or 1) a value was put."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    people: dict[tuple[str, str], int]
    hidden: frozenset[tuple[str, str]]
    groups: tuple[dict[str, str], dict[str, str]]


def protect(table: Table, rows: Sequence[str], columns: Sequence[str], least: int = LEAST) -> Protected | None:
    """The table as it may be shown; None where fewer than `least` people are in it altogether.

    Rows and columns with fewer are put together as OTHER, with the next smallest where that is not enough, so every total
    may be shown. Then cells of 1 to least - 1 people are hidden, and further ones until no hidden cell follows from the
    totals and no row or column hides fewer than `least` people.
    """
    if sum(table.values()) < least:
        return None
    into = (_merged(table, rows, 0, least), _merged(table, columns, 1, least))
    people: dict[tuple[str, str], int] = {}
    for (row, column), count in table.items():
        if count:
            key = into[0][row], into[1][column]
            people[key] = people.get(key, 0) + count
    axes = [tuple(dict.fromkeys(into[i][name] for name in names if name in into[i])) for i, names in enumerate((rows, columns))]
    hidden = {key for key, count in people.items() if 0 < count < least}
    if len(axes[0]) > 1 and len(axes[1]) > 1:
        _complete(people, axes[0], axes[1], hidden, least)
    return Protected(axes[0], axes[1], people, frozenset(hidden), into)


def _merged(table: Table, names: Sequence[str], axis: int, least: int) -> dict[str, str]:
    """Where each value of an axis goes: to itself, or to OTHER; values of nobody go nowhere."""
    totals = {name: sum(n for key, n in table.items() if key[axis] == name) for name in names}
    present = sorted((name for name in names if totals[name]), key=lambda name: (totals[name], names.index(name)))
    small = [name for name in present if totals[name] < least or name == OTHER]
    rest = [name for name in present if name not in small]
    while small and sum(totals[name] for name in small) < least and rest:
        small.append(rest.pop(0))
    return {name: OTHER if name in small else name for name in names if totals[name]}


def _complete(
    people: Mapping[tuple[str, str], int], rows: Sequence[str], columns: Sequence[str], hidden: set[tuple[str, str]], least: int
) -> None:
    """Hide further cells until each hidden one lies on a rectangle of hidden ones, and each line hides enough people."""
    changed = True
    while changed:
        changed = False
        for row, column in sorted(hidden):
            if not _on_rectangle(row, column, rows, columns, hidden):
                hidden |= _rectangle(people, row, column, rows, columns, hidden)
                changed = True
        for line in [[(row, c) for c in columns] for row in rows] + [[(r, column) for r in rows] for column in columns]:
            inside = [key for key in line if key in hidden]
            shown = sorted((key for key in line if key not in hidden), key=lambda key: people.get(key, 0))
            shown = [key for key in shown if people.get(key, 0)] or shown
            if inside and shown and sum(people.get(key, 0) for key in inside) < least:
                hidden.add(shown[0])
                changed = True


def _on_rectangle(row: str, column: str, rows: Sequence[str], columns: Sequence[str], hidden: set[tuple[str, str]]) -> bool:
    """Whether raising this cell and lowering its neighbours leaves all totals: then it cannot be worked out."""
    return any(
        {(row, c), (r, column), (r, c)} <= hidden for r in rows if r != row for c in columns if c != column
    )


def _rectangle(
    people: Mapping[tuple[str, str], int], row: str, column: str, rows: Sequence[str], columns: Sequence[str],
    hidden: set[tuple[str, str]],
) -> set[tuple[str, str]]:  # fmt: skip
    """The three cells that complete the cheapest rectangle; those of nobody only where there is no other."""
    return min(
        ({(row, c), (r, column), (r, c)} for r in rows if r != row for c in columns if c != column),
        key=lambda three: (
            sum(not people.get(key, 0) for key in three), sum(people.get(key, 0) for key in three - hidden), sorted(three),
        ),
    )  # fmt: skip
