"""The practice website: sends messages that prove themselves in every way the hub knows, and takes signed ones.

It keeps to https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md : five minutes'
tolerance, a number counts once, 2xx for a copy, too. Settings a test may change: `web_secret` (another signing secret than the
practice account has), `web_forgets` (it does not notice repeats).
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, render_template, request

from app.practice.control import Command
from app.practice.door import Ground, Refusal, Vendor, done, in_time, interface, same
from app.practice.post import post
from app.practice.vendors.web._schemes import NAMES, delivery, sign

SLUG = "web"
TOLERANCE = 300
# Known to all; the key in the address is the hub's own.
SIGNED_WITH = "whsec_cHJhY3RpY2Ugd2Vic2l0ZSwgc2lnbmVkIGJ5IGh1Yi4="
EXAMPLE = '{\n  "type": "order.paid",\n  "data": {"order": "A-17", "customer": "Ana Silva", "total": "42.00"}\n}'


def blueprint(ground: Ground) -> Blueprint:
    api = interface(SLUG, ground)

    @api.route("/messages", methods=["HEAD"])
    def look() -> Response:
        return Response(status=405, headers={"Allow": "POST"})

    @api.post("/messages")
    def take() -> tuple[Response, int]:
        if wait := in_time(ground, SLUG, 10, 20):
            raise Refusal(429, {"error": "slow down"}, {"Retry-After": str(wait)})
        number, body = _verified(ground), request.get_data()
        with ground.ledger.write():
            if ground.ledger.get(SLUG, number) is not None and not ground.ledger.note("web_forgets", False):
                return jsonify(copy=True), 200
            ground.ledger.put(SLUG, "message", {"id": number, "message": json.loads(body)})
            done(ground, "message.taken", number)
        return jsonify(taken=True), 202

    return api


def _verified(ground: Ground) -> str:
    """The number of a message that was signed by whom we know, just now."""
    if not same(request.args.get("key", ""), ground.token):
        raise Refusal(404, {"error": "nothing here"})
    number, seconds = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
    if not number or "." in number or not seconds.isdigit() or abs(time.time() - int(seconds)) > TOLERANCE:
        raise Refusal(401, {"error": "too old, or no number"})
    good = sign(ground.ledger.note("web_secret", SIGNED_WITH), number, seconds, request.get_data())
    given = request.headers.get("webhook-signature", "").split(" ")
    if not any(compare_digest(one.encode(), good.encode()) for one in given):
        raise Refusal(401, {"error": "wrong signature"})
    return number


def commands(ground: Ground) -> dict[str, Command]:
    """`web_send` {"address", "scheme", "secret", "message", "id"?, "at"?: Unix seconds}: sends one; answers how it went."""
    return {"web_send": lambda given: _send(**given)}


def _send(
    address: str, scheme: str, secret: str, message: Mapping[str, Any], id: str = "", at: int = 0
) -> dict[str, Any]:
    number = id or f"msg_{secrets.token_hex(12)}"
    body, headers, more = delivery(scheme, secret, message, number, at or int(time.time()))
    return {"id": number, **post(address.partition("?")[0] + more, body, headers)}


# --- for people -------------------------------------------------------------------------------------------------------


def pages(ground: Ground) -> Blueprint:
    site = Blueprint("web_pages", __name__, url_prefix=f"/{SLUG}")

    @site.get("/")
    def index() -> str:
        return _page(ground, {"scheme": "standard", "message": EXAMPLE}, None)

    @site.post("/send")
    def send() -> str:
        given = {name: request.form.get(name, "").strip() for name in ("address", "scheme", "secret", "message")}
        try:
            message = json.loads(given["message"])
            if not isinstance(message, dict):
                raise ValueError("The message must be a JSON object.")
            secret = given["secret"] or ground.token  # what the practice account is signed to with
            report = _send(_of_this_hub(given["address"]), given["scheme"], secret, message)
        except ValueError as problem:
            words = f"The message is no JSON: {problem}" if isinstance(problem, json.JSONDecodeError) else str(problem)
            report = {"status": None, "error": words}
        return _page(ground, given, report)

    return site


def _of_this_hub(address: str) -> str:
    """The practice website calls nobody but the hub that it stands on, whatever was pasted."""
    path = urlsplit(address).path
    if not path.startswith(f"/hooks/{SLUG}/"):
        raise ValueError(f"Paste the address from the connection's page. It has /hooks/{SLUG}/ in it.")
    return f"{request.host_url.rstrip('/')}{path}"


def _page(ground: Ground, given: Mapping[str, str], report: Mapping[str, Any] | None) -> str:
    taken = [
        (one["id"], json.dumps(one["message"], ensure_ascii=False, indent=2))
        for one in reversed(ground.ledger.objects(SLUG, "message")[-100:])
    ]
    return render_template("practice/web.html", schemes=NAMES, given=given, report=report, taken=taken)


vendor = Vendor(
    slug=SLUG,
    title="Any website or service",
    says="A website that sends messages in every way of proving them, and takes signed ones.",
    paths=("/messages",),
    blueprint=blueprint,
    pages=pages,
    commands=commands,
)
