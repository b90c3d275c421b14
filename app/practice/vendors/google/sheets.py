"""The practice Google Sheets: spreadsheets with their cells. https://developers.google.com/workspace/sheets/api/reference/rest

A sheet is {"gid", "title", "rows", "columns", "frozen", "lines"}: `lines` are rows of values, a formula is {"formula": "=…"}.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.practice.control import Command
from app.practice.door import done
from app.practice.vendors.google import sheets_grid as grid
from app.practice.vendors.google.masks import only
from app.practice.vendors.google.suite import Suite, refuse

JSON = Any
BOOK = "1PracticeBook_PracticeBook_PracticeBook-00"
_BASE = "/v4/spreadsheets/<id>"


def routes(api: Blueprint, suite: Suite) -> None:
    @api.get(_BASE)
    def sheets_read(id: str) -> Response:
        found = _book(suite, id)
        ranges = [grid.read(found["sheets"], one) for one in request.args.getlist("ranges")]
        return jsonify(only(_shown(found, ranges), request.args.get("fields", "")))

    @api.get(f"{_BASE}/values/<where>")
    def sheets_values(id: str, where: str) -> Response:
        area = grid.read(_book(suite, id)["sheets"], where)
        shown = request.args.get("valueRenderOption", "FORMATTED_VALUE")
        lines = [[grid.rendered(cell, shown) for cell in line] for line in grid.lines(area)]
        answer: dict[str, JSON] = {"range": where, "majorDimension": "ROWS"}
        return jsonify(answer | ({"values": trimmed} if (trimmed := _trimmed(lines)) else {}))

    _writing(api, suite)


def _writing(api: Blueprint, suite: Suite) -> None:
    @api.post(f"{_BASE}/values/<where>:append")
    def sheets_append(id: str, where: str) -> Response:
        how = _how(request.args.get("valueInputOption", ""))
        with suite.ground.ledger.write():
            found = _book(suite, id)
            area = grid.table(grid.read(found["sheets"], where))
            lines = request.get_json()["values"]
            first = area.last_row + 1
            grid.insert(area.sheet, first, len(lines) if request.args.get("insertDataOption") == "INSERT_ROWS" else 0)
            grid.put(area.sheet, first, area.first_column, lines, how)
            suite.keep("book", found)
            done(suite.ground, "rows.append", f"{id}:{first}")
        width = max(map(len, lines))
        last = first + len(lines) - 1
        span = f"{grid.quoted(area.sheet)}!{grid.cell(first, area.first_column)}:{grid.cell(last, area.first_column + width - 1)}"
        return jsonify(spreadsheetId=id, updates={"spreadsheetId": id, "updatedRange": span, "updatedRows": len(lines)})

    @api.post(f"{_BASE}/values:batchUpdate")
    def sheets_write(id: str) -> Response:
        given = request.get_json()
        how = _how(given.get("valueInputOption", ""))
        with suite.ground.ledger.write():
            found = _book(suite, id)
            for one in given.get("data") or []:
                area = grid.read(found["sheets"], one["range"])
                grid.put(area.sheet, area.first_row, area.first_column, one["values"], how)
            suite.keep("book", found)
            done(suite.ground, "cells.write", id)
        return jsonify(spreadsheetId=id, totalUpdatedCells=len(given.get("data") or []))

    @api.post(f"{_BASE}:batchUpdate")
    def sheets_change(id: str) -> Response:
        with suite.ground.ledger.write():
            found = _book(suite, id)
            kinds = [_change(found, one) for one in request.get_json().get("requests") or []]
            suite.keep("book", found)
            done(suite.ground, f"sheet.{kinds[-1] if kinds else 'nothing'}", id)
        return jsonify(spreadsheetId=id, replies=[{} for _ in kinds])


def _how(option: str) -> str:
    if option not in ("RAW", "USER_ENTERED"):
        refuse(400, "badRequest", "'valueInputOption' is required but not specified", "INVALID_ARGUMENT")
    return option


def _book(suite: Suite, id: str) -> JSON:
    return suite.get("book", id) or refuse(404, "notFound", "Requested entity was not found.", "NOT_FOUND")


def _shown(found: JSON, ranges: list[grid.Area]) -> dict[str, JSON]:
    sheets = []
    for one in found["sheets"]:
        size = {"rowCount": one["rows"], "columnCount": one["columns"], "frozenRowCount": one["frozen"]}
        about = {
            "sheetId": one["gid"],
            "title": one["title"],
            "sheetType": one.get("type", "GRID"),
            "gridProperties": size,
        }
        data = [grid.data(area) for area in ranges if area.sheet is one]
        if data or not ranges:
            sheets.append({"properties": about, **({"data": data} if ranges else {})})
    return {"spreadsheetId": found["id"], "properties": {"title": found["title"]}, "sheets": sheets}


def _change(found: JSON, what: JSON) -> str:
    """One of the requests of a batch; returns its name."""
    (kind, given) = next(iter(what.items()))
    place = given.get("range") or given.get("start") or given
    own = next((one for one in found["sheets"] if one["gid"] == place.get("sheetId", 0)), None)
    if own is None:
        refuse(
            400,
            "badRequest",
            f"Invalid requests[0].{kind}: No grid with id: {place.get('sheetId')}",
            "INVALID_ARGUMENT",
        )
    if kind == "appendDimension":
        own["columns" if given["dimension"] == "COLUMNS" else "rows"] += given["length"]
    elif kind == "updateCells":
        lines = [[grid.entered(cell) for cell in row.get("values") or []] for row in given["rows"]]
        grid.put(own, place["rowIndex"] + 1, place["columnIndex"], lines, "RAW")
    elif kind == "deleteDimension" and place["dimension"] == "ROWS":
        own["lines"] = own["lines"][: place["startIndex"]] + own["lines"][place["endIndex"] :]
        own["rows"] -= place["endIndex"] - place["startIndex"]
    else:
        refuse(400, "badRequest", f"{kind} is not practised here", "INVALID_ARGUMENT")
    return str(kind)


def _trimmed(lines: list[list[JSON]]) -> list[list[JSON]]:
    """Empty cells at the end of a row, and empty rows at the end, are left out."""
    for line in lines:
        while line and line[-1] == "":
            line.pop()
    while lines and not lines[-1]:
        lines.pop()
    return lines


# --- what people do ---------------------------------------------------------------------------------------------------


def commands(suite: Suite) -> dict[str, Command]:
    """`google_sheet` {"gid", …}: a person gives a sheet other lines, another title or size; returns it as it then is."""

    def by_hand(body: dict[str, JSON]) -> JSON:
        with suite.ground.ledger.write():
            found = _book(suite, body.get("book", BOOK))
            own = next(one for one in found["sheets"] if one["gid"] == body.get("gid", 0))
            own.update({name: body[name] for name in ("lines", "title", "rows", "columns", "frozen") if name in body})
            suite.keep("book", found)
        return own

    return {"google_sheet": by_hand, "google_book": lambda body: suite.keep("book", body)}


def seed(suite: Suite) -> None:
    if suite.get("book", BOOK):
        return
    size = {"rows": 1000, "columns": 26}
    orders = [
        ["Order number", "Name", "Email", "Amount", "Status"],
        [1041, "Ann Example", "ann@client.example", 18.5, "paid"],
        [1042, "Bob Example", "bob@client.example", 7, "open"],
    ]
    stock = [
        ["Item", "Count", "Value"],
        ["Chair", 12, {"formula": "=B2*40", "is": 480}],
        ["Table", 3, {"formula": "=B3*90", "is": 270}],
    ]
    sheets = [
        {"gid": 0, "title": "Orders", "frozen": 1, "lines": orders, **size},
        {"gid": 77, "title": "Ann's stock", "frozen": 0, "lines": stock, **size},
    ]
    suite.keep("book", {"id": BOOK, "title": "Practice shop", "sheets": sheets})
