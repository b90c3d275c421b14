"""The codes of Grants.gov with their names, and what Simpler.Grants.gov calls the same thing.

https://grants.gov/system-to-system/grantor-system-to-system/schemas/grants-funding-synopsis ; the second names are those of
HHS/simpler-grants-gov, api/src/constants/lookup_constants.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import Refused

# Code → (name for people, Simpler's word).
APPLICANTS = {
    "00": ("State governments", "state_governments"),
    "01": ("County governments", "county_governments"),
    "02": ("City or township governments", "city_or_township_governments"),
    "04": ("Special district governments", "special_district_governments"),
    "05": ("Independent school districts", "independent_school_districts"),
    "06": ("Public and state institutions of higher education", "public_and_state_institutions_of_higher_education"),
    "07": (
        "Federally recognized Native American tribal governments",
        "federally_recognized_native_american_tribal_governments",
    ),
    "08": ("Public and Indian housing authorities", "public_and_indian_housing_authorities"),
    "11": ("Other Native American tribal organizations", "other_native_american_tribal_organizations"),
    "12": ("Nonprofits with 501(c)(3) status", "nonprofits_non_higher_education_with_501c3"),
    "13": ("Nonprofits without 501(c)(3) status", "nonprofits_non_higher_education_without_501c3"),
    "20": ("Private institutions of higher education", "private_institutions_of_higher_education"),
    "21": ("Individuals", "individuals"),
    "22": (
        "For-profit organizations other than small businesses",
        "for_profit_organizations_other_than_small_businesses",
    ),
    "23": ("Small businesses", "small_businesses"),
    "25": ("Others (see the text)", "other"),
    "99": ("Unrestricted", "unrestricted"),
}
ALWAYS = ("25", "99")
"""What is open to everybody, or says in its text to whom, belongs into every search."""

CATEGORIES = {
    "RA": ("Recovery Act", "recovery_act"),
    "AG": ("Agriculture", "agriculture"),
    "AR": ("Arts", "arts"),
    "BC": ("Business and commerce", "business_and_commerce"),
    "CD": ("Community development", "community_development"),
    "CP": ("Consumer protection", "consumer_protection"),
    "DPR": ("Disaster prevention and relief", "disaster_prevention_and_relief"),
    "ED": ("Education", "education"),
    "ELT": ("Employment, labor and training", "employment_labor_and_training"),
    "EN": ("Energy", "energy"),
    "ENV": ("Environment", "environment"),
    "FN": ("Food and nutrition", "food_and_nutrition"),
    "HL": ("Health", "health"),
    "HO": ("Housing", "housing"),
    "HU": ("Humanities", "humanities"),
    "IIJ": ("Infrastructure Investment and Jobs Act", "infrastructure_investment_and_jobs_act"),
    "IS": ("Information and statistics", "information_and_statistics"),
    "ISS": ("Income security and social services", "income_security_and_social_services"),
    "LJL": ("Law, justice and legal services", "law_justice_and_legal_services"),
    "NR": ("Natural resources", "natural_resources"),
    "OZ": ("Opportunity zone benefits", "opportunity_zone_benefits"),
    "RD": ("Regional development", "regional_development"),
    "ST": ("Science, technology and other research", "science_technology_and_other_research_and_development"),
    "T": ("Transportation", "transportation"),
    "ACA": ("Affordable Care Act", "affordable_care_act"),
    "O": ("Other", "other"),
}
INSTRUMENTS = {
    "CA": ("Cooperative agreement", "cooperative_agreement"),
    "G": ("Grant", "grant"),
    "PC": ("Procurement contract", "procurement_contract"),
    "O": ("Other", "other"),
}
Table = Mapping[str, tuple[str, str]]


def named(table: Table, given: str, what: str) -> tuple[str, ...]:
    """The codes that a text with commas means, each a code or part of a name; () for "all" or nothing.

    Raises `Refused` for what is in no list, or fits several.
    """
    parts = [part.strip() for part in given.split(",") if part.strip()]
    if [part.lower() for part in parts] in ([], ["all"]):
        return ()
    return tuple(dict.fromkeys(_code(table, part, what) for part in parts))


def _code(table: Table, part: str, what: str) -> str:
    if part.upper() in table:
        return part.upper()
    exact = [code for code, (name, word) in table.items() if part.lower() in (name.lower(), word)]
    fits = exact or [code for code, (name, _) in table.items() if part.lower() in name.lower()]
    if len(fits) == 1:
        return fits[0]
    offered = "; ".join(f"{code} {table[code][0]}" for code in (fits or table))
    told = f"“{part[:60]}” may mean several" if fits else f"There is no {what} called “{part[:60]}”"
    raise Refused(f"{told}. Write one of these codes: {offered}.")


def code_of(table: Table, word: str) -> str:
    """The code of one of Simpler's words, or "" for one that is new."""
    return next((code for code, (_, theirs) in table.items() if theirs == word), "")
