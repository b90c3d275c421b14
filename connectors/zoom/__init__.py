"""Zoom: recaps of meetings (AI Companion summaries), by webhook and by catching up.

https://developers.zoom.us/docs/api/
"""

from __future__ import annotations

from connectors.contract import ApiKey, Connector, Field, Hook, Poll, Trigger
from connectors.zoom._catch_up import recaps
from connectors.zoom._client import check, open_account
from connectors.zoom._delivery import SUMMARY_COMPLETED, SUMMARY_UPDATED, receive
from connectors.zoom._recap import FIELDS, shape
from connectors.zoom._refusals import explain

_APP_GUIDE = (
    "Sign in at marketplace.zoom.us as an administrator of the Zoom account.",
    "Click Develop, then Build App, choose Server-to-Server OAuth App and click Create. Call it Patchbay, say.",
    "On App Credentials, copy Account ID, Client ID and Client secret into the fields here.",
    "On Information, fill in a short description, the company name and a contact: Zoom insists on them.",
    "On Scopes, click Add Scopes and tick meeting:read:summary:admin, meeting:read:list_summaries:admin "
    "and user:read:user:admin.",
    "On Activation, click Activate your app.",
    "In Zoom's account settings (zoom.us, Admin, Account Settings, AI Companion), switch Meeting summary on.",
    "Without these credentials recaps still come in by webhook, but one that gets lost on the way is not fetched.",
)
_HOOK_GUIDE = (
    "In your app at marketplace.zoom.us, open Features and copy the Secret Token into the field here, then save.",
    "Still under Features, switch Event Subscriptions on and click Add New Event Subscription.",
    "Paste this connection's address into Event notification endpoint URL and click Validate: Zoom shows Validated.",
    "Click Add Events, choose Meeting, and tick the two events for a meeting summary completed and updated.",
    "Click Done, then Save.",
)

connector = Connector(
    slug="zoom",
    title="Zoom",
    says="Starts recipes when the recap of a meeting is ready.",
    hosts={"api": "https://api.zoom.us", "token": "https://zoom.us"},  # /v2/… and /oauth/token are added to them
    auth=ApiKey(
        fields=(
            Field("account_id", "Account ID", "From App Credentials.", secret=False, optional=True),
            Field("client_id", "Client ID", "From App Credentials.", secret=False, optional=True),
            Field(
                "client_secret",
                "Client secret",
                "From App Credentials. Leave all three empty to use webhooks only.",
                optional=True,
            ),
        ),
        guide=_APP_GUIDE,
    ),
    open=open_account,
    check=check,
    explain=explain,
    hook=Hook(receive=receive, secret_label="Secret Token", guide=_HOOK_GUIDE),  # noqa: S106 (a label)
    triggers=(
        Trigger(SUMMARY_COMPLETED, "The recap of a meeting is ready", shape, FIELDS),
        Trigger(SUMMARY_UPDATED, "Somebody edited the recap of a meeting", shape, FIELDS),
    ),
    polls=(Poll((SUMMARY_COMPLETED,), recaps, every=900.0),),
    rate=2.0,  # the free plan's limit for lists; paid plans allow 20 and more
    limits="Two lists a second on the free plan, 20 and more on paid ones: https://developers.zoom.us/docs/api/rate-limits/",
    lacks={
        "poll meeting.summary_updated": "Zoom's list of recaps does not say what was edited; the next edit tells it again.",
        "actions": "Nothing is changed in Zoom.",
        "pickers": "There is nothing to choose.",
    },
    practice={"account_id": "practice", "client_id": "practice", "client_secret": "{token}"},
)
