"""What the environment decides, read once at the start of a process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

LEVELS = ("rehearse", "review", "auto")
KEEP = {  # what is kept by age (core.keeping has the words): days, where nobody chose another number
    "deliveries": 90,
    "contents": 90,
    "undo": 365,
    "calls": 90,
    "history": 730,
    "counts": 400,
    "audit": 3650,
}
LONGEST = 36_500  # days


class BadSettings(Exception):
    """A variable that cannot be used; the text says which and what to write instead."""


def one_a_core() -> int:
    """Worker processes: Python works on one core each; beyond four other things are narrower."""
    return min(os.cpu_count() or 1, 4)


@dataclass(frozen=True)
class Settings:
    """Times are seconds. `patience` scales every wait towards vendors (time-outs, leases, settling, retry delays)."""

    home: Path = Path("var")
    database_url: str = ""  # empty: SQLite in `home`
    redis_url: str = ""  # empty: the embedded Valkey of `patchbay run`
    public_url: str = ""  # empty: http://127.0.0.1:<port>
    keys: tuple[str, ...] = ()  # Fernet keys, newest first; empty: the file `keys` in `home`
    host: str = "127.0.0.1"
    port: int = 8700
    model: str = ""
    openai_api_key: str = ""
    openai_base_url: str = ""
    vendor_urls: Mapping[str, str] = field(default_factory=dict)  # slug → address that stands in for its hosts
    rates: Mapping[str, float] = field(
        default_factory=dict
    )  # slug → calls a second, where a plan allows another number
    keep: Mapping[str, int] = field(default_factory=dict)  # kind of KEEP → days, before what is chosen on the page
    patience: float = 1.0
    threads: int = 100  # runs one worker process works on at a time
    least_disk: int = 200 * 1024 * 1024  # bytes that must be free before anything new is begun
    backups: int = 0  # daily backups that are kept; 0: none are made
    workers: int = field(default_factory=one_a_core)  # worker processes that `patchbay run` starts
    trusted_hosts: tuple[str, ...] = ()
    proxies: int = 0  # reverse proxies in front, whose X-Forwarded-* are believed
    connectors: tuple[Path, ...] = ()  # folders with connectors of your own

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'patchbay.sqlite').absolute()}"

    @property
    def address(self) -> str:
        """Where people and vendors reach this hub, without a trailing slash."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def loopback(self) -> str:
        """Where this machine reaches the web process."""
        return f"http://127.0.0.1:{self.port}"


def read(environ: Mapping[str, str]) -> Settings:
    """The settings of this environment. Raises BadSettings."""

    def get(name: str) -> str:
        return environ.get(name, "").strip()

    return Settings(
        home=Path(get("PATCHBAY_HOME") or "var"),
        database_url=_database(get("DATABASE_URL")),
        redis_url=_redis(get("REDIS_URL"), environ),
        public_url=get("PATCHBAY_PUBLIC_URL").rstrip("/"),
        keys=tuple(k.strip() for k in get("PATCHBAY_KEYS").split(",") if k.strip()),
        host=get("PATCHBAY_HOST") or "127.0.0.1",
        port=int(_number(environ, "PORT", 8700, 0, 65535)),
        model=get("PATCHBAY_MODEL"),
        openai_api_key=get("OPENAI_API_KEY"),
        openai_base_url=get("OPENAI_BASE_URL"),
        vendor_urls=_vendor_urls(environ),
        rates=_rates(environ),
        keep=_keep(get("PATCHBAY_KEEP")),
        patience=_number(environ, "PATCHBAY_PATIENCE", 1.0, 0.01, 100),
        threads=int(_number(environ, "PATCHBAY_THREADS", 100, 1, 500)),
        least_disk=int(_number(environ, "PATCHBAY_LEAST_DISK", 200, 0, 1_000_000) * 1024 * 1024),
        backups=int(_number(environ, "PATCHBAY_BACKUPS", 0, 0, 3650)),
        workers=int(_number(environ, "PATCHBAY_WORKERS", one_a_core(), 1, 32)),
        trusted_hosts=tuple(h for h in get("TRUSTED_HOSTS").split(",") if h),
        proxies=int(_number(environ, "PATCHBAY_PROXIES", 0, 0, 5)),
        connectors=tuple(Path(f) for f in get("PATCHBAY_CONNECTORS").split(os.pathsep) if f.strip()),
    )


def _database(url: str) -> str:
    """Platforms hand out `postgres://`; SQLAlchemy wants the driver named."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    if url and not url.startswith(("postgresql+psycopg://", "sqlite:///")):
        raise BadSettings(
            "DATABASE_URL must begin with postgresql:// (or sqlite:/// for a file on this machine's own disk)"
        )
    return url


def _redis(url: str, environ: Mapping[str, str]) -> str:
    """Redis can start any job we allow, so it must be ours alone: loopback, socket, or password and TLS (C21)."""
    if not url or url.startswith("unix://"):
        return url
    if not url.startswith(("redis://", "rediss://")):
        raise BadSettings("REDIS_URL must begin with redis://, rediss:// or unix://")
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1", None)
    sealed = parts.scheme == "rediss" and parts.password
    if local or sealed or environ.get("PATCHBAY_PRIVATE_REDIS") == "yes":
        return url
    raise BadSettings(
        "REDIS_URL names another machine without TLS and a password. Use rediss://:password@host, or set "
        "PATCHBAY_PRIVATE_REDIS=yes if nobody but this hub can reach that network."
    )


def _number(environ: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    text = environ.get(name, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        raise BadSettings(f"{name} must be a number, not {text!r}") from None
    if not low <= value <= high:
        raise BadSettings(f"{name} must lie between {low:g} and {high:g}, not {text}")
    return value


def _vendor_urls(environ: Mapping[str, str]) -> dict[str, str]:
    ours = ("PUBLIC",)
    found = {}
    for name, value in environ.items():
        if name.startswith("PATCHBAY_") and name.endswith("_URL") and value.strip():
            slug = name.removeprefix("PATCHBAY_").removesuffix("_URL")
            if slug not in ours:
                found[slug.lower()] = value.strip().rstrip("/")
    return found


def _rates(environ: Mapping[str, str]) -> dict[str, float]:
    """PATCHBAY_RATE_<SLUG>: a vendor's bigger plan allows more calls a second than the connector assumes."""
    prefix = "PATCHBAY_RATE_"
    names = [name for name in environ if name.startswith(prefix) and environ[name].strip()]
    return {name.removeprefix(prefix).lower(): _number(environ, name, 1, 0.01, 100_000) for name in names}


def _keep(text: str) -> dict[str, int]:
    """PATCHBAY_KEEP: "contents=30,history=365", in days."""
    found = {}
    for word in filter(None, (w.strip() for w in text.split(","))):
        name, _, days = (part.strip() for part in word.partition("="))
        if name not in KEEP or not days.isdecimal() or not 1 <= int(days) <= LONGEST:
            kinds = ", ".join(KEEP)
            raise BadSettings(
                f"PATCHBAY_KEEP cannot be {word!r}. It takes days by kind, such as contents=30,history=365; kinds: {kinds}"
            )
        found[name] = int(days)
    return found
