"""The parts every test may ask for: a fresh database, a Redis, settings, a hub. The network is shut."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from app.core.hub import Hub, open_hub
from app.db.migrate import migrate
from app.practice.serve import Served
from app.settings import Settings
from tests import databases, nested, network, redis_server, tripwire

_DECIDING = ("DATABASE_URL", "REDIS_URL", "PORT", "TRUSTED_HOSTS")
KEYS = (Fernet.generate_key().decode(),)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "both_databases: runs on SQLite and again on PostgreSQL (needs `database_url`)")
    for name in [n for n in os.environ if n.startswith(("PATCHBAY_", "OPENAI_")) or n in _DECIDING]:
        del os.environ[name]  # the shell of whoever runs the tests decides nothing
    network.shut()
    nested.refuse()
    tripwire.set_up()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = {"database_url", "empty_database_url"} & set(metafunc.fixturenames)
    if names and metafunc.definition.get_closest_marker("both_databases"):
        metafunc.parametrize(sorted(names)[0], ["sqlite", "postgres"], indirect=True)


@pytest.fixture(autouse=True)
def _network_is_shut() -> Iterator[None]:
    """A test that reached for the outside fails, even where the product swallowed the refusal."""
    network.attempts.clear()
    tripwire.astray.clear()
    yield
    reached, network.attempts[:] = list(network.attempts), []
    assert not reached, f"tried to reach the outside: {reached}"
    astray, tripwire.astray[:] = list(tripwire.astray), []
    assert not astray, f"went round the one door: {astray}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[databases.Postgres]:
    try:
        server = databases.Postgres(os.environ.get("TEST_DATABASE_URL", ""))
    except databases.NoPostgres as problem:
        pytest.skip(f"NO POSTGRESQL HERE: {problem}")
    yield server
    server.close()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("template")
    migrate(Settings(home=home))
    return home / "patchbay.sqlite"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with today's tables: SQLite, or both with the mark `both_databases`."""
    if getattr(request, "param", "sqlite") == "postgres":
        server: databases.Postgres = request.getfixturevalue("postgres")
        with server.fresh() as url:
            yield url
        return
    file = tmp_path / "home" / "patchbay.sqlite"
    file.parent.mkdir(mode=0o700)
    shutil.copy(request.getfixturevalue("_sqlite_template"), file)
    yield f"sqlite:///{file}"


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database without any table."""
    if getattr(request, "param", "sqlite") == "postgres":
        server: databases.Postgres = request.getfixturevalue("postgres")
        with server.fresh(template="template0") as url:
            yield url
        return
    yield f"sqlite:///{tmp_path / 'home' / 'patchbay.sqlite'}"


@pytest.fixture(scope="session")
def _valkey() -> Iterator[redis_server.Server]:
    server = redis_server.Server()
    yield server
    server.stop()


@pytest.fixture
def redis_url(_valkey: redis_server.Server) -> str:
    """An empty Valkey on a unix socket; one server per test process."""
    _valkey.flush()
    return _valkey.url


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def settings(request: pytest.FixtureRequest, database_url: str, tmp_path: Path, free_port: int) -> Settings:
    """A home of its own and little patience. Redis only for tests that ask for `redis_url` too."""
    redis = request.getfixturevalue("redis_url") if "redis_url" in request.fixturenames else ""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True, mode=0o700)
    return Settings(
        home=home, database_url=database_url, redis_url=redis, keys=KEYS, port=free_port, patience=0.05, threads=4
    )


@pytest.fixture
def hub(settings: Settings) -> Iterator[Hub]:
    """A migrated hub with all connectors, nothing connected and nobody signed up."""
    opened = open_hub(settings)
    yield opened
    opened.close()


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Served]:
    """The stand-in vendors on loopback, with faults and the ledger under control."""
    with Served(tmp_path / "practice") as served:
        yield served
