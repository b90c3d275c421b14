"""One claimed run in hand: its recipe, journal, accounts and level, and how it calls vendors without losing its claim."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, select

from app.core import claims, connections, hold, limits, renewal
from app.core.answers import Kind, Left, Trouble, classify
from app.core.claims import Claim
from app.core.hub import Hub
from app.core.journal import Journal
from app.core.opening import FROM_ENVIRONMENT, NotConnected, Opened, open_connection
from app.core.patience import GIVE_UP, Patience
from app.core.recipe import Recipe
from app.core.stops import Failed, Later, Waiting
from app.db import models
from connectors.contract import Unauthorized, Unavailable

T = TypeVar("T")


@dataclass
class Work:
    """`given`: the recipe's settings, people, day and connections (slug → id), as they were when the run began."""

    hub: Hub
    claim: Claim
    recipe: Recipe
    journal: Journal
    given: Mapping[str, Any]
    level: str
    patience: Patience = field(init=False)
    _opened: dict[str, Opened] = field(default_factory=dict)
    _begun: bool = False
    _healthy: set[str] = field(default_factory=set)  # connections of which a success is known already
    _probing: set[str] = field(
        default_factory=set
    )  # connections that this run may call to see whether they answer again

    def __post_init__(self) -> None:
        self.patience = Patience(self.hub.settings.patience)

    @property
    def run(self) -> RowMapping:
        return self.claim.run

    @property
    def identity(self) -> str:
        """What the run is, whichever hub runs it: the event as its vendor names it, and the recipe."""
        return str(self.given.get("identity", self.run["id"]))  # runs of an older release have none

    @cached_property
    def doubt(self) -> hold.Doubt | None:
        """Set when this run's changes may have been sent by the hub that our data was taken from."""
        return hold.doubt(self.hub, self.run)

    def opened(self, slug: str) -> Opened:
        """The account of this run at a vendor. Raises Later or Waiting when there is none that works."""
        if slug not in self._opened:
            connection_id = self.given["connections"].get(slug) or self._any(slug)
            self._opened[slug] = self._open(slug, connection_id)
        return self._opened[slug]

    def _open(self, slug: str, connection_id: str) -> Opened:
        try:
            return open_connection(self.hub, connection_id)
        except NotConnected as problem:
            raise Waiting(str(problem), problem.waits_for) from problem
        except Unauthorized as problem:
            title = self.hub.connectors[slug].title
            says = f"{str(problem).rstrip('.')}. Reconnect {title}; this run then goes on by itself"
            raise Waiting(says, connection_id) from problem
        except Unavailable as problem:
            soon = self.hub.steady.now() + int((problem.seconds or 60.0) * 1000)
            raise Later(f"{str(problem).rstrip('.')}; trying again", soon) from problem

    def _any(self, slug: str) -> str:
        """An account connected after the run began: the only one of its kind, practice and real never mixed."""
        c = models.connections.c
        wanted = (c.slug == slug) & (c.practice == self.run["practice"]) & (c.state != "removed")
        with self.hub.db.read() as conn:
            found = (
                conn.execute(select(c.id).where(wanted).order_by((c.id == FROM_ENVIRONMENT), c.made_at)).scalars().all()
            )
        if found:
            return str(found[0])
        title = self.hub.connectors[slug].title if slug in self.hub.connectors else slug
        soon = self.hub.steady.now() + self.patience.settle(300)
        raise Later(
            f"Nothing is connected for {title}. Connect it under Connections; this run then goes on by itself",
            soon,
            f"slug:{slug}",
            cause="account",
        )

    # --- calling ---

    def permit(self, opened: Opened, also: Callable[[Connection], None] | None = None) -> None:
        """Before a request: our claim stands, the vendor may be called, and there is room in its rate limit.

        `also` joins the transaction. Waits for a place in line if it comes soon. Raises Later or Lost.
        """
        wait = self.hub.db.write(lambda conn: self.place_in_line(conn, opened, also))
        if wait:
            time.sleep(wait / 1000)
            with self.hub.db.read() as conn:
                self.still_wanted(conn, opened)

    def still_wanted(self, conn: Connection, opened: Opened) -> None:
        """After a wait for a place in line. Raises Later when the vendor has asked for patience meanwhile."""
        now = self.hub.steady.now()
        if pause := limits.asked_to_wait(conn, opened.id, now):
            line = f"{opened.id}:calls", opened.connector.rate
            says = f"{opened.connector.title}: {limits.ASKED_TO_WAIT}"
            raise Later(says, now + pause, cause="rate", line=line)

    def place_in_line(self, conn: Connection, opened: Opened, also: Callable[[Connection], None] | None = None) -> int:
        """The same inside a transaction; returns the ms to wait before the request may leave."""
        now = self.hub.steady.now()
        if self.hub.leaving:
            raise Later("The process that worked on it was stopped; another one goes on", now)
        until = now + self.patience.lease(opened.door.seconds)
        claims.hold(conn, self.claim, until, progress=self.journal.has_ended)
        probing, scale = opened.id in self._probing, self.patience.scale
        pause, why = limits.closed_for(conn, opened.id, now, self.hub.now(), probing=probing, scale=scale)
        if why == limits.PROBE:
            self._probing.add(opened.id)
        (self._healthy.add if why == limits.HEALTHY else self._healthy.discard)(opened.id)
        key, c = f"{opened.id}:calls", opened.connector
        if why == limits.STOPPED:
            raise Waiting(
                f"{c.title}: {why}. Change or test the connection; this run then goes on by itself", opened.id
            )
        if pause:
            cause = "rate" if why == limits.ASKED_TO_WAIT else "circuit"
            raise Later(f"{c.title}: {why}", now + pause, cause=cause, line=(key, c.rate))
        ahead = self.patience.ahead(int(1000 / c.rate), begun=self._begun)
        wait = limits.take(conn, key, c.rate, c.burst, now, ahead=ahead)
        if wait > ahead:
            says = f"{c.title} takes {c.rate:g} calls a second; this run is in line"
            raise Later(says, now + wait, cause="rate", line=(key, c.rate))
        if also:
            also(conn)
        self.journal.flush(conn)
        self._begun = True
        return wait

    def note_success(self, conn: Connection, opened: Opened) -> None:
        """A call was answered."""
        if opened.id not in self._healthy:
            limits.note_success(conn, opened.id, self.hub.now())

    @contextmanager
    def calling(self, opened: Opened, also: Callable[[Connection], None] | None = None) -> Iterator[None]:
        """Within this block every request of the door asks for its permit first. `also` joins the first one."""
        first = [also]

        def ask() -> None:
            self.permit(opened, first.pop() if first else None)
            self.journal.flushed()

        opened.door.forget()
        opened.door.permit = ask
        try:
            yield
        finally:
            opened.door.permit = None

    def read(self, opened: Opened, place: tuple[str, str], ask: Callable[[], T], also: Any = None) -> T:
        """A call that changes nothing. Its failures become Later, Waiting or Failed."""
        try:
            with self.calling(opened, also):
                value = ask()
        except Exception as error:
            raise self.stopped(opened, place, error, write=False) from error
        if opened.id in self._probing and opened.door.last is not None:
            self.hub.db.write(lambda conn: limits.note_success(conn, opened.id, self.hub.now()))
            self._probing.discard(opened.id)
        return value

    def stopped(self, opened: Opened, place: tuple[str, str], error: Exception, *, write: bool) -> BaseException:
        """What the run does about a failed call."""
        if opened.door.stopped is not None:
            return opened.door.stopped
        if isinstance(error, (Later, Waiting, Failed)):
            return error
        trouble = classify(opened.door, error, opened.connector, write=write, now=time.time())
        if trouble.kind is Kind.BUG:
            return error
        return self.trouble(opened, place, self.renewed(opened, trouble))

    def renewed(self, opened: Opened, trouble: Trouble) -> Trouble:
        """Tokens that are refused are renewed once before a person is asked for anything."""
        if trouble.kind is not Kind.RECONNECT or trouble.status != 401:
            return trouble
        return renewal.after_refusal(self.hub, opened.id, opened.sealed) or trouble

    def trouble(self, opened: Opened, place: tuple[str, str], trouble: Trouble, also: Any = None) -> BaseException:
        """Note a failure in the database; returns the stop that fits it."""
        now = self.hub.steady.now()
        entry = self.journal.entries.get(place)
        tries = entry.tries if entry else 0
        started = (entry.started_at if entry else None) or self.hub.now()

        def note(conn: Connection) -> None:
            claims.hold(conn, self.claim, now + self.patience.lease(0))
            if also:
                also(conn)
            if trouble.kind is Kind.WAIT:
                limits.quiet(conn, opened.id, now + int((trouble.seconds or 1) * 1000))
            elif trouble.kind is Kind.RECONNECT:
                connections.break_connection(conn, self.hub, opened.id, trouble.words, stops=trouble.stops)
            elif trouble.kind in (Kind.RETRY, Kind.UNKNOWN):
                if trouble.left not in (Left.BUSY, Left.THERE):  # those are answers of a vendor that works
                    probing = opened.id in self._probing
                    limits.note_failure(conn, opened.id, now, self.patience.scale, probing=probing)
                    if trouble.seconds:  # the look-up of what had no answer waits as long as the vendor asked, too
                        limits.quiet(conn, opened.id, now + int(trouble.seconds * 1000))
                values: dict[str, Any] = {"tries": tries + 1, "error": trouble.words, "started_at": started}
                self.journal.save(conn, *place, **values)
            else:
                self.journal.save(
                    conn, *place, state="failed", error=trouble.words, started_at=started, ended_at=self.hub.now()
                )
            self.journal.flush(conn)

        self.hub.db.write(note)
        self.journal.flushed()
        return self._stop(opened, trouble, now, tries, started)

    def _stop(self, opened: Opened, trouble: Trouble, now: int, tries: int, started: int) -> BaseException:
        if trouble.kind is Kind.WAIT:
            return Later(trouble.words, now + int((trouble.seconds or 1) * 1000), cause="rate")
        if trouble.kind is Kind.RECONNECT:
            return Waiting(
                f"{trouble.words.rstrip('.')}. Reconnect {opened.connector.title}; this run then goes on by itself",
                opened.id,
            )
        if trouble.kind is Kind.REFUSED:
            return Failed(trouble.words)
        if self.hub.now() - started > GIVE_UP * self.patience.scale:
            return Failed(f"{trouble.words.rstrip('.')}. Tried for a day; press “Try again” when it works")
        pause = int(trouble.seconds * 1000) if trouble.seconds else self.patience.backoff(tries)
        return Later(f"{trouble.words}; trying again", now + pause)
