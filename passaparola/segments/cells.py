"""Tables of people in which no small group can be told, whichever of them are laid beside one another. Pure.

A *cube* counts people by two or more axes. Every table anybody may ask for is a slice of the cube over its own axes, filters
included, so what is hidden belongs to the cube and not to the question. Three rules, together (docs/why/profiles.md):

- each value of an axis has at least `least` people, or is put together with others (`merge`), the same in every table;
- in every cube each hidden cell is the corner of a box of hidden cells: raising one corner and lowering its neighbours by turns
  leaves every total as it is, so that the cell does not follow even from *all* totals;
- what is hidden in a cube is hidden in every finer one, so that no parts add up to it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations, islice, product
from math import prod

LEAST, LEAST_MIN, LEAST_MAX = 5, 3, 50
# Where values with too few people were put together.
OTHER = "*"
# So many opposite corners are tried for a box; the cheapest of them is taken.
_TRIES_MAX = 200

Key = tuple[str, ...]
Cube = Mapping[Key, int]


def merge(totals: Mapping[str, int], names: Sequence[str], least: int = LEAST) -> dict[str, str]:
    """Where each value of an axis goes: to itself, or to OTHER with the next smallest; values of nobody go nowhere."""
    present = sorted((name for name in names if totals.get(name)), key=lambda name: (totals[name], names.index(name)))
    small = [name for name in present if totals[name] < least or name == OTHER]
    rest = [name for name in present if name not in small]
    while small and sum(totals[name] for name in small) < least and rest:
        small.append(rest.pop(0))
    return {name: OTHER if name in small else name for name in names if totals.get(name)}


def protect(cube: Cube, least: int = LEAST) -> dict[tuple[int, ...], frozenset[Key]]:
    """For each choice of two or more axes (their positions, ascending) the cells not to be shown.

    The cube's values are merged already. Cells of nobody need no entry. What is hidden of a choice hangs on the counts over
    these axes alone, in this order: the same in every cube that has them.
    """
    axes = range(len(next(iter(cube), ())))
    found: dict[tuple[int, ...], frozenset[Key]] = {}
    for size in range(2, len(axes) + 1):
        for chosen in combinations(axes, size):
            coarser = {tuple(chosen.index(i) for i in some): found[some] for some in combinations(chosen, size - 1) if size > 2}
            found[chosen] = frozenset(_hidden(summed(cube, chosen), coarser, least))
    return found


def summed(cube: Cube, chosen: Sequence[int]) -> dict[Key, int]:
    """The cube over some of its axes."""
    out: dict[Key, int] = {}
    for key, count in cube.items():
        part = tuple(key[i] for i in chosen)
        out[part] = out.get(part, 0) + count
    return out


def _hidden(cube: Cube, coarser: Mapping[tuple[int, ...], Collection[Key]], least: int) -> set[Key]:
    """The small cells, those below hidden ones, and further ones until each is safe."""
    values = [sorted({key[i] for key in cube}) for i in range(len(next(iter(cube), ())))]
    hidden = {key for key, count in cube.items() if 0 < count < least}
    # Cells of nobody below a hidden one are hidden too: otherwise they would be told, and the rest with them.
    for some, cells in coarser.items():
        hidden |= {key for key in product(*values) if tuple(key[i] for i in some) in cells}
    if any(len(names) < 2 for names in values):
        # One value only: the cube says no more than the one without this axis, whose hidden cells were taken over.
        return hidden
    if len(values) > 3 and hidden and sum(cube.values()) < least * prod(len(names) for names in values):
        # So fine that the cells are too small on the average: looking for what could still be told would take minutes.
        return set(product(*values))
    # Below a hidden cell all are hidden: these are in boxes already.
    done = {key for key in hidden if any(tuple(key[i] for i in some) in cells for some, cells in coarser.items())}
    few = sorted((key for key in cube if cube[key]), key=lambda key: (cube[key], key))
    while todo := sorted(hidden - done):
        ordered = sorted(hidden)
        for key in todo:
            hidden |= _box(cube, key, hidden, values, ordered, few)
        done |= set(todo)
        hidden |= _thin(cube, hidden, values, least)
    return hidden


def _box(
    cube: Cube, key: Key, hidden: set[Key], values: Sequence[Sequence[str]], ordered: Sequence[Key], few: Sequence[Key]
) -> set[Key]:
    """The corners to hide besides, so that the cell is in a box of hidden ones: the cheapest found; none where it is in one."""
    best: tuple[tuple[int, int, Key], set[Key]] | None = None
    for opposite in _opposite(key, values, ordered, few):
        corners = set(product(*zip(key, opposite, strict=True))) - hidden
        if not corners:
            return set()
        nobody = sum(not cube.get(corner) for corner in corners)
        cost = (nobody, sum(cube.get(corner, 0) for corner in corners), opposite)
        if best is None or cost < best[0]:
            best = cost, corners
    return best[1] if best else set()


def _opposite(key: Key, values: Sequence[Sequence[str]], ordered: Sequence[Key], few: Sequence[Key]) -> Iterator[Key]:
    """Cells that differ in every axis: hidden ones first, then those of few people, then any; at most so many of each."""
    def differs(other: Key) -> bool:
        return all(a != b for a, b in zip(key, other, strict=True))

    yield from islice(filter(differs, ordered), _TRIES_MAX)
    yield from islice(filter(differs, few), _TRIES_MAX)
    yield from islice(product(*([name for name in names if name != own] for own, names in zip(key, values, strict=True))), 1)


def _thin(cube: Cube, hidden: set[Key], values: Sequence[Sequence[str]], least: int) -> set[Key]:
    """For each line that hides fewer people than `least` its smallest shown cell, lest the sum tell about them."""
    found: set[Key] = set()
    lines = {(axis, key[:axis], key[axis + 1 :]) for key in hidden for axis in range(len(values))}
    for axis, head, tail in sorted(lines):
        line = [(*head, name, *tail) for name in values[axis]]
        inside = [key for key in line if key in hidden or key in found]
        shown = sorted((key for key in line if key not in hidden and key not in found and cube.get(key)), key=lambda k: cube[k])
        if shown and 0 < sum(cube.get(key, 0) for key in inside) < least:
            found.add(shown[0])
    return found
