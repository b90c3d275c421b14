"""The practice Google Docs: the text of documents that lie in Drive. https://developers.google.com/workspace/docs/api/reference/rest

A document is {"id", "text", "revision", "done"}: `text` ends in a line break, `done` are the requests that were carried out.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.practice.control import Command
from app.practice.door import done
from app.practice.vendors.google import drive
from app.practice.vendors.google.masks import only
from app.practice.vendors.google.suite import Suite, now, refuse

JSON = Any
_BASE = "/v1/documents/<id>"


def routes(api: Blueprint, suite: Suite) -> None:
    @api.get(_BASE)
    def docs_read(id: str) -> Response:
        return jsonify(only(_shown(suite, document(suite, id)), request.args.get("fields", "")))

    @api.post(f"{_BASE}:batchUpdate")
    def docs_change(id: str) -> Response:
        given = request.get_json()
        with suite.ground.ledger.write():
            found = document(suite, id)
            wanted = (given.get("writeControl") or {}).get("requiredRevisionId", "")
            if wanted and wanted != _revision(found):
                words = f"The required revision ID '{wanted}' does not match the latest revision."
                refuse(400, "failedPrecondition", words, "FAILED_PRECONDITION")
            for one in given.get("requests") or []:
                found = _apply(found, one)
            _keep(suite, found)
            done(suite.ground, "doc.write", id)
        return jsonify(documentId=id, replies=[], writeControl={"requiredRevisionId": _revision(found)})


def document(suite: Suite, id: str) -> JSON:
    drive.file(suite, id)
    return suite.get("doc", id) or {"id": id, "text": "\n", "revision": 1, "done": []}


def _revision(found: JSON) -> str:
    return f"ALm37BV{found['revision']:04}"


def _keep(suite: Suite, found: JSON) -> JSON:
    suite.keep("file", {**drive.file(suite, found["id"]), "modifiedTime": now()})
    return suite.keep("doc", {**found, "revision": found["revision"] + 1})


def _shown(suite: Suite, found: JSON) -> dict[str, JSON]:
    content: list[JSON] = [{"endIndex": 1, "sectionBreak": {}}]
    at = 1
    for line in found["text"].removesuffix("\n").split("\n"):
        end = at + _units(line) + 1
        text = {"content": f"{line}\n", "textStyle": {}}
        element = {"startIndex": at, "endIndex": end, "textRun": text}
        content.append({"startIndex": at, "endIndex": end, "paragraph": {"elements": [element]}})
        at = end
    title = drive.file(suite, found["id"])["name"]
    return {"documentId": found["id"], "title": title, "revisionId": _revision(found), "body": {"content": content}}


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str, start: int, end: int) -> tuple[str, str, str]:
    """The text before, between and after these places, which are counted in UTF-16 units from 1."""
    raw = text.encode("utf-16-le")
    if not 1 <= start <= end <= _units(text) + 1:
        words = f"Index {end} must be less than the end index of the referenced segment, {_units(text) + 1}."
        refuse(400, "badRequest", words, "INVALID_ARGUMENT")
    cuts = (raw[: (start - 1) * 2], raw[(start - 1) * 2 : (end - 1) * 2], raw[(end - 1) * 2 :])
    before, between, after = (one.decode("utf-16-le") for one in cuts)
    return before, between, after


def _apply(found: JSON, what: JSON) -> JSON:
    """One request of a batch; `done` keeps it with the text that it touched."""
    (kind, given) = next(iter(what.items()))
    if kind == "insertText":
        at = given["location"]["index"]
        before, _, after = _cut(found["text"], at, at)
        if not after:
            refuse(400, "badRequest", "The insertion index must be inside the bounds of an existing paragraph.")
        return {**found, "text": before + given["text"] + after}
    before, between, after = _cut(found["text"], given["range"]["startIndex"], given["range"]["endIndex"])
    if not between:
        refuse(400, "badRequest", f"Invalid requests[0].{kind}: The range should not be empty.", "INVALID_ARGUMENT")
    done = [
        *found["done"],
        {"kind": kind, "on": between, **{n: v for n, v in given.items() if n not in ("range", "fields")}},
    ]
    if kind == "createParagraphBullets":
        between = "\n".join(line.lstrip("\t") for line in between.split("\n"))
    return {**found, "text": before + between + after, "done": done}


def commands(suite: Suite) -> dict[str, Command]:
    """`google_doc` {"id", …}: a person writes (`text`); returns the document as it then is."""

    def by_hand(body: dict[str, JSON]) -> JSON:
        with suite.ground.ledger.write():
            found = document(suite, body["id"])
            return _keep(suite, {**found, "text": body["text"]}) if "text" in body else found

    return {"google_doc": by_hand}
