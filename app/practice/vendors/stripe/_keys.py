"""Idempotency keys. https://docs.stripe.com/api/idempotent_requests : the first answer to a key is stored, errors of the
server among them, once the change has begun; what was refused beforehand is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from flask import Response, request

from app.practice.vendors.stripe._form import Form, form
from app.practice.vendors.stripe._refusals import invalid, refuse
from app.practice.vendors.stripe._shelf import JSON, Shelf

_BROKEN = {"error": {"message": "An unknown error occurred", "type": "api_error"}}


def once(shelf: Shelf, do: Callable[[Form], JSON]) -> Response:
    """The answer to this POST: the stored one for a key that was used, else that of `do`, which is stored."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > 255:
        invalid("The idempotency key has more than 255 characters.")
    with shelf.ledger.write():
        name, same = f"stripe_key:{key}", _same()
        before = shelf.ledger.note(name) if key and not shelf.ledger.note("stripe_prune") else None
        if before is not None:
            return _again(before, same)
        status, answer = _first(shelf, do)
        if key:
            shelf.ledger.set_note(name, {"same": same, "status": status, "answer": answer})
    return _response(status, answer)


def _first(shelf: Shelf, do: Callable[[Form], JSON]) -> tuple[int, JSON]:
    breaks = int(shelf.ledger.note("stripe_stores", 0))
    if breaks:
        shelf.ledger.set_note("stripe_stores", breaks - 1)
        return 500, _BROKEN
    return 200, do(form(request.get_data()))


def _again(before: JSON, same: str) -> Response:
    if before["same"] != same:
        refuse(
            400,
            "idempotency_error",
            "Keys for idempotent requests can only be used with the same parameters they were first used with.",
        )
    answer = _response(before["status"], before["answer"])
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


def _same() -> str:
    return hashlib.sha256(request.path.encode() + b"\n" + request.get_data()).hexdigest()


def _response(status: int, answer: JSON) -> Response:
    return Response(json.dumps(answer, ensure_ascii=False), status, content_type="application/json")
