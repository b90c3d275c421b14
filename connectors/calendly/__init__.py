"""Calendly: bookings made, moved and cancelled. https://developer.calendly.com/api-docs"""

from __future__ import annotations

from connectors.calendly import _changes, _delivery, _lookups
from connectors.calendly._booking import FIELDS, shape
from connectors.calendly._catch_up import bookings
from connectors.calendly._client import check, open_account
from connectors.calendly._explain import explain
from connectors.contract import (
    Action,
    ApiKey,
    Connector,
    Field,
    Hook,
    Lookup,
    OAuth2,
    Poll,
    Role,
    Safety,
    Subscription,
    Trigger,
    Undo,
)

_cancel_meeting = Action(
    run=_changes.cancel_meeting,
    label="Cancel a meeting",
    says="cancels the meeting {meeting}; Calendly tells its guests",
    safety=Safety.SET,
    roles={"meeting": Role.WHERE, "reason": Role.CONTENT},
    find=_changes.find_cancelled,
    settle=10.0,
    snapshot=_changes.meeting_before,
    judgment=True,
)
_mark_no_show = Action(
    run=_changes.mark_no_show,
    label="Note that a guest did not come",
    says="notes that the guest of {booking} did not come",
    safety=Safety.SET,
    roles={"booking": Role.WHERE},
    find=_changes.find_no_show,
    settle=10.0,
    snapshot=_changes.no_show,
    undo=Undo(changed=_changes.no_show_changed, call=_changes.no_show_back),
)
_remove_no_show = Action(
    run=_changes.remove_no_show,
    label="Take back that a guest did not come",
    says="takes back the mark {mark}",
    safety=Safety.SET,
    roles={"mark": Role.WHERE},
    find=_changes.find_removed,
    settle=10.0,
    internal=True,
)

connector = Connector(
    slug="calendly",
    title="Calendly",
    says="Starts recipes when a meeting is booked, moved or cancelled.",
    hosts={"api": "https://api.calendly.com", "auth": "https://auth.calendly.com"},
    auth=ApiKey(
        fields=(
            Field("token", "Personal access token", "A long text that Calendly shows once."),
            Field(
                "whose",
                "Whose bookings",
                "Leave it empty for your own. For everybody's write organization; that needs an owner's or admin's token.",
                secret=False,
                optional=True,
            ),
        ),
        guide=(
            "Sign in to Calendly and open calendly.com/integrations/api_webhooks (Integrations & apps, API and webhooks).",
            "Click Get a token now (or Generate new token), name it Patchbay, and click Create token.",
            "If you are asked for scopes, tick users:read, scheduled_events:read, scheduled_events:write, event_types:read, "
            "webhooks:read and webhooks:write.",
            "Copy the token now, because Calendly shows it only once, and paste it here.",
        ),
    ),
    oauth=OAuth2(
        authorize="{auth}/oauth/authorize",
        token="{auth}/oauth/token",  # noqa: S106 (an address)
        revoke="{auth}/oauth/revoke",
        client="body",
        scopes={
            "users:read": "see whose account it is",
            "scheduled_events:read": "see meetings and their guests",
            "scheduled_events:write": "cancel meetings, and note who did not come",
            "event_types:read": "list what can be booked",
            "webhooks:read": "look after its webhooks",
            "webhooks:write": "be told of bookings",
        },
        guide=(
            "Sign in at developer.calendly.com with an account of its own there, and open developer.calendly.com/console/apps.",
            "Click Create new app, name it Patchbay, and choose Web and Production.",
            "Enter the return address that is shown here as Redirect URI, tick the scopes that are shown here, and save.",
            "Copy Client ID, Client secret and Webhook signing key now: Calendly shows the last two only once.",
            "After signing in, enter the Webhook signing key on the connection's page: with an app of your own Calendly may "
            "sign with that.",
        ),
        life=7200.0,
    ),
    open=open_account,
    check=check,
    explain=explain,
    hook=Hook(
        receive=_delivery.receive,
        secret_label="Webhook signing key",  # noqa: S106 (a label)
        guide=(
            "Nothing needs to be clicked: Patchbay sets up a signed webhook, looks after it four times a day, and makes it "
            "anew if Calendly has disabled it.",
            "Calendly's webhooks need the plan Standard or higher. On the free plan bookings are fetched every quarter of an "
            "hour instead.",
        ),
        subscription=Subscription(_delivery.keep, every=6 * 3600.0),
    ),
    triggers=(
        Trigger(_delivery.MADE, "A meeting was booked", shape, FIELDS),
        Trigger(_delivery.MOVED, "A meeting was moved to another time", shape, FIELDS),
        Trigger(_delivery.CANCELLED, "A meeting was cancelled", shape, FIELDS),
    ),
    polls=(Poll((_delivery.MADE, _delivery.MOVED, _delivery.CANCELLED), bookings, every=900.0),),
    actions={
        "cancel_meeting": _cancel_meeting,
        "mark_no_show": _mark_no_show,
        "remove_no_show": _remove_no_show,
    },
    lookups={
        "event_type": Lookup(run=_lookups.event_types, label="Kind of meeting"),
        "meeting": Lookup(run=_lookups.meetings, resolve=_lookups.meeting, label="Meeting in Calendly"),
        "booking": Lookup(run=_lookups.guests, resolve=_lookups.guest, label="Guest in Calendly"),
    },
    rate=0.5,  # with twenty at once: fifty in the first minute, which is what the free plan allows
    burst=20,
    limits="Fifty requests a minute for each user on the free plan, five hundred on paid ones: "
    "https://developer.calendly.com/api-docs/overview/rate-limits",
    lacks={
        "handshake": "Calendly sends without asking first.",
        "undo cancel_meeting": "The guests have been told, so only a new booking brings the meeting back.",
    },
    practice={"token": "{token}"},
)
