"""Edges for the tests of the doors: prepared once, a copy for each file or test."""

from collections.abc import Callable, Iterator

import pytest

from tests.edge import Edge, Prepared


@pytest.fixture(scope="session")
def prepared_edge(store: str, request: pytest.FixtureRequest) -> Iterator[Prepared]:
    """An installation with keys and codes, on this run's store."""
    made = Prepared(request.getfixturevalue("postgres_cluster") if store == "postgresql" else None)
    yield made
    made.close()


@pytest.fixture(scope="module")
def edge(prepared_edge: Prepared) -> Iterator[Edge]:
    """A running edge shared by the tests of one file."""
    with Edge(prepared_edge) as made:
        yield made


@pytest.fixture
def new_edge(prepared_edge: Prepared) -> Iterator[Callable[..., Edge]]:
    """Make edges of one's own: `new_edge(PASSAPAROLA_BACKLOG_ROWS_MAX="5")`; `start=False` to start it later."""
    made: list[Edge] = []

    def make(*, start: bool = True, **settings: str) -> Edge:
        made.append(Edge(prepared_edge, **settings))
        return made[-1].start() if start else made[-1]

    yield make
    for one in made:
        one.__exit__()
