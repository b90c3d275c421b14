"""Typeform's webhooks: the signature, the response in a delivery, and setting them up.

https://www.typeform.com/developers/webhooks/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.contract import JSON, BadSignature, Event, Received, Unreadable
from connectors.typeform._client import Typeform, segment

RESPONSE = "form_response"


def receive(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float) -> Received:
    """Verify and parse one delivery. The signature holds no time; an old delivery that comes again is the same response."""
    given = headers.get("typeform-signature", "").encode("utf-8", "backslashreplace")
    if not any(hmac.compare_digest(_signature(secret, body), given) for secret in secrets if secret):
        raise BadSignature("The delivery was not signed with the secret of this connection.")
    document = _parsed(body)
    if document.get("event_type") != RESPONSE:  # partial responses, and kinds that may come one day
        return Received()
    return Received(events=(event(document, body),))


def _signature(secret: str, body: bytes) -> bytes:
    mac = hmac.new(secret.encode("utf-8", "backslashreplace"), body, hashlib.sha256)
    return b"sha256=" + base64.b64encode(mac.digest())


def _parsed(body: bytes) -> dict[str, JSON]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Unreadable("This delivery is not the JSON that Typeform documents.") from problem
    if not isinstance(document, dict):
        raise Unreadable("This delivery is JSON, but not an object as Typeform documents it.")
    return document


def event(document: dict[str, JSON], body: bytes) -> Event:
    """Named by the response's token: a delivery that is sent again by hand carries another `event_id`."""
    response = document.get(RESPONSE)
    if not isinstance(response, dict):
        raise Unreadable("This delivery holds no response.")
    token, form = response.get("token"), response.get("form_id")
    if not (isinstance(token, str) and token and isinstance(form, str) and form) or len(token) + len(form) > 500:
        raise Unreadable("This delivery does not say which response of which form it is.")
    key = f"{RESPONSE}:{form}:{token}"
    return Event(RESPONSE, key, body, once_key=key, occurred_at=_ms(response.get("submitted_at")))


def _ms(value: JSON) -> int | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return int(moment.timestamp() * 1000) if moment and moment.tzinfo and 2000 <= moment.year < 2200 else None


# --- setting them up --------------------------------------------------------------------------------------------------


def keep(client: Typeform, address: str, secrets: Sequence[str]) -> list[str]:
    """One webhook for each form, under a tag of this connection's own, so that nobody else's is touched.

    Made or made again as it should be: Typeform switches one off after many failures, and new ones are off unless told
    otherwise. A form that fails does not hold up the others; its error is raised at the end.
    """
    problem: Exception | None = None
    for form in client.form_ids() if address else ():
        try:
            wanted = {"enabled": True, "secret": secrets[0], "url": address, "verify_ssl": True}
            client.put(f"/forms/{segment(form)}/webhooks/{tag(address)}", wanted)
        except Exception as trouble:  # told below, when the others have had their turn
            problem = problem or trouble
    if problem:
        raise problem
    return list(secrets)


def tag(address: str) -> str:
    """The name of our webhook: the same as long as the connection lives, wherever the hub moves."""
    return f"hub-{hashlib.sha256(address.rsplit('/', 1)[-1].encode()).hexdigest()[:8]}"
