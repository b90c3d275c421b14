"""Google: one sign-in for the services of a Google account. https://developers.google.com/workspace"""

from __future__ import annotations

from connectors.contract import ApiKey, Connector, Life, OAuth2
from connectors.google import _calendar_offers, _docs_offers, _mail_offers, _sheets_offers
from connectors.google._account import check
from connectors.google._client import open_account
from connectors.google._refusals import explain
from connectors.google._scopes import NEEDED, SCOPES

_APP_GUIDE = (
    "Sign in at console.cloud.google.com with the Google account of the business, click the list of projects at the top, then "
    "New project, and call it Patchbay.",
    "Open APIs & Services, Library, look for each of these and click Enable: Google Calendar API, Gmail API, Google "
    "Sheets API, Google Drive API, Google Docs API. Leave out what you will not use.",
    "Open Google Auth Platform (type that into the search at the top), click Get started, and enter Patchbay as app name and your "
    "e-mail address. As Audience choose Internal if the business has Google Workspace, else External.",
    "If it is External: open Audience and click Publish app, so that its status says In production. While it says Testing, Google "
    "ends every sign-in after seven days.",
    "Open Data access, click Add or remove scopes, paste those that stand here into the field at the bottom, and save.",
    "Open Clients, click Create client, choose Web application, and enter the return address under Authorized redirect URIs.",
    "Copy Client ID and Client secret into the fields here.",
    "When you sign in, Google may say that it has not verified this app: it is your own. Click Advanced, then Go to Patchbay. Leave "
    "what recipes shall use ticked; what you untick they cannot do.",
)

connector = Connector(
    slug="google",
    title="Google",
    says="Calendar, Gmail, Sheets and Docs: events, mail and new rows start recipes; writes events, drafts, mails, rows and documents.",
    hosts={
        "api": "https://www.googleapis.com",  # /calendar/v3/… and /drive/v3/… are added to it
        "gmail": "https://gmail.googleapis.com",
        "sheets": "https://sheets.googleapis.com",
        "docs": "https://docs.googleapis.com",
        "token": "https://oauth2.googleapis.com",
        "sign_in": "https://accounts.google.com",
    },
    auth=ApiKey(
        (
            *_calendar_offers.OPTIONS,
            *_mail_offers.OPTIONS,
            *_sheets_offers.OPTIONS,
        ),
        guide=(*_mail_offers.CLICKS, *_sheets_offers.CLICKS),
    ),
    oauth=OAuth2(
        authorize="{sign_in}/o/oauth2/v2/auth",
        token="{token}/token",  # noqa: S106 (an address)
        revoke="{token}/revoke",
        client="body",
        # Without these two Google gives a refresh token at the very first consent only:
        # https://developers.google.com/identity/protocols/oauth2/web-server#offline
        ask={"access_type": "offline", "prompt": "consent", "include_granted_scopes": "true"},
        scopes=SCOPES,
        needed=NEEDED,
        kept=("scope",),
        guide=_APP_GUIDE,
        life=3600.0,
        idle=Life(182),  # six months: https://developers.google.com/identity/protocols/oauth2#expiration
        # Said where a person granted access for a time only, and where the consent screen is in testing (a week).
        hard=Life(field="refresh_token_expires_in"),
    ),
    open=open_account,
    check=check,
    explain=explain,
    hook=_calendar_offers.HOOK,
    triggers=(
        *_calendar_offers.TRIGGERS,
        *_mail_offers.TRIGGERS,
        *_sheets_offers.TRIGGERS,
    ),
    polls=(
        *_calendar_offers.POLLS,
        *_mail_offers.POLLS,
        *_sheets_offers.POLLS,
    ),
    actions={**_calendar_offers.ACTIONS, **_mail_offers.ACTIONS, **_sheets_offers.ACTIONS, **_docs_offers.ACTIONS},
    lookups={**_calendar_offers.LOOKUPS, **_sheets_offers.LOOKUPS, **_docs_offers.LOOKUPS},
    seconds=30.0,
    rate=5.0,
    burst=5,
    limits="Each service has limits of its own for a minute, to be seen in your project at Google Cloud under APIs & Services; "
    "Calendar usually takes 600 requests a minute from one account; Gmail sends 500 mails a day from a personal account and 2,000 "
    "from Workspace; Sheets takes 60 reads and 60 writes a minute from one account: "
    "https://developers.google.com/workspace/gmail/api/reference/quota and https://developers.google.com/workspace/sheets/api/limits",
    lacks={
        **_mail_offers.LACKS,
        **_docs_offers.LACKS,
        "handshake": "Google asks nothing before it sends.",
    },
    practice={"access_token": "{token}", "mail_search": "in:inbox", "sheets": _sheets_offers.PRACTICE},
)
