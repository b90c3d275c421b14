"""A transcript as lines with speakers: Zoom's own way of writing it, WebVTT's, and what is neither."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Refused
from connectors.zoom._transcript import lines


def one(text: str, times: str = "00:00:01.000 --> 00:00:02.500") -> dict[str, object]:
    (found,) = lines(f"WEBVTT\n\n1\n{times}\n{text}\n".encode())
    return found


def test_lines_have_speakers_and_seconds() -> None:
    said = b"WEBVTT\n\n1\n00:00:03.240 --> 00:00:05.670\nAna Silva: Good morning.\n\n2\n01:00:06.000 --> 01:00:09.500\nThank you.\n"
    assert lines(said) == [
        {"speaker": "Ana Silva", "text": "Good morning.", "start": 3.24, "end": 5.67},
        {"speaker": "", "text": "Thank you.", "start": 3606.0, "end": 3609.5},
    ]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_mark_in_front_are_no_matter(ends: str, mark: str) -> None:
    said = f"{mark}WEBVTT - made by Zoom\n\n00:01.000 --> 00:02.000 align:start\nAna: One,\ntwo.\n\nNOTE\nnot said\n\nSTYLE\n::cue {{}}\n"
    assert lines(said.replace("\n", ends).encode()) == [
        {"speaker": "Ana", "text": "One, two.", "start": 1.0, "end": 2.0}
    ]


@pytest.mark.parametrize(
    ("text", "speaker", "said"),
    [
        ("Zoë Müller-Lüdenscheidt: Grüße", "Zoë Müller-Lüdenscheidt", "Grüße"),
        ("Ana: at 10:30: yes", "Ana", "at 10:30: yes"),
        ("at 10:30", "", "at 10:30"),
        ("<v Ana Silva>Hello</v>", "Ana Silva", "Hello"),
        ("<v.loud Ana>Hello <b>there</b></v>", "Ana", "Hello there"),
        ("Ana: pens &amp; paper &lt;3", "Ana", "pens & paper <3"),
        ("Ana: 1 < 2 > 0", "Ana", "1 < 2 > 0"),
        (f"{'x' * 101}: no name", "", f"{'x' * 101}: no name"),
        ("Ana:", "", "Ana:"),
        ("a\x00b", "", "a�b"),
    ],
)
def test_who_says_what(text: str, speaker: str, said: str) -> None:
    found = one(text)
    assert (found["speaker"], found["text"]) == (speaker, said)


@pytest.mark.parametrize(
    "content", [b"", b"<!doctype html>", b"%PDF-1.7", b"WEBVTTX\n", b"1\n00:00:01.000 --> 00:00:02.000\nx", b"\xff\xfe"]
)
def test_what_is_no_transcript_is_refused(content: bytes) -> None:
    with pytest.raises(Refused, match="no transcript"):
        lines(content)


def test_a_transcript_in_which_nothing_is_said_is_empty() -> None:
    assert lines(b"WEBVTT") == lines(b"WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\n\n") == []
    assert lines(b"WEBVTT\n\n1\nsoon --> later\nAna: x\n\nAna: y") == []


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_whatever_comes_is_lines_and_never_an_error(content: bytes) -> None:
    for found in lines(b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + content):
        assert isinstance(found["text"], str)
        assert found["text"] != ""
        assert "\x00" not in found["text"]
