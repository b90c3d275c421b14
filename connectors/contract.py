"""What a connector is: the record every module in `connectors/` ends in, and the words it is made of (those about accounts
are in `connectors/auth.py`, what is raised in `connectors/errors.py`; import all of them from here).

A connector imports this module and its vendor's SDK, and nothing else of ours. Its functions receive a ready client and
plain values and return plain JSON values; they know no Flask, no database and no queue, and they let errors through.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import requests

from connectors.auth import Account as Account
from connectors.auth import ApiKey as ApiKey
from connectors.auth import Field as Field
from connectors.auth import Life as Life
from connectors.auth import Made as Made
from connectors.auth import OAuth2 as OAuth2
from connectors.errors import BadSignature as BadSignature
from connectors.errors import CannotLoad as CannotLoad
from connectors.errors import ConnectorError as ConnectorError
from connectors.errors import InProgress as InProgress
from connectors.errors import Refused as Refused
from connectors.errors import Stopped as Stopped
from connectors.errors import Unauthorized as Unauthorized
from connectors.errors import Unavailable as Unavailable
from connectors.errors import Unreadable as Unreadable
from connectors.strict_json import read_strictly as read_strictly

JSON = Any
"""Plain JSON: None, bool, int, float, str, list, dict."""


class Safety(StrEnum):
    """What the vendor offers after a lost answer; the gate decides by it."""

    KEYED = "keyed"  # takes an idempotency key, or an object id that we choose
    CONDITIONAL = "conditional"  # changes only if a version or etag matches
    SET = "set"  # plain overwrite of fields; a delete counts as one
    STAGED = "staged"  # an inert draft first, then switched on by its id
    FINDABLE = "findable"  # our marker can be searched for
    OPAQUE = "opaque"  # nothing: a person settles it


class Role(StrEnum):
    """What an argument of an action does in the world."""

    WHERE = "where"  # recipient, database, channel, address, id
    MONEY = "money"
    CONTENT = "content"
    PLAIN = "plain"


class Label(StrEnum):
    """Who vouches for a value that comes from a vendor."""

    VENDOR = "vendor"  # ids, times, states: the vendor made it
    OUTSIDE = "outside"  # text that anybody may have written


# --- what comes in ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """One thing that happened. `body` is the bytes that were signed (or what a poll read, in the same shape)."""

    kind: str  # "meeting.summary_completed", without the slug
    dedupe_key: str  # the same for every delivery of the same event, never for another one
    body: bytes
    serial_key: str = ""
    once_key: str = ""  # events that differ in dedupe_key but must start a recipe only once share this one
    occurred_at: int | None = None  # ms UTC
    account: str = ""  # `Account.id` it belongs to, where a vendor sends the events of several accounts to one address
    # What it is about, and in which version, as "id" and "version" of a write's result name them. An event that only shows
    # what writes of ours left behind starts nothing. Several lines are several versions, each of a part of the object: then
    # every line must be one that a write has left.
    object: str = ""
    version: str = ""
    window: float = 0.0  # seconds in which the same dedupe_key is the same event; 0: for ever


@dataclass(frozen=True)
class Reply:
    """An answer the vendor expects in place of our usual one (a handshake). A `body` of None is an empty one, a text goes
    out as plain text, everything else as JSON."""

    body: JSON
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Received:
    """What one delivery holds.

    `catch_up`: it only says that something happened, so the polls of this connection run at once, or those of the
    connections of `accounts` (`Account.id`), where one address serves several. `secret`: the vendor hands over what it
    will sign with from now on; kept only while the connection has none (`Hook.hands_over`).
    """

    events: tuple[Event, ...] = ()
    reply: Reply | None = None
    catch_up: bool = False
    secret: str = ""
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subscription:
    """Webhooks that only a program can set up at this vendor, or that end unless somebody looks after them.

    `keep(client, address, secrets)` sees to it that the vendor sends to `address`: it looks at what is there, makes what is
    missing, renews it, and replaces what was switched off. It knows ours by the address, or by what is made of `secrets`. It
    runs when the connection is new or changed and then `every` seconds; perhaps twice at once, and again after one that
    stopped half way or whose answer was lost. `address` is "" while the vendor cannot reach the hub. `secrets` are those
    that are valid now, the newest first; at first there is one, made by the hub, for vendors that sign with what they are
    given. It returns those that are valid from now on, at most a hundred. `app_signs`: where a person signed in, the vendor
    signs with the secret of our app, which is then among `secrets`, too.
    """

    keep: Callable[[Any, str, Sequence[str]], Sequence[str]]
    every: float = 43200.0
    app_signs: bool = False
    days: float | None = None  # that webhooks live which nobody renews; None: for ever


@dataclass(frozen=True)
class Hook:
    """Webhooks of this vendor. `receive(body, headers, secrets, now)` verifies and parses in one pure call.

    `headers` has lower-case names, and under ":method" and ":url" what was called, for vendors that sign that, too, and
    under ":account" the `Account.id` of the connection ("" if it is not known), for deliveries that cannot be its own;
    `secrets` is every secret valid now (several during a rotation); `now` is Unix seconds. Raises `BadSignature`
    (refuse) or `Unreadable` (store as dead). `guide` is the exact clicks to set it up.

    `content_types` it may come in ("" is none at all, "*" any); `refused` is the status that a wrong signature gets, `quiet` that
    answers have no body; `hands_over` says that the vendor tells the secret in its first delivery, which `receive` then
    gets without any secrets, and `pasted_back` that a person has to type that secret in at the vendor. `subscription` sets
    it up without anybody's clicks.

    Where a person says how a sender proves itself, `told` names the fields of `auth` that `receive` gets as ":<name>" (and
    the query of the address as ":query"), `makes(fields, address)` makes a secret of the hub's own, and `vets(secret,
    fields)` says what is wrong with one that a person typed ("" if nothing).
    """

    receive: Callable[[bytes, Mapping[str, str], Sequence[str], float], Received]
    secret_label: str
    guide: tuple[str, ...] = ()
    content_types: tuple[str, ...] = ("application/json",)
    refused: int = 400
    quiet: bool = False
    hands_over: bool = False
    pasted_back: bool = False
    subscription: Subscription | None = None
    told: tuple[str, ...] = ()
    makes: Callable[[Mapping[str, str], str], Made] | None = None
    vets: Callable[[str, Mapping[str, str]], str] | None = None


@dataclass(frozen=True)
class Trigger:
    """A kind of event a recipe can start on.

    `shape(body)` gives the recipe's `event` value, every field of `fields` present; `fields` maps each path
    ("topic", "todos[].text") to who vouches for it. "answers.*" stands for parts whose names only the account knows, such
    as the questions of a form. `vouched(event)`: whether its sender signed it; if not, changes that a person must judge
    (`Action.judgment`) or that move money wait for a person, however freely the recipe may write. None: always signed.
    """

    kind: str
    label: str
    shape: Callable[[bytes], dict[str, JSON]]
    fields: Mapping[str, Label]
    vouched: Callable[[Mapping[str, JSON]], bool] | None = None


@dataclass(frozen=True)
class Poll:
    """The catch-up path of a trigger: `run(client, cursor)` returns events since the cursor (None at first) and the next cursor."""

    kinds: tuple[str, ...]
    run: Callable[[Any, JSON], tuple[list[Event], JSON]]
    every: float = 900.0  # seconds


# --- what goes out ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """An action of the same connector with its arguments."""

    action: str
    arguments: dict[str, JSON]


@dataclass(frozen=True)
class Undo:
    """How a write is taken back.

    `changed(client, arguments, result, sent_at)` returns None when nobody touched what we wrote, else a sentence that says
    who or what did (sent_at: ms UTC of our last request to that object); `call(arguments, result, before)` is the action
    that takes it back.
    """

    changed: Callable[[Any, dict[str, JSON], dict[str, JSON], int], str | None]
    call: Callable[[dict[str, JSON], dict[str, JSON], JSON], Call]


@dataclass(frozen=True)
class Action:
    """Something a recipe can do.

    `run(client, key, **arguments)`: its signature is the schema of the arguments. An action that changes something makes
    exactly one HTTP request in `run`, always the same bytes for the same key and arguments, because the gate draws it
    first, stores the bytes and only then lets them out; it returns a dict with "id" and, where there is one, "url".
    `safety` None means it only reads (then `run` takes no key and may make several requests).

    `before(client, arguments)` may read, and returns changes that must be there first (each its own write);
    `prepare(client, arguments)` may read, and returns the arguments completed (names resolved, defaults filled); it is asked
    once more, with the arguments as they were given, after `before` had something made (whose id the vendor chose, say);
    `after(arguments, result)` is pure and returns the changes that complete this one, in order.

    `find(client, key, arguments)` returns the results (same shape as `run`) of requests with this key that did arrive:
    [] not there, one: it arrived, several: a person decides. For `conditional` and `set` it returns one result if the
    object already is as we would make it, for `staged` if the draft has been switched on. Every class but `keyed` and
    `opaque` needs it. An `opaque` one may have it, too: what is found arrived, and what is not found within `settle` says
    nothing, so that a person decides.

    `still(client, arguments)` says whether the object is as the request expects to find it, so that it may be sent again:
    `conditional`: it has the version that the request names; `staged`: it is a draft. Both need it.

    `snapshot(client, arguments)` reads what is about to be changed: undo writes it back, and after a lost answer a `set` is
    repeated only while it still stands.

    Raises ValueError for a write that lacks what its class needs, so that it does not load.
    """

    run: Callable[..., JSON]
    label: str
    says: str  # "creates the page {title} in {data_source}": one line on the run page
    safety: Safety | None = None
    roles: Mapping[str, Role] = field(default_factory=dict)
    find: Callable[[Any, str, dict[str, JSON]], list[dict[str, JSON]]] | None = None
    still: Callable[[Any, dict[str, JSON]], bool] | None = None
    settle: float = 60.0  # seconds the vendor may need until a change that arrived can be found; 0: found at once
    key_life: float = 86400.0  # seconds the vendor remembers our key (keyed only)
    prepare: Callable[[Any, dict[str, JSON]], dict[str, JSON]] | None = None
    before: Callable[[Any, dict[str, JSON]], list[Call]] | None = None
    after: Callable[[dict[str, JSON], dict[str, JSON]], list[Call]] | None = None
    snapshot: Callable[[Any, dict[str, JSON]], JSON] | None = None
    undo: Undo | None = None
    delay: float = 0.0  # seconds that it waits, once decided, for somebody to stop it; for what nothing takes back
    again_ok: bool = (
        False  # opaque only: a second one does no harm (a notice to our own people), so it is sent again, once
    )
    judgment: bool = False  # a person must decide: sends to a client, charges, publishes
    internal: bool = False  # used by other actions only; recipes cannot name it

    def __post_init__(self) -> None:
        if lacks := _lacks(self):
            raise ValueError(f"The action “{self.label}” {lacks}")


_LOOKED_UP = (Safety.CONDITIONAL, Safety.SET, Safety.STAGED, Safety.FINDABLE)


def _lacks(action: Action) -> str:
    """What this action must declare and does not, or ""."""
    takes_key = "key" in inspect.signature(action.run).parameters
    if action.safety is None:
        return "takes a key, so it changes something: declare its safety" if takes_key else ""
    if not takes_key:
        return "changes something, so its function must take a key"
    if action.safety in _LOOKED_UP and action.find is None:
        return f"is {action.safety} and needs `find`: how to see whether it arrived"
    if action.safety in (Safety.CONDITIONAL, Safety.STAGED) and action.still is None:
        return f"is {action.safety} and needs `still`: whether it may be sent again"
    if action.again_ok and action.safety is not Safety.OPAQUE:
        return f"is {action.safety}: `again_ok` is for opaque ones"
    return ""


@dataclass(frozen=True)
class Choice:
    """One entry of a picker."""

    id: str
    label: str


@dataclass(frozen=True)
class Lookup:
    """Fills a picker: `run(client, query)` lists what matches; `resolve(client, text)` turns what a person pasted (an address,
    a parent's id) into the choices it may mean, or raises `Refused` with what to do."""

    run: Callable[[Any, str], list[Choice]]
    resolve: Callable[[Any, str], list[Choice]] | None = None
    label: str = ""


class Http(Protocol):
    """The one door out, opened for one connection: only this vendor's hosts, no redirects, no SDK retries, total time-outs."""

    def url(self, host: str = "api") -> str:
        """The base address of one of the connector's `hosts`, without a trailing slash."""

    def reaches(self, url: str) -> bool:
        """Whether this address lies at one of `hosts`: to be asked before one from the vendor's answer is followed."""

    @property
    def session(self) -> requests.Session: ...

    def mail(self, host: str, method: str, path: str, login: Mapping[str, str], body: bytes = b"") -> Any:
        """One session with the mail server at one of `hosts` ("imap" or "smtp"), signed in with `login`: "user", and "password" or
        "token" (an access token, XOAUTH2). An answer with `status` (2xx for yes),
        `headers` ("stage": where a no came from) and `body`. Methods: `app/core/mail_imap.py` and `mail_smtp.py`."""

    def httpx(self) -> Any:
        """An `httpx.Client` that goes through this door."""

    def httpx2(self) -> Any:
        """An `httpx2.Client` that goes through this door."""


@dataclass(frozen=True)
class Connector:
    """One vendor. `hosts` names its base addresses ("https://*.shelf.example": any host below that one, where the vendor's
    answers name them); `open` returns the client its functions take.

    Its account is authorised by `auth`, by signing in (`oauth`), or by either, as a person likes; `auth` is no way in without
    fields, nor beside `oauth` with fields that are all optional and not secret: those are only asked for beside a sign-in.

    `lacks` says what does not apply, and why, in one sentence each for people: "auth", "webhooks", "handshake",
    "triggers", "poll <kind>", "actions", "undo <action>", "pickers", "practice". What is neither there nor said does
    not pass the tests.
    """

    slug: str
    title: str
    says: str  # one line on the Connections page
    hosts: Mapping[str, str]
    auth: ApiKey
    open: Callable[[Mapping[str, str], Http], Any]
    check: Callable[[Any], Account]
    explain: Callable[[int, bytes], str | None]  # (status, body) of a refusal → what the owner should do, or None
    oauth: OAuth2 | None = None
    hook: Hook | None = None
    triggers: tuple[Trigger, ...] = ()
    polls: tuple[Poll, ...] = ()
    actions: Mapping[str, Action] = field(default_factory=dict)
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    seconds: float = 30.0  # the longest one call may take
    rate: float = 5.0  # requests a second, per connection, over all workers
    burst: int = 5
    limits: str = ""  # the vendor's own limits in one sentence, and the page that says so
    lacks: Mapping[str, str] = field(default_factory=dict)
    place: str = ""  # pages of the hub ("forms") that make, show and receive it, where it is no account at a vendor
    replayed: str = "idempotent-replayed"  # the header by which it says that an answer to a key is one it had stored
    typed_hosts: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None
    """Where a person types several addresses: credentials → `hosts` ("imaps://…", "smtps://…"); raises ValueError in words."""
    typed_host: str = ""  # the field of `auth` in which a person may type an address of their own
    practice: Mapping[str, str] = field(default_factory=dict)  # credentials of the practice account

    @property
    def takes_key(self) -> bool:
        """Whether the fields of `auth` open an account by themselves."""
        fields = self.auth.fields
        return any(f.secret or not f.optional for f in fields) if self.oauth else bool(fields)

    @property
    def signs_in_at(self) -> str:
        """Whose page people sign in at."""
        return (self.oauth.at if self.oauth else "") or self.title
