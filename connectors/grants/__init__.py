"""Grants.gov and Simpler.Grants.gov: US federal funding opportunities that match a saved search.

https://grants.gov/api and https://simpler.grants.gov/developer
"""

from __future__ import annotations

import json

from connectors.contract import Action, ApiKey, Connector, Field, Lookup, Poll, Trigger
from connectors.grants import _reads
from connectors.grants._catch_up import CHANGED, FIELDS, POSTED, opportunities, shape
from connectors.grants._client import check, open_search

_GUIDE = (
    "Try the search at grants.gov under Search Grants until it finds what you want, and write down the words you used.",
    "Enter them here, and who would apply: names or codes with commas, such as small businesses, or all.",
    "That is enough: Grants.gov needs no account. Every saved search is a connection of its own.",
    "If you have a key of Simpler.Grants.gov (sign in at simpler.grants.gov/developer with Login.gov, open Manage API keys, "
    "and make one), enter it too: then its newer interface is asked.",
)


def explain(status: int, body: bytes) -> str | None:
    """A sentence for the statuses that a person can do something about, else None."""
    if status in (400, 422):
        return f"The search was not accepted{_said(body)}. Change it on the Connections page."
    if status == 404:
        return "There is no such opportunity any more. Look for it on grants.gov."
    return None


def _said(body: bytes) -> str:
    try:
        said = json.loads(body)
        errors = [f"{one.get('field')}: {one.get('message')}" for one in said.get("errors") or []]
        text = "; ".join(errors) or str(said.get("message") or "")
    except (ValueError, AttributeError):
        return ""
    return f" (“{text[:200]}”)" if text else ""


connector = Connector(
    slug="grants",
    title="Grants.gov",
    says="Starts recipes when a US federal funding opportunity that matches your search is posted or changed.",
    hosts={"api": "https://api.grants.gov", "simpler": "https://api.simpler.grants.gov"},
    auth=ApiKey(
        fields=(
            Field("words", "Words to look for", "Such as youth mentoring.", secret=False, optional=True),
            Field(
                "applicant", "Who would apply", "Such as small businesses, or 12, 13; all for everybody.", secret=False
            ),
            Field("category", "Categories", "Such as Education, or ED, HL.", secret=False, optional=True),
            Field("agency", "Agencies", "Codes, such as HHS or HHS-ACF.", secret=False, optional=True),
            Field("listing", "Assistance listings", "Numbers, such as 16.726.", secret=False, optional=True),
            Field("key", "Key of Simpler.Grants.gov", "25 characters. Not needed for Grants.gov.", optional=True),
        ),
        guide=_GUIDE,
    ),
    open=open_search,
    check=check,
    explain=explain,
    triggers=(
        Trigger(POSTED, "A new opportunity matches the search", shape, FIELDS),
        Trigger(CHANGED, "An opportunity has a new deadline, status or text", shape, FIELDS),
    ),
    polls=(Poll((POSTED, CHANGED), opportunities, every=3600.0),),
    actions={
        "search": Action(run=_reads.search, label="Look for opportunities", says="looks for {words}"),
        "read_opportunity": Action(
            run=_reads.read_opportunity, label="Read an opportunity", says="reads the opportunity {opportunity}"
        ),
    },
    lookups={
        "opportunity": Lookup(run=_reads.opportunities, resolve=_reads.resolve, label="Funding opportunity"),
        "agency": Lookup(run=_reads.agencies, label="Federal agency"),
        "applicant": Lookup(run=_reads.applicants, label="Kind of applicant"),
        "category": Lookup(run=_reads.categories, label="Category of funding"),
    },
    rate=2.0,
    burst=2,
    limits="Grants.gov publishes none, so Patchbay asks twice a second at most and looks once a day; Simpler.Grants.gov "
    "allows 10 calls a second and 250,000 a month: https://simpler.grants.gov/developer",
    lacks={"webhooks": "Grants.gov sends nothing by itself; every search is run once a day."},
    practice={"applicant": "all"},
)
