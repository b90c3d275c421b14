"""Customers: looked up by address, made, changed, and taken back. https://docs.stripe.com/api/customers"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connectors.contract import JSON, Call, Refused
from connectors.stripe._client import KEY, Stripe, found_or_none, gone_is_as_good, page_of, segment
from connectors.stripe._events import customer as shaped

_FIELDS = ("name", "email", "phone", "description")
FOUND = f"{KEY}_found"  # the name of the mark at a customer that was there already
_NEWEST = 5  # pages looked through for one that has no address


def find_customers(client: Stripe, *, email: str) -> dict[str, JSON]:
    """Everybody with this address: Stripe allows several. `first` is the oldest one's id, or ""."""
    wanted = email.strip()
    if not wanted:
        raise Refused("Give an e-mail address to look for.")
    oldest_first = _with_address(client, wanted)
    return {"customers": [shaped(one) for one in oldest_first], "first": oldest_first[0]["id"] if oldest_first else ""}


def _with_address(client: Stripe, wanted: str) -> list[dict[str, JSON]]:
    """Oldest first. Stripe compares capitals, too: it is asked for the address as it was written, and small."""
    spellings = dict.fromkeys((wanted, wanted.lower()))
    found = {one["id"]: one for address in spellings for one in _by_email(client, address)}
    return sorted(found.values(), key=lambda one: (one.get("created") or 0, one["id"]))


def _by_email(client: Stripe, email: str) -> Iterable[dict[str, JSON]]:
    return client.all("/v1/customers", {"email": email})


# --- making and taking back -------------------------------------------------------------------------------------------


def create_customer(
    client: Stripe, key: str, *, name: str = "", email: str = "", phone: str = "", description: str = ""
) -> dict[str, JSON]:
    """A new customer, also where one with this address is there already: look with `find_customers` first."""
    given = _given({"name": name, "email": email, "phone": phone, "description": description})
    return _result(client, client.post("/v1/customers", key, {**given, "metadata": {KEY: key}}))


def prepare_customer(client: Stripe, arguments: dict[str, JSON]) -> dict[str, JSON]:
    if not (_given(arguments).get("name") or _given(arguments).get("email")):
        raise Refused("A customer needs a name or an e-mail address. Give one of them in the recipe.")
    return arguments


def _given(arguments: dict[str, JSON]) -> dict[str, str]:
    """What is there, with the address in small letters: Stripe finds it only as it was written."""
    texts = {name: str(arguments.get(name) or "").strip() for name in _FIELDS}
    return {name: value.lower() if name == "email" else value for name, value in texts.items() if value}


def _result(client: Stripe, customer: dict[str, JSON]) -> dict[str, JSON]:
    shown = {name: customer.get(name) or "" for name in _FIELDS}
    return {"id": customer["id"], "url": page_of(client, "customers", customer["id"]), **shown}


def find_created(client: Stripe, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    """Lists show at once what was written; Stripe's search does not: https://docs.stripe.com/search#data-freshness"""
    email = _given(arguments).get("email")
    entries = _by_email(client, email) if email else _newest(client)
    return [_result(client, one) for one in entries if (one.get("metadata") or {}).get(KEY) == key]


def _newest(client: Stripe) -> list[dict[str, JSON]]:
    found: list[dict[str, JSON]] = []
    for one in client.all("/v1/customers"):
        found.append(one)
        if len(found) >= _NEWEST * 100:
            break
    return found


def used_or_changed(client: Stripe, arguments: dict[str, JSON], result: dict[str, JSON], sent_at: int) -> str | None:
    """Deleting cannot be taken back and ends subscriptions, so only a customer that nothing hangs on is deleted."""
    now = found_or_none(client, f"/v1/customers/{segment(result['id'])}")
    if now is None:
        return None
    name = now.get("name") or now.get("email") or result["id"]
    given = _given(arguments)
    if any((now.get(field) or "") != given.get(field, "") for field in _FIELDS):
        return f"Somebody has changed the customer “{name}” since."
    for path, what in (("/v1/invoices", "invoices"), ("/v1/payment_intents", "payments")):
        if client.get(path, {"customer": result["id"], "limit": 1})["data"]:
            return f"The customer “{name}” has {what} by now."
    return None


def delete_call(arguments: dict[str, JSON], result: dict[str, JSON], before: JSON) -> Call:
    return Call("delete_customer", {"customer": result["id"]})


def delete_customer(client: Stripe, key: str, *, customer: str) -> dict[str, JSON]:
    gone_is_as_good(client, f"/v1/customers/{segment(customer)}")
    return {"id": customer, "url": "", "deleted": True}


def find_deleted(client: Stripe, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    which = arguments["customer"]
    gone = found_or_none(client, f"/v1/customers/{segment(which)}") is None
    return [{"id": which, "url": "", "deleted": True}] if gone else []


# --- finding or making ------------------------------------------------------------------------------------------------


def upsert_customer(
    client: Stripe,
    key: str,
    *,
    email: str,
    name: str = "",
    phone: str = "",
    description: str = "",
    customer: str = "",
) -> dict[str, JSON]:
    """From prepared arguments: one more customer, or what is missing at the one that is there."""
    given = _given({"name": name, "email": email, "phone": phone, "description": description})
    if not customer:
        return _result(client, client.post("/v1/customers", key, {**given, "metadata": {KEY: key}}))
    filled = {field: value for field, value in given.items() if field != "email"}
    body = {**filled, "metadata": {FOUND: key}}  # a mark, so that there is one request and it can be found
    return _result(client, client.post(f"/v1/customers/{segment(customer)}", key, body))


def prepare_upsert(client: Stripe, arguments: dict[str, JSON]) -> dict[str, JSON]:
    """Looks for the oldest customer with this address. What stands there stays; only what is missing is filled in."""
    given = _given(arguments)
    if "email" not in given:
        raise Refused("Give the customer's e-mail address, by which the customer is found.")
    there = _with_address(client, str(arguments["email"]).strip())
    blank = {field: "" if there and there[0].get(field) else given.get(field, "") for field in _FIELDS}
    return {**blank, "email": given["email"], "customer": there[0]["id"] if there else ""}


def find_upserted(client: Stripe, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    if not arguments.get("customer"):
        return find_created(client, key, arguments)
    now = found_or_none(client, f"/v1/customers/{segment(arguments['customer'])}")
    return [_result(client, now)] if now is not None and (now.get("metadata") or {}).get(FOUND) == key else []


def upsert_changed(client: Stripe, arguments: dict[str, JSON], result: dict[str, JSON], sent_at: int) -> str | None:
    if not arguments.get("customer"):
        return used_or_changed(client, arguments, result, sent_at)
    filled = {field: arguments[field] for field in _FIELDS if field != "email" and arguments.get(field)}
    return update_changed(client, {"customer": arguments["customer"], **filled}, result, sent_at)


def upsert_back(arguments: dict[str, JSON], result: dict[str, JSON], before: JSON) -> Call:
    if not arguments.get("customer"):
        return delete_call(arguments, result, before)
    return Call("unfill_customer", {"customer": arguments["customer"], "fields": _filled(arguments)})


def _filled(arguments: dict[str, JSON]) -> list[str]:
    return [field for field in _FIELDS if field != "email" and arguments.get(field)]


def unfill_customer(client: Stripe, key: str, *, customer: str, fields: Sequence[str]) -> dict[str, JSON]:
    """Empties what was filled in, and takes the mark away."""
    body = {**dict.fromkeys(fields, ""), "metadata": {FOUND: ""}}
    return _result(client, client.post(f"/v1/customers/{segment(customer)}", key, body))


def find_unfilled(client: Stripe, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    now = found_or_none(client, f"/v1/customers/{segment(arguments['customer'])}")
    left = now is not None and ((now.get("metadata") or {}).get(FOUND) or any(now.get(f) for f in arguments["fields"]))
    return [] if now is None or left else [_result(client, now)]


# --- changing ---------------------------------------------------------------------------------------------------------


def update_customer(
    client: Stripe,
    key: str,
    *,
    customer: str,
    name: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    description: str | None = None,
) -> dict[str, JSON]:
    """Sets what is given; "" empties a field, what is left out stays."""
    body = _changes({"name": name, "email": email, "phone": phone, "description": description})
    if not body:
        raise Refused("Nothing to change was given. Give a name, an address, a phone number or a description.")
    return _result(client, client.post(f"/v1/customers/{segment(customer)}", key, body))


def _changes(arguments: dict[str, JSON]) -> dict[str, str]:
    given = {name: str(arguments[name]).strip() for name in _FIELDS if arguments.get(name) is not None}
    return {name: value.lower() if name == "email" else value for name, value in given.items()}


def before_update(client: Stripe, arguments: dict[str, JSON]) -> JSON:
    now = client.get(f"/v1/customers/{segment(arguments['customer'])}")
    return {name: now.get(name) or "" for name in _changes(arguments)}


def find_updated(client: Stripe, key: str, arguments: dict[str, JSON]) -> list[dict[str, JSON]]:
    now = found_or_none(client, f"/v1/customers/{segment(arguments['customer'])}")
    same = now is not None and all((now.get(n) or "") == v for n, v in _changes(arguments).items())
    return [_result(client, now)] if now is not None and same else []


def update_changed(client: Stripe, arguments: dict[str, JSON], result: dict[str, JSON], sent_at: int) -> str | None:
    if found_or_none(client, f"/v1/customers/{segment(arguments['customer'])}") is None:
        return "The customer was deleted in Stripe, so nothing can be put back."
    if find_updated(client, "", arguments):
        return None
    return f"Somebody has changed the customer “{result.get('name') or result['id']}” since."


def update_back(arguments: dict[str, JSON], result: dict[str, JSON], before: JSON) -> Call:
    return Call("update_customer", {"customer": arguments["customer"], **before})
