"""The form in which presses of buttons come."""

from __future__ import annotations

from urllib.parse import parse_qsl

from connectors.contract import Unreadable


def payload(raw: bytes) -> bytes:
    """The JSON in a form with the one field `payload`, in which presses of buttons come."""
    try:
        fields = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, strict_parsing=True)
    except ValueError as problem:
        raise Unreadable("This delivery is not the form that Slack documents.") from problem
    found = [value for name, value in fields if name == "payload"]
    if len(found) != 1:
        raise Unreadable("This delivery is a form, but not with one payload as Slack documents it.")
    return found[0].encode("utf-8", "backslashreplace")
