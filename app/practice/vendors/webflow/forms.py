"""The practice site's forms and what people answered. https://developers.webflow.com/data/reference/forms"""

from __future__ import annotations

from app.practice.vendors.webflow.studio import FORMS, JSON, Studio, now, page, refuse


def listed(studio: Studio) -> JSON:
    if studio.note("unpublished"):
        refuse(409, "forms_require_republish", "To access this feature, the site needs to be republished.")
    return page("forms", list(FORMS.values()))


def submissions(studio: Studio, form: str) -> JSON:
    """Newest first, or as a test wants it."""
    found = [one for one in studio.all("submission") if one["formId"] == form]
    found.sort(key=lambda one: str(one["dateSubmitted"]), reverse=studio.note("order") != "oldest")
    return page("formSubmissions", [_shown(one) for one in found])


def _shown(one: JSON) -> JSON:
    form = FORMS[one["formId"]]
    return {"id": one["id"], "displayName": form["displayName"], "siteId": form["siteId"], "dateSubmitted": one["dateSubmitted"],
            "formResponse": one["formResponse"]}  # fmt: skip


def by_hand(studio: Studio, body: dict[str, JSON]) -> JSON:
    """Somebody fills a form in. `other_id`: deliveries have an id of their own."""
    form, when = body.get("formId", "65f1aa"), body.get("dateSubmitted") or now()
    answers = body.get("formResponse") or {"First Name": "Ann", "email": "ann@example.com", "Message": "Hello"}
    one = {"id": studio.new_id(), "formId": form, "dateSubmitted": when, "formResponse": answers}
    with studio.ground.ledger.write():
        studio.keep("submission", one)
        own = studio.new_id() if body.get("other_id") else one["id"]
        payload = {"name": FORMS[form]["displayName"], "siteId": "65f0aa", "formId": form, "formElementId": "9c1d"}
        studio.happened("form_submission", {**payload, "id": own, "submittedAt": when, "data": answers, "schema": []})
    return one
