"""Words for people and the log hold no secret, in whichever way it is written and even when a trace quotes it."""

from __future__ import annotations

import io
import json
import logging
from urllib.parse import quote

import pytest

from app.core import masks
from app.core.masks import HIDDEN, mask
from connectors.contract import Unavailable

SECRET = 'pa"ss/wörd+'


@pytest.mark.parametrize(
    "written", [SECRET, quote(SECRET, safe=""), json.dumps(SECRET)[1:-1], f"https://x.example/?key={SECRET}&a=1"]
)
def test_a_secret_is_dots_however_it_is_written(written: str) -> None:
    masks.know(SECRET)
    assert (
        mask(f"no: {written}.") == f"no: {written.replace(SECRET, HIDDEN)}." if SECRET in written else f"no: {HIDDEN}."
    )
    assert masks.mask_bytes(written.encode()).count(b"******") == 1


@pytest.mark.parametrize(
    "unknown",
    [
        "Bearer abcdefgh12345678",
        "basic dXNlcjpwYXNzd29yZA==",
        "sk_live_0123456789abcdef",
        "xoxb-1234567890-abcdefghij",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc_DEF",
    ],
)
def test_what_looks_like_a_token_is_dots_even_if_nobody_knows_it(unknown: str) -> None:
    assert mask(f"it said {unknown}, sorry") == f"it said {HIDDEN}, sorry"


def test_ordinary_words_stay() -> None:
    masks.know("", "short")
    words = "The bearer of this letter has a basic right to a short answer; see invoice sk-12 and task 1//2."
    assert mask(words) == words


def test_an_error_keeps_its_kind_and_what_else_it_says() -> None:
    masks.know(SECRET)
    problem = masks.masked(Unavailable(f"no {SECRET}", 7.0))
    assert (str(problem), problem.seconds) == (f"no {HIDDEN}", 7.0)


def test_traces_in_the_log_hold_no_secret() -> None:
    masks.guard_the_log()
    masks.guard_the_log()
    masks.know(SECRET)
    held = io.StringIO()
    log, handler = logging.getLogger("a test of masks"), logging.StreamHandler(held)
    log.addHandler(handler)
    try:
        raise ValueError(f"the key {SECRET} is odd")
    except ValueError:
        log.exception("with %s", SECRET)
    log.removeHandler(handler)
    said = held.getvalue()
    assert SECRET not in said
    assert f"with {HIDDEN}" in said
    assert f"ValueError: the key {HIDDEN} is odd" in said
