"""The soak in short: a few kill -9 under load on this run's store; everything acknowledged happened once."""

import pytest

from bench import soak
from tests.postgres import Cluster


def test_five_kills(store: str, request: pytest.FixtureRequest) -> None:
    cluster: Cluster | None = request.getfixturevalue("postgres_cluster") if store == "postgresql" else None
    url = cluster.database() if cluster else ""
    try:
        result = soak.soak(store, kills=5, seed=5, database_url=url, clients=3)
    finally:
        if cluster:
            cluster.drop(url)
    # How long the edge was away is the soak's to judge: no clock decides a test.
    assert not [finding for finding in result.findings if "was away" not in finding], "\n".join(soak.table([result]))
    assert result.figures["kills"] == 5
