"""Where each character of a YAML text stands in its file, through quotes, escapes, folding and block indentation."""

from __future__ import annotations

import re

ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\n[ \t]*|.)", re.S)
NAMED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v",
         "_": "\xa0", "N": "\x85", "L": "\u2028", "P": "\u2029"}  # fmt: skip
BLANK = " \t\n"


def places(raw: str, style: str, value: str) -> list[int]:
    """For every character of `value`, its offset in `raw`; empty when the two do not match."""
    written = _written(raw, style)
    found: list[int] = []
    at = 0
    for char in value:
        while at < len(written) and not _same(written[at][0], char):
            if written[at][0] not in BLANK and not (style == "'" and written[at][0] == "'"):
                return []
            at += 1
        if at == len(written):
            return found if char in BLANK and found else []
        found.append(written[at][1])
        at += 1
    return found


def _same(written: str, meant: str) -> bool:
    """A line break that was folded stands for the space it became."""
    return written == meant or (written == "\n" and meant == " ")


def _written(raw: str, style: str) -> list[tuple[str, int]]:
    """The characters between the quotes or after the block's first line, each with its offset; escapes are undone."""
    if style in ("|", ">"):
        first = raw.find("\n") + 1
        return [(char, first + i) for i, char in enumerate(raw[first:])]
    if style == "'":
        return [(char, 1 + i) for i, char in enumerate(raw[1:-1])]
    if style == '"':
        return _unescaped(raw)
    return [(char, i) for i, char in enumerate(raw)]


def _unescaped(raw: str) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    at, end = 1, len(raw) - 1
    while at < end:
        match = ESCAPE.match(raw, at)
        if match is None:
            found.append((raw[at], at))
            at += 1
            continue
        code = match[1]
        if code[0] in "xuU":
            found.append((chr(int(code[1:], 16)), at))
        elif code[0] != "\n":
            found.append((NAMED.get(code, code), at))
        at = match.end()
    return found
