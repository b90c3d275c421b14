"""The practice Google Drive: files that this app has made, and no others, as `drive.file` lets it see.

https://developers.google.com/workspace/drive/api/reference/rest/v3
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.practice.control import Command
from app.practice.door import done
from app.practice.vendors.google.masks import only
from app.practice.vendors.google.suite import Suite, now, refuse

JSON = Any
_FILES = "/drive/v3/files"
_OWN = re.compile(r"(\w+)\s*(=|contains)\s*'((?:[^'\\]|\\.)*)'")
_MARK = re.compile(r"appProperties has \{ key='([^']*)' and value='([^']*)' \}")
_NATIVE = "application/vnd.google-apps."


def routes(api: Blueprint, suite: Suite) -> None:
    @api.get(_FILES)
    def drive_listed() -> Response:
        found = [one for one in suite.all("file") if _fits(request.args.get("q", ""), one)]
        size = int(request.args.get("pageSize", 100))
        start = int(request.args.get("pageToken") or 0)
        more = {"nextPageToken": str(start + size)} if len(found) > start + size else {}
        answer = {"files": [shown(one) for one in found[::-1][start : start + size]], **more}
        return jsonify(only(answer, request.args.get("fields", "files(id,name,mimeType,kind)")))

    @api.post(_FILES)
    def drive_create() -> Response:
        given = request.get_json()
        with suite.ground.ledger.write():
            for parent in given.get("parents") or []:
                file(suite, parent)
            made = make(suite, given)
            done(suite.ground, "file.create", made["id"])
        return jsonify(only(shown(made), request.args.get("fields", "id,name,mimeType,kind")))

    @api.get(f"{_FILES}/<id>")
    def drive_read(id: str) -> Response:
        return jsonify(only(shown(file(suite, id)), request.args.get("fields", "id,name,mimeType,kind")))

    @api.patch(f"{_FILES}/<id>")
    def drive_change(id: str) -> Response:
        with suite.ground.ledger.write():
            changed = suite.keep("file", {**file(suite, id), **request.get_json()})
            done(suite.ground, "file.trash" if changed.get("trashed") else "file.change", id)
        return jsonify(only(shown(changed), request.args.get("fields", "id,name,mimeType,kind")))


def file(suite: Suite, id: str) -> JSON:
    return suite.get("file", id) or refuse(404, "notFound", f"File not found: {id}.")


def make(suite: Suite, given: JSON) -> JSON:
    kind = given.get("mimeType", "")
    if "id" in given and kind.startswith(_NATIVE):
        refuse(400, "invalid", "Generated IDs are not supported for Docs Editors formats.")
    own = f"1PracticeFile_{suite.next():024}"
    made = {"parents": ["root"], "trashed": False, **given, "id": given.get("id", own), "modifiedTime": now()}
    return suite.keep("file", made)


def shown(one: JSON) -> JSON:
    place = {"document": "document", "spreadsheet": "spreadsheets"}.get(one.get("mimeType", "").removeprefix(_NATIVE))
    link = (
        f"https://docs.google.com/{place}/d/{one['id']}/edit"
        if place
        else f"https://drive.google.com/drive/folders/{one['id']}"
    )
    return {"kind": "drive#file", "webViewLink": link, **one}


def _fits(query: str, one: JSON) -> bool:
    """Only what is joined by "and"; "in parents" is not practised."""
    for name, how, value in _OWN.findall(_MARK.sub("", query)):
        plain = re.sub(r"\\(.)", r"\1", value).casefold()
        there = str(one.get(name, "")).casefold()
        if (there != plain) if how == "=" else (plain not in there):
            return False
    marks = [(one.get("appProperties") or {}).get(key) == value for key, value in _MARK.findall(query)]
    return all(marks) and not ("trashed=false" in query.replace(" ", "") and one["trashed"])


def commands(suite: Suite) -> dict[str, Command]:
    """`google_file` {"id", …}: a person changes what a file is, such as its name, or puts it into the trash."""

    def by_hand(body: dict[str, JSON]) -> JSON:
        with suite.ground.ledger.write():
            return suite.keep(
                "file", {**file(suite, body["id"]), **body, "modifiedTime": body.get("modifiedTime", now())}
            )

    return {"google_file": by_hand}
