"""Simpler.Grants.gov: its search and its opportunities. HHS/simpler-grants-gov, api/openapi.generated.yml

The gateway answers 403 without a known key and lets ten calls a second through; the service checks what it is sent.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.practice.door import Ground, Refusal, in_time, same
from app.practice.vendors.grants import shelf

JSON = Any
APPLICANTS = {
    "state_governments": "00",
    "county_governments": "01",
    "city_or_township_governments": "02",
    "special_district_governments": "04",
    "independent_school_districts": "05",
    "public_and_state_institutions_of_higher_education": "06",
    "federally_recognized_native_american_tribal_governments": "07",
    "public_and_indian_housing_authorities": "08",
    "other_native_american_tribal_organizations": "11",
    "nonprofits_non_higher_education_with_501c3": "12",
    "nonprofits_non_higher_education_without_501c3": "13",
    "private_institutions_of_higher_education": "20",
    "individuals": "21",
    "for_profit_organizations_other_than_small_businesses": "22",
    "small_businesses": "23",
    "other": "25",
    "unrestricted": "99",
}
CATEGORIES = {
    "arts": "AR",
    "business_and_commerce": "BC",
    "education": "ED",
    "health": "HL",
    "other": "O",
    "law_justice_and_legal_services": "LJL",
    "regional_development": "RD",
    "energy": "EN",
    "housing": "HO",
}
INSTRUMENTS = {"grant": "G", "cooperative_agreement": "CA", "procurement_contract": "PC", "other": "O"}
_FILTERS = {
    *("opportunity_status", "applicant_type", "funding_category", "funding_instrument", "agency", "top_level_agency"),
    *("assistance_listing_number", "is_cost_sharing", "post_date", "close_date", "award_floor", "award_ceiling"),
}


def add(api: Blueprint, ground: Ground) -> None:
    @api.post("/v1/opportunities/search")
    def search() -> Response:
        _admit(ground)
        return _search(ground, request.get_json(silent=True) or {})

    @api.get("/v1/opportunities/<id>")
    def one(id: str) -> Response:
        _admit(ground)
        found = shelf.get(ground, id)
        if found is None:
            raise Refusal(404, _problem(404, f"Could not find Opportunity with ID {id}"))
        return jsonify(message="Success", data={**_shown(found), "attachments": []}, status_code=200)


def _admit(ground: Ground) -> None:
    given = request.headers.get("X-API-Key", "")
    if not same(given, ground.token):
        raise Refusal(403, {"message": "Forbidden"})
    if shelf.SLUG in ground.ledger.note("revoked", []):
        raise Refusal(401, _problem(401, "Invalid API key"))
    if wait := in_time(ground, "grants_simpler", 10, 15):
        raise Refusal(429, {"message": "Too Many Requests"}, {"Retry-After": str(wait)})


def _problem(status: int, message: str, *errors: JSON) -> JSON:
    return {"message": message, "status_code": status, "errors": list(errors), "internal_request_id": "practice"}


def _invalid(field: str, message: str) -> Refusal:
    return Refusal(422, _problem(422, "Validation error", {"field": field, "message": message, "type": "invalid"}))


def _search(ground: Ground, asked: JSON) -> Response:
    pages, filters = asked.get("pagination"), asked.get("filters") or {}
    if not isinstance(pages, dict):
        raise _invalid("pagination", "Missing data for required field.")
    offset, size = pages.get("page_offset", 0), pages.get("page_size", 0)
    if not (isinstance(offset, int) and offset >= 1 and isinstance(size, int) and 1 <= size <= 100):
        raise _invalid("pagination.page_size", "Must be greater than or equal to 1 and less than or equal to 100.")
    if "query" in asked and not 1 <= len(asked["query"]) <= 100:
        raise _invalid("query", "Length must be between 1 and 100.")
    if unknown := set(filters) - _FILTERS:
        raise _invalid(f"filters.{min(unknown)}", "Unknown field.")
    found = _found(ground, asked.get("query") or "", {name: part.get("one_of") or [] for name, part in filters.items()})
    shown = [_shown(one) for one in found[(offset - 1) * size : offset * size]]
    info = {
        "page_offset": offset,
        "page_size": size,
        "total_records": len(found),
        "total_pages": -(-len(found) // size),
        "sort_order": pages.get("sort_order", []),
    }
    return jsonify(message="Success", data=shown, pagination_info=info, facet_counts={}, status_code=200)


def _found(ground: Ground, query: str, chosen: dict[str, list[str]]) -> list[JSON]:
    statuses = chosen.get("opportunity_status") or ["forecasted", "posted", "closed", "archived"]
    return shelf.find(
        ground,
        query,
        statuses=statuses,
        applicants=_codes(APPLICANTS, chosen, "applicant_type"),
        categories=_codes(CATEGORIES, chosen, "funding_category"),
        agencies=chosen.get("agency") or chosen.get("top_level_agency") or [],
        listings=chosen.get("assistance_listing_number") or [],
    )


def _codes(table: dict[str, str], chosen: dict[str, list[str]], name: str) -> list[str]:
    for word in chosen.get(name) or []:
        if word not in table:
            raise _invalid(f"filters.{name}.one_of", f"Must be one of: {', '.join(table)}.")
    return [table[word] for word in chosen.get(name) or []]


def _words(table: dict[str, str], codes: list[str]) -> list[str]:
    return [word for word, code in table.items() if code in codes]


def _shown(one: JSON) -> JSON:
    forecast = one["status"] == "forecasted"
    dates = {
        "forecasted_post_date" if forecast else "post_date": one["opened"] or None,
        "forecasted_close_date" if forecast else "close_date": one["closes"] or None,
    }
    summary = {
        "summary_description": one["description"],
        "is_forecast": forecast,
        "is_cost_sharing": False,
        "post_date": one["opened"] or None,
        "close_date": None,
        **dates,
        "close_date_description": one["note"] or None,
        "archive_date": None,
        "award_floor": one["floor"],
        "award_ceiling": one["ceiling"],
        "estimated_total_program_funding": one["funding"],
        "expected_number_of_awards": one["awards"],
        "funding_instruments": _words(INSTRUMENTS, one["instruments"]),
        "funding_categories": _words(CATEGORIES, one["categories"]),
        "applicant_types": _words(APPLICANTS, one["applicants"]),
        "applicant_eligibility_description": None,
        "agency_email_address": "grants@practice.example",
        "additional_info_url": None,
        "version_number": one["version"],
    }
    return {
        "opportunity_id": one["uuid"],
        "legacy_opportunity_id": int(one["id"]),
        "opportunity_number": one["number"],
        "opportunity_title": one["title"],
        "agency_code": one["agency"],
        "agency_name": one["agency_name"],
        "top_level_agency_name": one["agency_name"],
        "category": "discretionary",
        "opportunity_status": one["status"],
        "opportunity_assistance_listings": [
            {"assistance_listing_number": number, "program_title": ""} for number in one["listings"]
        ],
        "created_at": one["updated"],
        "updated_at": one["updated"],
        "summary": summary,
    }
