"""Communities of a friendship graph: people who know each other more than chance would have it. Pure, the same each time.

Louvain's method (Blondel, Guillaume, Lambiotte, Lefebvre 2008, J. Stat. Mech. P10008): move people, in the order of their
numbers, to the neighbouring community where modularity gains most; then take each community for one person, and again.
"""

from collections.abc import Iterable

Graph = dict[int, dict[int, float]]
# Rounds of moving on one level, and levels: both end earlier when nothing moves.
_ROUNDS_MAX, _LEVELS_MAX = 20, 10
_LEAST_GAIN = 1e-9
# When no more than one in so many moves in a round, the next level says more.
_STILL = 500


def graph(ties: Iterable[tuple[int, int, float]]) -> Graph:
    """An undirected graph of weighted ties; a tie told twice weighs twice, one with oneself nothing."""
    found: Graph = {}
    for one, other, weight in ties:
        if one != other:
            for here, there in ((one, other), (other, one)):
                beside = found.setdefault(here, {})
                beside[there] = beside.get(there, 0.0) + weight
    return found


def communities(whole: Graph) -> list[list[int]]:
    """Everybody of the graph in exactly one community, each sorted; the largest first, then by the lowest number."""
    where = {person: person for person in whole}
    level: Graph = {person: dict(beside) for person, beside in whole.items()}
    for _ in range(_LEVELS_MAX):
        moved = _move(level)
        if all(person == community for person, community in moved.items()):
            break
        where = {person: moved[community] for person, community in where.items()}
        level = _gather(level, moved)
    found: dict[int, list[int]] = {}
    for person, community in sorted(where.items()):
        found.setdefault(community, []).append(person)
    return sorted(found.values(), key=lambda members: (-len(members), members[0]))


def _move(level: Graph) -> dict[int, int]:
    """Each node's community after moving until no move gains; communities are named by one of their nodes."""
    degree = {node: sum(beside.values()) for node, beside in level.items()}
    twice = sum(degree.values())
    where, total = {node: node for node in level}, dict(degree)
    order = sorted(level)
    for _ in range(_ROUNDS_MAX):
        moves = 0
        for node in order:
            here, own = where[node], degree[node]
            total[here] -= own
            tied = _ties(level[node], where, node)
            best, most = here, tied.get(here, 0.0) - own * total[here] / twice
            for community in sorted(tied):
                gain = tied[community] - own * total[community] / twice
                if gain > most + _LEAST_GAIN:
                    best, most = community, gain
            total[best] += own
            moves += best != here
            where[node] = best
        if moves <= len(order) // _STILL:
            break
    return where


def _ties(beside: dict[int, float], where: dict[int, int], node: int) -> dict[int, float]:
    """How strongly a node is tied to each community around it."""
    found: dict[int, float] = {}
    for other, weight in beside.items():
        if other != node:
            community = where[other]
            found[community] = found.get(community, 0.0) + weight
    return found


def _gather(level: Graph, where: dict[int, int]) -> Graph:
    """Each community as one node; ties within it as a tie with itself, so that its degree stays."""
    found: Graph = {community: {} for community in set(where.values())}
    for node, beside in level.items():
        row = found[where[node]]
        for other, weight in beside.items():
            row[where[other]] = row.get(where[other], 0.0) + weight
    return found


def modularity(whole: Graph, parts: list[list[int]]) -> float:
    """How much more ties lie within the parts than chance would put there; −0.5 to 1."""
    where = {person: number for number, part in enumerate(parts) for person in part}
    twice = sum(sum(beside.values()) for beside in whole.values())
    if not twice:
        return 0.0
    within = sum(w for one, beside in whole.items() for other, w in beside.items() if where[one] == where[other])
    degrees = [sum(sum(whole[person].values()) for person in part) for part in parts]
    return within / twice - sum((degree / twice) ** 2 for degree in degrees)


def ties_within(whole: Graph, members: list[int]) -> tuple[int, int]:
    """How many pairs of members know each other, and how many ties lead out."""
    inside = set(members)
    within = sum(1 for one in members for other in whole.get(one, ()) if other in inside)
    out = sum(1 for one in members for other in whole.get(one, ()) if other not in inside)
    return within // 2, out
