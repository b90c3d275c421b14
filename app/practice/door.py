"""The way in and out of every practice vendor: write the request down, apply a fault, answer, write the status down."""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from flask import Blueprint, Response, g, jsonify, request

from app.practice import faults
from app.practice.ledger import JSON, Ledger


@dataclass(frozen=True)
class Ground:
    """What every vendor stands on. `control`: tests may order faults; `limits`: rate limits are kept."""

    ledger: Ledger
    token: str
    control: bool
    limits: bool
    closing: threading.Event


@dataclass(frozen=True)
class Vendor:
    """One stand-in: everything that the practice app knows of it.

    `slug` is the first part of its paths; `paths` begin the addresses of its HTTP interface below that ("/v1/"), where the
    stand-in itself asks for credentials; every other address is for people. `blueprint` has the interface, `pages` what
    people look at, with an index at `/<slug>/` (None: a plain page lists its objects). `seed` puts in what stands there at
    first; it runs at every start. `commands` are added to `/_control`; `faults` are the ways (`as`) of its own fault,
    `do: model`.
    """

    slug: str
    blueprint: Callable[[Ground], Blueprint]
    commands: Callable[[Ground], Mapping[str, Callable[[dict[str, JSON]], JSON]]] = lambda ground: {}
    title: str = ""
    says: str = ""  # one line on the page of all stand-ins
    paths: tuple[str, ...] = ()
    pages: Callable[[Ground], Blueprint] | None = None
    seed: Callable[[Ground], None] | None = None
    faults: tuple[str, ...] = ()


class Refusal(Exception):
    """The vendor says no, in its own words."""

    def __init__(self, status: int, body: JSON, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, dict(headers or {})


def interface(slug: str, ground: Ground) -> Blueprint:
    """A blueprint whose requests are all written down; routes are added to it."""
    api = Blueprint(slug, __name__, url_prefix=f"/{slug}")
    api.before_request(lambda: _enter(slug, ground))
    api.after_request(_leave)
    api.register_error_handler(Refusal, _refuse)
    return api


def visit() -> faults.Visit:
    return cast(faults.Visit, g.visit)


def done(ground: Ground, what: str, id: str) -> None:
    """Notes the change this request made; call it inside the transaction that makes it."""
    ground.ledger.effect(visit().no, what, id)


def in_time(ground: Ground, name: str, rate: float, burst: float) -> int:
    """0 if the request may pass, else the whole seconds to wait (a token bucket that refills at `rate` a second)."""
    if not ground.limits or rate <= 0:
        return 0
    now = time.time()
    with ground.ledger.write():
        rows = ground.ledger.rows("select tat from buckets where name=?", name)
        due = max(rows[0]["tat"] if rows else now, now)
        if due - now > (burst - 1) / rate + 1e-6:
            return max(1, math.ceil(due - now - (burst - 1) / rate))
        ground.ledger.change("insert or replace into buckets (name, tat) values (?,?)", name, due + 1 / rate)
    return 0


def bearer() -> str:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def same(given: str, ours: str) -> bool:
    return secrets.compare_digest(given.encode(), ours.encode())


def root(slug: str) -> str:
    """The address of this vendor's stand-in as the caller sees it, wherever the app is mounted."""
    return f"{request.host_url.rstrip('/')}{request.script_root}/{slug}"


def _enter(slug: str, ground: Ground) -> Response | None:
    body, path = request.get_data(), request.path[len(slug) + 1 :]
    query = request.query_string.decode("latin-1")
    no = ground.ledger.arrive(slug, request.method, path, query, body)
    fault = faults.take(ground.ledger, no, slug, request.method, path, body) if ground.control else None
    g.visit = faults.Visit(ground.ledger, ground.closing, no, fault)
    return visit().before()


def _leave(response: Response) -> Response:
    response = visit().after(response)
    if not visit().cut:
        visit().ledger.answered(visit().no, response.status_code)
    return response


def _refuse(refusal: Refusal) -> Response:
    response = jsonify(refusal.body)
    response.status_code = refusal.status
    response.headers.update(refusal.headers)
    return response
