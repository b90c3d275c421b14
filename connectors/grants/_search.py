"""A saved search, as a person describes it, and what both interfaces find."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from connectors.contract import JSON, Refused
from connectors.grants import _codes

_AGENCY = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")
_LISTING = re.compile(r"\d{2}\.\w{3}")


@dataclass(frozen=True)
class Search:
    """Codes as Grants.gov writes them; an empty part does not narrow the search."""

    words: str = ""
    applicant: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    agency: tuple[str, ...] = ()
    listing: tuple[str, ...] = ()

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Search:
        """Raises `Refused` with what to write instead."""
        applicant = _codes.named(_codes.APPLICANTS, given.get("applicant", ""), "kind of applicant")
        return cls(
            words=_words(given.get("words", "")),
            applicant=tuple(dict.fromkeys((*applicant, *_codes.ALWAYS))) if applicant else (),
            category=_codes.named(_codes.CATEGORIES, given.get("category", ""), "category"),
            agency=_agencies(given.get("agency", "")),
            listing=_listings(given.get("listing", "")),
        )

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    @property
    def says(self) -> str:
        """In words, for the Connections page."""
        asked = [code for code in self.applicant if code not in _codes.ALWAYS]
        who = ", ".join(_codes.APPLICANTS[code][0] for code in asked) or "All applicants"
        return f"“{self.words}” ({who})" if self.words else who


@dataclass(frozen=True)
class Hit:
    """One opportunity in a listing. `id` is the whole number of Grants.gov; days are ISO dates or "". `stamp` moves with
    changes that show neither in `closes` nor in `status`; it begins with the letter of its source. `whole`: all that is
    known, where the listing itself says it."""

    id: str
    number: str
    title: str
    agency: str
    status: str
    opened: str
    closes: str
    stamp: str
    whole: JSON = None


def _words(given: str) -> str:
    words = " ".join(given.split())
    if len(words) > 100:
        raise Refused("The words to look for are longer than 100 characters, more than Grants.gov takes. Shorten them.")
    return words


def _parts(given: str) -> list[str]:
    return list(dict.fromkeys(part.strip().upper() for part in given.split(",") if part.strip()))


def _agencies(given: str) -> tuple[str, ...]:
    codes = _parts(given)
    for code in codes:
        if not _AGENCY.fullmatch(code):
            raise Refused(f"“{code[:40]}” is no agency code. They look like HHS or HHS-ACF.")
    if len({"-" in code for code in codes}) > 1:
        raise Refused("Name either whole departments (HHS) or offices of them (HHS-ACF), not both in one search.")
    return tuple(codes)


def _listings(given: str) -> tuple[str, ...]:
    numbers = _parts(given)
    for number in numbers:
        if not _LISTING.fullmatch(number):
            raise Refused(f"“{number[:40]}” is no assistance listing number. They look like 16.726.")
    return tuple(numbers)
