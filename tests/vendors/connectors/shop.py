"""The connector of the stand-in shop: one action or more for each safety class. See tests/vendors/shop.py."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.contract import (
    JSON,
    Account,
    Action,
    ApiKey,
    BadSignature,
    Call,
    Connector,
    Event,
    Field,
    Hook,
    Http,
    InProgress,
    Label,
    Received,
    Refused,
    Role,
    Safety,
    Trigger,
    Unavailable,
    Undo,
    Unreadable,
)

_WINDOW = 300  # seconds
Thing = dict[str, JSON]


class Shop:
    """The shop behind our door."""

    def __init__(self, key: str, http: Http) -> None:
        self.base, self.session = http.url("api"), http.session
        self.session.headers["Authorization"] = f"Bearer {key}"

    def ask(self, method: str, path: str, body: JSON = None, **headers: str) -> Thing:
        """Raises ValueError for an answer that does not hold what was asked for: nobody knows then what it means."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else json.dumps(body, sort_keys=True).encode()
        kind = {} if data is None else {"Content-Type": "application/json"}
        answer = self.session.request(method, f"{self.base}{path}", data=data, headers={**kind, **names})
        if answer.status_code == 409 and "in_progress" in answer.text:
            raise InProgress("The shop is still at this request")
        answer.raise_for_status()
        found = answer.json()
        if isinstance(found, dict) and "error" in found:
            _error_inside(found["error"])
        return dict(found)

    def missing(self, path: str) -> bool:
        return bool(self.session.get(f"{self.base}{path}").status_code == 404)


def _error_inside(error: JSON) -> None:
    """What this shop means by a 200 with an error in it. Only these two say that nothing was done."""
    if error.get("code") == "rejected":
        raise Refused(f"The shop rejected it: {error.get('message')}")
    if error.get("code") == "closed":
        raise Unavailable("The shop is closed", float(error.get("seconds", 60)))
    raise ValueError(f"an error inside of a 200: {error}")


def result(thing: Thing) -> Thing:
    return {"id": thing["id"], "url": "", "version": thing["version"]}


# --- keyed ------------------------------------------------------------------------------------------------------------


def order(client: Shop, key: str, *, ref: str, text: str) -> JSON:
    return result(client.ask("POST", "/orders", {"ref": ref, "text": text}, Idempotency_Key=key))


def charge(client: Shop, key: str, *, ref: str, amount: int) -> JSON:
    return result(client.ask("POST", "/charges", {"ref": ref, "amount": amount}, Idempotency_Key=key))


def parcel(client: Shop, key: str, *, ref: str, text: str) -> JSON:
    return result(client.ask("POST", "/parcels", {"id": key, "ref": ref, "text": text}))


def find_parcel(client: Shop, key: str, arguments: Thing) -> list[Thing]:
    path = f"/parcels/{key}"
    return [] if client.missing(path) else [result(client.ask("GET", path))]


# --- conditional ------------------------------------------------------------------------------------------------------


def stock(client: Shop, key: str, *, item: str, count: int, ref: str, version: int = 0) -> JSON:
    return result(client.ask("PUT", f"/stock/{item}", {"count": count, "ref": ref}, If_Match=str(version)))


def with_version(client: Shop, arguments: Thing) -> Thing:
    return {**arguments, "version": client.ask("GET", f"/stock/{arguments['item']}")["version"]}


def find_stock(client: Shop, key: str, arguments: Thing) -> list[Thing]:
    now = client.ask("GET", f"/stock/{arguments['item']}")
    return [result(now)] if (now["count"], now.get("ref")) == (arguments["count"], arguments["ref"]) else []


def stock_unmoved(client: Shop, arguments: Thing) -> bool:
    return bool(client.ask("GET", f"/stock/{arguments['item']}")["version"] == arguments["version"])


# --- set --------------------------------------------------------------------------------------------------------------


def note(client: Shop, key: str, *, person: str, text: str) -> JSON:
    return result(client.ask("PATCH", f"/customers/{person}", {"note": text}))


def find_note(client: Shop, key: str, arguments: Thing) -> list[Thing]:
    now = client.ask("GET", f"/customers/{arguments['person']}")
    return [result(now)] if now["note"] == arguments["text"] else []


def note_before(client: Shop, arguments: Thing) -> JSON:
    return client.ask("GET", f"/customers/{arguments['person']}")["note"]


def note_changed(client: Shop, arguments: Thing, made: Thing, sent_at: int) -> str | None:
    now = note_before(client, arguments)
    return None if now == arguments["text"] else "Somebody has changed the note since."


def note_back(arguments: Thing, made: Thing, before: JSON) -> Call:
    return Call("note", {"person": arguments["person"], "text": before or ""})


def remove(client: Shop, key: str, *, person: str) -> JSON:
    return result(client.ask("DELETE", f"/customers/{person}"))


def find_removed(client: Shop, key: str, arguments: Thing) -> list[Thing]:
    now = client.ask("GET", f"/customers/{arguments['person']}")
    return [result(now)] if now["gone"] else []


# --- staged -----------------------------------------------------------------------------------------------------------


def mail(client: Shop, key: str, *, ref: str, text: str) -> JSON:
    """An inert draft; `send_mail` switches it on."""
    return result(client.ask("POST", "/mails", {"key": key, "ref": ref, "text": text}))


def then_send(arguments: Thing, made: Thing) -> list[Call]:
    return [Call("send_mail", {"mail": made["id"]})]


def send_mail(client: Shop, key: str, *, mail: str) -> JSON:
    return result(client.ask("POST", f"/mails/{mail}/send"))


def find_sent(client: Shop, key: str, arguments: Thing) -> list[Thing]:
    now = _draft(client, arguments)
    return [result(now)] if now and now["state"] == "sent" else []


def still_draft(client: Shop, arguments: Thing) -> bool:
    now = _draft(client, arguments)
    return bool(now and now["state"] == "draft")


def _draft(client: Shop, arguments: Thing) -> Thing | None:
    path = f"/mails/{arguments['mail']}"
    return None if client.missing(path) else client.ask("GET", path)


# --- findable ---------------------------------------------------------------------------------------------------------


def ticket(client: Shop, key: str, *, ref: str, text: str) -> JSON:
    return result(client.ask("POST", "/tickets", {"key": key, "ref": ref, "text": text}))


def payout(client: Shop, key: str, *, ref: str, amount: int) -> JSON:
    return result(client.ask("POST", "/payouts", {"key": key, "ref": ref, "amount": amount}))


def finder(kind: str) -> Any:
    def find(client: Shop, key: str, arguments: Thing) -> list[Thing]:
        return [result(thing) for thing in client.ask("GET", f"/{kind}?key={key}")["found"]]

    return find


# --- opaque -----------------------------------------------------------------------------------------------------------


def message(client: Shop, key: str, *, ref: str, text: str) -> JSON:
    return result(client.ask("POST", "/messages", {"ref": ref, "text": text}))


def notice(client: Shop, key: str, *, ref: str, text: str) -> JSON:
    return result(client.ask("POST", "/notices", {"ref": ref, "text": text}))


# --- what comes in ----------------------------------------------------------------------------------------------------


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    stamp, given = headers.get("x-shop-time", ""), headers.get("x-shop-signature", "").encode()
    macs = [hmac.new(s.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest() for s in secrets if s]
    if not any(hmac.compare_digest(mac.encode(), given) for mac in macs):
        raise BadSignature("This is not signed with the shop's secret.")
    if not stamp.isdecimal() or abs(now - int(stamp)) > _WINDOW:
        raise BadSignature("This was signed at another time.")
    try:
        event = json.loads(body)
        return Received((Event(str(event["type"]), str(event["id"]), body, serial_key=str(event["customer"])),))
    except (ValueError, KeyError, TypeError) as problem:
        raise Unreadable(f"This is no event of the shop: {problem}") from problem


FIELDS = {
    "ref": Label.VENDOR,
    "customer": Label.VENDOR,
    "text": Label.OUTSIDE,
    "amount": Label.VENDOR,
}


def shape(body: bytes) -> Thing:
    event = json.loads(body)
    return {name: event[name] for name in FIELDS}


# --- the record -------------------------------------------------------------------------------------------------------

_TEXT = {"ref": Role.PLAIN, "text": Role.CONTENT}
_MONEY = {"ref": Role.PLAIN, "amount": Role.MONEY}

ACTIONS = {
    "order": Action(order, "Order", "orders {text}", Safety.KEYED, _TEXT, find=finder("orders")),
    "charge": Action(charge, "Charge", "charges {amount}", Safety.KEYED, _MONEY),
    "parcel": Action(parcel, "Parcel", "sends a parcel {ref}", Safety.KEYED, _TEXT, find=find_parcel, settle=0),
    "stock": Action(
        stock,
        "Count stock",
        "sets the stock of {item} to {count}",
        Safety.CONDITIONAL,
        {"item": Role.WHERE, "count": Role.PLAIN, "ref": Role.PLAIN, "version": Role.PLAIN},
        find=find_stock,
        still=stock_unmoved,
        prepare=with_version,
    ),
    "note": Action(
        note,
        "Note",
        "sets the note of {person}",
        Safety.SET,
        {"person": Role.WHERE, "text": Role.CONTENT},
        find=find_note,
        snapshot=note_before,
        undo=Undo(note_changed, note_back),
    ),
    "remove": Action(remove, "Remove", "removes {person}", Safety.SET, {"person": Role.WHERE}, find=find_removed),
    "mail": Action(mail, "Mail", "sends a mail: {text}", Safety.FINDABLE, _TEXT, find=finder("mails"), after=then_send),
    "send_mail": Action(
        send_mail,
        "Send the draft",
        "sends the draft {mail}",
        Safety.STAGED,
        {"mail": Role.WHERE},
        find=find_sent,
        still=still_draft,
        internal=True,
    ),
    "ticket": Action(ticket, "Ticket", "opens a ticket: {text}", Safety.FINDABLE, _TEXT, find=finder("tickets")),
    "payout": Action(payout, "Pay", "pays {amount}", Safety.FINDABLE, _MONEY, find=finder("payouts")),
    "message": Action(message, "Message", "sends {text}", Safety.OPAQUE, _TEXT),
    "notice": Action(notice, "Notice", "tells us {text}", Safety.OPAQUE, _TEXT, again_ok=True),
}

connector = Connector(
    slug="shop",
    title="Shop",
    says="A shop for tests: one action for each way to deal with a lost answer.",
    hosts={"api": "https://shop.invalid"},
    auth=ApiKey((Field("key", "Key"),)),
    open=lambda credentials, http: Shop(credentials["key"], http),
    check=lambda client: Account("shop-1", str(client.ask("GET", "/me")["name"])),
    explain=lambda status, body: None,
    hook=Hook(receive, "Secret"),
    triggers=tuple(
        Trigger(f"task.{name}", f"Somebody asks for: {action.label}", shape, FIELDS)
        for name, action in ACTIONS.items()
        if not action.internal
    ),
    actions=ACTIONS,
    practice={"key": "{token}"},
    seconds=5.0,
    rate=1000.0,
    burst=1000,
)
