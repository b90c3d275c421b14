"""Quotes are found in their source by their words, and nothing of the source gets lost."""

from __future__ import annotations

import pytest

from app.web.marks import marked

SOURCE = "Ana will order paper. “Ben” will — by Wednesday — call.\nNothing else."


@pytest.mark.parametrize(
    ("quotes", "hits"),
    [
        (["Ana will order paper"], ["Ana will order paper"]),
        (["BEN will - by Wednesday"], ["Ben” will — by Wednesday"]),
        (["Ana will order", "will order paper"], ["Ana will order paper"]),
        (["call. Nothing"], ["call.\nNothing"]),
        (["Ana will orde"], []),
        (["", "…"], []),
    ],
)
def test_marked(quotes: list[str], hits: list[str]) -> None:
    pieces = marked(SOURCE, quotes)
    assert "".join(text for text, _ in pieces) == SOURCE
    assert [text for text, hit in pieces if hit] == hits
