"""A recipe's values as the fields of a collection want them.

https://developers.webflow.com/data/reference/field-types-item-values . Webflow knows fields by their slug and options by
their id; people know both by their names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache

from markdown_it import MarkdownIt

from connectors.contract import JSON, Refused

OURS = ("name", "slug")


def filled(schema: JSON, values: Mapping[str, JSON]) -> dict[str, JSON]:
    """Field slug → value as it is sent. `schema`: a collection with its `fields`. What is prepared already stays as it is.

    Raises `Refused` for names that the collection has not and values that do not fit.
    """
    made = {}
    for name, value in values.items():
        field = _field(schema, name)
        if value is not None and value != "":
            made[str(field["slug"])] = _fit(field, value)
    return dict(sorted(made.items()))


def missing(schema: JSON, made: Mapping[str, JSON]) -> list[str]:
    """The names of fields that must be there and are not."""
    needed = [field for field in schema.get("fields") or [] if field.get("isRequired") and field["slug"] not in OURS]
    return [str(field.get("displayName") or field["slug"]) for field in needed if field["slug"] not in made]


def _field(schema: JSON, name: str) -> JSON:
    """By its slug, else by its name."""
    fields = [field for field in schema.get("fields") or [] if field["slug"] not in OURS]
    for field in fields:
        if field["slug"] == name:
            return field
    for field in fields:
        if str(field.get("displayName")).strip().casefold() == name.strip().casefold():
            return field
    known = ", ".join(f"“{field.get('displayName') or field['slug']}”" for field in fields)
    raise Refused(
        f"The collection “{schema.get('displayName')}” has no field “{name[:60]}”. It has {known or 'none of its own'}."
    )


def _fit(field: JSON, value: JSON) -> JSON:
    return _KINDS.get(str(field.get("type")), _as_it_is)(field, value)


def _as_it_is(field: JSON, value: JSON) -> JSON:
    return value


def _text(field: JSON, value: JSON) -> str:
    return value if isinstance(value, str) else str(value)


@cache  # at the reader's own limit of 20 levels (a list takes two for each) words would be lost
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "xhtmlOut": True, "maxNesting": 100}).enable(
        ["table", "strikethrough"]
    )


def _rich(field: JSON, value: JSON) -> JSON:
    """Markdown becomes HTML; HTML in it is shown and not run."""
    return {"markdown": value} if isinstance(value, str) else value


def _number(field: JSON, value: JSON) -> float | int:
    try:
        number = float(value)
    except (TypeError, ValueError) as problem:
        raise _unfit(field, value, "a number") from problem
    if isinstance(value, bool) or not math.isfinite(number):
        raise _unfit(field, value, "a number")
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _switch(field: JSON, value: JSON) -> bool:
    known = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    if str(value).strip().lower() not in known:
        raise _unfit(field, value, "yes or no")
    return known[str(value).strip().lower()]


def _moment(field: JSON, value: JSON) -> str:
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError as problem:
        raise _unfit(field, value, "a date such as 2026-11-30") from problem
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _option(field: JSON, value: JSON) -> str:
    """Its id; recipes may say the name."""
    options = (field.get("validations") or {}).get("options") or []
    for option in options:
        if value == option.get("id") or str(value).strip().casefold() == str(option.get("name")).strip().casefold():
            return str(option["id"])
    raise _unfit(field, value, "one of " + ", ".join(f"“{option.get('name')}”" for option in options))


def _picture(field: JSON, value: JSON) -> JSON:
    """Webflow fetches it from its address."""
    made = value if isinstance(value, dict) else {"url": str(value).strip()}
    if not str(made.get("url") or "").startswith("https://") and not made.get("fileId"):
        raise _unfit(field, value, "the address of a picture that begins with https://")
    return made


def _several(fit: Callable[[JSON, JSON], JSON]) -> Callable[[JSON, JSON], JSON]:
    return lambda field, value: [fit(field, one) for one in (value if isinstance(value, list) else [value])]


def _unfit(field: JSON, value: JSON, wanted: str) -> Refused:
    return Refused(
        f"“{str(value)[:60]}” does not fit the field “{field.get('displayName') or field['slug']}”: give {wanted}."
    )


_KINDS: dict[str, Callable[[JSON, JSON], JSON]] = {
    "PlainText": _text,
    "Email": _text,
    "Phone": _text,
    "Link": _text,
    "VideoLink": _text,
    "Color": _text,
    "Reference": _text,
    "MultiReference": _several(_text),
    "RichText": _rich,
    "Number": _number,
    "Switch": _switch,
    "DateTime": _moment,
    "Option": _option,
    "Image": _picture,
    "File": _picture,
    "MultiImage": _several(_picture),
}


def sent(made: Mapping[str, JSON]) -> dict[str, JSON]:
    """As it goes over the wire: rich text is written as HTML only here, so that preparing twice changes nothing."""
    return {slug: _html(value) for slug, value in made.items()}


def _html(value: JSON) -> JSON:
    return _reader().render(value["markdown"]) if isinstance(value, dict) and set(value) == {"markdown"} else value


def alike(stored: JSON, wanted: JSON) -> bool:
    """Whether a stored value is the one that we sent. Of pictures Webflow keeps a copy under an address of its own, times
    come back in UTC, rich text with other white space."""
    if isinstance(wanted, dict):
        return isinstance(stored, dict) and bool(stored.get("fileId") or stored.get("url"))
    if isinstance(wanted, list):
        same_length = isinstance(stored, list) and len(stored) == len(wanted)
        return same_length and all(alike(a, b) for a, b in zip(stored, wanted, strict=True))
    if isinstance(wanted, str) and isinstance(stored, str):
        return "".join(stored.split()) == "".join(wanted.split()) or _same_moment(stored, wanted)
    return bool(stored == wanted)


def _same_moment(stored: str, wanted: str) -> bool:
    try:
        return datetime.fromisoformat(stored) == datetime.fromisoformat(wanted)
    except (ValueError, TypeError):
        return False
