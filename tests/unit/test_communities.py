"""Communities of friends, the thinking alone: on small graphs one knows, and on eleven real villages."""

import csv
import gzip
import random
from pathlib import Path

import pytest

from passaparola.measure import communities
from tests.shared import shared

NOMINATIONS = ("net31", "net32", "net33", "net21", "net22", "net23", "net11", "net12", "net13", "net41")


def clique(*people: int) -> list[tuple[int, int, float]]:
    return [(one, other, 1.0) for one in people for other in people if one < other]


def test_two_circles_with_one_bridge_are_two_communities() -> None:
    whole = communities.graph([*clique(1, 2, 3, 4, 5), *clique(6, 7, 8, 9), (5, 6, 1.0), (7, 7, 9.0)])
    assert communities.communities(whole) == [[1, 2, 3, 4, 5], [6, 7, 8, 9]]
    assert communities.ties_within(whole, [6, 7, 8, 9]) == (6, 1)
    assert communities.modularity(whole, [[1, 2, 3, 4, 5], [6, 7, 8, 9]]) == pytest.approx(16 / 17 - (21**2 + 13**2) / 34**2)


def test_nobody_is_no_community() -> None:
    assert communities.communities({}) == [] and communities.modularity({}, []) == 0.0


def test_it_does_not_matter_in_which_order_ties_are_told() -> None:
    ties = [*clique(*range(1, 9)), *clique(*range(20, 26)), (3, 21, 0.5), (8, 40, 1.0), (40, 41, 1.0)]
    expected = communities.communities(communities.graph(ties))
    for seed in range(5):
        random.Random(seed).shuffle(ties)
        assert communities.communities(communities.graph(ties)) == expected
    assert sorted(person for part in expected for person in part) == sorted({p for a, b, _ in ties for p in (a, b)})


def test_farmers_who_name_each_other_fall_into_their_villages() -> None:
    """692 Brazilian farmers and whom they named as friends, influential or advisers (Valente; netdiffuseR)."""
    path: Path = shared("word_of_mouth") / "brfarmers.csv.gz"
    with gzip.open(path, "rt") as file:
        farmers = list(csv.DictReader(file))
    number = {(f["village"], int(float(f["id"]))): n for n, f in enumerate(farmers, 1)}
    named = [
        (number[f["village"], int(float(f["id"]))], number[key], 1.0)
        for f in farmers
        for column in NOMINATIONS
        if f[column] not in ("", "NA") and (key := (f["village"], int(float(f[column])))) in number
    ]
    whole = communities.graph(named)
    parts = communities.communities(whole)
    village = {n: key[0] for key, n in number.items()}
    assert len(named) == 2_926 and len(whole) == 656
    assert all(len({village[person] for person in part}) == 1 for part in parts), "nobody named anybody elsewhere"
    # What the reference implementation of the method (networkx 3, three seeds) comes to on the same graph.
    assert communities.modularity(whole, parts) == pytest.approx(0.903, abs=0.001)
