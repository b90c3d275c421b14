"""The practice mailbox: IMAP and SMTP over the sockets of web requests that ask for an Upgrade (RFC 9110, 7.8).

So it needs no ports of its own. Nothing leaves this machine.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from app.practice import oauth
from app.practice.control import Command
from app.practice.door import Ground, Refusal, Vendor, interface, visit
from app.practice.vendors.email import imap, shelf, smtp
from app.practice.vendors.email.wire import Wire

_SIGN_IN = "/common/oauth2/v2.0"
_PROTOCOLS = {"imap": imap.serve, "smtp": smtp.serve}


def blueprint(ground: Ground) -> Blueprint:
    api = interface("email", ground)
    oauth.routes(api, ground, shelf.HABITS, f"{_SIGN_IN}/token")

    @api.get("/imap")
    @api.get("/smtp")
    def talk() -> Response:
        protocol = request.path.rpartition("/")[2]
        if request.headers.get("Upgrade", "").lower() != protocol:
            raise Refusal(426, {"message": f"This address speaks {protocol}."}, {"Upgrade": protocol})
        sock: Any = request.environ.get("werkzeug.socket") or request.environ.get("gunicorn.socket")
        if sock is None:
            raise Refusal(501, {"message": "This server cannot change protocols."})
        sock.sendall(f"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n".encode())
        wire = Wire(ground, sock)
        try:
            _PROTOCOLS[protocol](ground, wire)
        finally:
            visit().cut = True  # the web server's own answer goes nowhere
            wire.close()
        return Response(status=204)

    whole = Blueprint("practice_email", __name__)
    whole.register_blueprint(api)
    whole.register_blueprint(oauth.pages(ground, shelf.HABITS, f"{_SIGN_IN}/authorize"))
    return whole


def commands(ground: Ground) -> dict[str, Command]:
    """`email_arrive`: a mail comes in; `email_edit` {"uid"}: a person edits a draft; `email_renumber`: a folder is made anew."""
    return {
        **oauth.commands(ground, shelf.HABITS),
        "email_arrive": lambda body: shelf.arrive(ground, body),
        "email_edit": lambda body: shelf.edit(ground, body),
        "email_renumber": lambda body: shelf.renumber(ground, body),
    }


vendor = Vendor(
    slug="email",
    title="Email",
    says="A mailbox. What recipes draft and send stands here; nothing leaves this machine.",
    paths=("/imap", "/smtp", f"{_SIGN_IN}/token"),
    blueprint=blueprint,
    commands=commands,
    seed=shelf.seed,
)
