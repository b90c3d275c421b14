"""What connectors read of a delivery: one object, of which no two readers can make different things."""

from __future__ import annotations

import pytest

from connectors.contract import Unreadable, read_strictly


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": [1, 2.5, "\\u00fc", null, true]}', {"a": [1, 2.5, "ü", None, True]}),
        ('{"grün": "😀"}'.encode(), {"grün": "😀"}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        (b"{" + b'"a":{' * 63 + b"}" * 64, None),
    ],
)
def test_an_object_is_read(raw: bytes, value: object) -> None:
    assert read_strictly(raw, "Shelf") == value or value is None


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "not the JSON that Shelf documents"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[1]", "not an object as Shelf documents it"),
        (b'{"a": 1, "a": 2}', "a name occurs twice"),
        (b'{"in": {"a": 1, "\\u0061": 2}}', "a name occurs twice"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b'{"a": 1e999}', "a number is too large"),
        (b'{"a": "\\u0000"}', "characters that are no text"),
        (b'{"a": ["\\ud800"]}', "characters that are no text"),
        (b'{"\\udfff": 1}', "characters that are no text"),
        (b'{"a":' + b"[" * 65 + b"]" * 65 + b"}", "deeper than 64 levels"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    ],
)
def test_what_readers_disagree_about_is_refused_in_words(raw: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        read_strictly(raw, "Shelf")
