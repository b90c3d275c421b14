"""What a file is, by its first bytes and not by what anybody says; and its text, where it is one. Nothing is ever unpacked."""

from __future__ import annotations

import codecs
import json
import re

LONGEST = 200_000  # characters of text that an event holds
_BINARY = "application/octet-stream"
_STARTS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),  # Office before 2007, and Outlook's messages
    (b"{\\rtf", "application/rtf"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
)
_OFFICE = "application/vnd.openxmlformats-officedocument"
_IN_ZIP = (  # names that stand readable in a ZIP file: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
    (b"xl/workbook.xml", f"{_OFFICE}.spreadsheetml.sheet"),
    (b"word/document.xml", f"{_OFFICE}.wordprocessingml.document"),
    (b"ppt/presentation.xml", f"{_OFFICE}.presentationml.presentation"),
)
_BRANDS = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif", b"avif": "image/avif"}
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def kind(data: bytes) -> str:
    """The media type (RFC 6838) by content. Text is "text/plain", or what its first words say it is."""
    return _binary(data) or _of_text(text(data))


def _binary(data: bytes) -> str:
    """ "" where it may be text."""
    for start, name in _STARTS:
        if data.startswith(start) and not (start.isalnum() and text(data) is not None):
            return name
    if data[:4] == b"PK\x03\x04":
        return _zip(data)
    if data[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(data[8:12], _BINARY)
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "video/mp4")
    return ""


def _zip(data: bytes) -> str:
    opened = re.match(rb"PK\x03\x04.{26}mimetype(application/[a-z0-9.+-]{1,80}?)(?=PK)", data, re.DOTALL)
    if opened:  # OpenDocument and EPUB say it in the clear
        return opened[1].decode()
    return next((name for mark, name in _IN_ZIP if mark in data), "application/zip")


def _of_text(found: str | None) -> str:
    if found is None:
        return _BINARY
    start = found[:1000].lstrip().lower()
    if start.startswith(("<!doctype html", "<html")):
        return "text/html"
    if start.startswith("<?xml"):
        return "image/svg+xml" if "<svg" in start else "application/xml"
    if start.startswith("<svg"):
        return "image/svg+xml"
    return "application/json" if start[:1] in ("{", "[") and _is_json(found) else "text/plain"


def _is_json(found: str) -> bool:
    try:
        json.loads(found)
    except (ValueError, RecursionError):
        return False
    return True


def text(data: bytes) -> str | None:
    """The text with plain line ends, or None. Read as what its mark says, else as UTF-8, else as Windows-1252, which old
    programs for offices write."""
    found = _decoded(data)
    if found is None or len(_CONTROL.findall(found[:LONGEST])) > 0:
        return None
    return found.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data: bytes) -> str | None:
    marks = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
    names = [name for mark, name in marks if data.startswith(mark)] or ["utf-8", "cp1252"]
    for name in names:
        try:
            found = data.decode(name)
        except UnicodeDecodeError:
            continue
        if not any("\ud800" <= c <= "\udfff" for c in found[:LONGEST]):
            return found
    return None
