"""Reading the main store where it is PostgreSQL: asynchronously, with a limit on every wait."""

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg

from passaparola.events.inbox import StoreAway
from passaparola.events.inbox.postgres import parameters

_ANSWER_SECONDS_MAX = 2.0


class PostgresReader:
    """One asynchronous connection; every answer has a time limit."""

    def __init__(self, database: dict[str, Any]) -> None:
        self._database = database
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._opening = asyncio.Lock()

    async def row(self, sql: str, values: Sequence[Any]) -> Sequence[Any] | None:
        """The first row, or None. Raises StoreAway."""
        try:
            return await asyncio.wait_for(self._row(sql.replace("?", "%s"), values), _ANSWER_SECONDS_MAX)
        except (psycopg.Error, OSError, TimeoutError) as problem:
            await self.close()
            raise StoreAway(type(problem).__name__) from problem

    async def _row(self, sql: str, values: Sequence[Any]) -> Sequence[Any] | None:
        async with self._opening:
            if self._connection is None:
                given = parameters(self._database)
                self._connection = await psycopg.AsyncConnection.connect(**given, autocommit=True)
            connection = self._connection
        found: Sequence[Any] | None = await (await connection.execute(sql, values)).fetchone()
        return found

    async def close(self) -> None:
        """Let go of the connection, without waiting for a server that does not answer."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.pgconn.finish()
