"""The tables. Ids are text (time + random), times integer ms UTC; a column of type LargeBinary is encrypted by the vault
unless its comment says otherwise."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from app.db.accounts import apps as apps
from app.db.accounts import connections as connections
from app.db.accounts import grants as grants
from app.db.accounts import polls as polls
from app.db.columns import flag as _flag
from app.db.columns import metadata as metadata
from app.db.columns import number as _int
from app.db.columns import words as _text
from app.db.files import file_parts as file_parts
from app.db.partial import AT_WORK as AT_WORK
from app.db.partial import FINISHED as FINISHED
from app.db.partial import RESTING as RESTING
from app.db.partial import literally as literally
from app.db.partial import partial, spelled

house = Table("house", metadata, Column("key", Text, primary_key=True), _text("value"))

events = Table(
    "events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("connection", Text, ForeignKey("connections.id"), nullable=False),
    _text("kind"),  # "zoom.meeting.summary_completed"
    Column("dedupe_key", Text, nullable=False),
    _text("serial_key"),
    _text("once_key"),
    Column("occurred_at", BigInteger),
    _int("received_at"),
    Column("body", LargeBinary),
    _text("body_sha256"),
    _text("state", "new"),  # new | routed | ignored | dead
    _int("tries"),
    _text("error"),
    _int("copies"),
    Column("last_copy_at", BigInteger),
    UniqueConstraint("connection", "dedupe_key"),
    partial("ix_events_unrouted", "state", "id", where="state <> 'routed'"),
    Index("ix_events_once", "connection", "once_key"),
)

recipes = Table(
    "recipes",
    metadata,
    _text("slug"),
    _text("version"),  # the first 12 characters of sha256
    _text("sha256"),
    _text("text"),
    _text("state", "published"),  # published | draft
    _text("made_by"),
    _int("made_at"),
    PrimaryKeyConstraint("slug", "version"),
)

# Which version of a recipe runs, on whose accounts and how freely. One row for practice, one for the real accounts.
switches = Table(
    "switches",
    metadata,
    _text("slug"),
    _flag("practice"),
    _text("version"),
    _flag("is_on"),
    _text("level", "auto"),  # rehearse | review | auto
    _text("settings", "{}"),  # JSON: setting → value
    _text("connections", "{}"),  # JSON: connector slug → connection id
    _int("daily_tokens", 500_000),  # the model's budget a day
    _int("changed_at"),
    _text("changed_by"),
    PrimaryKeyConstraint("slug", "practice"),
)

serials = Table("serials", metadata, Column("key", Text, primary_key=True), _int("next", 1))

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    _text("recipe"),
    _text("version"),
    _flag("practice"),
    _text("level", "auto"),
    Column("event", Text, ForeignKey("events.id")),
    Column("start_key", Text, nullable=False, unique=True),
    _text("serial_key"),
    _int("serial_no"),
    _int("releases"),  # 1: while it waits for a person, those behind it in the line of its key go ahead
    _int("aside"),  # 1: it stepped out of that line, or is about to come back into it (core.line)
    _text("state", "queued"),  # queued running done failed later waiting cancelled undoing undone
    _int("wake_at"),
    _text("why"),
    _text("cause"),  # of waiting, in one word of `core.stops`
    _text("waits_for"),  # connection id, or "slug:<slug>" while none is connected
    _text("doing", "run"),  # run | undo
    _int("fence"),
    _text("holder"),
    _int("lease_until"),
    _int("claims"),
    Column("input", LargeBinary),  # JSON: settings and connections as they were at the start
    _text("title"),  # what the run is about, for lists
    _text("error"),
    _int("made_at"),
    Column("ended_at", BigInteger),
    Column("trimmed_at", BigInteger),  # since when its entries have no contents any more
    partial("ix_runs_at_work", "wake_at", "id", "state", where=f"state in {spelled(AT_WORK)}"),
    partial(
        "ix_runs_unfinished", "serial_key", "serial_no", where=f"serial_key <> '' and state not in {spelled(FINISHED)}"
    ),
    partial("ix_runs_resting", "state", "id", "recipe", where=f"state in {spelled(RESTING)}"),
    partial("ix_runs_waits", "waits_for", "state", where="waits_for <> ''"),
    # with all that is counted by, so that SQLite need not look at the rows themselves
    partial(
        "ix_runs_done",
        "ended_at",
        "recipe",
        "state",
        "practice",
        "level",
        where="state = 'done' and not practice and level <> 'rehearse'",
    ),
    Index("ix_runs_latest", "recipe", "id"),
    Index("ix_runs_event", "event"),
)

entries = Table(
    "entries",
    metadata,
    Column("run", Text, ForeignKey("runs.id"), nullable=False),
    _text("step"),
    _text("item"),
    _text("state", "pending"),  # pending intent done failed unknown skipped compensated
    _int("tries"),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    _text("given_sha256"),
    Column("given", LargeBinary),  # JSON: what went into the step
    Column("answer", LargeBinary),  # JSON: what came out
    _text("error"),
    Column("write", Text),
    _text("model"),
    _int("tokens_in"),  # while it is pending: what is reserved for it
    _int("tokens_out"),
    _int("cost"),  # millionths of a dollar; 0 with tokens means the price is not known
    PrimaryKeyConstraint("run", "step", "item"),
)

writes = Table(
    "writes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run", Text, ForeignKey("runs.id"), nullable=False),
    _text("step"),
    _text("item"),
    Column("connection", Text, ForeignKey("connections.id"), nullable=False),
    _text("action"),
    _text("safety"),
    _text("key"),
    _text("marker"),
    Column("arguments", LargeBinary),  # JSON
    Column("request", LargeBinary),  # JSON: method, path, body
    _text("request_sha256"),
    Column("before", LargeBinary),  # JSON
    _text("version_before"),
    _text("state", "intent"),  # drawn asked intent done failed unknown compensated
    _int("fence"),
    _int("tries"),
    _int("looks"),  # look-ups that found nothing since the last try
    Column("first_sent_at", BigInteger),
    _int("deadline_at"),
    _text("found_by"),  # answer | look-up | person
    _text("result_id"),
    _text("version_after"),
    Column("after", LargeBinary),  # JSON: the result
    _text("error"),
    _text("undoes"),  # id of the write this one takes back
    _int("made_at"),
    Column("ended_at", BigInteger),
    UniqueConstraint("run", "step", "item", "undoes"),
    partial("ix_writes_not_done", "state", "id", where="state <> 'done'"),
    partial("ix_writes_versioned", "connection", "result_id", where="version_after <> ''"),
)

calls = Table(
    "calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("write", Text, ForeignKey("writes.id"), nullable=False),
    _int("fence"),
    _int("started_at"),
    Column("ended_at", BigInteger),
    Column("status", Integer),
    _text("error"),
    _text("vendor_request_id"),
    _text("outcome", "open"),  # open busy there stored "not taken" refused done: core.answers.Left
    Index("ix_calls_write", "write"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", Text, primary_key=True),
    _text("kind"),  # approve answer unknown undo dead reconnect ending check stuck poison
    Column("run", Text, ForeignKey("runs.id")),
    Column("event", Text, ForeignKey("events.id")),
    Column("connection", Text, ForeignKey("connections.id")),
    _text("step"),
    _text("item"),
    Column("write", Text),
    _text("request_sha256"),
    _text("says"),  # what happened and what is asked, in words
    Column("facts", LargeBinary),  # JSON the page draws
    _text("role"),
    _int("limit"),
    _text("state", "open"),  # open | decided | expired
    _int("opened_at"),
    Column("expires_at", BigInteger),
    _text("decided_by"),
    Column("decided_at", BigInteger),
    _text("decision"),
    _int("row_version"),
    Index("ix_reviews_listed", "state", "id"),
    partial("ix_reviews_expiry", "expires_at", where="state = 'open'"),
    Index("ix_reviews_run", "run"),
    partial("ix_reviews_event", "event", where="event is not null"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("id", Text, primary_key=True),
    _text("recipe"),
    _text("spec"),
    _text("zone"),
    _text("catch_up", "last"),
    _int("window"),  # ms
    Column("last_at", BigInteger),
    Column("next_at", BigInteger),  # null while the recipe is off
    _flag("paused"),
    partial("ix_schedules_due", "next_at", where="next_at is not null"),
)

limits = Table("limits", metadata, Column("key", Text, primary_key=True), _int("tat"))

# Runs that wait for a time or an event (`core.waits`), one row each while they wait.
waits = Table(
    "waits",
    metadata,
    Column("run", Text, ForeignKey("runs.id"), primary_key=True),
    _text("step"),
    _text("connection"),  # whose event
    _text("kind"),  # of the event; empty while only a time is waited for
    _text("fields"),  # of the event, by which it is known: "meeting_uuid topic"
    _text("key"),  # hash of connection, kind and the values of these fields
    _text("after"),  # only an event with a later id than this
    _int("until"),  # wall time
    _text("event"),  # id of the event that came
    partial("ix_waits_key", "key", where="key <> ''"),
    Index("ix_waits_until", "until"),
    partial("ix_waits_came", "event", where="event <> ''"),
)

budgets = Table(
    "budgets",
    metadata,
    _text("recipe"),
    _text("day"),  # 2026-11-25, UTC
    _int("tokens"),  # reserved and used
    _int("cost"),  # millionths of a dollar
    PrimaryKeyConstraint("recipe", "day"),
)

audit = Table(
    "audit",
    metadata,
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    _int("at"),
    _text("who"),
    _text("what"),
    _text("object"),
    _text("facts"),  # JSON, no personal text
    _text("prev"),
    _text("hash"),
)

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    _text("name"),
    _text("role"),  # owner builder approver viewer
    _text("password"),  # argon2id
    Column("totp", LargeBinary),
    _text("state", "active"),  # active | removed
    _int("made_at"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),  # sha256 of the cookie
    Column("user", Text, ForeignKey("users.id"), nullable=False),
    _text("csrf"),
    _int("made_at"),
    _int("seen_at"),
    Index("ix_sessions_user", "user"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),  # sha256 of the token
    Column("user", Text, ForeignKey("users.id"), nullable=False),
    _text("name"),
    _int("made_at"),
    Column("used_at", BigInteger),
)

guesses = Table("guesses", metadata, Column("key", Text, primary_key=True), _int("count"), _int("until"))

# What happened, added up by all processes, for whoever watches the hub (`core.tallies`).
tallies = Table(
    "tallies",
    metadata,
    _text("name"),  # deliveries, runs_ended, writes, calls …
    _text("about"),  # the vendor or the recipe
    _text("outcome"),
    _int("number"),
    PrimaryKeyConstraint("name", "about", "outcome"),
)

refusals = Table(
    "refusals",
    metadata,
    _text("day"),
    _text("kind"),  # signature, size, type, rate, sign-in …
    _int("count"),
    PrimaryKeyConstraint("day", "kind"),
)

removals = Table(
    "removals",
    metadata,
    _text("day"),
    _text("kind"),  # of core.keeping
    _int("count"),
    PrimaryKeyConstraint("day", "kind"),
)
