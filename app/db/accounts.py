"""The tables about accounts at vendors; the others are in `app.db.models`, which has these, too."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, PrimaryKeyConstraint, Table, Text

from app.db.columns import flag as _flag
from app.db.columns import metadata
from app.db.columns import number as _int
from app.db.columns import words as _text

connections = Table(
    "connections",
    metadata,
    Column("id", Text, primary_key=True),
    _text("slug"),
    _text("name"),
    _text("account_id"),
    _text("account_name"),
    _text("state", "ok"),  # ok | reconnect | removed
    _text("why"),  # what is wrong, in words
    _flag("practice"),
    Column("hook_key", Text, nullable=False, unique=True),  # the secret part of the hook's address
    Column("secret", LargeBinary),  # JSON: field → value
    Column("hook_secrets", LargeBinary),  # JSON: list, newest first
    Column("hook_heard_at", BigInteger),  # of a secret that a person pastes back: when something signed with it came
    # of an account that was opened by signing in at the vendor (`core.renewal`)
    Column("consented_at", BigInteger),
    Column("expires_at", BigInteger),  # of the access token; null: until it is refused
    Column("renewed_at", BigInteger),
    Column("idle_until", BigInteger),  # of the refresh token, if nobody uses it
    Column("ends_at", BigInteger),  # of the consent, whatever happens
    Column("refresh_until", BigInteger),  # the lease of whoever renews it, in steady time
    _text("refresh_holder"),
    _text("refresh_error"),  # why the last try did not work
    Column("secret_before", LargeBinary),  # JSON, kept until the new one has worked
    _text("circuit", "closed"),  # closed | open | stopped
    _int("circuit_until"),
    _int("fails"),
    _int("trips"),  # times the circuit opened in a row
    _int("quiet_until"),  # 429: nobody calls before this time
    Column("last_event_at", BigInteger),
    Column("last_call_at", BigInteger),
    _int("made_at"),
)

# Our registrations as an app at vendors where accounts are opened by signing in there.
apps = Table(
    "apps",
    metadata,
    Column("slug", Text, primary_key=True),
    _text("client_id"),
    Column("secret", LargeBinary),  # text
    _int("changed_at"),
    _text("changed_by"),
)

# Sign-ins at vendors that are under way, ten minutes each (`core.grants`).
grants = Table(
    "grants",
    metadata,
    Column("id", Text, primary_key=True),  # sha256 of the state
    _text("slug"),
    _text("session"),
    _text("user"),
    _text("connection"),  # which is to be renewed; empty for a new one
    _text("name"),  # what the new one is to be called
    _text("state", "asked"),  # asked | choosing | over
    Column("secret", LargeBinary),  # JSON: verifier, later the tokens while a person chooses an account
    _int("made_at"),
)

polls = Table(
    "polls",
    metadata,
    Column("connection", Text, ForeignKey("connections.id"), nullable=False),
    _text("kind"),  # the poll's first kind
    _text("cursor"),  # JSON
    _int("next_at"),
    _int("lease_until"),
    _text("error"),
    PrimaryKeyConstraint("connection", "kind"),
)
