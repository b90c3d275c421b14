"""Slack's answers at the token address, which say no with status 200. https://docs.slack.dev/reference/methods/oauth.v2.access"""

from __future__ import annotations

from connectors.contract import JSON, Refused, Unauthorized

DEAD = ("invalid_code", "code_expired", "code_already_used", "invalid_refresh_token", "token_revoked", "token_expired")


def read(answer: dict[str, JSON]) -> dict[str, JSON]:
    """The bot's token, which is what we use; a person's would be in `authed_user`. Raises `Refused` or `Unauthorized`."""
    if answer.get("ok") is not True:
        error = str(answer.get("error") or "no reason")
        if error in DEAD:
            raise Unauthorized(f"Slack no longer lets us in ({error[:60]}). Sign in there again")
        raise Refused(
            _WHY.get(error, f"Slack did not let us in ({error[:60]}). Compare the app's settings, then try again")
        )
    if answer.get("token_type") not in ("bot", None):
        raise Refused("Slack let a person in instead of the app's bot. Add the permissions under Bot Token Scopes")
    return answer


_WHY = {
    "bad_client_secret": "Slack does not know this client secret. Copy it again from the app's page Basic Information",
    "invalid_client_id": "Slack does not know this client ID. Copy it again from the app's page Basic Information",
    "bad_redirect_uri": "Slack does not know our return address. Add it in the app under OAuth & Permissions",
}
