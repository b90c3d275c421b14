"""The floors: what the same web server and the same database do with nothing of ours in between."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
from flask import Flask, request

from app.cli import cores, place, processes
from tests.bench.ports import free, opened

_PRODUCT = "app.main:create_app()"
_TABLE = "create table if not exists floor (id {serial}, body {bytes})"
_DATABASE = "BENCH_FLOOR_DATABASE"


def trivial() -> Flask:
    """A view that reads the body and answers."""
    app = Flask(__name__)

    @app.post("/floor")
    def floor() -> dict[str, int]:
        return {"bytes": len(request.get_data())}

    return app


def committing() -> Flask:
    """A view that commits one row a request, by the driver alone: every thread has a connection of its own on PostgreSQL;
    on SQLite they take turns at one, since there can be only one writer."""
    app, insert = Flask(__name__), inserter(os.environ[_DATABASE])

    @app.post("/floor")
    def floor() -> dict[str, int]:
        body = request.get_data()
        insert(body)
        return {"bytes": len(body)}

    return app


def inserter(url: str) -> Callable[[bytes], object]:
    """Commits one row, with the settings that the hub has. Safe to call from any thread."""
    return _sqlite(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else _postgres(url)


def _sqlite(file: str) -> Callable[[bytes], object]:
    wire, turn = sqlite3.connect(file, isolation_level=None, check_same_thread=False), threading.Lock()
    wire.execute("pragma journal_mode=WAL")
    wire.execute("pragma synchronous=FULL")
    wire.execute(_TABLE.format(serial="integer primary key", bytes="blob"))

    def insert(body: bytes) -> None:
        with turn:
            wire.execute("insert into floor (body) values (?)", (body,))

    return insert


def _postgres(url: str) -> Callable[[bytes], object]:
    plain, own = url.replace("+psycopg", ""), threading.local()
    with psycopg.connect(plain, autocommit=True) as wire:
        wire.execute(_TABLE.format(serial="bigserial primary key", bytes="bytea"))

    def insert(body: bytes) -> None:
        if not hasattr(own, "wire"):
            own.wire = psycopg.connect(plain, autocommit=True)
            own.wire.execute("set synchronous_commit = on")
        own.wire.execute("insert into floor (body) values (%s)", (body,))

    return insert


def commits(url: str, body: bytes, seconds: float) -> float:
    """Bare commits a second from one thread."""
    insert, count = inserter(url), 0
    insert(body)  # the connection
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        insert(body)
        count += 1
    return count / (time.perf_counter() - began)


@contextmanager
def served(name: str, url: str = "") -> Iterator[int]:
    """One of the two applications in the web server of the hub, with all its options and on the same core. Gives the port."""
    port = free()
    words = [
        f"tests.bench.floors:{name}()" if word == _PRODUCT else word
        for word in processes._gunicorn(f"127.0.0.1:{port}")
    ]
    env: dict[str, Any] = {**os.environ, _DATABASE: url}
    on_core = partial(cores.keep_to, -1)
    process = subprocess.Popen(words, env=env, cwd=place.ROOT, stdout=sys.stderr, preexec_fn=on_core)
    try:
        opened(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def start_up() -> float:
    """Seconds until the web server answers with the trivial view."""
    began = time.perf_counter()
    with served("trivial"):
        return time.perf_counter() - began
