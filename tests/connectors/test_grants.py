"""Grants.gov and Simpler.Grants.gov over real HTTP: connecting, searching, reading one, pickers, refusals in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.connections import asking
from connectors.contract import Refused, Unauthorized, Unavailable
from connectors.grants import _words, connector
from connectors.grants._search import Search
from tests.connectors.stand import Stand, reopened, standing

SAMPLES = Path(__file__).parent / "samples" / "grants"


@pytest.fixture
def grants() -> Iterator[Stand]:
    with standing("grants") as stand:
        yield stand


@pytest.fixture
def simpler(grants: Stand) -> Stand:
    return reopened(grants, key=grants.served.token)


def keep(stand: Stand, **given: Any) -> dict[str, Any]:
    """An agency posts or changes an opportunity."""
    return dict(stand.served.control("grants_keep", given))


def read(stand: Stand, name: str, **given: Any) -> Any:
    return asking(stand.opened, lambda: stand.action(name).run(stand.client, **given))


def sent(stand: Stand) -> dict[str, Any]:
    return dict(json.loads(stand.asked("POST")[-1]["body"]))


# --- connecting -------------------------------------------------------------------------------------------------------


def test_the_account_is_the_search_in_words(grants: Stand) -> None:
    assert grants.check().name == "All applicants"
    narrow = reopened(grants, words="youth  mentoring", applicant="small businesses, 12")
    assert narrow.check().name == "“youth mentoring” (Small businesses, Nonprofits with 501(c)(3) status)"
    assert narrow.check().id == grants.check().id, "a search may be changed later"


def test_a_key_is_sent_to_simpler_only(grants: Stand, simpler: Stand) -> None:
    grants.check()
    assert grants.asked()[-1]["path"] == "/v1/api/search2"
    simpler.check()
    assert grants.asked()[-1]["path"] == "/v1/opportunities/search"
    simpler.choices("agency")
    assert grants.asked()[-1]["path"] == "/v1/api/search2"


@pytest.mark.parametrize("known", [False, True])
def test_a_key_that_is_not_taken_says_where_to_make_one(grants: Stand, known: bool) -> None:
    """403 comes from the gateway, 401 from the service; a run waits for a person in both cases."""
    if known:
        grants.served.control("settings", {"revoked": ["grants"]})
    with pytest.raises(Unauthorized, match="Manage API keys"):
        reopened(grants, key=grants.served.token if known else "wrong").check()
    grants.served.control("settings", {"revoked": []})
    assert reopened(grants, key=grants.served.token).check().name == "All applicants"


# --- searching --------------------------------------------------------------------------------------------------------


def test_what_everybody_may_apply_for_is_part_of_every_search(grants: Stand, simpler: Stand) -> None:
    found = read(grants, "search", applicant="23")
    assert sent(grants)["eligibilities"] == "23|25|99"
    assert found["found"] == 2, "small firms, and others as the text says"
    assert read(simpler, "search", applicant="23") == found
    assert sent(simpler)["filters"]["applicant_type"] == {"one_of": ["small_businesses", "other", "unrestricted"]}


def test_several_values_are_joined_as_each_interface_wants_them(grants: Stand, simpler: Stand) -> None:
    narrow = {"words": "mentoring", "category": "LJL, education", "agency": "usdoj-ojp-ojjdp", "listing": "16.726"}
    (one,) = read(grants, "search", **narrow)["opportunities"]
    body = sent(grants)
    assert (body["fundingCategories"], body["agencies"], body["aln"]) == ("LJL|ED", "USDOJ-OJP-OJJDP", "16.726")
    assert (body["startRecordNum"], body["oppStatuses"]) == (0, "forecasted|posted")
    assert read(simpler, "search", **narrow)["opportunities"] == [one]
    assert sent(simpler)["filters"]["agency"] == {"one_of": ["USDOJ-OJP-OJJDP"]}


def test_a_whole_department_is_asked_for_as_such(grants: Stand, simpler: Stand) -> None:
    assert read(grants, "search", agency="USDOJ")["found"] == read(simpler, "search", agency="USDOJ")["found"] == 1
    assert sent(simpler)["filters"]["top_level_agency"] == {"one_of": ["USDOJ"]}


@pytest.mark.parametrize("spelling", ["seen", "documented"])
def test_both_spellings_are_read_and_titles_have_no_entities(grants: Stand, spelling: str) -> None:
    grants.note(spelling=spelling)
    (one,) = read(grants, "search", words="mentoring")["opportunities"]
    assert one["agency"] == "Office of Juvenile Justice Delinquency Prevention"
    assert one["title"] == "Mentoring for Opportunity Youth – Community Programs"


def test_no_deadline_is_not_an_expired_one(grants: Stand, simpler: Stand) -> None:
    for stand in (grants, simpler):
        (one,) = read(stand, "search", words="rural")["opportunities"]
        assert (one["closes"], one["status"]) == ("", "posted")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"applicant": "charities"}, "12 Nonprofits with"),
        ({"applicant": "nonprofits"}, "may mean several"),
        ({"category": "money"}, "no category called"),
        ({"agency": "Health Dept"}, "look like HHS"),
        ({"agency": "HHS, USDOJ-OJP"}, "not both"),
        ({"listing": "16"}, "look like 16.726"),
        ({"words": "x" * 101}, "Shorten"),
    ],
)
def test_what_grants_gov_has_no_code_for_is_refused(given: dict[str, str], says: str) -> None:
    with pytest.raises(Refused, match=says):
        Search.read(given)


def test_codes_of_eligibility_mean_what_the_schema_says() -> None:
    assert Search.read({"applicant": "Nonprofits with 501(c)(3) status"}).applicant == ("12", "25", "99")
    assert Search.read({"applicant": "individuals, State governments"}).applicant == ("21", "00", "25", "99")
    assert Search.read({"applicant": "all"}).applicant == ()


# --- one opportunity --------------------------------------------------------------------------------------------------


def test_both_interfaces_tell_the_same(grants: Stand, simpler: Stand) -> None:
    (which,) = [one["id"] for one in read(grants, "search", words="mentoring")["opportunities"]]
    ours = read(grants, "read_opportunity", opportunity=which)
    theirs = read(simpler, "read_opportunity", opportunity=f"https://www.grants.gov/search-results-detail/{which}")
    unlike = {"version", "source", "categories"}
    assert {name: ours[name] for name in ours if name not in unlike} == {
        name: theirs[name] for name in theirs if name not in unlike
    }
    assert ours["url"] == f"https://www.grants.gov/search-results-detail/{which}"
    assert (ours["award_floor"], ours["funding"], ours["cost_sharing"]) == (50000, 4000000, False)
    assert ours["closes_note"] == "Applications are due by 8:59 PM Eastern Time."
    assert ours["description"] == "Grants for mentoring of young people.\nTwo phases."


def test_amounts_that_are_not_named_are_not_nothing(grants: Stand) -> None:
    (which,) = [one["id"] for one in read(grants, "search", words="rural")["opportunities"]]
    one = read(grants, "read_opportunity", opportunity=which)
    assert (one["award_floor"], one["award_ceiling"], one["awards"]) == (None, None, None)
    assert [_words.amount(said) for said in ("none", "", None, "0", "4,000,000", "$5", 7)] == [
        None, None, None, 0, 4000000, 5, 7
    ]  # fmt: skip


def test_a_forecast_has_its_facts_elsewhere(grants: Stand, simpler: Stand) -> None:
    (which,) = [one["id"] for one in read(grants, "search", words="forecast")["opportunities"]]
    for stand in (grants, simpler):
        one = read(stand, "read_opportunity", opportunity=which)
        assert (one["status"], one["description"]) == ("forecasted", "Planned for next year.")
        assert one["closes"] > one["posted"]


def test_a_uuid_is_for_simpler_alone(grants: Stand, simpler: Stand) -> None:
    uuid = keep(grants, title="New")["uuid"]
    assert read(simpler, "read_opportunity", opportunity=uuid)["title"] == "New"
    with pytest.raises(Refused, match="number only"):
        read(grants, "read_opportunity", opportunity=uuid)


def test_one_that_is_gone_is_told(grants: Stand, simpler: Stand) -> None:
    for stand, says in ((grants, "No opportunity was found"), (simpler, "no such opportunity")):
        with pytest.raises(Refused, match=says):
            read(stand, "read_opportunity", opportunity="999999")
    with pytest.raises(Refused, match="address of its page"):
        read(grants, "read_opportunity", opportunity="https://evil.example/354102/../1")


@pytest.mark.parametrize(
    ("given", "day"),
    [
        ("09/09/2026", "2026-09-09"),
        ("Sep 09, 2026 12:00:00 AM EDT", "2026-09-09"),
        ("2026-09-09T00:00:00Z", "2026-09-09"),
        ("", ""),
        (None, ""),
        ("02/31/2026", ""),
        ("soon", ""),
    ],
)
def test_days_are_read_in_every_spelling(given: Any, day: str) -> None:
    assert _words.day(given) == day


def test_descriptions_are_without_tags_and_not_endless() -> None:
    assert _words.prose("<p>A<style>p{}</style> b</p><li>&amp; c</li><!-- no -->") == "A b\n& c"
    assert len(_words.prose("word " * 5000)) == 8000


def test_samples_have_the_shape_recipes_see() -> None:
    posted, changed = connector.triggers
    one = posted.shape((SAMPLES / "posted.json").read_bytes())
    two = changed.shape((SAMPLES / "deadline_moved.json").read_bytes())
    for seen in (one, two):
        assert {name for name in posted.fields if not name.endswith("[]")} == set(seen)
        assert (seen["id"], seen["listings"], seen["instruments"]) == ("354102", ["16.726"], ["Grant"])
    assert (one["award_ceiling"], one["award_floor"], one["funding"]) == (None, None, 4000000)
    assert one["title"].endswith("Youth – Category 2")
    assert one["description"].split("\n")[1:] == ["Category 1", "Category 2"]
    assert (two["closes_before"], two["closes"], two["changes"]) == ("2026-09-09", "2026-08-26", ["deadline"])
    assert two["applicant_codes"] == ["12", "25"], "what is new is left out and breaks nothing"


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_an_error_with_status_200_is_an_error(grants: Stand) -> None:
    said = {"errorcode": 13, "msg": "Invalid &quot;keyword&quot;", "token": "", "data": {}}
    grants.served.fault("grants", "status", status=200, body=said)
    with pytest.raises(Refused, match='“Invalid "keyword"”'):
        grants.check()


def test_maintenance_comes_as_a_page_with_status_200(grants: Stand) -> None:
    grants.note(maintenance=True)
    with pytest.raises(Unavailable, match="by itself"):
        grants.check()


@pytest.mark.parametrize("echo", [{"startRecordNum": 100}, {"keyword": "another"}, {"eligibilities": "12"}])
def test_an_answer_to_another_search_is_not_believed(grants: Stand, echo: dict[str, Any]) -> None:
    said = {"errorcode": 0, "data": {"searchParams": echo, "hitCount": 1, "oppHits": []}}
    grants.served.fault("grants", "status", status=200, body=said)
    with pytest.raises(Unavailable, match="another search"):
        grants.check()


def test_a_busy_simpler_asks_for_patience(simpler: Stand) -> None:
    simpler.served.fault("grants", "status", status=429, headers={"Retry-After": "3"}, body={"message": "Too Many"})
    with pytest.raises(Unavailable, match="slow down"):
        simpler.check()


def test_a_search_that_is_not_accepted_is_told_in_its_words(simpler: Stand) -> None:
    errors = [{"field": "query", "message": "Length must be between 1 and 100."}]
    simpler.served.fault("grants", "status", status=422, body={"message": "Validation error", "errors": errors})
    with pytest.raises(Refused, match="query: Length must be between 1 and 100"):
        simpler.check()


# --- pickers ----------------------------------------------------------------------------------------------------------


def test_pickers_are_filled(grants: Stand) -> None:
    assert [choice.id for choice in grants.choices("applicant", "small bus")] == ["22", "23"]
    assert [choice.id for choice in grants.choices("category", "arts")] == ["AR"]
    assert [choice.id for choice in grants.choices("agency", "juvenile")] == ["USDOJ-OJP-OJJDP"]
    (one,) = grants.choices("opportunity", "rural")
    assert one.label == "Rural Small Business Development (RDBCP-2026-02)"
    assert grants.resolve("opportunity", f"https://www.grants.gov/search-results-detail/{one.id}") == [one]
    assert len(grants.choices("opportunity")) == 3
