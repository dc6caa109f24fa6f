"""Before anything runs: bring both stores to this version's shape and make the first staff account."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import OperationalError

from passaparola.kernel import newstore
from passaparola.kernel.errors import Refusal

# Two servers that start together migrate one after the other (PostgreSQL advisory lock).
_MIGRATION_LOCK = 0x6D696772


class DatabaseNewer(Refusal):
    """The database was written by a newer version of Passaparola (it knows {names}): install that version, or restore a backup."""

    code = "database_newer"
    status = 409


class DatabaseUnreachable(Refusal):
    """The database does not answer ({problem}): look at PASSAPAROLA_DATABASE_URL and whether the server runs."""

    code = "database_unreachable"
    status = 503


def main() -> int:
    """The process `passaparola up` runs first: 0, or 1 with one sentence on stderr."""
    django.setup()
    # Static files come from the package; whitenoise wants its own folder to exist all the same.
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    with ThreadPoolExecutor(1) as aside:
        # The first password is hashed (outside of Python's lock) while the first tables are made.
        is_new = not settings.DATABASE_URL and not (settings.DATA_DIR / "main.sqlite3").exists()
        secret = aside.submit(_new_secret) if is_new else None
        try:
            stores()
        except Refusal as refusal:
            print(refusal.message, file=sys.stderr)
            return 1
        account(secret.result() if secret else None)
    return 0


def _new_secret() -> tuple[str, str]:
    from passaparola.doors.console import accounts

    return accounts.new_secret()


def stores() -> list[str]:
    """Migrate the databases that are behind; which they were. Raises DatabaseNewer, DatabaseUnreachable."""
    try:
        return [alias for alias in connections if _bring_up(alias)]
    except OperationalError as problem:
        raise DatabaseUnreachable(problem=str(problem).strip().splitlines()[0]) from problem


def account(secret: tuple[str, str] | None = None) -> None:
    """Make the first staff account if there is none, and show its password: this once."""
    from passaparola.doors.console import accounts

    made = accounts.first_account(secret)
    if made:
        print(f"First sign-in: user {made[0]}, password {made[1]} (shown this once)", flush=True)


def _bring_up(alias: str) -> bool:
    """Whether there was something to migrate; nothing is written otherwise, so a second start is quick."""
    executor = MigrationExecutor(connections[alias])
    if not _is_behind(executor):
        return False
    with _one_at_a_time(alias):
        if not newstore.build(alias, executor):
            call_command("migrate", database=alias, verbosity=0, interactive=False)
            if alias == "default":
                _catch_up()
    return True


def _catch_up() -> None:
    """What an older version did not keep yet is counted from what it kept; a store that has it all is left as it is."""
    from passaparola.segments.traits import store

    store.backfill()


def _is_behind(executor: MigrationExecutor) -> bool:
    ours = {app for app, _ in executor.loader.disk_migrations}
    applied = executor.loader.applied_migrations
    unknown = sorted(
        f"{app} {name}" for app, name in applied if app in ours and (app, name) not in executor.loader.disk_migrations
    )
    if unknown:
        raise DatabaseNewer(names=", ".join(unknown))
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@contextmanager
def _one_at_a_time(alias: str) -> Iterator[None]:
    if connections[alias].vendor != "postgresql":
        yield  # On SQLite the supervisor holds the lock of the data folder.
        return
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])


if __name__ == "__main__":
    sys.exit(main())
