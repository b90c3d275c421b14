"""`/_control`: orders faults, reads the ledger and the objects, plays people. Only for tests and benches."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.practice import faults
from app.practice.door import Ground, Vendor
from app.practice.ledger import Ledger

Command = Callable[[dict[str, Any]], Any]


def blueprint(ground: Ground, commands: dict[str, Command], vendors: Sequence[Vendor]) -> Blueprint:
    """`vendors` there are; `commands`: what they add; POST `/_control/<name>` calls it with the JSON body."""
    control = Blueprint("control", __name__, url_prefix="/_control")
    ledger = ground.ledger

    @control.get("/ledger")
    def history() -> Response:
        given = request.args
        return jsonify(ledger.history(given.get("slug", ""), int(given.get("after", 0)), given.get("bodies") == "1"))

    @control.get("/state")
    def state() -> Response:
        rows = ledger.rows(
            "select kind, data from objects where slug=? order by made, id", request.args.get("slug", "")
        )
        kinds: dict[str, list[Any]] = {}
        for row in rows:
            kinds.setdefault(row["kind"], []).append(json.loads(row["data"]))
        return jsonify(kinds)

    @control.delete("/faults")
    def forget() -> Response:
        return jsonify(forgotten=ledger.change("delete from faults"))

    @control.get("/faults")
    def ordered() -> Response:
        return jsonify([dict(row) for row in ledger.rows("select * from faults order by no")])

    known = {**_own_commands(ledger, vendors), **commands}

    @control.post("/<name>")
    def command(name: str) -> tuple[Response, int] | Response:
        if name not in known:
            return jsonify(error=f"There is {', '.join(sorted(known))}."), 404
        try:
            return jsonify(known[name](request.get_json(silent=True) or {}))
        except (ValueError, KeyError, TypeError) as problem:
            return jsonify(error=f"{type(problem).__name__}: {problem}"), 400

    return control


def _own_commands(ledger: Ledger, vendors: Sequence[Vendor]) -> dict[str, Command]:
    ways = {vendor.slug: vendor.faults for vendor in vendors}

    def fault(body: dict[str, Any]) -> None:
        known = ways.get(body.get("slug", ""), ())
        if body.get("do") == "model" and body.get("as") not in known:
            raise ValueError(f"as must be one of {', '.join(known)}")
        faults.order(ledger, body, list(ways))

    def release(body: dict[str, Any]) -> None:
        ledger.change("insert or replace into notes select 'released', coalesce(max(no), 0) from requests")

    def settings(body: dict[str, Any]) -> None:
        with ledger.write():
            for name, value in body.items():
                ledger.set_note(name, value)
            ledger.change("delete from buckets")  # another rate counts from now

    return {"faults": fault, "release": release, "settings": settings}
