"""Grants.gov's own interface: search2 and fetchOpportunity. https://grants.gov/api/common/search2

Errors come with status 200 and an `errorcode`; names of parameters that it does not know are ignored.
"""

from __future__ import annotations

import html
from collections import Counter
from datetime import date
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.practice.door import Ground, Refusal, in_time
from app.practice.vendors.grants import shelf

JSON = Any
_NAMES = {
    "99": "Unrestricted",
    "25": 'Others (see text field entitled "Additional Information on Eligibility" for clarification)',
}


def add(api: Blueprint, ground: Ground) -> None:
    @api.post("/v1/api/search2")
    def search2() -> Response:
        _admit(ground)
        asked = _body()
        return _page(ground) or _told(_search(ground, asked))

    @api.post("/v1/api/fetchOpportunity")
    def fetch() -> Response:
        _admit(ground)
        if page := _page(ground):
            return page
        wanted = _body().get("opportunityId")
        found = shelf.get(ground, str(wanted)) if isinstance(wanted, int) else None
        if found is None:
            return jsonify(errorcode=1, msg="No opportunity was found", token="", data={})
        return _told(_details(found))


def _admit(ground: Ground) -> None:
    if wait := in_time(ground, "grants", 5, 20):
        raise Refusal(429, {"message": "Too Many Requests"}, {"Retry-After": str(wait)})


def _page(ground: Ground) -> Response | None:
    """Maintenance: a page for people, with status 200."""
    if shelf.note(ground, "maintenance"):
        return Response("<html><title>Scheduled maintenance</title></html>", 200, content_type="text/html")
    return None


def _body() -> JSON:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Refusal(415, {"message": "Unsupported Media Type"})
    return body


def _told(data: JSON) -> Response:
    return jsonify(errorcode=0, msg="Webservice Succeeds", token="", data=data)


def _search(ground: Ground, asked: JSON) -> JSON:
    start, rows = int(asked.get("startRecordNum") or 0), min(int(asked.get("rows") or 10), 1000)
    found = shelf.find(
        ground,
        str(asked.get("keyword") or ""),
        statuses=_many(asked, "oppStatuses") or shelf.OPEN,
        applicants=_many(asked, "eligibilities"),
        categories=_many(asked, "fundingCategories"),
        agencies=_many(asked, "agencies"),
        listings=_many(asked, "aln"),
    )
    names = ("keyword", "oppNum", "eligibilities", "agencies", "oppStatuses", "fundingCategories", "fundingInstruments")
    echo = {name: asked.get(name, "") for name in names}
    return {
        "searchParams": {**echo, "cfda": asked.get("aln", ""), "startRecordNum": start, "rows": rows},
        "hitCount": len(found),
        "startRecord": start,
        "oppHits": [_hit(ground, one) for one in found[start : start + rows]],
        "agencies": _agencies(found),
        "errorMsgs": [],
    }


def _many(asked: JSON, name: str) -> list[str]:
    return [part for part in str(asked.get(name) or "").split("|") if part]


def _hit(ground: Ground, one: JSON) -> JSON:
    """As it is documented, or, by default, in the spelling that is really sent."""
    documented = shelf.note(ground, "spelling") == "documented"
    return {
        "id": one["id"],
        "number": one["number"],
        "title": html.escape(one["title"]).replace("–", "&ndash;"),
        "agencyCode": one["agency"],
        "agencyName" if documented else "agency": one["agency_name"],
        "openDate": _us(one["opened"]),
        "closeDate": _us(one["closes"]),
        "oppStatus": one["status"],
        "docType": "forecast" if one["status"] == "forecasted" else "synopsis",
        "alnist" if documented else "cfdaList": one["listings"],
    }


def _agencies(found: list[JSON]) -> list[JSON]:
    counted = Counter((one["agency"], one["agency_name"]) for one in found)
    return [{"label": name, "value": code, "count": count} for (code, name), count in sorted(counted.items())]


def _us(day: str) -> str:
    return date.fromisoformat(day).strftime("%m/%d/%Y") if day else ""


def _long(day: str) -> str:
    return date.fromisoformat(day).strftime("%b %d, %Y 12:00:00 AM EDT") if day else ""


def _details(one: JSON) -> JSON:
    forecast = one["status"] == "forecasted"
    facts = {
        "version": one["version"],
        "agencyName": one["agency_name"],
        "agencyContactEmail": "grants@practice.example",
        "lastUpdatedDate": one["updated"],
        "costSharing": "No",
        **{name: _amount(one[ours]) for name, ours in _AMOUNTS.items()},
        "applicantTypes": [{"id": code, "description": _NAMES.get(code, code)} for code in one["applicants"]],
        "fundingInstruments": [{"id": code, "description": _INSTRUMENTS[code]} for code in one["instruments"]],
        "fundingActivityCategories": [{"id": code, "description": code} for code in one["categories"]],
        "forecastDesc" if forecast else "synopsisDesc": one["description"],
        "estSynopsisPostingDate" if forecast else "postingDate": _long(one["opened"]),
        "estApplicationResponseDate" if forecast else "responseDate": _long(one["closes"]),
        "estApplicationResponseDateDesc" if forecast else "responseDateDesc": one["note"],
    }
    return {
        "id": int(one["id"]),
        "revision": one["version"] - 1,
        "opportunityNumber": one["number"],
        "opportunityTitle": html.escape(one["title"]),
        "owningAgencyCode": one["agency"],
        "opportunityCategory": {"category": "D", "description": "Discretionary"},
        "forecast" if forecast else "synopsis": facts,
        "cfdas": [{"cfdaNumber": number, "programTitle": ""} for number in one["listings"]],
        "synopsisAttachmentFolders": [],
    }


_INSTRUMENTS = {"G": "Grant", "CA": "Cooperative Agreement", "PC": "Procurement Contract", "O": "Other"}
_AMOUNTS = {"awardFloor": "floor", "awardCeiling": "ceiling", "estimatedFunding": "funding", "numberOfAwards": "awards"}


def _amount(value: int | None) -> str:
    """Texts, and "none" where there is none."""
    return "none" if value is None else str(value)
