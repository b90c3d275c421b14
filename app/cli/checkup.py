"""What `doctor` looks at in the hub's own data: the database, the keys that belong to it, clocks, hold, processes, address."""

from __future__ import annotations

import ctypes
import json
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from sqlalchemy import Connection, create_engine, text

from app.cli import place, supervisor
from app.settings import Settings

Finding = tuple[str, str]  # ("ok" | "problem" | "note", what was found and what to do)
MOST_SKEW = 5.0  # seconds two clocks may differ
_NOT_YET = ("note", "made at the first start")


@contextmanager
def _connected(given: Settings) -> Iterator[Connection]:
    engine = create_engine(given.database)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _is_new(given: Settings) -> bool:
    return not given.database_url and not (given.home / "patchbay.sqlite").exists()


def database(given: Settings) -> Finding:
    from app.db.migrate import HEAD

    if _is_new(given):
        return _NOT_YET
    with _connected(given) as connection:
        sort = "SQLite" if connection.dialect.name == "sqlite" else _postgres_words(connection)
        version = connection.execute(text("select version_num from alembic_version")).scalar() or ""
        damage = connection.execute(text("pragma quick_check(1)")).scalar() if sort == "SQLite" else "ok"
    if damage != "ok":
        return (
            "problem",
            f"damaged: {damage}. Stop Patchbay and put back the last backup: patchbay restore FILE --replace",
        )
    if version > HEAD:
        return (
            "note",
            f"{sort}, tables of a newer release ({version}; this one knows {HEAD}). Upgrade here, too: git pull",
        )
    if version < HEAD:
        return "note", f"{sort}, tables of version {version}; the next start brings them to {HEAD}"
    return "ok", f"{sort}, tables of version {version}"


def _postgres_words(connection: Connection) -> str:
    return f"PostgreSQL {connection.execute(text('show server_version')).scalar()}"


def keys(given: Settings) -> Finding:
    from app.core.vault import Vault

    file = given.home / "keys"
    if not given.keys and not file.exists():
        if _is_new(given):
            return _NOT_YET
        return (
            "problem",
            f"{file} is missing, so nothing that was saved can be read. Put its copy back, or set PATCHBAY_KEYS",
        )
    if not given.keys and file.stat().st_mode & 0o077:
        return "problem", f"others may read {file}: chmod 600 {file}"
    vault = Vault(given.keys or tuple(file.read_text().split()))
    if not _is_new(given) and (sealed := _house(given, "secret")):
        vault.open(sealed.encode(), "house:secret:value")  # what it says when it cannot is what to do
    return "ok", "from PATCHBAY_KEYS" if given.keys else f"{file} (keep a copy apart from the backups)"


def _house(given: Settings, key: str) -> str:
    with _connected(given) as connection:
        found = connection.execute(text("select value from house where key = :key"), {"key": key}).scalar()
    return str(json.loads(found)) if found else ""


def clock(given: Settings) -> Finding:
    """Signatures carry times: a wrong clock makes us refuse good ones."""
    for name, ahead in _others_clocks(given):
        if abs(ahead) > MOST_SKEW:
            return "problem", (
                f"the clock of {name} is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine's. "
                "Let both be set from the network: timedatectl set-ntp true"
            )
    return _kernel_clock()


def _others_clocks(given: Settings) -> Iterator[tuple[str, float]]:
    """Each other clock we depend on, and how many seconds it is ahead."""
    if not _is_new(given):
        with _connected(given) as connection:
            if connection.dialect.name == "postgresql":
                server = connection.execute(text("select extract(epoch from clock_timestamp())")).scalar_one()
                yield "the database server", float(server) - time.time()
    if given.redis_url:
        import redis

        with suppress(redis.RedisError):  # it has a line of its own
            with redis.Redis.from_url(given.redis_url, socket_timeout=3, socket_connect_timeout=3) as client:
                seconds, micro = client.time()
            yield "Redis", seconds + micro / 1e6 - time.time()


def _kernel_clock() -> Finding:
    if sys.platform != "linux":
        return "note", f"{time.strftime('%Y-%m-%d %H:%M:%S %Z')}; see that the system sets it from the network"
    unsynchronised = 5  # TIME_ERROR of adjtimex(2); a zeroed struct timex (208 bytes) only asks
    if ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(256)) == unsynchronised:
        now = time.strftime("%Y-%m-%d %H:%M:%S %Z")
        return "note", f"{now}; nothing seems to set it. If it is wrong: timedatectl set-ntp true"
    return "ok", "set from the network"


def on_hold(given: Settings) -> Finding:
    if _is_new(given):
        return "ok", "no"
    with _connected(given) as connection:
        held = connection.execute(text("select value from house where key = 'hold'")).scalar()
    if not held:
        return "ok", "no"
    why = {"restored": "the data was put back from a backup", "moved": "the data was copied or moved here"}
    return "problem", f"yes, because {why[json.loads(held)['why']]}. When all is well: patchbay resume"


def processes(given: Settings) -> Finding:
    running = place.look(given.home)
    if running and not supervisor.answers(running.port, "/readyz"):
        return "problem", f"started, but not ready. The reason stands in {given.home / 'logs' / 'patchbay.log'}"
    web = supervisor.answers(given.port, "/readyz")
    seen = _seen(given)
    missing = [name for name in ("worker", "clock") if not seen.get(name)]
    words = ", ".join([f"web {'answers' if web else 'does not answer'} on port {given.port}", *_counted(seen)])
    if not web and not seen:
        return "note", "not running on this home. Start it with: python3 -m app"
    if given.redis_url and missing:
        return "problem", f"{words}; no {' and no '.join(missing)} in the last minute. Start: patchbay {missing[0]}"
    return "ok", words


def _counted(seen: dict[str, int]) -> list[str]:
    return [f"{number} {name}{'s' if number > 1 else ''}" for name, number in sorted(seen.items())]


def _seen(given: Settings) -> dict[str, int]:
    import redis

    from app import jobs

    with suppress(redis.RedisError):
        return jobs.seen(given) if given.redis_url else {}
    return {}


def public_address(given: Settings) -> Finding:
    if not given.public_url:
        return "note", "not set. Vendors can call this hub only through a public https address: PATCHBAY_PUBLIC_URL"
    parts = urlsplit(given.public_url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        return "problem", f"{given.public_url} must begin with https://, or vendors will not call it"
    if _is_new(given):
        return "ok", given.public_url
    asked = secrets.token_hex(16)
    try:
        status, said = supervisor.ask(given.public_url, f"/healthz?proof={asked}")
    except OSError as problem:
        return (
            "problem",
            f"{given.public_url} cannot be reached ({problem}). Look at DNS, the certificate and the proxy",
        )
    with place.hub() as hub:
        proof = hub.proof(asked)
    if said.strip() == f"ok {proof}":
        return "ok", f"{given.public_url} leads here"
    if status >= 300:
        return "problem", f"{given.public_url} answers {status}. Its proxy must lead to port {given.port}"
    return "problem", f"{given.public_url} leads to something else than this hub. Look at DNS and at the proxy"
