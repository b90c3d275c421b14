"""What the environment may say, and the sentence for everything it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import BadSettings, Settings, read


def test_an_empty_environment_is_enough() -> None:
    found = read({})
    assert found == Settings()
    assert found.database == f"sqlite:///{Path('var/patchbay.sqlite').absolute()}"
    assert found.address == "http://127.0.0.1:8700"


def test_everything_that_can_be_said() -> None:
    found = read(
        {
            "PATCHBAY_HOME": "/srv/patchbay",
            "PATCHBAY_PUBLIC_URL": "https://hub.example/",
            "PATCHBAY_KEYS": " new , old ,",
            "PATCHBAY_HOST": "0.0.0.0",
            "PORT": "8000",
            "PATCHBAY_THREADS": "4",
            "PATCHBAY_PATIENCE": "0.5",
            "PATCHBAY_PROXIES": "1",
            "TRUSTED_HOSTS": "hub.example,other.example",
            "PATCHBAY_NOTION_URL": "http://127.0.0.1:9/notion/",
            "PATCHBAY_RATE_NOTION": "15",
            "PATCHBAY_CONNECTORS": "/srv/ours:/srv/theirs",
            "OPENAI_API_KEY": "key",
        }
    )
    assert (found.home, found.port, found.threads, found.patience, found.proxies) == (
        Path("/srv/patchbay"),
        8000,
        4,
        0.5,
        1,
    )
    assert found.address == "https://hub.example"
    assert found.loopback == "http://127.0.0.1:8000"
    assert found.keys == ("new", "old")
    assert found.trusted_hosts == ("hub.example", "other.example")
    assert found.vendor_urls == {"notion": "http://127.0.0.1:9/notion"}  # and the public address is no vendor
    assert found.connectors == (Path("/srv/ours"), Path("/srv/theirs"))
    assert found.rates == {"notion": 15.0}


@pytest.mark.parametrize("given", ["postgres://u:p@h/d", "postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"])
def test_the_driver_is_named(given: str) -> None:
    assert read({"DATABASE_URL": given}).database == "postgresql+psycopg://u:p@h/d"


BAD = [
    ({"PORT": "http"}, "PORT must be a number, not 'http'"),
    ({"PORT": "70000"}, "PORT must lie between 0 and 65535"),
    ({"PATCHBAY_PATIENCE": "0"}, "PATCHBAY_PATIENCE must lie between 0.01 and 100"),
    ({"PATCHBAY_PATIENCE": "nan"}, "PATCHBAY_PATIENCE must lie between"),
    ({"PATCHBAY_THREADS": "0"}, "PATCHBAY_THREADS must lie between 1 and 500"),
    ({"PATCHBAY_PROXIES": "-1"}, "PATCHBAY_PROXIES must lie between 0 and 5"),
    ({"PATCHBAY_RATE_NOTION": "fast"}, "PATCHBAY_RATE_NOTION must be a number"),
    ({"PATCHBAY_RATE_NOTION": "0"}, "PATCHBAY_RATE_NOTION must lie between"),
    ({"DATABASE_URL": "mysql://h/d"}, "DATABASE_URL must begin with postgresql://"),
    ({"DATABASE_URL": "patchbay.sqlite"}, "DATABASE_URL must begin with"),
    ({"REDIS_URL": "http://127.0.0.1"}, "REDIS_URL must begin with redis://"),
]


@pytest.mark.parametrize(("environ", "says"), BAD)
def test_a_wrong_value_is_named(environ: dict[str, str], says: str) -> None:
    with pytest.raises(BadSettings, match=says):
        read(environ)


OURS_ALONE = [
    "unix:///run/redis.sock",
    "redis://127.0.0.1:6379/0",
    "redis://127.0.0.1",
    "redis://localhost/0",
    "redis://:secret@localhost:6379",
    "redis://[::1]:6379/0",
    "redis:///0",
    "rediss://:secret@cache.example:6380/0",
    "rediss://user:secret@cache.example",
]
OPEN_TO_OTHERS = [
    "redis://cache.example:6379/0",
    "redis://cache.example",
    "redis://cache.example/0",
    "redis://10.0.0.7",
    "redis://:secret@cache.example:6379/0",
    "redis://127.0.0.1@cache.example/0",
    "redis://127.0.0.1.cache.example:6379",
    "redis://[2001:db8::1]:6379",
    "rediss://cache.example:6380",
    "rediss://user@cache.example:6380",
    "rediss://cache.example/0?note=@",
]


@pytest.mark.parametrize("url", OURS_ALONE)
def test_a_redis_that_is_ours_alone(url: str) -> None:
    assert read({"REDIS_URL": url}).redis_url == url


@pytest.mark.parametrize("url", OPEN_TO_OTHERS)
def test_a_redis_on_another_machine_needs_a_password_and_tls(url: str) -> None:
    with pytest.raises(BadSettings, match="rediss://:password@host, or set PATCHBAY_PRIVATE_REDIS=yes"):
        read({"REDIS_URL": url})
    assert read({"REDIS_URL": url, "PATCHBAY_PRIVATE_REDIS": "yes"}).redis_url == url
