"""Grants.gov's own interface, which needs no key. https://grants.gov/api/common/search2 and …/fetchopportunity

Errors may come with status 200 and an `errorcode`; parameters it does not know are ignored without a word, so what it
understood is compared with what was asked.
"""

from __future__ import annotations

import hashlib

import requests

from connectors.contract import JSON, Refused, Unavailable
from connectors.grants import _codes
from connectors.grants._search import Hit, Search
from connectors.grants._words import amount, day, line, prose, yes

ROWS = 100
_KEPT = (
    *("id", "revision", "opportunityNumber", "opportunityTitle", "owningAgencyCode", "docType", "ost"),
    *("synopsis", "forecast", "cfdas", "agencyDetails"),
)


def search(session: requests.Session, base: str, what: Search, start: int, rows: int = ROWS) -> tuple[list[Hit], int]:
    """Hits from number `start` (0 is the first), newest first, and how many there are in all."""
    asked = {
        "rows": rows,
        "startRecordNum": start,
        "keyword": what.words,
        "oppNum": "",
        "eligibilities": "|".join(what.applicant),
        "agencies": "|".join(what.agency),
        "oppStatuses": "forecasted|posted",
        "aln": "|".join(what.listing),
        "fundingCategories": "|".join(what.category),
        "fundingInstruments": "",
        "sortBy": "openDate|desc",
    }
    data = _data(session, f"{base}/v1/api/search2", asked)
    _understood(data, asked)
    return [_hit(one) for one in data["oppHits"] if str(one.get("id") or "").isdigit()], int(data.get("hitCount") or 0)


def details(session: requests.Session, base: str, number: str) -> JSON:
    """Everything about one opportunity. Raises `Refused` where there is none."""
    data = _data(session, f"{base}/v1/api/fetchOpportunity", {"opportunityId": int(number)})
    if str(data.get("id") or "") != number:
        raise Refused("Grants.gov has no such opportunity any more. Look for it on grants.gov.")
    return {name: data[name] for name in _KEPT if name in data}


def agencies(session: requests.Session, base: str) -> list[tuple[str, str]]:
    """(code, name) of the agencies that have open opportunities."""
    asked = {"rows": 1, "startRecordNum": 0, "oppStatuses": "forecasted|posted"}
    data = _data(session, f"{base}/v1/api/search2", asked)
    return [(str(one["value"]), line(one.get("label"))) for one in data.get("agencies") or [] if one.get("value")]


def _data(session: requests.Session, url: str, body: JSON) -> JSON:
    answer = session.post(url, json=body)
    answer.raise_for_status()
    try:
        said = answer.json()
    except ValueError as problem:  # maintenance comes as a page with status 200
        raise Unavailable("Grants.gov is being worked on. This is tried again later by itself.") from problem
    if not isinstance(said, dict) or said.get("errorcode") != 0 or not isinstance(said.get("data"), dict):
        words = line(said.get("msg") if isinstance(said, dict) else "")[:200]
        raise Refused(
            f"Grants.gov did not accept this{f': “{words}”' if words else ''}. Check the search, then try again."
        )
    return said["data"]


def _understood(data: JSON, asked: dict[str, JSON]) -> None:
    """Its echo of the parameters. Raises `Unavailable`: another page than the one that was asked for would go on for ever."""
    echo = data.get("searchParams") or {}
    got = {**echo, "startRecordNum": echo.get("startRecordNum", data.get("startRecord"))}
    for name in ("startRecordNum", "keyword", "eligibilities", "agencies", "fundingCategories", "oppStatuses"):
        if name in got and got[name] is not None and str(got[name]) != str(asked[name]):
            raise Unavailable(f"Grants.gov answered another search than ours ({name}). This is tried again later.")
    if not isinstance(data.get("oppHits"), list):
        raise Unavailable("Grants.gov answered without a list. This is tried again later.")


def _hit(one: JSON) -> Hit:
    """Spellings differ between the documentation and what is sent: agencyName or agency."""
    title = line(one.get("title"))
    return Hit(
        id=str(one["id"]),
        number=line(one.get("number")),
        title=title,
        agency=line(one.get("agencyName") or one.get("agency")),
        status=str(one.get("oppStatus") or ("forecasted" if one.get("docType") == "forecast" else "posted")),
        opened=day(one.get("openDate")),
        closes=day(one.get("closeDate")),
        stamp="g" + hashlib.sha256(f"{title}\n{one.get('docType')}".encode()).hexdigest()[:10],
    )


def view(raw: JSON) -> dict[str, JSON]:
    """What recipes see of `details`. A forecast has its facts under another name than what is posted."""
    forecast = not raw.get("synopsis") and bool(raw.get("forecast"))
    facts = raw.get("forecast" if forecast else "synopsis") or {}
    applicants = [str(one.get("id") or "") for one in facts.get("applicantTypes") or []]
    return {
        "id": str(raw["id"]),
        "number": line(raw.get("opportunityNumber")),
        "title": line(raw.get("opportunityTitle")),
        "agency": line(facts.get("agencyName") or (raw.get("agencyDetails") or {}).get("agencyName")),
        "agency_code": str(raw.get("owningAgencyCode") or ""),
        "status": "forecasted" if forecast else "posted",
        "posted": day(facts.get("estSynopsisPostingDate" if forecast else "postingDate")),
        "closes": day(facts.get("estApplicationResponseDate" if forecast else "responseDate")),
        "closes_note": line(facts.get("estApplicationResponseDateDesc" if forecast else "responseDateDesc")),
        "archived": day(facts.get("archiveDate")),
        "award_floor": amount(facts.get("awardFloor")),
        "award_ceiling": amount(facts.get("awardCeiling")),
        "funding": amount(facts.get("estimatedFunding")),
        "awards": amount(facts.get("numberOfAwards")),
        "cost_sharing": yes(facts.get("costSharing")),
        "applicant_codes": applicants,
        "applicants": [_codes.APPLICANTS[code][0] for code in applicants if code in _codes.APPLICANTS],
        "applicants_note": prose(facts.get("applicantEligibilityDesc")),
        "instruments": [line(one.get("description")) for one in facts.get("fundingInstruments") or []],
        "categories": [line(one.get("description")) for one in facts.get("fundingActivityCategories") or []],
        "listings": [line(one.get("cfdaNumber")) for one in raw.get("cfdas") or []],
        "description": prose(facts.get("forecastDesc" if forecast else "synopsisDesc")),
        "more_url": line(facts.get("fundingDescLinkUrl")),
        "contact_email": line(facts.get("agencyContactEmail")),
        "version": _version(raw, facts),
        "source": "Grants.gov",
    }


def _version(raw: JSON, facts: JSON) -> str:
    return ".".join(
        str(part or "") for part in (raw.get("revision"), facts.get("version"), facts.get("lastUpdatedDate"))
    )
