"""What Slack's errors mean, and what the owner should do about them. https://docs.slack.dev/reference/methods/chat.postMessage#errors"""

from __future__ import annotations

import json

from connectors.contract import JSON, Refused, Unauthorized, Unavailable

_APP = "Open api.slack.com/apps and choose the app"
_RECONNECT = (
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "not_allowed_token_type",
    "app_not_installed",
    "team_access_not_granted",
)
_LATER = ("ratelimited", "rate_limited", "message_limit_exceeded", "list_does_not_end")
_NOBODY_KNOWS = ("internal_error", "fatal_error", "service_unavailable", "request_timeout", "no reason")
_DO = {
    "not_in_channel": "Patchbay's bot is not in this channel. Write /invite @Patchbay (or what the app is called) in the "
    "channel in Slack, then run this again.",
    "channel_not_found": "Slack has no such channel, or it is private and the bot is not in it. Invite the bot there with "
    "/invite, or choose another channel, then run this again.",
    "is_archived": "This channel is archived. Unarchive it in Slack, or choose another one, then run this again.",
    "message_not_found": "This message is no longer there: somebody deleted it in Slack.",
    "thread_not_found": "The message to be answered is no longer there: somebody deleted it in Slack.",
    "cant_update_message": "Slack lets the bot change only what it wrote itself.",
    "cant_delete_message": "Slack lets the bot delete only what it wrote itself.",
    "edit_window_closed": "The workspace does not allow messages to be changed after this time.",
    "msg_too_long": "The message is too long for Slack. Shorten it in the recipe, then run this again.",
    "msg_blocks_too_long": "The message is too long for Slack. Shorten it in the recipe, then run this again.",
    "no_text": "There is nothing in the message. Give it a text in the recipe, then run this again.",
    "restricted_action": "A rule of the workspace does not let the bot write here. Ask an administrator of the workspace.",
    "ekm_access_denied": "The workspace's own encryption keys keep the bot out. Ask an administrator of the workspace.",
    "no_permission": "The workspace does not let the bot do this. Ask an administrator of the workspace.",
    "access_denied": "The workspace does not let the bot do this. Ask an administrator of the workspace.",
    "org_login_required": "The workspace is being moved by Slack. Try again tomorrow.",
    "method_not_supported_for_channel_type": "This cannot be done in a channel of this kind. Choose another channel.",
    "paid_teams_only": "Slack offers this on paid plans only. Change the plan, or the recipe.",
    "plan_upgrade_required": "Slack offers this on paid plans only. Change the plan, or the recipe.",
}


GONE = ("message_not_found", "thread_not_found")


class Said(Refused):
    """No, with Slack's word for why."""

    def __init__(self, words: str, error: str) -> None:
        super().__init__(words)
        self.error = error


def refusal(error: str, answer: dict[str, JSON]) -> Exception:
    """What an answer that is not `ok` is for the hub. A ValueError means that it may have been done all the same."""
    if error in _RECONNECT:
        return Unauthorized(sentence(error, answer))
    if error in _LATER:
        wait = str(answer.get("retry") or "")
        return Unavailable(sentence(error, answer), float(wait) if wait.isdecimal() else 30.0)
    if error in _NOBODY_KNOWS:
        return ValueError(f"Slack answered {error}, and some of it may have been done")
    return Said(sentence(error, answer), error)


def sentence(error: str, answer: dict[str, JSON]) -> str:
    if error in _RECONNECT:
        return (
            f"Slack no longer accepts this token ({error}). {_APP}, then OAuth & Permissions, install it again if it was "
            "removed, copy the Bot User OAuth Token, and enter it under Connections here."
        )
    if error in _LATER:
        return "Slack asks us to slow down."
    if error == "missing_scope":
        needed = str(answer.get("needed") or "a permission")[:100]
        return (
            f"The Slack app lacks the permission {needed}. {_APP}, then OAuth & Permissions, add {needed} under Bot Token "
            "Scopes, click Reinstall to Workspace, and run this again."
        )
    if error.startswith("restricted_action"):
        return _DO["restricted_action"]
    if error in _DO:
        return _DO[error]
    word = "".join(c for c in error if c.isalnum() or c in "_-. ")[:60]
    return f"Slack did not accept this ({word}). Change it in the recipe or in Slack, then run it again."


def explain(status: int, body: bytes) -> str | None:
    """For answers that carry their error in the status, too; None where waiting is all there is to do."""
    if status == 429 or status >= 500:
        return None
    error, answer = _read(body)
    if error:
        return sentence(error, answer)
    return sentence("invalid_auth", {}) if status == 401 else None


def _read(body: bytes) -> tuple[str, dict[str, JSON]]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return "", {}
    error = answer.get("error") if isinstance(answer, dict) else None
    return (error, answer) if isinstance(error, str) else ("", {})
