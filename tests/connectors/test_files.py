"""Files that are dropped: what they are by content, names without tricks, and tables as people write them."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import JSON, Label
from connectors.files import connector, content, dropped, table

SAMPLES = Path(__file__).parent / "samples" / "files"


def seen(name: str, data: bytes) -> dict[str, JSON]:
    return dropped.shape(dropped.event("p", "Receipts", name, data, "Ana", 0).body)


def zipped(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, "x" * 100)
    return made.getvalue()


def bomb() -> bytes:
    """100 MB of zeros, that take 100 KB."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file, file.open("zeros", "w", force_zip64=True) as out:
        for _ in range(100):
            out.write(bytes(1024 * 1024))
    return made.getvalue()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("receipt.pdf", "receipt.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("C:\\Users\\ana\\a b.txt", "a b.txt"),
        ("/", "file"),
        ("..", "file"),
        ("", "file"),
        ("a\x00b\r\nSet-Cookie: x.txt", "abSet-Cookie: x.txt"),
        ("\u202efdp.exe", "fdp.exe"),
        ("\ud800.txt", ".txt"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("Umsätze 2026.csv", "Umsätze 2026.csv"),
    ],
)
def test_names_lose_their_tricks(given: str, name: str) -> None:
    assert dropped.name_of(given) == name


@given(st.text(max_size=400))
def test_a_name_is_always_one_plain_name(given: str) -> None:
    name = dropped.name_of(given)
    assert 0 < len(name) <= 200
    assert not set(name) & set("/\\\0\r\n")
    assert name not in (".", "..")
    name.encode()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\0", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x18ftypheic\0", "image/heic"),
        (b"MZ\x90\x00\x03", "application/x-msdownload"),
        (b"BMW, Audi and others", "text/plain"),
        (b"ID3 is a tag", "text/plain"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "text/html"),
        (b"<?xml version='1.0'?><a/>", "application/xml"),
        (b"<svg onload='alert(1)'/>", "image/svg+xml"),
        (b'{"a": 1}', "application/json"),
        (b"[" * 100_000, "text/plain"),
        (b"{not json", "text/plain"),
        (b"\x00\x01\x02", "application/octet-stream"),
        ("Grüße".encode("utf-16"), "text/plain"),
        (zipped("a.txt"), "application/zip"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), f"{content._OFFICE}.spreadsheetml.sheet"),
        (zipped("[Content_Types].xml", "word/document.xml"), f"{content._OFFICE}.wordprocessingml.document"),
    ],
)
def test_kinds_by_content(data: bytes, kind: str) -> None:
    assert seen("lies.exe.png", data)["type"] == kind


def test_an_archive_is_never_unpacked() -> None:
    found = seen("bomb.zip", bomb())
    assert (found["type"], found["text"], found["rows"]) == ("application/zip", "", [])


@pytest.mark.parametrize(
    "data",
    [
        "Datum;Betrag\r\n1.11.;12,50 €\r\n".encode("cp1252"),
        "Datum;Betrag\n1.11.;12,50 €\n".encode("utf-8-sig"),
        "Datum\tBetrag\n1.11.\t12,50 €\n".encode("utf-16"),
        'Datum,Betrag\n1.11.,"12,50 €"\n'.encode(),
        "sep=|\nDatum|Betrag\n1.11.|12,50 €".encode(),
        "\n\n;;\nDatum ; Betrag\r1.11.;12,50 €\r\r".encode(),
    ],
    ids=["windows", "mark", "utf-16", "quoted", "sep", "empty rows"],
)
def test_tables_as_people_write_them(data: bytes) -> None:
    found = seen("statement.csv", data)
    assert (found["type"], found["columns"]) == ("text/csv", ["Datum", "Betrag"])
    assert found["rows"] == [{"Datum": "1.11.", "Betrag": "12,50 €"}]
    assert found["is_complete"]


def test_columns_without_a_name_twice_the_same_and_rows_of_other_lengths() -> None:
    found = seen("t.csv", b"Name,,Name\n1,2,3\n4\n5,6,7,8\n")
    assert found["columns"] == ["Name", "column_2", "Name_2"]
    assert found["rows"] == [
        {"Name": "1", "column_2": "2", "Name_2": "3"},
        {"Name": "4", "column_2": "", "Name_2": ""},
        {"Name": "5", "column_2": "6", "Name_2": "7", "column_4": "8"},
    ]


def test_a_formula_is_text() -> None:
    found = seen("t.csv", b'a,b\n=HYPERLINK("x"),+1\n@SUM(A1),-2\n')
    assert found["rows"] == [{"a": '=HYPERLINK("x")', "b": "+1"}, {"a": "@SUM(A1)", "b": "-2"}]


def test_prose_is_no_table() -> None:
    found = seen("letter.txt", b"Dear Ana,\nthank you, really, for the chairs.\nYours, Ben")
    assert (found["type"], found["rows"], found["is_text"]) == ("text/plain", [], True)
    assert found["text"].startswith("Dear Ana,")


def test_one_column_is_a_table_only_by_its_name() -> None:
    assert seen("names.csv", b"Name\nAna\nBen\n")["rows"] == [{"Name": "Ana"}, {"Name": "Ben"}]
    assert seen("names.txt", b"Name\nAna\nBen\n")["rows"] == []


def test_what_is_too_much_is_cut_off_and_said() -> None:
    many = seen("t.csv", b"a,b\n" + b"1,2\n" * 2000)
    assert (len(many["rows"]), many["is_complete"]) == (table.ROWS, False)
    wide = seen("t.csv", b"a,b\n" + b"," * 5000 + b"x\n")
    assert (wide["rows"], wide["is_complete"]) == ([], False)
    long = seen("t.txt", b"x" * 300_000)
    assert (len(long["text"]), long["is_complete"]) == (content.LONGEST, False)
    heavy = seen("t.csv", b"a,b\n" + (b"x" * 4000 + b",y\n") * 200)
    assert sum(len(cell) for row in heavy["rows"] for cell in row.values()) <= table.CHARACTERS
    assert not heavy["is_complete"]


@pytest.mark.parametrize("data", [b'a,b\n"never closed,1\n' + b"x" * 200_000, b"\n\n\n", b"\xff\xfe", b"a"])
def test_broken_tables_are_no_error(data: bytes) -> None:
    assert seen("t.csv", data)["size"] == len(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_read(data: bytes) -> None:
    found = seen("t.csv", data)
    assert set(found) == {path.split("[")[0] for path in dropped.FIELDS}
    json.dumps(found).encode()


def test_the_same_content_is_the_same_event() -> None:
    one, other = (dropped.event("p", "R", name, b"x", who, at) for name, who, at in (("a", "Ana", 1), ("b", "Ben", 2)))
    assert one.dedupe_key == other.dedupe_key
    assert dropped.event("p", "R", "a", b"y", "Ana", 1).dedupe_key != one.dedupe_key
    assert dropped.event("p", "R", "a", b"x", "Ana", 1, since="e1").dedupe_key != one.dedupe_key


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_everything_that_is_in_a_file_is_from_outside(sample: Path) -> None:
    fields = connector.triggers[0].fields
    found = connector.triggers[0].shape(sample.read_bytes())
    assert {path.split("[")[0] for path in fields} == set(found)
    assert {fields[name] for name in ("name", "text", "columns[]", "rows[].*")} == {Label.OUTSIDE}
