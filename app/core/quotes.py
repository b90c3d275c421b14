"""Does a quote stand in its source? Tolerant of how a text is set (blanks, capitals, kinds of quotation marks and
dashes, Markdown marks, the ends of a sentence), never of words: none added, none left out, none cut in half."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

SAME = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛‹›′`´＇", "'"),
        **dict.fromkeys("‐‑‒–—―−﹘﹣－", "-"),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"),  # invisible: joiners, soft hyphens, marks
        **dict.fromkeys("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),  # and directions
        **dict.fromkeys("*_#\\~\"“”„‟«»″〝〞＂「」『』"),
    }
)  # fmt: skip
LINE_START = re.compile(r"^[\s>•◦▪·+-]*(\[[ xX]\]\s)?", re.M)
DASHES = re.compile(r"\s*-+\s*")
ENDS = " .,;:!?…\"'()[]-"
NUMBER = re.compile(r"\d[.,:]\d")  # one number, also where it is cut at its point
TRIES = 1_000  # places that are looked at; a text made to hold more proves nothing
LEAST = 4  # letters or digits


def plain(text: str) -> str:
    """The text as quotes are compared."""
    text = LINE_START.sub("", unicodedata.normalize("NFKC", text))
    return " ".join(DASHES.sub("-", text.translate(SAME)).casefold().split())


def stands_in(quote: str, source: str) -> bool:
    """Whether the words of the quote occur in the source in this order, whole, with nothing between them."""
    wanted, text = plain(quote).strip(ENDS), _plain_source(source)
    at = text.find(wanted) if wanted else -1
    for _ in range(TRIES):
        if at < 0:
            break
        if not _cut(text, at) and not _cut(text, at + len(wanted)):
            return True
        at = text.find(wanted, at + 1)
    return False


@lru_cache(maxsize=8)
def _plain_source(source: str) -> str:
    """Many quotes are looked up in one long source."""
    return plain(source)


def long_enough(quote: str) -> bool:
    """Whether there is enough of it to prove anything."""
    return sum(char.isalnum() for char in quote) >= LEAST


def _cut(text: str, at: int) -> bool:
    """Whether a word or number goes on over this point. Scripts that write without blanks (kind Lo) are not checked."""
    if not 0 < at < len(text):
        return False
    return (_joins(text[at - 1]) and _joins(text[at])) or bool(NUMBER.search(text[max(0, at - 2) : at + 2]))


def _joins(char: str) -> bool:
    return unicodedata.category(char) in ("Ll", "Lu", "Lt", "Nd", "Mn")
