"""Slack: messages in channels, cards that open a page of ours, and news of messages and buttons. https://docs.slack.dev"""

from __future__ import annotations

from connectors.contract import Action, ApiKey, Connector, Field, Hook, Lookup, OAuth2, Poll, Role, Safety, Undo
from connectors.slack import _lookups, _messages
from connectors.slack._catch_up import messages
from connectors.slack._client import SCOPES, check, open_account
from connectors.slack._delivery import POSTED, receive
from connectors.slack._events import TRIGGERS
from connectors.slack._refusals import explain
from connectors.slack._sign_in import DEAD, read

_MAKE_APP = (
    "Sign in at api.slack.com/apps as somebody who may add apps to the workspace, click Create New App, then From scratch. "
    "Call it Patchbay, choose the workspace, and click Create App.",
)
_KEY_GUIDE = (
    *_MAKE_APP,
    f"Open OAuth & Permissions, and under Scopes, Bot Token Scopes, add {', '.join(SCOPES)}. Leave token rotation off.",
    "On the same page click Install to Workspace, then Allow.",
    "Copy the Bot User OAuth Token, which starts with xoxb-, and paste it here.",
    "In Slack open each channel that Patchbay should write to or listen in, and write /invite @Patchbay there.",
)
_SIGN_IN_GUIDE = (
    *_MAKE_APP,
    "Open OAuth & Permissions, click Add New Redirect URL, paste the return address, click Add, then Save URLs.",
    "On the same page, under Scopes, Bot Token Scopes, add the permissions that are listed here. Leave token rotation off.",
    "Open Basic Information and copy Client ID and Client Secret into the fields here.",
    "After signing in, write /invite @Patchbay in each channel that Patchbay should write to or listen in.",
)
_HOOK_GUIDE = (
    "In your app at api.slack.com/apps open Basic Information, click Show beside Signing Secret, copy it into the field here, "
    "and save.",
    "Open Event Subscriptions, switch Enable Events on, and paste this connection's address into Request URL: Slack shows "
    "Verified.",
    "Under Subscribe to bot events add message.channels and message.groups, and click Save Changes.",
    "Open Interactivity & Shortcuts, switch Interactivity on, paste the same address into Request URL, and click Save Changes.",
    "If Slack asks for it at the top of the page, reinstall the app.",
)

_post_message = Action(
    run=_messages.post_message,
    label="Post a message",
    says="posts a message in {channel}",
    safety=Safety.FINDABLE,
    roles={"channel": Role.WHERE, "text": Role.CONTENT, "thread": Role.WHERE, "buttons": Role.CONTENT},
    find=_messages.find_posted,
    settle=5.0,
    undo=Undo(changed=_messages.posted_changed, call=_messages.delete_call),
)
_post_review_card = Action(
    run=_messages.post_review_card,
    label="Post a card that opens a page",
    says="posts the card “{title}” in {channel}",
    safety=Safety.FINDABLE,
    roles={
        "channel": Role.WHERE,
        "title": Role.CONTENT,
        "text": Role.CONTENT,
        "url": Role.WHERE,
        "button": Role.CONTENT,
    },
    find=_messages.find_posted,
    settle=5.0,
    undo=Undo(changed=_messages.posted_changed, call=_messages.delete_call),
)
_update_message = Action(
    run=_messages.update_message,
    label="Change a message of Patchbay",
    says="changes the message {message}",
    safety=Safety.SET,
    roles={"message": Role.WHERE, "text": Role.CONTENT},
    find=_messages.find_updated,
    settle=5.0,
    snapshot=_messages.before_update,
    undo=Undo(changed=_messages.update_changed, call=_messages.update_back),
)
_restore_message = Action(
    run=_messages.restore_message,
    label="Put a message back as it was",
    says="puts the message {message} back as it was",
    safety=Safety.SET,
    roles={"message": Role.WHERE, "text": Role.CONTENT, "blocks": Role.CONTENT},
    find=_messages.find_restored,
    settle=5.0,
    internal=True,
)
_delete_message = Action(
    run=_messages.delete_message,
    label="Delete a message of Patchbay",
    says="deletes the message {message}",
    safety=Safety.SET,
    roles={"message": Role.WHERE},
    find=_messages.find_deleted,
    settle=5.0,
    internal=True,
)

connector = Connector(
    slug="slack",
    title="Slack",
    says="Posts messages and cards in your channels; starts recipes when somebody writes or presses a button there.",
    hosts={"api": "https://slack.com"},
    auth=ApiKey(fields=(Field("token", "Bot User OAuth Token", "Starts with xoxb-."),), guide=_KEY_GUIDE),
    oauth=OAuth2(
        authorize="{api}/oauth/v2/authorize",
        token="{api}/api/oauth.v2.access",  # noqa: S106 (an address)
        scopes=SCOPES,
        guide=_SIGN_IN_GUIDE,
        separator=",",
        pkce=False,
        client="basic",
        read=read,
        dead=DEAD,
    ),
    open=open_account,
    check=check,
    explain=explain,
    hook=Hook(
        receive=receive,
        secret_label="Signing Secret",  # noqa: S106 (a label)
        guide=_HOOK_GUIDE,
        content_types=("application/json", "application/x-www-form-urlencoded"),
    ),
    triggers=TRIGGERS,
    polls=(Poll((POSTED,), messages, every=900.0),),
    actions={
        "post_message": _post_message,
        "post_review_card": _post_review_card,
        "update_message": _update_message,
        "restore_message": _restore_message,
        "delete_message": _delete_message,
    },
    lookups={"channel": Lookup(run=_lookups.channels, resolve=_lookups.resolve, label="Slack channel")},
    rate=1.0,
    burst=5,
    limits="One message a second in a channel, 50 reads a minute of each kind: "
    "https://docs.slack.dev/apis/web-api/rate-limits",
    lacks={
        "poll button.pressed": "Slack keeps no list of presses; whoever pressed in vain is told so and presses again.",
    },
    practice={"token": "xoxb-{token}"},
)
