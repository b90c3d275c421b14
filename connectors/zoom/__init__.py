"""Zoom: recaps of meetings (AI Companion summaries), recordings and transcripts, by webhook and by catching up.

https://developers.zoom.us/docs/api/
"""

from __future__ import annotations

from connectors.contract import Action, ApiKey, Connector, Field, Hook, Life, OAuth2, Poll, Role, Trigger
from connectors.zoom import _reading, _recap, _recording
from connectors.zoom._catch_up import recaps
from connectors.zoom._client import check, open_account
from connectors.zoom._delivery import SUMMARY_COMPLETED, SUMMARY_UPDATED, receive
from connectors.zoom._recording import COMPLETED, TRANSCRIPT_COMPLETED
from connectors.zoom._recordings import recordings
from connectors.zoom._refusals import explain

_APP_GUIDE = (
    "Sign in at marketplace.zoom.us as an administrator of the Zoom account.",
    "Click Develop, then Build App, choose Server-to-Server OAuth App and click Create. Call it Patchbay, say.",
    "On App Credentials, copy Account ID, Client ID and Client secret into the fields here.",
    "On Information, fill in a short description, the company name and a contact: Zoom insists on them.",
    "On Scopes, click Add Scopes and tick meeting:read:summary:admin, meeting:read:list_summaries:admin "
    "and user:read:user:admin.",
    "For recordings and transcripts tick cloud_recording:read:list_account_recordings:admin and "
    "cloud_recording:read:list_recording_files:admin, too.",
    "On Activation, click Activate your app.",
    "In Zoom's account settings (zoom.us, Admin, Account Settings), switch Meeting summary on under AI Companion, and for "
    "transcripts Cloud recording with Audio transcript under Recording, which paid plans have.",
    "Without these credentials news still comes in by webhook, but what gets lost on the way is not fetched, and transcripts "
    "cannot be read.",
)
_SIGN_IN_GUIDE = (
    "Signing in reads the meetings of one person; a Server-to-Server app reads those of the whole account.",
    "At marketplace.zoom.us click Develop, then Build App, choose General App and click Create.",
    "On Basic Information choose User-managed, enter the return address under OAuth Redirect URL and under OAuth Allow Lists, and "
    "copy Client ID and Client secret into the fields here.",
    "On Scopes, click Add Scopes and tick the scopes shown here.",
    "Connect each person once with each app: whoever signs in elsewhere with the same app ends this connection.",
    "Recaps that get lost on the way are not fetched, for only administrators may list them.",
)
_HOOK_GUIDE = (
    "In your app at marketplace.zoom.us, open Features and copy the Secret Token into the field here, then save.",
    "Still under Features, switch Event Subscriptions on and click Add New Event Subscription.",
    "Paste this connection's address into Event notification endpoint URL and click Validate: Zoom shows Validated.",
    "Click Add Events, choose Meeting, and tick the two events for a meeting summary completed and updated.",
    "For recordings choose Recording, and tick All Recordings have completed and Recording Transcript files have completed.",
    "Click Done, then Save.",
)
_MEETING = {"meeting": Role.WHERE}

connector = Connector(
    slug="zoom",
    title="Zoom",
    says="Starts recipes when the recap, the recording or the transcript of a meeting is ready, and reads them.",
    # /v2/… and /oauth/token are added to the first two; the last is where files of recordings lie.
    hosts={"api": "https://api.zoom.us", "token": "https://zoom.us", "files": "https://*.zoom.us"},
    auth=ApiKey(
        fields=(
            Field("account_id", "Account ID", "From App Credentials.", secret=False, optional=True, beside=False),
            Field("client_id", "Client ID", "From App Credentials.", secret=False, optional=True, beside=False),
            Field(
                "client_secret",
                "Client secret",
                "From App Credentials. Leave all three empty to use webhooks only.",
                optional=True,
            ),
        ),
        guide=_APP_GUIDE,
    ),
    oauth=OAuth2(
        authorize="{token}/oauth/authorize",
        token="{token}/oauth/token",  # noqa: S106 (an address)
        revoke="{token}/oauth/revoke",
        scopes={
            "user:read:user": "see whose account it is",
            "meeting:read:summary": "read recaps",
            "cloud_recording:read:list_user_recordings": "find recordings whose news got lost",
            "cloud_recording:read:list_recording_files": "read transcripts",
        },
        guide=_SIGN_IN_GUIDE,
        kept=("scope",),
        dead=("invalid_request",),  # with the reason "Invalid Token!", for a refresh token that ended
        idle=Life(90),  # as is usual, not promised; the hub uses it daily
    ),
    open=open_account,
    check=check,
    explain=explain,
    hook=Hook(receive=receive, secret_label="Secret Token", guide=_HOOK_GUIDE),  # noqa: S106 (a label)
    triggers=(
        Trigger(SUMMARY_COMPLETED, "The recap of a meeting is ready", _recap.shape, _recap.FIELDS),
        Trigger(SUMMARY_UPDATED, "Somebody edited the recap of a meeting", _recap.shape, _recap.FIELDS),
        Trigger(COMPLETED, "The recording of a meeting is ready", _recording.shape, _recording.FIELDS),
        Trigger(TRANSCRIPT_COMPLETED, "The transcript of a meeting is ready", _recording.shape, _recording.FIELDS),
    ),
    polls=(
        Poll((SUMMARY_COMPLETED,), recaps, every=900.0),
        Poll((COMPLETED, TRANSCRIPT_COMPLETED), recordings, every=900.0),
    ),
    actions={
        "read_summary": Action(
            run=_reading.read_summary,
            label="Read the recap of a meeting",
            says="reads the recap of the meeting {meeting}",
            roles=_MEETING,
        ),
        "read_transcript": Action(
            run=_reading.read_transcript,
            label="Read the transcript of a meeting",
            says="reads the transcript of the meeting {meeting}",
            roles=_MEETING,
        ),
    },
    rate=2.0,  # the free plan's limit for lists; paid plans allow 20 and more
    limits="Two lists a second on the free plan, 20 and more on paid ones: https://developers.zoom.us/docs/api/rate-limits/",
    lacks={
        "poll meeting.summary_updated": "Zoom's list of recaps does not say what was edited; the next edit tells it again.",
        "pickers": "Which meeting is read comes with the event.",
    },
    practice={"account_id": "practice", "client_id": "practice", "client_secret": "{token}"},
)
