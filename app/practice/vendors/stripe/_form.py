"""Stripe's forms: `lines[0][amount]=500&types[]=invoice.paid` as nested values. https://docs.stripe.com/api#intro"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from app.practice.vendors.stripe._refusals import invalid

Form = dict[str, Any]
_PART = re.compile(r"\[([^\[\]]*)\]")


def form(raw: bytes) -> Form:
    whole: Form = {}
    for name, value in parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True):
        head, parts = name.partition("[")[0], _PART.findall(name)
        _put(whole, [head, *parts], value)
    return {name: _lists(value) for name, value in whole.items()}


def _put(holder: Form, names: list[str], value: str) -> None:
    *outer, last = [name or str(len(holder.get(names[0], {}))) if n else name for n, name in enumerate(names)]
    for name in outer:
        holder = holder.setdefault(name, {})
        if not isinstance(holder, dict):
            invalid(f"Invalid {names[0]}: it is both a value and a hash.", param=names[0])
    holder[last] = value


def _lists(value: Any) -> Any:
    """What has only numbers for names is a list."""
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(one) for name, one in value.items()}
    if inner and all(name.isdecimal() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def only(given: Form, *names: str) -> None:
    for name in given:
        if name not in (*names, "expand"):
            invalid(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def whole(given: Form, name: str, otherwise: int | None = None) -> int:
    text = given.get(name)
    if text is None and otherwise is not None:
        return otherwise
    if not isinstance(text, str) or not re.fullmatch(r"-?\d{1,12}", text):
        invalid(f"Invalid integer: {text}", code="parameter_invalid_integer", param=name)
    return int(text)


def needed(given: Form, name: str) -> str:
    text = given.get(name)
    if not isinstance(text, str) or not text:
        invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
    return text


def metadata(given: Form, before: dict[str, str] | None = None) -> dict[str, str]:
    """https://docs.stripe.com/api/metadata : 50 names of 40 characters, values of 500."""
    said = given.get("metadata") or {}
    if not isinstance(said, dict):
        invalid("Invalid hash", param="metadata")
    for name, value in said.items():
        if len(name) > 40 or not isinstance(value, str) or len(value) > 500:
            invalid("Metadata names have at most 40 characters, values at most 500.", param="metadata")
    kept = {**(before or {}), **said}
    if len(kept) > 50:
        invalid("Metadata can have at most 50 keys.", param="metadata")
    return {name: value for name, value in kept.items() if value}
