"""Webhooks that we set up at Webflow: one for each kind of event.

https://developers.webflow.com/data/reference/webhooks/create . Made with a site token, each has a secret that is told once, in
the answer to its creation; made through an app, they are signed with the app's secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.contract import JSON
from connectors.webflow._client import Webflow, status_of
from connectors.webflow._events import KINDS, OURS


def keep(client: Webflow, address: str, secrets: Sequence[str]) -> list[str]:
    """Sees to it that there is one webhook of each kind whose signature we can check; the others of ours go. There is no way to
    change one, and Webflow may switch off one that could not be delivered for long.

    Tokens that may not make webhooks do without: what they would tell is looked for every quarter of an hour.
    """
    if not address:
        return list(secrets)
    plain = [secret for secret in secrets if not OURS.fullmatch(secret)][:3]
    known = {own[1]: secret for secret in secrets if (own := OURS.fullmatch(secret))}
    try:
        there = client.get(f"/sites/{client.site}/webhooks").get("webhooks") or []
    except Exception as error:
        if status_of(error) == 403:
            return list(secrets)
        raise
    kept = _sorted_out(client, [hook for hook in there if hook.get("url") == address], known)
    fresh: list[str] = []
    for trigger in KINDS:
        if trigger in kept:
            continue
        try:
            fresh += _create(client, address, trigger)
        except Exception as error:
            if status_of(error) == 403:  # for example without forms:read
                continue
            if not fresh:
                raise
            break  # what was made is kept; the rest follows in the next round
    return [*plain, *filter(None, kept.values()), *fresh]


def _sorted_out(client: Webflow, ours: Sequence[JSON], known: Mapping[str, str]) -> dict[str, str]:
    """Kind of event → secret ("" where the app signs), of those that stay."""
    kept: dict[str, str] = {}
    for hook in ours:
        trigger, checkable = hook.get("triggerType"), client.signed_in or hook["id"] in known
        if trigger in KINDS and checkable and trigger not in kept and hook.get("isActive", True):
            kept[trigger] = known.get(hook["id"], "")
        else:
            _remove(client, hook["id"])
    return kept


def _remove(client: Webflow, hook: str) -> None:
    try:
        client.write("DELETE", f"/webhooks/{hook}")
    except Exception as error:
        if status_of(error) != 404:
            raise


def _create(client: Webflow, address: str, trigger: str) -> list[str]:
    """The secret, as we keep it. One that is not told is the app's, or makes the webhook worthless."""
    made = client.write("POST", f"/sites/{client.site}/webhooks", {"triggerType": trigger, "url": address})
    secret = made.get("secretKey") or made.get("secret")
    if isinstance(secret, str) and secret:
        return [f"{made['id']} {secret}"]
    if not client.signed_in:
        _remove(client, made["id"])
    return []
