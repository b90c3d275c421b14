"""How the command speaks: lines for people or one JSON document, and sentences for what went wrong."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO

JSON = Any


class Failed(Exception):
    """It did not work: exit 1. The text says what to do; with --json `document` or `{"error": text}` is printed."""

    def __init__(self, message: str, document: JSON = None) -> None:
        super().__init__(message)
        self.document = document


class Misused(Exception):
    """The command was not typed as it should be: exit 2."""


class Out:
    """`say` is for people: stdout, or stderr with --json, where stdout carries the one document."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.stream: TextIO = sys.stderr if as_json else sys.stdout

    def say(self, text: str = "") -> None:
        print(text, file=self.stream, flush=True)

    def document(self, value: JSON) -> None:
        if self.as_json:
            print(json.dumps(plain(value), ensure_ascii=False), flush=True)

    def table(self, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], empty: str) -> None:
        """`columns`: heading → key of a row. Keys that end in `_at` are shown as local time."""
        if not rows:
            self.say(empty)
            return
        cells = [list(columns), *[[_cell(key, row.get(key)) for key in columns.values()] for row in rows]]
        widths = [max(len(line[n]) for line in cells) for n in range(len(columns))]
        for line in cells:
            self.say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(key: str, value: Any) -> str:
    if value is None or value == "":
        return "-"
    if key.endswith("_at") and isinstance(value, int):
        return when(value) if value else "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else text[:59] + "…"


def when(ms: int) -> str:
    """Local time of ms UTC."""
    return datetime.fromtimestamp(ms / 1000).strftime("%Y-%m-%d %H:%M:%S")


def since(text: str) -> int:
    """ms UTC of "30m", "2h", "3d" ago, or of a local date or time in ISO form."""
    if ago := re.fullmatch(r"(\d{1,6})([smhd])", text.strip()):
        return int((time.time() - int(ago[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[ago[2]]) * 1000)
    try:
        return int(datetime.fromisoformat(text.strip()).timestamp() * 1000)
    except ValueError:
        raise Misused(f"--since takes 30m, 2h, 3d or a date such as 2026-11-25, not {text!r}") from None


def pairs(given: Sequence[str] | None, option: str) -> dict[str, str]:
    """NAME=VALUE words as a dictionary."""
    found: dict[str, str] = {}
    for word in given or ():
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise Misused(f"{option} takes NAME=VALUE, not {word!r}")
        found[name] = value
    return found


def plain(value: Any) -> JSON:
    """Plain JSON of dataclasses, mappings, sequences and bytes."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
