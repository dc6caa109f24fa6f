"""What every test may use: both stores, a cluster, a running server, a browser, a mail sink.

The store is the environment's: without PASSAPAROLA_DATABASE_URL the two SQLite files, with it PostgreSQL.
`./run test` runs the tests once on each.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import hypothesis
import pytest

if "PASSAPAROLA_DATA" not in os.environ:
    os.environ["PASSAPAROLA_DATA"] = tempfile.mkdtemp(prefix="passaparola-test-")
    atexit.register(shutil.rmtree, os.environ["PASSAPAROLA_DATA"], ignore_errors=True)
os.environ.setdefault("PASSAPAROLA_MAIL_URL", "null://")
os.environ.setdefault("PASSAPAROLA_SECRET", "a-secret-of-the-tests-and-of-nothing-else")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "passaparola.settings")
# Playwright's synchronous interface runs a loop in this thread; Django must not mistake that for an async view.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
django.setup()

from django.conf import settings  # noqa: E402  (these read the environment set above)
from django.utils import translation  # noqa: E402

from passaparola.kernel import database  # noqa: E402
from tests import chromium, guards, mail, postgres  # noqa: E402
from tests.running import Server, free_port  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# How long an example may take says something about the machine's other work, not about the code.
hypothesis.settings.register_profile("ours", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("ours")

# Tests below these folders touch the store; pytest-django gives them both of its parts.
WITH_STORE = ("rooms", "doors", "stories", "races")


# Long files first: one that came last would keep one core busy while the others have nothing left to do.
LONG_FIRST = ("browser", "races", "stories", "doors", "agreement", "rooms", "unit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long folders first; and open the database to every test of one with a store, unless the test said how itself."""
    here = Path(__file__).parent
    items.sort(key=lambda item: LONG_FIRST.index(item.path.relative_to(here).parts[0]))
    for item in items:
        if "[" in item.name and "[" not in item.nodeid:
            # With this pytest, schemathesis gives all operations one node id, and of those xdist runs only one.
            item._id = item._id.with_params(item.name.partition("[")[2].removesuffix("]"))  # type: ignore[attr-defined]
        folder = item.path.relative_to(here).parts[0]
        if folder in WITH_STORE and item.get_closest_marker("django_db") is None:
            item.add_marker(pytest.mark.django_db(databases="__all__", transaction=folder == "races"))


# A test is one transaction from beginning to end: it may rest for longer than a worker may.
database._TURN = database._TURN.replace(f"'{database._PAUSED_SECONDS_MAX}s'", "0")

# Between transactional tests Django empties all tables, which our append-only triggers would refuse.
guards.lift_while_flushing()


@pytest.fixture(autouse=True)
def _one_language() -> Iterator[None]:
    """Every test starts in the installation's language, whatever the one before has spoken."""
    translation.activate(settings.LANGUAGE_CODE)
    yield
    translation.deactivate_all()


@pytest.fixture(scope="session")
def store() -> str:
    """Which store this run is on: "sqlite" or "postgresql"."""
    return "postgresql" if os.environ.get("PASSAPAROLA_DATABASE_URL") else "sqlite"


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[postgres.Cluster]:
    """A PostgreSQL cluster: this run's own if it is on PostgreSQL, else one started now.

    Where none can be had the test is skipped visibly; with CI set it fails.
    """
    running = os.environ.get("PASSAPAROLA_DATABASE_URL", "")
    if running:
        yield postgres.Cluster(running, "this run's")
        return
    try:
        with postgres.cluster() as made:
            yield made
    except postgres.NoPostgres as problem:
        if os.environ.get("CI"):
            pytest.fail(str(problem))
        pytest.skip(f"no PostgreSQL: {problem}")


@pytest.fixture(scope="session")
def postgres_url(postgres_cluster: postgres.Cluster) -> Iterator[str]:
    """The URL of an empty PostgreSQL database, whatever store this run is on."""
    url = postgres_cluster.database()
    yield url
    postgres_cluster.drop(url)


@pytest.fixture
def new_server(store: str, request: pytest.FixtureRequest) -> Iterator[Callable[..., Server]]:
    """Make servers on this run's store, each with an empty database; they are stopped after the test.

    `new_server(PASSAPAROLA_MAIL_URL="…")` gives a started server with that setting.
    """
    with _servers(store, request) as make:
        yield make


@pytest.fixture(scope="module")
def server(store: str, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A started server on this run's store, shared by the tests of one file."""
    with _servers(store, request) as make:
        yield make()


class _servers:
    """Servers and the databases they stand on, taken down together."""

    def __init__(self, store: str, request: pytest.FixtureRequest) -> None:
        self.cluster = request.getfixturevalue("postgres_cluster") if store == "postgresql" else None
        self.made: list[tuple[Server, str]] = []

    def __enter__(self) -> Callable[..., Server]:
        return self.make

    def make(self, *, start: bool = True, **settings: str) -> Server:
        url = self.cluster.database() if self.cluster else ""
        made = Server(database_url=url, **settings)
        self.made.append((made, url))
        return made.start() if start else made

    def __exit__(self, *problem: object) -> None:
        for made, url in self.made:
            made.__exit__()
            if self.cluster and url:
                self.cluster.drop(url)


@pytest.fixture
def smtp_sink() -> Iterator[mail.SmtpSink]:
    """A mail server on a free port; `sink.url` is for PASSAPAROLA_MAIL_URL, `sink.messages` what it got."""
    sink, controller = mail.start(free_port())
    yield sink
    controller.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A real Chromium. Where there is none the test fails with the line that says how to get one.

    One a file: as long as Playwright is open its loop runs in this thread, and other tests could start none.
    """
    from playwright.sync_api import expect, sync_playwright

    # A busy machine is not a fault of the page; what does not come is still missed.
    expect.set_options(timeout=20_000)
    try:
        path, environment = chromium.find()
    except chromium.NoChromium as problem:
        pytest.fail(str(problem))
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=path, args=list(chromium.FLAGS), env={**os.environ, **environment}
        )
        yield made
        made.close()


@pytest.fixture
def new_page(browser: "Browser") -> Iterator[Callable[..., "Page"]]:
    """Make pages in fresh contexts: `new_page(locale="it", color_scheme="dark", viewport={…})`.

    After the test, any script error or violation of the content security policy on any of them fails it.
    """
    complaints: list[str] = []
    contexts = []

    def make(**context: Any) -> "Page":
        made = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
        contexts.append(made)
        page = made.new_page()
        page.on("pageerror", lambda error: complaints.append(f"script error on {page.url}: {error}"))
        page.on("console", lambda line: _note(line, page.url, complaints))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def page(new_page: Callable[..., "Page"]) -> "Page":
    """One page in a fresh context, English, 1280 pixels wide."""
    return new_page(locale="en")


def _note(line: Any, url: str, complaints: list[str]) -> None:
    if line.type == "error" and "Content Security Policy" in line.text:
        complaints.append(f"on {url}: {line.text}")
