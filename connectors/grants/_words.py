"""Dates, amounts and texts of both interfaces, made plain."""

from __future__ import annotations

import html
import re
from datetime import date

from connectors.contract import JSON

LONGEST = 8000  # characters of a description
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_NAMED = re.compile(r"(" + "|".join(_MONTHS) + r")[a-z]* (\d{1,2}), (\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_ENDS = re.compile(r"</(?:p|h[1-6]|li|div|tr|table)>|<br\s*/?>", re.IGNORECASE)
_DROPPED = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)


def day(value: JSON) -> str:
    """An ISO date from "09/09/2026", "Sep 09, 2026 12:00:00 AM EDT" or "2026-09-09…"; "" for everything else.

    The hour is dropped: a deadline is the end of that day in US Eastern time, unless the agency's own words name an hour.
    """
    text = str(value or "").strip()
    try:
        if found := _US.match(text):
            return date(int(found[3]), int(found[1]), int(found[2])).isoformat()
        if found := _NAMED.match(text):
            return date(int(found[3]), _MONTHS.index(found[1]) + 1, int(found[2])).isoformat()
        if found := _ISO.match(text):
            return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return ""
    return ""


def amount(value: JSON) -> int | None:
    """Whole dollars, or None where none is named: "none" and "" are not 0."""
    text = str(value if value is not None else "").replace(",", "").replace("$", "").strip()
    return int(float(text)) if re.fullmatch(r"\d+(\.\d+)?", text) else None


def line(value: JSON) -> str:
    """Titles and names, which come with HTML entities, some of them escaped twice."""
    return " ".join(html.unescape(html.unescape(str(value or ""))).split())


def prose(value: JSON) -> str:
    """Without tags, a line for each paragraph, at most 8,000 characters."""
    plain = html.unescape(re.sub("<[^>]*>", " ", _ENDS.sub("\n", _DROPPED.sub("", str(value or "")))))
    lines = (" ".join(one.split()) for one in plain.split("\n"))
    return "\n".join(one for one in lines if one)[:LONGEST]


def yes(value: JSON) -> bool | None:
    """ "Yes" and true; None where it is not said."""
    if isinstance(value, bool):
        return value
    return {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}.get(str(value).lower())
