"""Customers. https://docs.stripe.com/api/customers"""

from __future__ import annotations

from app.practice.vendors.stripe._form import Form, metadata, only
from app.practice.vendors.stripe._refusals import invalid
from app.practice.vendors.stripe._shelf import JSON, Shelf, page, within

_FIELDS = ("name", "email", "phone", "description")


def listed(shelf: Shelf, given: Form) -> JSON:
    """`email` is compared with its capitals."""
    only(given, "email", "created", "limit", "starting_after")
    email, fits = given.get("email"), within(given)
    found = [one for one in shelf.every("customer") if fits(one) and email in (None, one["email"])]
    return page(found, given, "/v1/customers")


def create(shelf: Shelf, given: Form) -> JSON:
    only(given, *_FIELDS, "metadata")
    made = shelf.new("cus", "customer", {**_fields(given), "metadata": metadata(given), "currency": None, "balance": 0})
    shelf.happened("customer.created", made, "customer.create")
    return made


def _fields(given: Form) -> dict[str, JSON]:
    email = given.get("email")
    if email and ("@" not in email or " " in email):
        invalid(f"Invalid email address: {email}", code="email_invalid", param="email")
    return {name: given.get(name) or None for name in _FIELDS}


def read(shelf: Shelf, which: str, given: Form) -> JSON:
    """One that was deleted is still answered, with nothing but that."""
    found = shelf.maybe("customer", which)
    if found is not None and found.get("deleted"):
        return {"id": which, "object": "customer", "deleted": True}
    return shelf.get("customer", which)


def update(shelf: Shelf, which: str, given: Form) -> JSON:
    only(given, *_FIELDS, "metadata")
    before = shelf.get("customer", which)
    changed = {name: value for name, value in _fields(given).items() if name in given}
    after = {**before, **changed, "metadata": metadata(given, before["metadata"])}
    shelf.keep("customer", after)
    shelf.happened("customer.updated", after, "customer.update", {name: before[name] for name in changed})
    return after


def delete(shelf: Shelf, which: str, given: Form) -> JSON:
    gone = {**shelf.get("customer", which), "deleted": True}
    shelf.keep("customer", gone)
    shelf.happened("customer.deleted", gone, "customer.delete")
    return {"id": which, "object": "customer", "deleted": True}
