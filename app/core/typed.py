"""What a person typed about an account: only what is asked for, what must be there is there, and no secret comes back."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import ApiKey, Connector, Field

HIDDEN = "••••••"  # what a saved secret looks like in a form; coming back, it keeps the stored value


def fields(connector: Connector, given: Mapping[str, str], stored: Mapping[str, str], has_hook: bool) -> dict[str, str]:
    """Named fields only; a hidden value keeps the stored one; what must be there is there, else ValueError with what to do."""
    auth: ApiKey = connector.auth
    unknown = set(given) - {f.name for f in auth.fields}
    if unknown:
        names = ", ".join(f.name for f in auth.fields)
        raise ValueError(f"{connector.title} has no field {', '.join(sorted(unknown))}. Its fields are: {names}")
    values = {}
    for field in auth.fields:
        value = given.get(field.name, "").strip()
        value = stored.get(field.name, "") if value == HIDDEN or (field.name not in given) else value
        if field.choices:
            value = value or next(iter(field.choices))
            _among(field, value)
        if any(ord(c) < 32 or ord(c) == 127 for c in value):
            raise ValueError(f"{field.label} holds a line break or control character. Copy it again without it")
        if value:
            values[field.name] = value
    missing = [f.label for f in auth.fields if not f.optional and f.name not in values]
    if missing and not (has_hook and not values):
        raise ValueError(f"Please fill in: {', '.join(missing)}")
    return values


def _among(field: Field, value: str) -> None:
    if value not in field.choices:
        known = "; ".join(f"{name} ({words})" for name, words in field.choices.items())
        raise ValueError(f"{field.label} is one of these: {known}")


def vet(connector: Connector, secret: str, values: Mapping[str, str]) -> None:
    """A webhook secret that a person typed. Raises ValueError with what to do."""
    vets = connector.hook.vets if connector.hook else None
    if secret and secret != HIDDEN and vets is not None and (wrong := vets(secret, values)):
        raise ValueError(wrong)
