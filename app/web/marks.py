"""Quotes marked in their source: the text cut into pieces, each with whether a quote covers it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"\w+")


def marked(source: str, quotes: Iterable[str]) -> list[tuple[str, bool]]:
    """Pieces that make up `source` again. A quote is found by its words, whatever stands between them."""
    words = [(_plain(m[0]), m.start(), m.end()) for m in _WORD.finditer(source)]
    covered = sorted(span for quote in quotes if (span := _find(words, quote)))
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in _merged(covered):
        pieces += [(source[at:start], False), (source[start:end], True)]
        at = end
    return [piece for piece in [*pieces, (source[at:], False)] if piece[0]]


def _find(words: list[tuple[str, int, int]], quote: str) -> tuple[int, int] | None:
    wanted = [_plain(m[0]) for m in _WORD.finditer(quote)]
    if not wanted:
        return None
    for i in range(len(words) - len(wanted) + 1):
        if words[i][0] == wanted[0] and [w[0] for w in words[i : i + len(wanted)]] == wanted:
            return words[i][1], words[i + len(wanted) - 1][2]
    return None


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()
