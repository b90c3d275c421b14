"""Simpler.Grants.gov, with a personal key. HHS/simpler-grants-gov, api/openapi.generated.yml and documentation/wiki/product/api

Its search is refreshed hourly. Facts are nested in `summary` in the specification and stand at the top in the wiki's
sample; both are read.
"""

from __future__ import annotations

import re

import requests

from connectors.contract import JSON, Refused, Unauthorized, Unavailable
from connectors.grants import _codes
from connectors.grants._search import Hit, Search
from connectors.grants._words import amount, day, line, prose, yes

SIZE = 100  # the wiki's largest page; the specification says 5000
_KEPT = (
    *(
        "opportunity_id",
        "legacy_opportunity_id",
        "opportunity_number",
        "opportunity_title",
        "agency_code",
        "agency_name",
    ),
    *("opportunity_status", "opportunity_assistance_listings", "summary", "updated_at"),
)
_NEW_KEY = (
    "Simpler.Grants.gov no longer takes this key. Sign in at simpler.grants.gov/developer, open Manage API keys, make a new "
    "one and enter it here, or leave the field empty to use Grants.gov."
)


def search(
    session: requests.Session, base: str, key: str, what: Search, page: int, size: int = SIZE
) -> tuple[list[Hit], int]:
    """Hits of a page (1 is the first), newest first, and how many there are in all."""
    order = [{"order_by": "post_date", "sort_direction": "descending"}]
    asked = {
        "filters": _filters(what),
        "pagination": {"page_offset": page, "page_size": size, "sort_order": order},
        **({"query": what.words, "query_operator": "AND"} if what.words else {}),
    }
    said = _answer(session.post(f"{base}/v1/opportunities/search", json=asked, headers={"X-API-Key": key}))
    listing, total = said.get("data"), (said.get("pagination_info") or {}).get("total_records")
    if not isinstance(listing, list) or not isinstance(total, int):
        raise Unavailable("Simpler.Grants.gov answered without a list. This is tried again later.")
    return [_hit(one) for one in listing if one.get("opportunity_id")], total


def details(session: requests.Session, base: str, key: str, id: str) -> JSON:
    """Everything about one opportunity, by either of its ids. Raises `Refused` where there is none."""
    answer = session.get(f"{base}/v1/opportunities/{id}", headers={"X-API-Key": key})
    if answer.status_code == 404:
        raise Refused("Simpler.Grants.gov has no such opportunity any more. Look for it on grants.gov.")
    return kept(_answer(answer)["data"])


def kept(one: JSON) -> JSON:
    flat = one if "summary" in one else {**one, "summary": one}
    return {name: flat[name] for name in _KEPT if name in flat}


def _answer(answer: requests.Response) -> JSON:
    """The gateway answers 403 where the key is missing or unknown, the service itself 401."""
    if answer.status_code in (401, 403):
        raise Unauthorized(_NEW_KEY)
    answer.raise_for_status()
    said = answer.json()
    if not isinstance(said, dict) or (not said.get("data") and said.get("data") != []):
        raise Unavailable("Simpler.Grants.gov answered with something else than asked. This is tried again later.")
    return said


def _filters(what: Search) -> dict[str, JSON]:
    level = "agency" if any("-" in code for code in what.agency) else "top_level_agency"
    chosen = {
        "applicant_type": [_codes.APPLICANTS[code][1] for code in what.applicant],
        "funding_category": [_codes.CATEGORIES[code][1] for code in what.category],
        level: list(what.agency),
        "assistance_listing_number": list(what.listing),
    }
    wanted = {name: {"one_of": values} for name, values in chosen.items() if values}
    return {"opportunity_status": {"one_of": ["forecasted", "posted"]}, **wanted}


def _hit(one: JSON) -> Hit:
    whole = kept(one)
    facts = whole["summary"] or {}
    return Hit(
        id=identity(whole),
        number=line(whole.get("opportunity_number")),
        title=line(whole.get("opportunity_title")),
        agency=line(whole.get("agency_name")),
        status=str(whole.get("opportunity_status") or ""),
        opened=day(facts.get("post_date")),
        closes=day(facts.get("close_date")) or day(facts.get("forecasted_close_date")),
        stamp="s" + _version(whole, facts),
        whole=whole,
    )


def identity(whole: JSON) -> str:
    """The whole number of Grants.gov, by which both interfaces name the same thing; what has none keeps its UUID."""
    number = str(whole.get("legacy_opportunity_id") or "")
    uuid = re.sub(r"[^0-9a-f-]", "", str(whole["opportunity_id"]).lower())
    return number if number.isdigit() else uuid


def view(whole: JSON) -> dict[str, JSON]:
    """What recipes see of `details`."""
    facts = whole.get("summary") or {}
    codes = [_codes.code_of(_codes.APPLICANTS, word) for word in facts.get("applicant_types") or []]
    return {
        "id": identity(whole),
        "number": line(whole.get("opportunity_number")),
        "title": line(whole.get("opportunity_title")),
        "agency": line(whole.get("agency_name")),
        "agency_code": str(whole.get("agency_code") or ""),
        "status": str(whole.get("opportunity_status") or ""),
        "posted": day(facts.get("post_date")) or day(facts.get("forecasted_post_date")),
        "closes": day(facts.get("close_date")) or day(facts.get("forecasted_close_date")),
        "closes_note": line(facts.get("close_date_description") or facts.get("forecasted_close_date_description")),
        "archived": day(facts.get("archive_date")),
        "award_floor": amount(facts.get("award_floor")),
        "award_ceiling": amount(facts.get("award_ceiling")),
        "funding": amount(facts.get("estimated_total_program_funding")),
        "awards": amount(facts.get("expected_number_of_awards")),
        "cost_sharing": yes(facts.get("is_cost_sharing")),
        "applicant_codes": [code for code in codes if code],
        "applicants": [_codes.APPLICANTS[code][0] for code in codes if code],
        "applicants_note": prose(facts.get("applicant_eligibility_description")),
        "instruments": _names(_codes.INSTRUMENTS, facts.get("funding_instruments")),
        "categories": _names(_codes.CATEGORIES, facts.get("funding_categories")),
        "listings": [
            line(one.get("assistance_listing_number")) for one in whole.get("opportunity_assistance_listings") or []
        ],
        "description": prose(facts.get("summary_description")),
        "more_url": line(facts.get("additional_info_url")),
        "contact_email": line(facts.get("agency_email_address")),
        "version": _version(whole, facts),
        "source": "Simpler.Grants.gov",
    }


def _names(table: _codes.Table, words: JSON) -> list[str]:
    return [table[code][0] for code in (_codes.code_of(table, word) for word in words or []) if code]


def _version(whole: JSON, facts: JSON) -> str:
    return f"{facts.get('version_number') or ''}.{whole.get('updated_at') or ''}"
