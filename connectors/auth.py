"""How an account is authorised, as data: credentials that a person copies, or a sign-in at the vendor (OAuth)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

JSON = Any


@dataclass(frozen=True)
class Made:
    """A secret that the hub made: `value` is kept, `shown` (label, text to copy) is what a person enters elsewhere, once."""

    value: str
    shown: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Field:
    """One input of the connect form; `secret` fields are never shown again after saving. An optional one that is no secret
    is asked for beside a sign-in, too, unless it says that it is not (`beside`), as a part of a key does.

    `choices`: the values it may have, each with its words; the first one is meant where nothing was chosen. `makes(fields)`:
    the hub may choose it, too: a new one from what is saved now, in which an earlier one may live on for a while; it is only
    signed with and never sent. `goes_with`: the field without which this one means nothing.
    """

    name: str
    label: str
    help: str = ""
    secret: bool = True
    optional: bool = False
    beside: bool = True
    choices: Mapping[str, str] = field(default_factory=dict)
    makes: Callable[[Mapping[str, str]], Made] | None = None
    goes_with: str = ""


@dataclass(frozen=True)
class ApiKey:
    """Credentials that a person copies from the vendor's site. `guide` is the exact clicks, one sentence each."""

    fields: tuple[Field, ...]
    guide: tuple[str, ...] = ()


@dataclass(frozen=True)
class Account:
    """Whom the credentials belong to."""

    id: str
    name: str


@dataclass(frozen=True)
class Life:
    """How long something lives: `days` as the vendor documents it (None: no limit known), and the `field` of its token
    answer that says it in seconds, which counts where it is there."""

    days: float | None = None
    field: str = ""


@dataclass(frozen=True)
class OAuth2:
    """An account that a person opens by signing in at the vendor, through an app that the business registers there itself
    (authorization code, RFC 6749, section 4.1). The hub does all of it; `open` is handed what is in `credentials`:
    "access_token", what `callback` and `kept` name, and "account", the id a person chose from `accounts`.

    Addresses begin with one of the connector's `hosts` in braces: "{token}/oauth2/v1/tokens/bearer".

    `scopes`: each with what it is for, in words; empty where the vendor sets them in the app (nothing is sent then).
    `needed`: those without which nothing works (None: all of them). A person may leave the others out at the vendor; what
    needs one that was left out says so when it is used.
    `guide`: the clicks by which the app is registered; the page shows return address and scopes beside it.
    `pkce`: S256 (RFC 7636). `client`: how the app proves itself at the token address: "basic" (header), "body", or "none".
    `json`: token requests are JSON instead of a form; `json_revoke`: only the one by which tokens are given back.
    `ask`: further parameters of the authorize address; `headers`: further headers of token requests. `callback`: parameters
    of the return address that belong to the account; `kept`: fields of the token answer that do.

    `read(answer)`: a token answer as RFC 6749 wants it, from one that is not; raises `Refused`. `dead`: further error
    words that mean what "invalid_grant" does: only signing in again helps.
    `accounts(client)`: what one consent may open; if there are several, a person chooses.

    `life`: seconds an access token lives where the answer has no `expires_in`; None: until it is refused.
    `idle`: how long a refresh token lives unused (the hub uses each one at least daily); `hard`: how long a consent lives
    whatever happens. `issuer`: the `iss` that the return address must carry where it carries one (RFC 9207).
    `at`: whose page one signs in at, where that is not the connector's title ("Microsoft", for mail).
    `uninstalled(body)`: the `Account.id` whose owner has removed our app, where the vendor tells that with DELETE at the return
    address and our app's id and secret (Basic); raises `Unreadable`.
    """

    authorize: str
    token: str
    scopes: Mapping[str, str]
    guide: tuple[str, ...]
    needed: tuple[str, ...] | None = None
    revoke: str = ""
    separator: str = " "
    pkce: bool = True
    client: Literal["basic", "body", "none"] = "basic"
    json: bool = False
    json_revoke: bool = False
    ask: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    callback: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    read: Callable[[dict[str, JSON]], dict[str, JSON]] | None = None
    dead: tuple[str, ...] = ()
    accounts: Callable[[Any], list[Account]] | None = None
    life: float | None = None
    idle: Life = Life()
    hard: Life = Life()
    issuer: str = ""
    at: str = ""
    uninstalled: Callable[[bytes], str] | None = None
