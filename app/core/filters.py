"""The filters of recipes, a closed list. Each works on plain values, never on attributes, and keeps within limits.

The first line of each docstring is what the recipe handbook says about it."""

from __future__ import annotations

import json as json_codec
import re
import unicodedata
from collections.abc import Callable
from datetime import date as calendar_date
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

TEXT_LIMIT = 2_500_000  # characters in any one text: a whole webhook, with every character escaped
LIST_LIMIT = 20_000  # entries in any one list
WORDS_LIMIT = 500  # entries that are looked for in one text
NUMBER_LIMIT = Decimal(10) ** 15


class FilterProblem(Exception):
    """A filter that cannot work on what it was given, said in a sentence."""


# --- reading arguments ------------------------------------------------------------------------------------------------


def plain_text(value: Any) -> str:
    """The text of any value as it appears in a document: nil is nothing, lists are joined with commas."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return _capped(", ".join(plain_text(v) for v in value))
    if isinstance(value, dict):
        return json_codec.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    return ""  # Liquid's own `empty` and `blank`


def truth(value: Any) -> bool:
    """The one rule for yes and no in a recipe: nil, false, 0, empty text, an empty list and an empty group are no."""
    if isinstance(value, str):
        return bool(value.strip())
    return isinstance(value, (bool, int, float, Decimal, list, tuple, dict)) and bool(value)


def _capped(text: str) -> str:
    if len(text) > TEXT_LIMIT:
        raise FilterProblem(f"makes a text of more than {TEXT_LIMIT:,} characters; shorten it with `truncate` first")
    return text


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, (list, tuple, range)):
        if len(value) > LIST_LIMIT:
            raise FilterProblem(f"works on lists of at most {LIST_LIMIT:,} entries")
        return list(value)
    raise FilterProblem("works on a list, and this is not one")


def _number(value: Any) -> Decimal:
    try:
        number = Decimal(str(value).strip() if not isinstance(value, bool) else "x")
    except InvalidOperation:
        raise FilterProblem(f"works on numbers, and “{plain_text(value)[:40]}” is not one") from None
    if not number.is_finite() or number.copy_abs() > NUMBER_LIMIT:
        raise FilterProblem("works on numbers up to a thousand million million")
    return number


def _whole(value: Any) -> int:
    return int(_number(value))


def _result(number: Decimal) -> int | float:
    checked = _number(number)
    return int(checked) if checked == checked.to_integral_value() else float(checked)


def _folded(value: Any) -> str:
    """Text made comparable: one space between words, no difference between capital and small letters."""
    return " ".join(unicodedata.normalize("NFKC", plain_text(value)).casefold().split())


def _sort_key(value: Any) -> tuple[int, Any]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return (0, value)
    return (2, "") if value is None else (1, _folded(value))


def _field(value: Any, name: Any) -> Any:
    if not isinstance(value, dict):
        raise FilterProblem(f"looks for `{plain_text(name)}` in entries that have no parts")
    return value.get(plain_text(name))


# --- yes and no -------------------------------------------------------------------------------------------------------


def contains_any(value: Any, words: Any) -> bool:
    """true if the text contains any entry of a list, or the list has an entry in common; capitals do not matter"""
    wanted = [w for w in map(_folded, _list(words)[:WORDS_LIMIT] if isinstance(words, list) else [words]) if w]
    if isinstance(value, list):
        return bool(set(map(_folded, value)) & set(wanted))
    text = _folded(value)
    return any(word in text for word in wanted)


def contains(value: Any, part: Any) -> bool:
    """true if the text contains the part, or the list has it as an entry; capitals do not matter"""
    return contains_any(value, [part])


def not_(value: Any) -> bool:
    """true for nil, false, 0, empty text and an empty list; false for all else"""
    return not truth(value)


def default(value: Any, other: Any) -> Any:
    """the value, or the other one if the value is nil or empty"""
    return value if truth(value) or value is False or (value == 0 and not isinstance(value, str)) else other


# --- lists ------------------------------------------------------------------------------------------------------------


def size(value: Any) -> int:
    """how many entries a list has, or how many characters a text"""
    if value is None:
        return 0
    return len(value) if isinstance(value, (str, list, tuple, dict, range)) else 0


def first(value: Any) -> Any:
    """the first entry of a list"""
    return next(iter(_list(value)), None)


def last(value: Any) -> Any:
    """the last entry of a list"""
    return next(iter(reversed(_list(value))), None)


def limit(value: Any, count: Any) -> list[Any]:
    """only the first so many entries of a list"""
    return _list(value)[: max(0, _whole(count))]


def join(value: Any, separator: Any = ", ") -> str:
    """one text out of a list, with the separator between the entries"""
    parts = [plain_text(v) for v in _list(value)]
    between = plain_text(separator)
    if sum(map(len, parts)) + len(between) * len(parts) > TEXT_LIMIT:
        raise FilterProblem(f"makes a text of more than {TEXT_LIMIT:,} characters")
    return between.join(parts)


def split(value: Any, separator: Any) -> list[str]:
    """a list out of a text, cut at the separator; empty parts are left out"""
    between = plain_text(separator)
    if not between:
        raise FilterProblem("needs a separator that is not empty")
    text = plain_text(value)
    if text.count(between) >= LIST_LIMIT:
        raise FilterProblem(f"makes a list of more than {LIST_LIMIT:,} entries")
    return [part for part in map(str.strip, text.split(between)) if part]


def map_(value: Any, name: Any) -> list[Any]:
    """a list of one part of each entry: `todos | map: "task"`"""
    return [_field(v, name) for v in _list(value)]


def where(value: Any, name: Any, wanted: Any = True) -> list[Any]:
    """the entries whose part has that value: `where: "owner", "Ana"`; without a value, those that have one"""
    return [v for v in _list(value) if _fits(v, name, wanted)]


def without(value: Any, name: Any, unwanted: Any = True) -> list[Any]:
    """the entries that `where` would leave out"""
    return [v for v in _list(value) if not _fits(v, name, unwanted)]


def _fits(entry: Any, name: Any, wanted: Any) -> bool:
    part = _field(entry, name)
    return truth(part) if wanted is True else bool(part == wanted)


def sort(value: Any, name: Any = None) -> list[Any]:
    """the list in order, or by one part of its entries; nil comes last"""
    return sorted(_list(value), key=lambda v: _sort_key(v if name is None else _field(v, name)))


def reverse(value: Any) -> list[Any]:
    """the list from the end to the beginning"""
    return _list(value)[::-1]


def uniq(value: Any) -> list[Any]:
    """the list with each entry only once"""
    kept: dict[str, Any] = {}
    for entry in _list(value):
        kept.setdefault(json_codec.dumps(entry, sort_keys=True, default=str), entry)
    return list(kept.values())


# --- text -------------------------------------------------------------------------------------------------------------


def upcase(value: Any) -> str:
    """in capital letters"""
    return plain_text(value).upper()


def downcase(value: Any) -> str:
    """in small letters"""
    return plain_text(value).lower()


def capitalize(value: Any) -> str:
    """with a capital first letter"""
    text = plain_text(value)
    return text[:1].upper() + text[1:]


def strip(value: Any) -> str:
    """without blanks at both ends"""
    return plain_text(value).strip()


def one_line(value: Any) -> str:
    """on one line, with single blanks between the words"""
    return " ".join(plain_text(value).split())


def truncate(value: Any, length: Any = 100, ending: Any = "…") -> str:
    """cut to so many characters, with an ending (…) if something was cut"""
    text, most, tail = plain_text(value), max(0, _whole(length)), plain_text(ending)
    return text if len(text) <= most else text[: max(0, most - len(tail))].rstrip() + tail[:most]


def append(value: Any, more: Any) -> str:
    """the text with more text after it"""
    return _capped(plain_text(value) + plain_text(more))


def prepend(value: Any, more: Any) -> str:
    """the text with more text before it"""
    return _capped(plain_text(more) + plain_text(value))


def replace(value: Any, old: Any, new: Any = "") -> str:
    """every place where the old text stands, replaced by the new one"""
    text, gone, come = plain_text(value), plain_text(old), plain_text(new)
    if not gone:
        raise FilterProblem("needs a text to look for that is not empty")
    if len(text) + text.count(gone) * (len(come) - len(gone)) > TEXT_LIMIT:
        raise FilterProblem(f"makes a text of more than {TEXT_LIMIT:,} characters")
    return text.replace(gone, come)


MARKS = re.compile(r"([\\`*_\[\]<>#|~$&]|(?<!\w)[-+=](?=[\s=-]|$)|:(?=//))")
NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")


def md(value: Any) -> str:
    """as plain text inside Markdown: on one line, and marks like # * [ < in it stay what they are"""
    return _capped(NUMBERED.sub(r"\1\\\2", MARKS.sub(r"\\\1", one_line(value))))


def quote_lines(value: Any) -> str:
    """as a Markdown quotation: plain text with `> ` before every line"""
    lines = [md(line) for line in plain_text(value).splitlines()] or [""]
    return _capped("\n".join(f"> {line}".rstrip() for line in lines))


LINKS = re.compile(r"\\.|\[(?![ xX]\](?:\s|$))|[<]", re.S)


def unlinked(value: Any) -> str:
    """Markdown from outside with its headings and lists; links, pictures and HTML in it are shown as plain text"""
    return _capped(LINKS.sub(lambda m: m[0] if m[0][0] == "\\" else "\\" + m[0], plain_text(value)))


def json(value: Any) -> str:
    """the value written as JSON"""
    return _capped(json_codec.dumps(value, ensure_ascii=False, default=plain_text))


# --- numbers and dates ------------------------------------------------------------------------------------------------


def plus(value: Any, other: Any) -> int | float:
    """the sum of two numbers"""
    return _result(_number(value) + _number(other))


def minus(value: Any, other: Any) -> int | float:
    """the first number less the second"""
    return _result(_number(value) - _number(other))


def times(value: Any, other: Any) -> int | float:
    """the product of two numbers"""
    return _result(_number(value) * _number(other))


def divided_by(value: Any, other: Any) -> int | float:
    """the first number divided by the second, exactly: 7 by 2 is 3.5"""
    if not _number(other):
        raise FilterProblem("cannot divide by zero")
    return _result(_number(value) / _number(other))


def round_(value: Any, digits: Any = 0) -> int | float:
    """the number rounded to so many digits after the point"""
    return _result(round(_number(value), max(0, min(9, _whole(digits)))))


DATE_WORDS = re.compile(r"%[aAbBdeHIjmMpSyYF%]|[^%]+")


def date(value: Any, pattern: Any = "%Y-%m-%d", zone: Any = None) -> str:
    """a date or time in another form: `event.start | date: "%d %B %Y, %H:%M", "Europe/Lisbon"`; nil stays empty"""
    if not truth(value):
        return ""
    wanted = plain_text(pattern)
    if "".join(DATE_WORDS.findall(wanted)) != wanted:
        raise FilterProblem("knows only %a %A %b %B %d %e %F %H %I %j %m %M %p %S %y %Y in its pattern")
    moment = _moment(plain_text(value))
    if zone and isinstance(moment, datetime) and moment.tzinfo:
        moment = moment.astimezone(_zone(plain_text(zone)))
    return DATE_WORDS.sub(lambda word: _date_word(moment, word[0]), wanted)


def _date_word(moment: datetime | calendar_date, word: str) -> str:
    if word == "%e":
        return str(moment.day)
    return moment.strftime("%Y-%m-%d") if word == "%F" else moment.strftime(word) if word[0] == "%" else word


def _moment(text: str) -> datetime | calendar_date:
    try:
        return calendar_date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise FilterProblem(f"needs a date like 2026-11-30 or 2026-11-30T09:00:00Z, not “{text[:40]}”") from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise FilterProblem(f"does not know the time zone “{name[:40]}”; write one like Europe/Lisbon") from None


def _table(*functions: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    return {f.__name__.rstrip("_"): f for f in functions}


FILTERS = _table(
    contains_any, contains, not_, default,
    size, first, last, limit, join, split, map_, where, without, sort, reverse, uniq,
    upcase, downcase, capitalize, strip, one_line, truncate, append, prepend, replace, md, quote_lines, unlinked, json,
    plus, minus, times, divided_by, round_, date,
)  # fmt: skip

KEEP_ENTRIES = {"limit", "where", "without", "sort", "reverse", "uniq", "default"}
"""Filters after which a list still has the same kind of entries."""

PICK_ENTRY = {"first", "last"}
"""Filters that give one of a list's entries."""
